package ops

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func selfSigned(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func sequence(certificate *x509.Certificate) string {
	return ":" + base64.StdEncoding.EncodeToString(certificate.Raw) + ":"
}

func spelled(certificate *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
}

// TestCertificate: whose certificate a request is of, by whom it came.
func TestCertificate(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	told, above, direct := selfSigned(t, "told"), selfSigned(t, "above"), selfSigned(t, "direct")
	many := strings.Repeat(sequence(above)+",", 20)
	for _, c := range []struct {
		name, from  string
		told, above []string
		direct      bool
		want        string // names, leaf first; ! for an error
	}{
		{"nothing", "198.51.100.1:5", nil, nil, false, ""},
		{"direct", "198.51.100.1:5", nil, nil, true, "direct"},
		{"a stranger tells", "198.51.100.1:5", []string{sequence(told)}, nil, false, ""},
		{"a stranger tells and shows", "198.51.100.1:5", []string{sequence(told)}, nil, true, "direct"},
		{"a proxy tells", "10.1.1.1:5", []string{sequence(told)}, nil, false, "told"},
		{"a proxy tells a chain", "10.1.1.1:5", []string{sequence(told)}, []string{sequence(above), " " + sequence(above)}, false, "told above above"},
		{"a proxy with a certificate of its own", "10.1.1.1:5", nil, nil, true, ""},
		{"a proxy tells PEM", "10.1.1.1:5", []string{url.PathEscape(spelled(told) + spelled(above))}, nil, false, "told above"},
		{"PEM beside a chain", "10.1.1.1:5", []string{url.PathEscape(spelled(told))}, []string{sequence(above)}, false, "told"},
		{"nothing in the header", "10.1.1.1:5", []string{""}, nil, false, ""},
		{"twice", "10.1.1.1:5", []string{sequence(told), sequence(told)}, nil, false, "!"},
		{"half a sequence", "10.1.1.1:5", []string{strings.TrimSuffix(sequence(told), ":")}, nil, false, "!"},
		{"no certificate", "10.1.1.1:5", []string{":AAAA:"}, nil, false, "!"},
		{"no Base64", "10.1.1.1:5", []string{":-_:"}, nil, false, "!"},
		{"a broken chain", "10.1.1.1:5", []string{sequence(told)}, []string{":AAAA:"}, false, "!"},
		{"an endless chain", "10.1.1.1:5", []string{sequence(told)}, []string{many}, false, "!"},
		{"a key as PEM", "10.1.1.1:5", []string{url.PathEscape(strings.ReplaceAll(spelled(told), "CERTIFICATE", "PUBLIC KEY"))}, nil, false, "!"},
		{"something else", "10.1.1.1:5", []string{"CN=client"}, nil, false, "!"},
		{"too large", "10.1.1.1:5", []string{":" + strings.Repeat("A", maxCertificate) + ":"}, nil, false, "!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.from
			r.Header["Client-Cert"], r.Header["Client-Cert-Chain"] = c.told, c.above
			if c.direct {
				r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{direct}}
			}
			chain, err := proxies.Certificate(r, "Client-Cert")
			var names []string
			for _, certificate := range chain {
				names = append(names, certificate.Subject.CommonName)
			}
			got := strings.Join(names, " ")
			if err != nil {
				got = "!"
			}
			if got != c.want {
				t.Errorf("%s (%v); want %s", got, err, c.want)
			}
		})
	}
}

func FuzzCertificate(f *testing.F) {
	certificate := selfSigned(f, "client")
	f.Add(sequence(certificate), "")
	f.Add(sequence(certificate), sequence(certificate)+", "+sequence(certificate))
	f.Add(url.PathEscape(spelled(certificate)), "")
	f.Add("%2D%2D", ":,:")
	proxies, _ := ParseProxies([]string{"192.0.2.0/24"})
	f.Fuzz(func(t *testing.T, told, above string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Client-Cert"], r.Header["Client-Cert-Chain"] = []string{told}, []string{above}
		chain, err := proxies.Certificate(r, "Client-Cert")
		for _, certificate := range chain {
			if certificate == nil || err != nil {
				t.Errorf("%q and %q: a chain with holes, or beside an error", told, above)
			}
		}
		r.RemoteAddr = "198.51.100.1:5"
		if chain, err := proxies.Certificate(r, "Client-Cert"); len(chain) > 0 || err != nil {
			t.Error("a stranger is believed")
		}
	})
}
