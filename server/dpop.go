package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// NonceSecret is the name of the secret of a realm that nonces are made of.
const NonceSecret = "dpop nonce"

// giveNonce answers every request that brings a proof with the nonce that the next
// one is to bear, where the realm asks for nonces (RFC 9449 §8.2): also when this
// one bore an older one, and was taken or refused.
func (p *Provider) giveNonce(w http.ResponseWriter, r *http.Request, realm *realm) error {
	if r.Header.Get("DPoP") == "" || !feature(realm.catalog, "dpop_nonce") {
		return nil
	}
	secret, err := p.Secret(r.Context(), realm.name, NonceSecret)
	if err != nil {
		return err
	}
	w.Header().Set("DPoP-Nonce", token.Nonce(secret, p.now()))
	return nil
}

// proofOf reads and uses up the DPoP proof of a request (RFC 9449 §4.3); it
// gives the thumbprint of its key, "" for a request without one. accessToken is
// the token that came along, thumbprint the key the proof must be of, both ""
// where any will do; client is who sends it, nil where that is not known yet.
func (p *Provider) proofOf(r *http.Request, realm *realm, client *tillit.Client, accessToken, thumbprint string) (string, error) {
	sent := r.Header.Values("DPoP")
	if len(sent) == 0 || !feature(realm.catalog, "dpop") {
		return "", nil
	}
	if len(sent) > 1 {
		return "", refuse("invalid_dpop_proof", "the header DPoP stands more than once")
	}
	now := p.now()
	rules := token.DPoPRules{
		Method: r.Method, URL: realm.issuer + strings.TrimPrefix(r.URL.Path, "/"+realm.name),
		AccessToken: accessToken, Thumbprint: thumbprint, At: now, Algorithms: p.algorithmsOf(client),
	}
	if feature(realm.catalog, "dpop_nonce") && p.on("proofs bear a nonce") {
		secret, err := p.Secret(r.Context(), realm.name, NonceSecret)
		if err != nil {
			return "", err
		}
		rules.Nonce = func(nonce string) bool { return token.GoodNonce(secret, nonce, now) }
	}
	proof, err := token.VerifyDPoP(sent[0], rules)
	if e, ok := errors.AsType[*token.Refusal](err); ok && e.Key == token.WrongAddress && p.MutualTLS != nil && p.MutualTLS.Base != "" {
		rules.URL = p.MutualTLS.Base + r.URL.Path
		proof, err = token.VerifyDPoP(sent[0], rules)
	}
	var refused *token.Refusal
	if errors.As(err, &refused) {
		code := "invalid_dpop_proof"
		if refused.Key == token.UseNonce {
			code = "use_dpop_nonce"
		}
		return "", refuse(code, "DPoP: %s", refused.Why)
	}
	if err != nil {
		return "", err
	}
	key := token.Hash(proof.Thumbprint + "\x00" + proof.ID)
	err = p.Store.Spend(r.Context(), realm.name, "dpop", key, now, proof.Expires)
	if errors.Is(err, tillit.ErrSpent) {
		return "", refuse("invalid_dpop_proof", "DPoP: the proof was used before")
	}
	return proof.Thumbprint, err
}

// boundTo gives the thumbprint of the key a token is bound to, or "".
func boundTo(claims members) string {
	cnf, _ := claims["cnf"].(map[string]any)
	thumbprint, _ := cnf["jkt"].(string)
	return thumbprint
}

// confirm checks that who presents a token holds the key or the certificate it is
// bound to: a token bound to a key is never taken as a Bearer (RFC 9449 §7.1).
func (p *Provider) confirm(r *http.Request, realm *realm, scheme, value string, claims members) error {
	bound := boundTo(claims)
	cnf, _ := claims["cnf"].(map[string]any)
	certificate, _ := cnf["x5t#S256"].(string)
	if err := p.holdsCertificate(r, certificate); err != nil {
		return err
	}
	dpop := strings.EqualFold(scheme, "DPoP")
	switch {
	case bound == "" && !dpop:
		return nil
	case bound == "":
		return &Error{Code: "invalid_token", Description: "the access token is not bound to a key", DPoP: true}
	case !dpop && p.on("bound token is no Bearer"):
		return &Error{Code: "invalid_token", Description: "the access token is bound to a key: send it with scheme DPoP and a proof", DPoP: true}
	}
	thumbprint, err := p.proofOf(r, realm, nil, value, bound)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Status, e.DPoP = http.StatusUnauthorized, true
		return e
	}
	if err == nil && thumbprint == "" && dpop {
		return &Error{Code: "invalid_dpop_proof", Description: "the header DPoP is missing", Status: http.StatusUnauthorized, DPoP: true}
	}
	return err
}
