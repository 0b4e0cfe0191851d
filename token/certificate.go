package token

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
)

// CertificateThumbprint is the x5t#S256 of a client certificate (RFC 8705 §3.1):
// it binds tokens to the certificate.
func CertificateThumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// VerifyCertificate checks what a client of tls_client_auth presented, leaf
// first (RFC 8705 §2.1): a chain that ends at one of the authorities and is
// valid at the instant (unix seconds), with the one name that is registered. An
// error is a [*Refusal]. Whether somebody took it back is not asked.
func VerifyCertificate(chain []*x509.Certificate, authorities *x509.CertPool, names tillit.CertificateNames, at int64) error {
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: authorities, Intermediates: between, CurrentTime: time.Unix(at, 0), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil || authorities == nil { // nil would mean the system's authorities
		return refuse(BadCertificate, "the certificate is not one of a client under an authority that is trusted here, valid now")
	}
	if !named(chain[0], names) {
		return refuse(BadCertificate, "the certificate does not bear the name that the client registered")
	}
	return nil
}

func named(cert *x509.Certificate, names tillit.CertificateNames) bool {
	switch {
	case names.SubjectDN != "":
		registered, err := parseName(names.SubjectDN)
		var subject pkix.RDNSequence
		rest, decodeErr := asn1.Unmarshal(cert.RawSubject, &subject)
		return err == nil && decodeErr == nil && len(rest) == 0 && sameName(registered, subject)
	case names.SANDNS != "":
		return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.EqualFold(name, names.SANDNS) })
	case names.SANURI != "":
		return slices.ContainsFunc(cert.URIs, func(u *url.URL) bool { return u.String() == names.SANURI })
	case names.SANIP != "":
		registered := net.ParseIP(names.SANIP)
		return registered != nil && slices.ContainsFunc(cert.IPAddresses, registered.Equal)
	case names.SANEmail != "":
		return slices.Contains(cert.EmailAddresses, names.SANEmail)
	}
	return false
}

// CheckCertificateNames says what is wrong with the names that a client of
// tls_client_auth registers, "" if nothing is.
func CheckCertificateNames(names tillit.CertificateNames) string {
	given := 0
	for _, name := range []string{names.SubjectDN, names.SANDNS, names.SANURI, names.SANIP, names.SANEmail} {
		if name != "" {
			given++
		}
	}
	_, err := parseName(names.SubjectDN)
	switch {
	case given != 1:
		return "exactly one of tls_client_auth_subject_dn and tls_client_auth_san_dns, _uri, _ip, _email is needed"
	case names.SubjectDN != "" && err != nil:
		return "tls_client_auth_subject_dn: " + err.Error()
	case names.SANIP != "" && net.ParseIP(names.SANIP) == nil:
		return "tls_client_auth_san_ip is no address"
	}
	return ""
}

// VerifySelfSigned checks what a client of self_signed_tls_client_auth presented
// against the keys it registered (RFC 8705 §2.2): the very certificate where a
// key brings one in x5c, else the key alone. An error is a [*Refusal].
func (s KeySet) VerifySelfSigned(cert *x509.Certificate, at int64) error {
	now := time.Unix(at, 0)
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return refuse(BadCertificate, "the certificate is not valid now")
	}
	for i := range s.Keys {
		key := &s.Keys[i]
		if key.Expires != 0 && at >= key.Expires || key.Use != "" && key.Use != "sig" {
			continue
		}
		if key.certificate != "" && key.certificate == CertificateThumbprint(cert) || key.certificate == "" && sameKey(key.Public, cert.PublicKey) {
			return nil
		}
	}
	return refuse(UnknownKey, "the certificate is none that the client registered")
}

func sameKey(registered, presented crypto.PublicKey) bool {
	key, ok := registered.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(presented)
}

// base64Hash is base64url of the SHA-256 of a text: ath (RFC 9449 §4.2), and the
// name of a JWT that has no jti.
func base64Hash(text string) string { return base64.RawURLEncoding.EncodeToString(Hash(text)) }
