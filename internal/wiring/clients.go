package wiring

import (
	"context"
	"crypto/x509"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/token"
)

// MutualTLS says how clients show certificates (RFC 8705).
type MutualTLS struct {
	// Header is the one in which the trusted proxies tell a client's certificate;
	// "": they tell none.
	Header string
	// Authorities issue the certificates of tls_client_auth; nil: nobody does.
	Authorities *x509.CertPool
	// Base is the base URL at which certificates are asked for; "": that of
	// everything else.
	Base string
}

func (h *House) mutualTLS() *server.MutualTLS {
	c := h.config.MutualTLS
	if c == nil {
		return nil
	}
	return &server.MutualTLS{Presented: h.presented, Authorities: c.Authorities, Base: c.Base}
}

// presented gives the certificate of a request as its sender or a trusted proxy
// shows it.
func (h *House) presented(r *http.Request) ([]*x509.Certificate, error) {
	c := h.config.MutualTLS
	if c == nil {
		return nil, nil
	}
	return h.config.Operations.Proxies.Certificate(r, c.Header)
}

// readAddress reads what stands at an address that a stranger gave.
func (h *House) readAddress(ctx context.Context, address string) ([]byte, error) {
	document, err := h.Fetch.Get(ctx, address)
	if err != nil {
		return nil, err
	}
	return document.Body, nil
}

// shown is the certificate alone, nil for none or for what a proxy garbled.
func (h *House) shown(r *http.Request) *x509.Certificate {
	chain, err := h.presented(r)
	if err != nil || len(chain) == 0 {
		return nil
	}
	return chain[0]
}

func (h *House) sealSecret(registry string, client tillit.ClientID, secret string) (tillit.SecretHash, error) {
	return token.SealSecret(h.config.MasterKey, registry, client, secret)
}

func (h *House) openSecret(registry string, client tillit.ClientID, kept tillit.SecretHash) (string, error) {
	return token.OpenSecret(h.config.MasterKey, registry, client, kept)
}
