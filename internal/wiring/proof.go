package wiring

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/token"
)

// proof lets an API in this process take tokens that are bound to a key: the
// DPoP header must be of that key, for this request and this token, with a nonce
// where the realm asks for one, and not have been used before (RFC 9449 §7.1, §9).
func (h *House) proof(realm string) func(r *http.Request, accessToken, thumbprint string) error {
	return func(r *http.Request, accessToken, thumbprint string) error {
		sent := r.Header.Values("DPoP")
		if len(sent) != 1 {
			return fmt.Errorf("%w: not one DPoP header", rs.ErrInvalidProof)
		}
		now := h.Now().Unix()
		rules := token.DPoPRules{Method: r.Method, URL: h.config.Base + originalPath(r), AccessToken: accessToken, Thumbprint: thumbprint, At: now}
		var secret []byte
		if c := h.Catalogs.Catalog(realm, ""); c != nil && slices.Contains(c.Request.Features, "dpop_nonce") {
			var err error
			if secret, err = h.secret(r.Context(), realm, server.NonceSecret); err != nil {
				return err
			}
			rules.Nonce = func(nonce string) bool { return token.GoodNonce(secret, nonce, now) }
		}
		proof, err := token.VerifyDPoP(sent[0], rules)
		if refused, ok := errors.AsType[*token.Refusal](err); ok {
			if refused.Key == token.UseNonce {
				return rs.UseNonce(token.Nonce(secret, now))
			}
			if refused.Key == token.WrongKey { // a good proof, and somebody else's token
				return fmt.Errorf("%w: %s", rs.ErrInvalidToken, refused.Why)
			}
			return fmt.Errorf("%w: %s", rs.ErrInvalidProof, refused.Why)
		}
		if err != nil {
			return err
		}
		err = h.Store.Spend(r.Context(), realm, "dpop", token.Hash(proof.Thumbprint+"\x00"+proof.ID), now, proof.Expires)
		if errors.Is(err, tillit.ErrSpent) {
			return fmt.Errorf("%w: the proof was used before", rs.ErrInvalidProof)
		}
		return err
	}
}

// originalPath is the path as the client asked for it: the mux hands the API a
// shorter one.
func originalPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return path
}
