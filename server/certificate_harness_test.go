package server_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/realms"
)

// everyMethod is the realm with every way in which a client can say who it is.
func everyMethod(t *testing.T) fs.FS {
	t.Helper()
	edited, err := facts.Edit(realms.Files(), "buypass", "private_key_jwt, tls_client_auth]",
		"private_key_jwt, client_secret_jwt, tls_client_auth, self_signed_tls_client_auth]", false)
	if err != nil {
		t.Fatal(err)
	}
	return edited
}

// An issuer of certificates.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
}

func newIssuer(t *testing.T, name string) *issuer {
	t.Helper()
	key := certificateKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	return &issuer{t, certificate(t, template, template, key.Public(), key), key}
}

func certificateKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(t *testing.T, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (i *issuer) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.cert)
	return pool
}

// issue makes a client's certificate; without an issuer it is self-signed.
func issue(t *testing.T, by *issuer, change func(*x509.Certificate)) *tls.Certificate {
	t.Helper()
	key := certificateKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		Subject:     pkix.Name{CommonName: "client.example", Organization: []string{"Example, Inc."}, Country: []string{"NO"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		parent, signer = by.cert, by.key
	}
	made := certificate(t, template, parent, key.Public(), signer)
	return &tls.Certificate{Certificate: [][]byte{made.Raw}, PrivateKey: key, Leaf: made}
}

// keySet is a JWK Set with one public key, and its certificate where there is one.
func keySet(t *testing.T, public crypto.PublicKey, certificates ...*x509.Certificate) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "one", Use: "sig", Certificates: certificates}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A mutual provider answers browsers over HTTP, and clients also where TLS asks
// for their certificates.
type mutual struct {
	*op
	authority *issuer
	secure    *httptest.Server
}

func openMutual(t *testing.T) *mutual {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mutual{authority: newIssuer(t, "Test authority")}
	m.op = openWith(t, "buypass", func(c *wiring.Config) {
		c.Realms = everyMethod(t)
		c.Operations.Proxies = ops.Proxies{netip.MustParsePrefix("192.0.2.0/24")}
		c.MutualTLS = &wiring.MutualTLS{Header: "Client-Cert", Authorities: m.authority.pool(), Base: "https://" + listener.Addr().String()}
	})
	m.secure = &httptest.Server{
		Listener: listener, TLS: &tls.Config{ClientAuth: tls.RequestClientCert},
		Config: &http.Server{Handler: m.house.Handler, ReadHeaderTimeout: time.Minute},
	}
	m.secure.StartTLS()
	t.Cleanup(m.secure.Close)
	return m
}

// register changes a demo client in the store.
func (o *op) register(id string, change func(*tillit.Client)) {
	o.t.Helper()
	registry := o.house.Catalogs.Catalog(o.realm, "").Registry
	kept, err := o.house.Store.Client(o.t.Context(), registry, tillit.ClientID(id))
	if err != nil {
		o.t.Fatal(err)
	}
	changed := *kept
	change(&changed)
	if err := o.house.Store.PutClient(o.t.Context(), registry, &changed); err != nil {
		o.t.Fatal(err)
	}
}

// post sends a form over a connection with the certificate, nil for none, to the
// alias of an endpoint.
func (m *mutual) post(endpoint string, with *tls.Certificate, form url.Values, header ...string) *answer {
	m.t.Helper()
	aliases, _ := m.Metadata()["mtls_endpoint_aliases"].(map[string]any)
	address, _ := aliases[endpoint].(string)
	if !strings.HasPrefix(address, "https://") {
		m.t.Fatalf("no alias of %s in %v", endpoint, aliases)
	}
	return m.send(m.sender(with), m.request(http.MethodPost, address, form.Encode(), header...))
}

func (m *mutual) sender(with *tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(m.secure.Certificate())
	config := &tls.Config{RootCAs: roots}
	if with != nil {
		config.Certificates = []tls.Certificate{*with}
	}
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}
