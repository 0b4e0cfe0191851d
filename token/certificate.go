package token

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
)

// CertificateThumbprint is the x5t#S256 of a client certificate (RFC 8705 §3.1):
// it binds tokens to the certificate.
func CertificateThumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// base64Hash is base64url of the SHA-256 of a text: ath (RFC 9449 §4.2), and the
// name of a JWT that has no jti.
func base64Hash(text string) string { return base64.RawURLEncoding.EncodeToString(Hash(text)) }
