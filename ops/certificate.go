package ops

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Bounds of what a proxy tells of a client's certificate.
const (
	maxCertificate = 16 << 10 // bytes of a header
	mostBetween    = 8        // certificates beside the client's own
)

// chainHeader holds the certificates between the client's and an authority, where
// the header of the client's is that of RFC 9440 too.
const chainHeader = "Client-Cert-Chain"

var errCertificate = errors.New("the proxy tells a certificate that is none; right would be the value of RFC 9440, or PEM as a query would spell it")

// Certificate gives the certificate whose key the client of a request was shown
// to hold, and the chain above it: what a trusted proxy tells in the header, ""
// for none, or what the client itself presented to us. What anybody else says in
// the header is not looked at, nor is the certificate of the proxy's own
// connection the client's. Nil is a request without one.
func (p Proxies) Certificate(r *http.Request, header string) ([]*x509.Certificate, error) {
	if !p.Trusts(connection(r)) {
		if r.TLS == nil {
			return nil, nil
		}
		return r.TLS.PeerCertificates, nil
	}
	values := r.Header.Values(header)
	if header == "" || len(values) == 0 || len(values) == 1 && values[0] == "" {
		return nil, nil
	}
	if len(values) > 1 || len(values[0]) > maxCertificate {
		return nil, errCertificate
	}
	if !strings.HasPrefix(values[0], ":") {
		return readPEM(values[0])
	}
	return readSequences(values[0], strings.Join(r.Header.Values(chainHeader), ","))
}

// readSequences reads byte sequences of structured fields (RFC 9440 §2, RFC 8941
// §3.3.5).
func readSequences(own, above string) ([]*x509.Certificate, error) {
	texts := []string{own}
	if strings.TrimSpace(above) != "" {
		texts = append(texts, strings.Split(above, ",")...)
	}
	if len(above) > mostBetween*maxCertificate || len(texts) > 1+mostBetween {
		return nil, errCertificate
	}
	chain := make([]*x509.Certificate, len(texts))
	for i, text := range texts {
		text = strings.Trim(text, " \t")
		if len(text) < 2 || text[0] != ':' || text[len(text)-1] != ':' {
			return nil, errCertificate
		}
		der, err := base64.StdEncoding.DecodeString(text[1 : len(text)-1])
		if err != nil {
			return nil, errCertificate
		}
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, errCertificate
		}
	}
	return chain, nil
}

// readPEM reads certificates as proxies put them into a header since before there
// was a standard: PEM, percent-encoded.
func readPEM(value string) ([]*x509.Certificate, error) {
	text, err := url.PathUnescape(value)
	if err != nil {
		return nil, errCertificate
	}
	var chain []*x509.Certificate
	for rest := []byte(text); len(strings.TrimSpace(string(rest))) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" || len(chain) > mostBetween {
			return nil, errCertificate
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errCertificate
		}
		chain = append(chain, certificate)
	}
	if len(chain) == 0 {
		return nil, errCertificate
	}
	return chain, nil
}
