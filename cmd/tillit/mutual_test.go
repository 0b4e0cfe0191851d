package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/token"
)

// An authority issues certificates of clients.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key := newCertificateKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	return &authority{t, signed(t, template, template, key.Public(), key), key}
}

// issue gives a client's certificate with its key.
func (a *authority) issue(name string) *tls.Certificate {
	a.t.Helper()
	key := newCertificateKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert := signed(a.t, template, a.cert, key.Public(), a.key)
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func newCertificateKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t *testing.T, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A caller knocks at a provider with a certificate, or with none.
type caller struct {
	http  *http.Client
	asked bool // for its certificate
}

// caller knows every host as this machine.
func newCaller(t *testing.T, roots *x509.CertPool, certificate *tls.Certificate) *caller {
	t.Helper()
	c := &caller{}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
		},
		TLSClientConfig: &tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c.asked = true
			if certificate == nil {
				return new(tls.Certificate), nil
			}
			return certificate, nil
		}},
	}
	t.Cleanup(transport.CloseIdleConnections)
	c.http = &http.Client{Transport: transport}
	return c
}

// token asks for a machine's token, and gives the status with the answer.
func (c *caller) token(t *testing.T, endpoint string) (int, map[string]any) {
	t.Helper()
	answer, err := c.http.PostForm(endpoint, url.Values{"grant_type": {"client_credentials"}, "client_id": {"job"}, "scope": {"archive.read"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var told map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, told
}

// serving is a configuration of serve with a client that shows certificates.
type serving struct {
	config string
	roots  *x509.CertPool
}

// newServing writes what serve needs into a directory; mutual is the text of
// mutual_tls in the configuration, beside the authorities.
func newServing(t *testing.T, authority *authority, port, mutual string) *serving {
	t.Helper()
	directory := t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	writePair(t, tlsFiles{Certificate: in("tls.crt"), Key: in("tls.key")}, 1, "mtls.localhost")
	master, err := token.GenerateMasterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write(t, in("master.key"), []byte(master))
	write(t, in("ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.cert.Raw}))
	realm, err := os.ReadFile("testdata/realms/plain.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, in("realms/plain.yaml"), bytes.Replace(realm, []byte("web: [client_secret_basic]"), []byte("web: [tls_client_auth]"), 1))
	write(t, in("job.json"), []byte(`{"client_id": "job", "name": {"en": "A job"}, "type": "machine", "token_endpoint_auth_method": "tls_client_auth",
		"tls_client_auth_subject_dn": "CN=job", "tls_client_certificate_bound_access_tokens": true, "grant_types": ["client_credentials"], "scopes": ["archive.read"]}`))
	write(t, in("tillit.yaml"), fmt.Appendf(nil, "listen: 127.0.0.1:%s\nbase_url: https://localhost:%s\nrealms: realms\nstore: tillit.db\nmaster_key_file: master.key\n"+
		"tls: {certificate: tls.crt, key: tls.key}\nmutual_tls: {authorities: ca.pem, %s}\n", port, port, mutual))
	text, err := os.ReadFile(in("tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	s := &serving{in("tillit.yaml"), x509.NewCertPool()}
	s.roots.AppendCertsFromPEM(text)
	return s
}

// TestServeWithCertificates: clients are asked for certificates where the
// configuration says so, at a listener or at a host of their own, and nowhere else.
func TestServeWithCertificates(t *testing.T) {
	ours, foreign := newAuthority(t, "the authority"), newAuthority(t, "another authority")
	port, second := freePort(t), freePort(t)
	for name, c := range map[string]struct{ mutual, alias string }{
		"at a listener": {"listen: '127.0.0.1:" + second + "', base_url: 'https://localhost:" + second + "'", "https://localhost:" + second},
		"at a host":     {"base_url: 'https://mtls.localhost:" + port + "'", "https://mtls.localhost:" + port},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServing(t, ours, port, c.mutual)
			base, ended := startInside(t, "serve", "--config", s.config)
			defer func() {
				if code := ended(); code != 0 {
					t.Errorf("exit status %d; want 0", code)
				}
			}()
			var told bytes.Buffer
			if code := run(t.Context(), []string{"client", "add", "--config", s.config, "--realm", "plain", filepath.Join(filepath.Dir(s.config), "job.json")}, &told, t.Output()); code != 0 {
				t.Fatalf("client add: exit status %d; %s", code, told.String())
			}
			s.asks(t, base, c.alias, ours, foreign)
		})
	}
}

func (s *serving) asks(t *testing.T, base, alias string, ours, foreign *authority) {
	t.Helper()
	job := ours.issue("job")
	endpoint := alias + "/plain/token"
	knows := newCaller(t, s.roots, job)
	answer, err := knows.http.Get(base + "/plain/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var metadata struct {
		Aliases map[string]string `json:"mtls_endpoint_aliases"`
		Bound   bool              `json:"tls_client_certificate_bound_access_tokens"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&metadata); err != nil || metadata.Aliases["token_endpoint"] != endpoint || !metadata.Bound {
		t.Errorf("discovery: %+v, %v; want the token endpoint %s", metadata, err, endpoint)
	}
	if status, told := knows.token(t, base+"/plain/token"); status != http.StatusUnauthorized || knows.asked {
		t.Errorf("at the ordinary address: %d %v, asked %v; want 401, and no question", status, told, knows.asked)
	}
	status, told := knows.token(t, endpoint)
	if status != http.StatusOK || !knows.asked {
		t.Fatalf("with its certificate: %d %v, asked %v; want 200", status, told, knows.asked)
	}
	sum := sha256.Sum256(job.Leaf.Raw)
	if got, want := thumbprintIn(t, told["access_token"]), base64.RawURLEncoding.EncodeToString(sum[:]); got != want {
		t.Errorf("cnf x5t#S256 %q; want %q", got, want)
	}
	for what, certificate := range map[string]*tls.Certificate{
		"without a certificate": nil, "with one of another name": ours.issue("somebody else"), "with one of another authority": foreign.issue("job"),
	} {
		c := newCaller(t, s.roots, certificate)
		if status, told := c.token(t, endpoint); status != http.StatusUnauthorized || told["error"] != "invalid_client" || !c.asked {
			t.Errorf("%s: %d %v, asked %v; want 401 invalid_client", what, status, told, c.asked)
		}
	}
}

// thumbprintIn reads whose certificate an access token is bound to.
func thumbprintIn(t *testing.T, access any) string {
	t.Helper()
	text, _ := access.(string)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("access token %q is no JWT", text)
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Confirmation map[string]string `json:"cnf"`
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Confirmation["x5t#S256"]
}
