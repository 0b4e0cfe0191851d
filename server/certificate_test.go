package server_test

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/token"
)

var asMachine = url.Values{"grant_type": {"client_credentials"}, "scope": {"myservice.data_read"}, "client_id": {"demo-service"}}

// TestClientsByCertificate: a client is believed by a certificate of a trusted
// authority with the one name it registered (RFC 8705 §2.1), and by nothing else.
func TestClientsByCertificate(t *testing.T) {
	m := openMutual(t)
	other := newIssuer(t, "Somebody else")
	full := issue(t, m.authority, func(c *x509.Certificate) {
		c.DNSNames = []string{"client.example"}
		c.IPAddresses = []net.IP{net.ParseIP("192.0.2.7")}
		c.EmailAddresses = []string{"client@example.com"}
		c.URIs = []*url.URL{{Scheme: "https", Host: "client.example", Path: "/id"}}
	})
	dn := tillit.CertificateNames{SubjectDN: `CN=client.example,O=Example\, Inc.,C=NO`}
	for name, c := range map[string]struct {
		names tillit.CertificateNames
		with  *tls.Certificate
		want  string // "" for a token
	}{
		"subject":                 {dn, full, ""},
		"subject, spelled freely": {tillit.CertificateNames{SubjectDN: `cn=client.example, 2.5.4.10=Example\2c Inc., c=NO`}, full, ""},
		"SAN DNS":                 {tillit.CertificateNames{SANDNS: "Client.example"}, full, ""},
		"SAN URI":                 {tillit.CertificateNames{SANURI: "https://client.example/id"}, full, ""},
		"SAN IP":                  {tillit.CertificateNames{SANIP: "192.0.2.7"}, full, ""},
		"SAN e-mail":              {tillit.CertificateNames{SANEmail: "client@example.com"}, full, ""},
		"another subject":         {tillit.CertificateNames{SubjectDN: `CN=client.example,C=NO`}, full, "invalid_client"},
		"another order":           {tillit.CertificateNames{SubjectDN: `C=NO,O=Example\, Inc.,CN=client.example`}, full, "invalid_client"},
		"another name":            {tillit.CertificateNames{SANDNS: "example"}, full, "invalid_client"},
		"the subject as a name":   {tillit.CertificateNames{SANDNS: "client.example"}, issue(t, m.authority, nil), "invalid_client"},
		"no name":                 {tillit.CertificateNames{}, full, "invalid_client"},
		"another authority":       {dn, issue(t, other, nil), "invalid_client"},
		"self-signed":             {dn, issue(t, nil, nil), "invalid_client"},
		"a server's": {dn, issue(t, m.authority, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), "invalid_client"},
		"expired": {dn, issue(t, m.authority, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), "invalid_client"},
		"none":    {dn, nil, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			m.register("demo-service", func(client *tillit.Client) { client.AuthMethod, client.CertificateNames = "tls_client_auth", c.names })
			got := m.post("token_endpoint", c.with, asMachine)
			if c.want == "" && got.status == http.StatusOK {
				return
			}
			if got.member("error") != c.want || c.want == "" {
				t.Errorf("%d %s; want %q", got.status, got.body, c.want)
			}
		})
	}
	t.Run("a secret beside it", func(t *testing.T) {
		form := url.Values{"client_secret": {"x"}}
		for name, values := range asMachine {
			form[name] = values
		}
		told(t, m.post("token_endpoint", full, form), 401, "invalid_client")
	})
	t.Run("at revocation", func(t *testing.T) {
		m.register("demo-service", func(client *tillit.Client) { client.CertificateNames = dn })
		form := url.Values{"client_id": {"demo-service"}, "token": {"of nobody"}}
		if got := m.post("revocation_endpoint", full, form); got.status != http.StatusOK {
			t.Errorf("%d %s; want 200", got.status, got.body)
		}
		told(t, m.post("revocation_endpoint", nil, form), 401, "invalid_client")
	})
}

// TestSelfSignedClients: the very certificate that was registered, or the key of
// it where the JWK brings none (RFC 8705 §2.2).
func TestSelfSignedClients(t *testing.T) {
	m := openMutual(t)
	own, stranger := issue(t, nil, nil), issue(t, nil, nil)
	renewed := &tls.Certificate{PrivateKey: own.PrivateKey}
	template := *own.Leaf
	template.SerialNumber = big.NewInt(77)
	renewed.Certificate = [][]byte{certificate(t, &template, &template, own.Leaf.PublicKey, own.PrivateKey.(crypto.Signer)).Raw}
	for name, c := range map[string]struct {
		keys string
		with *tls.Certificate
		ok   bool
	}{
		"the certificate":                    {keySet(t, own.Leaf.PublicKey, own.Leaf), own, true},
		"a key, its certificate":             {keySet(t, own.Leaf.PublicKey), own, true},
		"a key, a newer certificate":         {keySet(t, own.Leaf.PublicKey), renewed, true},
		"the certificate, a newer one":       {keySet(t, own.Leaf.PublicKey, own.Leaf), renewed, false},
		"another certificate":                {keySet(t, own.Leaf.PublicKey, own.Leaf), stranger, false},
		"another key":                        {keySet(t, own.Leaf.PublicKey), stranger, false},
		"a certificate that is of no key":    {strings.Replace(keySet(t, own.Leaf.PublicKey, own.Leaf), `"x5c":["`, `"x5c":["AAAA`, 1), own, false},
		"none":                               {keySet(t, own.Leaf.PublicKey, own.Leaf), nil, false},
		"keys that are registered by nobody": {"", own, false},
	} {
		t.Run(name, func(t *testing.T) {
			m.register("demo-service", func(client *tillit.Client) {
				client.AuthMethod, client.JWKS = "self_signed_tls_client_auth", c.keys
			})
			if got := m.post("token_endpoint", c.with, asMachine); (got.status == http.StatusOK) != c.ok {
				t.Errorf("%d %s; want success to be %t", got.status, got.body, c.ok)
			}
		})
	}
}

// TestTokensBoundToCertificates: they open nothing without the certificate, at
// UserInfo, at an API, and after a refresh (RFC 8705 §3).
func TestTokensBoundToCertificates(t *testing.T) {
	m := openMutual(t)
	own, stranger := issue(t, m.authority, nil), issue(t, m.authority, nil)
	m.register("demo-web", func(c *tillit.Client) { c.BoundCertificate = true })
	a := m.ask(facts.Request{Scope: "openid email myservice.data_read"})
	form := m.redemption(a)
	web := m.basic("demo-web")
	told(t, m.post("token_endpoint", nil, form, "Authorization", web), 400, "invalid_request")
	tokens := m.post("token_endpoint", own, form, "Authorization", web)
	if tokens.status != http.StatusOK || tokens.member("token_type") != "Bearer" {
		t.Fatalf("%d %s; want tokens", tokens.status, tokens.body)
	}
	m.boundTo(t, tokens.member("access_token"), own, stranger)

	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.member("refresh_token")}}
	told(t, m.post("token_endpoint", nil, refresh, "Authorization", web), 400, "invalid_request")
	// A confidential client may have a new certificate: it says who it is otherwise.
	again := m.post("token_endpoint", stranger, refresh, "Authorization", web)
	if again.status != http.StatusOK {
		t.Fatalf("%d %s; want tokens", again.status, again.body)
	}
	m.boundTo(t, again.member("access_token"), stranger, own)
	introspected := m.IntrospectAs("myservice", again.member("access_token"))
	if cnf, _ := introspected["cnf"].(map[string]any); cnf["x5t#S256"] != token.CertificateThumbprint(stranger.Leaf) {
		t.Errorf("introspection tells cnf %v", introspected["cnf"])
	}
}

// boundTo checks that a token opens UserInfo and an API over connections of one
// certificate alone.
func (m *mutual) boundTo(t *testing.T, access string, own, stranger *tls.Certificate) {
	t.Helper()
	cnf, _ := m.Decode(access)["cnf"].(map[string]any)
	if cnf["x5t#S256"] != token.CertificateThumbprint(own.Leaf) || len(cnf) != 1 {
		t.Errorf("cnf %v; want the certificate's thumbprint", cnf)
	}
	api := m.secure.URL + strings.TrimPrefix(m.API("myservice"), m.base) + "/data"
	for _, address := range []string{m.secure.URL + "/buypass/userinfo", api} {
		for with, want := range map[*tls.Certificate]int{own: 200, stranger: 401, nil: 401} {
			r := m.request(http.MethodGet, address, "", "Authorization", "Bearer "+access)
			if got := m.send(m.sender(with), r); got.status != want || want == 401 && !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
				t.Errorf("%s: %d %q; want %d", address, got.status, got.header.Get("WWW-Authenticate"), want)
			}
		}
	}
}

// TestPublicClientsAreBoundToTheirCertificate: their refresh tokens too, for they
// have nothing else (RFC 8705 §4).
func TestPublicClientsAreBoundToTheirCertificate(t *testing.T) {
	m := openMutual(t)
	own, stranger := issue(t, nil, nil), issue(t, nil, nil)
	m.register("demo-spa", func(c *tillit.Client) { c.BoundCertificate = true })
	form := m.redemption(m.ask(facts.Request{Client: "demo-spa", Scope: "openid email"}))
	form.Set("client_id", "demo-spa")
	tokens := m.post("token_endpoint", own, form)
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"demo-spa"}, "refresh_token": {tokens.member("refresh_token")}}
	told(t, m.post("token_endpoint", stranger, refresh), 400, "invalid_grant")
	if got := m.post("token_endpoint", own, refresh); got.status != http.StatusOK {
		t.Errorf("%d %s; want tokens", got.status, got.body)
	}
}

// TestCertificatesThroughProxies: what a trusted proxy tells counts, and what
// anybody else tells does not.
func TestCertificatesThroughProxies(t *testing.T) {
	m := openMutual(t)
	m.register("demo-service", func(c *tillit.Client) {
		c.AuthMethod, c.SANDNS, c.BoundCertificate = "tls_client_auth", "client.example", true
	})
	cert := issue(t, m.authority, func(c *x509.Certificate) { c.DNSNames = []string{"client.example"} }).Leaf
	structured := ":" + base64.StdEncoding.EncodeToString(cert.Raw) + ":"
	spelled := url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
	for name, c := range map[string]struct {
		from string
		tell []string
		want int
	}{
		"by RFC 9440":          {"192.0.2.9:1", []string{structured}, 200},
		"as PEM":               {"192.0.2.9:1", []string{spelled}, 200},
		"nothing":              {"192.0.2.9:1", nil, 401},
		"empty":                {"192.0.2.9:1", []string{""}, 401},
		"twice":                {"192.0.2.9:1", []string{structured, structured}, 400},
		"what is none":         {"192.0.2.9:1", []string{":AAAA:"}, 400},
		"from a stranger":      {"198.51.100.1:1", []string{structured}, 401},
		"from this machine":    {"127.0.0.1:1", []string{structured}, 401},
		"from nobody knows":    {"", []string{structured}, 401},
		"by a forwarded proxy": {"198.51.100.1:1", []string{structured}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/buypass/token", strings.NewReader(asMachine.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header["Client-Cert"], r.RemoteAddr = c.tell, c.from
			r.Header.Set("X-Forwarded-For", "192.0.2.9")
			w := httptest.NewRecorder()
			if m.house.Handler.ServeHTTP(w, r); w.Code != c.want {
				t.Errorf("%d %s; want %d", w.Code, w.Body, c.want)
			}
		})
	}
}

// TestMetadataOfMutualTLS: what is published is what is on.
func TestMetadataOfMutualTLS(t *testing.T) {
	m := openMutual(t)
	document := m.Metadata()
	methods, _ := document["token_endpoint_auth_methods_supported"].([]any)
	for _, want := range []string{"tls_client_auth", "self_signed_tls_client_auth", "client_secret_jwt", "private_key_jwt"} {
		found := false
		for _, method := range methods {
			found = found || method == want
		}
		if !found {
			t.Errorf("token_endpoint_auth_methods_supported %v lacks %s", methods, want)
		}
	}
	if document["tls_client_certificate_bound_access_tokens"] != true {
		t.Error("tls_client_certificate_bound_access_tokens is not published")
	}
	without := open(t, "buypass").Metadata()
	if without["mtls_endpoint_aliases"] != nil || without["tls_client_certificate_bound_access_tokens"] != nil {
		t.Error("mutual TLS is published where it is off")
	}
	for _, method := range without["token_endpoint_auth_methods_supported"].([]any) {
		if strings.Contains(method.(string), "tls") {
			t.Errorf("%s is published where mutual TLS is off", method)
		}
	}
}
