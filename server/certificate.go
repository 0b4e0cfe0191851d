package server

import (
	"crypto/subtle"
	"crypto/x509"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// MutualTLS says how clients show certificates (RFC 8705).
type MutualTLS struct {
	// Presented gives the chain of the certificate whose key the client of a
	// request holds, leaf first; nil for a request without one. An error says that
	// a proxy told something that is none.
	Presented func(*http.Request) ([]*x509.Certificate, error)
	// Authorities issue the certificates of tls_client_auth; nil: nobody does.
	Authorities *x509.CertPool
	// Base is the base URL at which certificates are asked for, where it is not
	// that of everything else (RFC 8705 §5); "": the same.
	Base string
}

// certificate gives the chain that came with a request, nil for none.
func (p *Provider) certificate(r *http.Request) ([]*x509.Certificate, error) {
	if p.MutualTLS == nil {
		return nil, nil
	}
	chain, err := p.MutualTLS.Presented(r)
	if err != nil {
		return nil, &Error{Code: "invalid_request", Description: "the client certificate cannot be read", Cause: err}
	}
	return chain, nil
}

// thumbprint gives the thumbprint of the certificate that came with a request,
// "" for none.
func (p *Provider) thumbprint(r *http.Request) (string, error) {
	chain, err := p.certificate(r)
	if err != nil || len(chain) == 0 {
		return "", err
	}
	return token.CertificateThumbprint(chain[0]), nil
}

// checkCertificate verifies the certificate by which a client says who it is
// (RFC 8705 §2).
func (p *Provider) checkCertificate(r *http.Request, realm *realm, client *tillit.Client) error {
	chain, err := p.certificate(r)
	if err != nil {
		return err
	}
	if len(chain) == 0 {
		return &Error{Code: "invalid_client", Description: "the client certificate is missing"}
	}
	if !p.on("client certificates are verified") {
		return nil
	}
	if client.AuthMethod == "tls_client_auth" {
		err = token.VerifyCertificate(chain, p.MutualTLS.Authorities, client.CertificateNames, p.now())
	} else {
		err = p.withKeys(r.Context(), client, func(keys token.KeySet) error { return keys.VerifySelfSigned(chain[0], p.now()) })
	}
	return badClient("client certificate: ", err)
}

// holdsCertificate checks that who presents a bound token holds the key of its
// certificate (RFC 8705 §3).
func (p *Provider) holdsCertificate(r *http.Request, bound string) error {
	if bound == "" || !p.on("a bound token comes with its certificate") {
		return nil
	}
	presented, err := p.thumbprint(r)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(presented), []byte(bound)) != 1 {
		return &Error{Code: "invalid_token", Description: "the access token is bound to a certificate that did not come along"}
	}
	return nil
}
