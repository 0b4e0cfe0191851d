package server

import (
	"net/http"

	"github.com/tillit/tillit"
)

// binding gives the certificate that the tokens of a request are to be bound to,
// "" for none, and refuses a request of a client that gets none but bound ones
// and shows nothing to bind them to. jkt is the key that was proved.
func (p *Provider) binding(r *http.Request, client *tillit.Client, jkt string) (string, error) {
	x5t, err := p.thumbprint(r)
	switch {
	case err != nil:
		return "", err
	case client.BoundDPoP && jkt == "" && p.on("tokens of the client are bound"):
		return "", refuse("invalid_dpop_proof", "the client is registered for tokens bound to a key: the header DPoP is missing")
	case client.BoundCertificate && x5t == "" && p.on("tokens of the client are bound"):
		return "", refuse("invalid_request", "the client is registered for tokens bound to its certificate, and none came along")
	case client.FAPI2() && jkt == "" && x5t == "" && p.on("tokens of the client are bound"):
		return "", refuse("invalid_dpop_proof", "the client's profile wants tokens bound to a key or a certificate: the header DPoP is missing")
	case client.BoundCertificate, client.FAPI2() && jkt == "":
		return x5t, nil
	}
	return "", nil
}
