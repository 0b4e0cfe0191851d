package server

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// readRequestObject puts the parameters of a request object in place of those
// around it: when it is signed, only what stands inside counts (RFC 9101 §6.3).
func (p *Provider) readRequestObject(r *http.Request, a *authorization) error {
	text := a.params.Get("request")
	if uri := a.params.Get("request_uri"); uri != "" && p.refers(a.realm.catalog) {
		if text != "" {
			return refuse("invalid_request", "request and request_uri exclude each other")
		}
		var err error
		if text, err = p.fetchRequestObject(r.Context(), a.client, uri); err != nil {
			a.trustAround()
			return err
		}
	}
	if text == "" || !feature(a.realm.catalog, "request_object") {
		return nil
	}
	values, err := p.openRequestObject(r, a, text)
	var refused *token.Refusal
	if errors.As(err, &refused) {
		a.trustAround()
		return refuse("invalid_request_object", "%s", refused.Why)
	}
	if err != nil {
		return err
	}
	a.params = values
	return nil
}

// trustAround takes the address around an object that cannot be read, when it is
// registered.
func (a *authorization) trustAround() {
	if uri := a.params.Get("redirect_uri"); a.params.repeated == "" && registered(a.client.RedirectURIs, uri) {
		a.request.RedirectURI, a.request.State, a.request.trusted = uri, a.params.Get("state"), true
		a.request.ResponseMode = defaultMode(sortedWords(a.params.Get("response_type")))
	}
}

// refers reports whether the realm takes request objects by reference.
func (p *Provider) refers(c *tillit.Catalog) bool {
	return feature(c, "request_object") && feature(c, "request_uri") && p.ReadAddress != nil
}

// fetchRequestObject reads a request object at an address, which has to be one
// that the client registered (RFC 9101 §5.2): nobody else may have us read
// anything. A fragment is the hash of what is there (OIDC Core §6.2).
func (p *Provider) fetchRequestObject(ctx context.Context, client *tillit.Client, uri string) (string, error) {
	address, hash, hashed := strings.Cut(uri, "#")
	known := slices.ContainsFunc(client.RequestURIs, func(s string) bool { s, _, _ = strings.Cut(s, "#"); return s == address })
	if !known && p.on("request_uri is one of the client's") {
		return "", refuse("invalid_request_uri", "the request_uri is not registered for the client")
	}
	body, err := p.ReadAddress(ctx, address)
	if err != nil {
		return "", &Error{Code: "invalid_request_uri", Description: "the request_uri cannot be read", Cause: err}
	}
	if sum := base64.RawURLEncoding.EncodeToString(token.Hash(string(body))); hashed && hash != sum {
		return "", refuse("invalid_request_uri", "what is at the request_uri does not have the hash that it bears")
	}
	return strings.TrimSpace(string(body)), nil
}

func (p *Provider) openRequestObject(r *http.Request, a *authorization, text string) (params, error) {
	rules := token.RequestObjectRules{
		Client: string(a.client.ID), Issuer: a.realm.issuer, OmitNames: true, At: p.now(),
		Decrypt: p.decrypter(r, a), Algorithms: p.algorithmsOf(a.client),
	}
	var object token.RequestObject
	err := p.withKeys(r.Context(), a.client, func(keys token.KeySet) (err error) {
		object, err = token.ParseRequestObject(text, keys, rules)
		return err
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
