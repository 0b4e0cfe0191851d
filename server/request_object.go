package server

import (
	"errors"
	"net/http"

	"github.com/tillit/tillit/token"
)

// readRequestObject puts the parameters of a request object in place of those
// around it: when it is signed, only what stands inside counts (RFC 9101 §6.3).
func (p *Provider) readRequestObject(r *http.Request, a *authorization) error {
	text := a.params.Get("request")
	if text == "" || !feature(a.realm.catalog, "request_object") {
		return nil
	}
	values, err := p.openRequestObject(r, a, text)
	var refused *token.Refusal
	if errors.As(err, &refused) {
		// The address around the object is trusted only when it is registered.
		if uri := a.params.Get("redirect_uri"); a.params.repeated == "" && registered(a.client.RedirectURIs, uri) {
			a.request.RedirectURI, a.request.State, a.request.trusted = uri, a.params.Get("state"), true
			a.request.ResponseMode = defaultMode(sortedWords(a.params.Get("response_type")))
		}
		return refuse("invalid_request_object", "%s", refused.Why)
	}
	if err != nil {
		return err
	}
	a.params = values
	return nil
}

func (p *Provider) openRequestObject(r *http.Request, a *authorization, text string) (params, error) {
	keys, err := token.ParseJWKS([]byte(a.client.JWKS))
	if err != nil {
		return params{}, &token.Refusal{Key: token.UnknownKey, Why: "the client has registered no keys to sign with"}
	}
	object, err := token.ParseRequestObject(text, keys, token.RequestObjectRules{
		Client: string(a.client.ID), Issuer: a.realm.issuer, OmitNames: true, At: p.now(),
		Decrypt: p.decrypter(r, a),
	})
	if err != nil {
		return params{}, err
	}
	a.sealed = object.Encrypted
	values, err := object.Values()
	if err != nil {
		return params{}, err
	}
	if id := values.Get("client_id"); id != "" && id != string(a.client.ID) {
		return params{}, &token.Refusal{Key: token.WrongParameters, Why: "client_id differs inside and outside of the request object"}
	}
	values.Set("client_id", string(a.client.ID))
	return parseParams(values.Encode())
}

// decrypter opens encrypted request objects, where the realm takes them.
func (p *Provider) decrypter(r *http.Request, a *authorization) func(string) ([]byte, error) {
	if !feature(a.realm.catalog, "encrypted_request_object") {
		return nil
	}
	return func(jwe string) ([]byte, error) { return p.Keys.Decrypt(r.Context(), a.realm.name, jwe) }
}
