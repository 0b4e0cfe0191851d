package pki

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tillit/tillit"
)

// memory is a Register.
type memory struct {
	mu   sync.Mutex
	rows []*tillit.Certificate
}

func (m *memory) find(fits func(*tillit.Certificate) bool) (*tillit.Certificate, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range slices.Backward(m.rows) {
		if fits(row) {
			kept := *row
			return &kept, nil
		}
	}
	return nil, tillit.ErrNotFound
}

func (m *memory) Certificate(_ context.Context, realm string, kind tillit.CertificateKind, holder string) (*tillit.Certificate, error) {
	return m.find(func(c *tillit.Certificate) bool { return c.Realm == realm && c.Kind == kind && c.Holder == holder })
}

func (m *memory) CertificateBySerial(_ context.Context, realm, serial string) (*tillit.Certificate, error) {
	return m.find(func(c *tillit.Certificate) bool { return c.Realm == realm && c.Serial == serial })
}

func (m *memory) IssueCertificate(_ context.Context, c *tillit.Certificate) (*tillit.Certificate, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := *c
	m.rows = append(m.rows, &kept)
	return &kept, nil
}

// envelope is a Sealer that shows for which purpose it was asked; that sealing
// hides anything is the affair of the real one.
type envelope struct{}

func (envelope) Seal(plain []byte, purpose string) []byte {
	return append([]byte(purpose+"\n\n"), plain...)
}

func (envelope) Open(sealed []byte, purpose string) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(purpose+"\n\n"))
	if !ok {
		return nil, errors.New("sealed for another purpose")
	}
	return plain, nil
}

var start = time.Now().Truncate(time.Second)

func newAuthority() (*Authority, *memory) {
	register := &memory{}
	return reopen(register, start), register
}

func reopen(register *memory, at time.Time) *Authority {
	return New(Config{
		Register: register, Sealer: envelope{}, Now: func() time.Time { return at }, Random: rand.Reader,
		Status: func(realm string) string { return "http://localhost/" + realm + "/ocsp" },
	})
}

var plain = &tillit.Person{Realm: "bankid", ID: "p1", Username: "aslak", Subject: "12c2b0de",
	Attributes: json.RawMessage(`{"pid": "9578-6000-4-7", "given_name": "Áslak", "family_name": "Várri, d.y.", "birthdate": "1991-08-23"}`)}

func certificate(t *testing.T, a *Authority, person *tillit.Person) *x509.Certificate {
	t.Helper()
	c, err := a.Certificate(t.Context(), "bankid", person)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChain(t *testing.T) {
	authority, _ := newAuthority()
	leaf := certificate(t, authority, plain)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(must(authority.TrustAnchor(t.Context(), "bankid")))
	between.AddCert(must(authority.Issuer(t.Context(), "bankid")))
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	others := x509.NewCertPool()
	others.AddCert(must(authority.TrustAnchor(t.Context(), "buypass")))
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: others, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
		t.Error("another realm's root vouches for the certificate")
	}
}

func TestOpenSSLAgrees(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: that another program agrees cannot be shown here")
	}
	authority, _ := newAuthority()
	folder := t.TempDir()
	write := func(name string, c *x509.Certificate) string {
		path := filepath.Join(folder, name)
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := write("root.pem", must(authority.TrustAnchor(t.Context(), "bankid")))
	issuing := write("issuing.pem", must(authority.Issuer(t.Context(), "bankid")))
	leaf := write("leaf.pem", certificate(t, authority, plain))
	out, err := exec.Command(openssl, "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root, "-untrusted", issuing, leaf).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "OK") {
		t.Errorf("openssl verify: %v\n%s", err, out)
	}
	out, err = exec.Command(openssl, "x509", "-in", leaf, "-noout", "-text").CombinedOutput()
	for _, want := range []string{"9578-6000-4-7", "2.999.1", "X509v3 Subject Directory Attributes", "qcStatements"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("openssl x509 does not show %q: %v\n%s", want, err, out)
		}
	}
}

func TestFacts(t *testing.T) {
	authority, _ := newAuthority()
	got, err := authority.PersonFacts(t.Context(), "bankid", plain)
	if err != nil {
		t.Fatal(err)
	}
	leaf := certificate(t, authority, plain)
	if text, _ := got["pem"].(string); !strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----") {
		t.Errorf("pem %q", text)
	}
	delete(got, "pem")
	began, ends := start.Add(-time.Minute), start.Add(-time.Minute).Add(DefaultProfile.Validity)
	want := map[string]any{
		"subject": map[string]any{
			"serial_number": "9578-6000-4-7",
			"common_name":   "Áslak Várri, d.y.",
			"name":          `CN=Áslak Várri\, d.y.,O=Granlund Sparebank,C=NO,SERIALNUMBER=9578-6000-4-7`,
		},
		"given_name":    "Áslak",
		"family_name":   "Várri, d.y.",
		"birthdate":     "1991-08-23",
		"originator":    "CN=Granlund Bank CA 3,OU=310200123,O=Granlund Sparebank,C=NO;OriginatorId=9980;OriginatorName=GRANLUND",
		"not_before":    began.Unix(),
		"not_before_ms": began.UnixMilli(),
		"not_after_ms":  ends.UnixMilli(),
		"serial_number": leaf.SerialNumber.String(),
		"key_algorithm": "EC",
		"key_size":      int64(256),
		"policy":        "2.999.1",
		"qualified":     true,
		"version":       int64(3),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestTheDirectorySaysWhatStandsInTheCertificate(t *testing.T) {
	authority, _ := newAuthority()
	began, ends := start.Add(-2*year), start.Add(3*year)
	said := &tillit.Person{Realm: "bankid", ID: "p2", Username: "kari", Attributes: must(json.Marshal(map[string]any{
		"nnin": "17858504325",
		"sign_in": map[string]any{"facts": map[string]any{"certificate": map[string]any{
			"subject":    map[string]any{"serial_number": "9578-6000-4-2410017", "common_name": "Kari Skogheim"},
			"given_name": "Kari", "family_name": "Skogheim", "birthdate": "1985-05-17", "serial_number": "2410017",
			"key_algorithm": "RSA", "key_size": 2048, "policy": "2.999.7",
			"not_before": began.Unix(), "not_after_ms": ends.UnixMilli(),
		}}},
	}))}
	c := certificate(t, authority, said)
	if c.Subject.CommonName != "Kari Skogheim" || c.Subject.SerialNumber != "9578-6000-4-2410017" || c.SerialNumber.String() != "2410017" ||
		!c.NotBefore.Equal(began) || !c.NotAfter.Equal(ends) || birthdate(c) != "1985-05-17" {
		t.Errorf("%v, number %v, %v to %v, born %s", c.Subject, c.SerialNumber, c.NotBefore, c.NotAfter, birthdate(c))
	}
	facts, err := authority.PersonFacts(t.Context(), "bankid", said)
	if err != nil || facts["key_algorithm"] != "RSA" || facts["key_size"] != int64(2048) || facts["policy"] != "2.999.7" {
		t.Errorf("%v, %v; want the key and policy that the directory says", facts, err)
	}
	if strings.Contains(string(c.Raw), "17858504325") {
		t.Error("the national number stands in the certificate")
	}
}

func TestMadeOnceAndRenewed(t *testing.T) {
	first, register := newAuthority()
	one := certificate(t, first, plain)
	if again := certificate(t, reopen(register, start.Add(time.Hour)), plain); !again.Equal(one) {
		t.Error("a restart makes another certificate")
	}
	later := certificate(t, reopen(register, one.NotAfter), plain)
	if later.Equal(one) || !later.NotAfter.After(one.NotAfter) {
		t.Errorf("after %v the certificate still ends at %v", one.NotAfter, later.NotAfter)
	}
	nobody := &tillit.Person{Realm: "bankid", ID: "p9", Username: "nobody", Subject: "s9"}
	if other := certificate(t, first, nobody); other.Subject.CommonName != "nobody" || other.Subject.SerialNumber != "s9" {
		t.Errorf("without attributes: %v", other.Subject)
	}
}

func TestWhatIsKeptIsBoundToItsPlace(t *testing.T) {
	authority, register := newAuthority()
	certificate(t, authority, plain)
	moved := *must(register.Certificate(t.Context(), "bankid", tillit.CertificatePerson, "p1"))
	moved.Holder = "p2"
	must(register.IssueCertificate(t.Context(), &moved))
	stranger := &tillit.Person{Realm: "bankid", ID: "p2", Username: "kari"}
	if _, err := authority.Certificate(t.Context(), "bankid", stranger); err == nil {
		t.Error("one person's certificate passes for another's")
	}
}

func TestFaultsSayWhatIsWrong(t *testing.T) {
	authority := New(Config{Register: &memory{}, Sealer: envelope{}, Now: time.Now, Random: rand.Reader,
		Profile: func(string) Profile { return Profile{Policy: "one.two"} }})
	if _, err := authority.Certificate(t.Context(), "bankid", plain); err == nil || !strings.Contains(err.Error(), "one.two") {
		t.Errorf("%v; want an error that names the policy", err)
	}
	broken := &tillit.Person{Realm: "bankid", ID: "p3", Attributes: json.RawMessage(`{"name": 17858504325}`)}
	healthy, _ := newAuthority()
	if _, err := healthy.Certificate(t.Context(), "bankid", broken); err == nil || strings.Contains(err.Error(), "17858504325") {
		t.Errorf("%v; want an error that does not quote personal data", err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
