package rs

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
)

// shown checks that the connection is that of the certificate a token is bound
// to (RFC 8705 §3). Whether the certificate is a good one is for whoever ends
// TLS: the binding is to its bytes.
func (g *Guard) shown(r *http.Request, hash string) error {
	find := g.Certificate
	if find == nil {
		find = ofConnection
	}
	certificate := find(r)
	if certificate == nil {
		return fmt.Errorf("%w: bound to a certificate, and the connection has none", ErrInvalidToken)
	}
	sum := sha256.Sum256(certificate.Raw)
	if got := base64.RawURLEncoding.EncodeToString(sum[:]); subtle.ConstantTimeCompare([]byte(got), []byte(hash)) != 1 {
		return fmt.Errorf("%w: bound to another certificate", ErrInvalidToken)
	}
	return nil
}

func ofConnection(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}
