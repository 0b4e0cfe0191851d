package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A realm is what the house tells of one.
type realm struct {
	Name    string
	Issuer  string
	APIs    map[string]string
	Clients []client
}

type client struct {
	ID           string `json:"client_id"`
	Organization string
	JWKS         jose.JSONWebKeySet
}

func (r *realm) client(id string) *client {
	for i := range r.Clients {
		if r.Clients[i].ID == id {
			return &r.Clients[i]
		}
	}
	return &client{}
}

// A request is what is counted as one; prepare gives what sends it.
type request struct {
	name    string
	dear    int // by how much fewer are sent than tokens are asked for
	prepare func(h *tried) (send func() error, err error)
}

var requests = []request{
	{"a token", 1, func(h *tried) (func() error, error) {
		return func() error { _, err := h.token("demo-consumer", string(h.names.delegable)); return err }, nil
	}},
	{"a token for a consumer", 1, func(h *tried) (func() error, error) {
		return func() error {
			_, err := h.delegated("demo-supplier", "demo-consumer", string(h.names.delegable))
			return err
		}, nil
	}},
	{"registering a client", 10, func(h *tried) (func() error, error) {
		token, err := h.token("demo-consumer", string(h.names.keeps))
		body := fmt.Appendf(nil, `{"integration_type":%q,"client_name":"Prøve","description":"En prøve","scopes":[%q]}`, h.names.kind, h.names.delegable)
		return func() error {
			_, err := ask(http.MethodPost, h.realm.APIs["clients"]+"/clients", token, body, nil)
			return err
		}, err
	}},
	{"the public scopes", 10, func(h *tried) (func() error, error) {
		return func() error {
			_, err := ask(http.MethodGet, h.realm.APIs["scopes"]+"/scopes/all", "", nil, nil)
			return err
		}, nil
	}},
	{"the public scopes of a prefix", 10, func(h *tried) (func() error, error) {
		return func() error {
			_, err := ask(http.MethodGet, h.realm.APIs["scopes"]+"/scopes/all?prefix="+h.names.prefix, "", nil, nil)
			return err
		}, nil
	}},
	{"all that an owner granted", 100, func(h *tried) (func() error, error) {
		token, err := h.token("demo-provider", string(h.names.reads))
		return func() error {
			_, err := ask(http.MethodGet, h.realm.APIs["scopes"]+"/scopes/access", token, nil, nil)
			return err
		}, err
	}},
	{"all that one was granted", 100, func(h *tried) (func() error, error) {
		token, err := h.token("demo-consumer", string(h.names.reads))
		return func() error {
			_, err := ask(http.MethodGet, h.realm.APIs["scopes"]+"/scopes/access/all", token, nil, nil)
			return err
		}, err
	}},
}

func (h *tried) token(client, scope string) (string, error) { return h.granted(client, scope, nil) }

func (h *tried) delegated(client, consumer, scope string) (string, error) {
	return h.granted(client, scope, map[string]any{"consumer_org": h.realm.client(consumer).Organization})
}

// granted asks for a token by a signed grant (RFC 7523 §2.1).
func (h *tried) granted(id, scope string, more map[string]any) (string, error) {
	own := h.realm.client(id)
	if len(own.JWKS.Keys) == 0 {
		return "", fmt.Errorf("no key of %s", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: own.JWKS.Keys[0]}, nil)
	if err != nil {
		return "", err
	}
	now := time.Now().Unix()
	claims := map[string]any{"iss": id, "aud": h.realm.Issuer, "scope": scope, "iat": now, "exp": now + 60, "jti": rand.Text()}
	for name, value := range more {
		claims[name] = value
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", err
	}
	grant, err := signed.CompactSerialize()
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {bearer}, "assertion": {grant}}
	var answer struct {
		Access string `json:"access_token"`
	}
	_, err = ask(http.MethodPost, h.realm.Issuer+"/token", "", []byte(form.Encode()), &answer)
	return answer.Access, err
}
