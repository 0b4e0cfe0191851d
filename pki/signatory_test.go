package pki

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"golang.org/x/crypto/ocsp"
)

// withRSA is somebody whose certificate is to have an RSA key.
var withRSA = &tillit.Person{Realm: "bankid", ID: "p7", Username: "kari", Attributes: json.RawMessage(
	`{"name": "Kari Skogheim", "pid": "9578-6000-4-9", "sign_in": {"facts": {"certificate": {"key_algorithm": "RSA", "key_size": 2048}}}}`)}

// outside is a folder with what a verifier has, and the program.
type outside struct {
	t      *testing.T
	folder string
}

func newOutside(t *testing.T, a *Authority) outside {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: that another program agrees cannot be shown here")
	}
	o := outside{t, t.TempDir()}
	o.writePEM("root.pem", must(a.TrustAnchor(t.Context(), "bankid")))
	o.writePEM("issuing.pem", must(a.Issuer(t.Context(), "bankid")))
	return o
}

func (o outside) path(name string) string { return filepath.Join(o.folder, name) }

func (o outside) write(name string, content []byte) {
	o.t.Helper()
	if err := os.WriteFile(o.path(name), content, 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o outside) writePEM(name string, c *x509.Certificate) {
	o.t.Helper()
	o.write(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func (o outside) openssl(arguments ...string) (string, error) {
	command := exec.Command("openssl", arguments...)
	command.Dir = o.folder
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestOpenSSLVerifiesWhatIsSigned(t *testing.T) {
	authority, _ := newAuthority()
	o := newOutside(t, authority)
	content := []byte("Jeg låner 4711 kroner.\n")
	merchant := must(authority.Organization(t.Context(), "bankid", "310200107", "Furulia Handel AS"))
	for name, who := range map[string]*Signatory{
		"EC key":       must(authority.Person(t.Context(), "bankid", plain)),
		"RSA key":      must(authority.Person(t.Context(), "bankid", withRSA)),
		"organization": merchant,
	} {
		t.Run(name, func(t *testing.T) {
			digest := sha256.Sum256(content)
			o.write("content", content)
			o.write("attached", must(who.SignCMS(content, CMSOptions{})))
			o.write("detached", must(who.SignCMS(content, CMSOptions{Detached: true})))
			o.write("digest", must(who.SignDigest(digest, CMSOptions{Timeless: true})))
			for file, more := range map[string][]string{
				"attached": nil, "detached": {"-content", "content"}, "digest": {"-content", "content"},
			} {
				arguments := append([]string{"cms", "-verify", "-cades", "-inform", "DER", "-binary", "-in", file, "-CAfile", "root.pem", "-out", "out"}, more...)
				if out, err := o.openssl(arguments...); err != nil {
					t.Errorf("%s: %v\n%s", file, err, out)
				}
				if got, err := os.ReadFile(o.path("out")); err != nil || string(got) != string(content) {
					t.Errorf("%s: verified %q, %v", file, got, err)
				}
			}
			o.write("content", []byte("Jeg låner 47110 kroner.\n"))
			if out, err := o.openssl("cms", "-verify", "-inform", "DER", "-binary", "-in", "detached", "-content", "content", "-CAfile", "root.pem", "-out", "out"); err == nil {
				t.Errorf("other content passes: %s", out)
			}
		})
	}
}

func TestOpenSSLReadsTheStatus(t *testing.T) {
	authority, register := newAuthority()
	o := newOutside(t, authority)
	who := must(authority.Person(t.Context(), "bankid", plain))
	o.writePEM("leaf.pem", who.Certificate())
	check := func(want string) {
		t.Helper()
		out, err := o.openssl("ocsp", "-issuer", "issuing.pem", "-cert", "leaf.pem", "-respin", "status", "-CAfile", "root.pem", "-verify_other", "issuing.pem", "-no_nonce")
		if err != nil || !strings.Contains(out, "Response verify OK") || !strings.Contains(out, "leaf.pem: "+want) {
			t.Errorf("want %s: %v\n%s", want, err, out)
		}
	}
	o.write("status", must(who.Status(t.Context())))
	check("good")

	if out, err := o.openssl("ocsp", "-issuer", "issuing.pem", "-sha256", "-cert", "leaf.pem", "-reqout", "request"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	request := must(os.ReadFile(o.path("request")))
	o.write("status", must(authority.AnswerStatus(t.Context(), "bankid", request)))
	if out, err := o.openssl("ocsp", "-reqin", "request", "-issuer", "issuing.pem", "-sha256", "-cert", "leaf.pem", "-respin", "status", "-no_nonce", "-CAfile", "root.pem", "-verify_other", "issuing.pem"); err != nil ||
		!strings.Contains(out, "leaf.pem: good") || strings.Contains(out, "WARNING") {
		t.Errorf("with the nonce of the request: %v\n%s", err, out)
	}

	row := must(register.CertificateBySerial(t.Context(), "bankid", who.Certificate().SerialNumber.String()))
	row.Revoked, row.Reason = start.Unix(), ocsp.KeyCompromise
	must(register.IssueCertificate(t.Context(), row))
	o.write("status", must(who.Status(t.Context())))
	check("revoked")
}

func TestStatusOfOthers(t *testing.T) {
	authority, _ := newAuthority()
	ctx := t.Context()
	issuing, root := must(authority.Issuer(ctx, "bankid")), must(authority.TrustAnchor(ctx, "bankid"))
	stranger := *certificate(t, authority, plain)
	stranger.SerialNumber = big.NewInt(4711)
	answer := must(authority.AnswerStatus(ctx, "bankid", must(ocsp.CreateRequest(&stranger, issuing, nil))))
	if got, err := ocsp.ParseResponse(answer, issuing); err != nil || got.Status != ocsp.Unknown {
		t.Errorf("%+v, %v; want that an unknown number is unknown", got, err)
	}
	for name, request := range map[string][]byte{
		"another authority": must(ocsp.CreateRequest(issuing, root, nil)),
		"other bytes":       []byte("MII"),
		"more than one":     append(must(ocsp.CreateRequest(&stranger, issuing, nil)), 0),
	} {
		answer := must(authority.AnswerStatus(ctx, "bankid", request))
		var refused ocsp.ResponseError
		if _, err := ocsp.ParseResponse(answer, issuing); !errors.As(err, &refused) {
			t.Errorf("%s: %v; want a refusal", name, err)
		}
	}
}

func TestRevokedSignsNothingUntilRenewed(t *testing.T) {
	authority, register := newAuthority()
	who := must(authority.Person(t.Context(), "bankid", plain))
	row := must(register.CertificateBySerial(t.Context(), "bankid", who.Certificate().SerialNumber.String()))
	row.Revoked = start.Unix()
	must(register.IssueCertificate(t.Context(), row))
	var refused *tillit.SignInRefused
	if _, err := authority.Person(t.Context(), "bankid", plain); !errors.As(err, &refused) || refused.Key != Revoked {
		t.Errorf("%v; want that the certificate is revoked", err)
	}
	another := must(authority.Renew(t.Context(), "bankid", plain))
	if got := certificate(t, authority, plain); !got.Equal(another) || got.Equal(who.Certificate()) {
		t.Error("after renewal the person signs with another certificate than the new one")
	}
}
