package goidc_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/token"
)

// explainer is a second house that issues nothing: it is given the request alone.
func explainer(t *testing.T) *server.Provider {
	t.Helper()
	text, err := token.GenerateMasterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	master, err := token.ParseMasterKey(text)
	if err != nil {
		t.Fatal(err)
	}
	second, err := wiring.Open(t.Context(), wiring.Config{
		Base: running.Base, Realms: realms.Files(), Demo: demodata.Files, Stamp: "dev", MasterKey: master, Cheap: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	})
	return second.Provider
}

// explainsCode demands that explaining an authorization request says the scopes
// and claims that were issued for it.
func explainsCode(t *testing.T, p *party, got *issued, person string) {
	t.Helper()
	x, err := explainer(t).Explain(t.Context(), server.ExplainRequest{
		Realm: p.realm.Name, Endpoint: "authorization", Query: queryOf(t, got.request), Person: person,
	})
	if err != nil {
		t.Fatal(err)
	}
	if x.Error != nil {
		t.Fatalf("explain refuses what was issued: %v", x.Error)
	}
	granted, _ := got.token.Extra("scope").(string)
	sameScopes(t, x, granted)
	sameClaims(t, "id_token", x, got.claims)
	sameClaims(t, "userinfo", x, got.userinfo)
	sameClaims(t, "access_token", x, payload(t, got.token.AccessToken))
}

func explainsMachine(t *testing.T, p *party, scope string, got *oauth2.Token) {
	t.Helper()
	query := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	x, err := explainer(t).Explain(t.Context(), server.ExplainRequest{
		Realm: p.realm.Name, Endpoint: "token", Query: query.Encode(), Client: p.client.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	granted, _ := got.Extra("scope").(string)
	sameScopes(t, x, granted)
	sameClaims(t, "access_token", x, payload(t, got.AccessToken))
}

func sameScopes(t *testing.T, x *server.Explanation, granted string) {
	t.Helper()
	var said []string
	for _, verdict := range x.View.Scopes {
		if verdict.Reason == tillit.Given {
			said = append(said, string(verdict.Scope))
		}
	}
	want := strings.Fields(granted)
	slices.Sort(said)
	slices.Sort(want)
	if !slices.Equal(said, want) {
		t.Errorf("explain grants %v; the token has %v", said, want)
	}
}

// sameClaims compares the names of claims: values such as jti and iat are new
// each time. nonce and at_hash belong to the one answer.
func sameClaims(t *testing.T, document string, x *server.Explanation, issued map[string]any) {
	t.Helper()
	if issued == nil { // opaque
		return
	}
	own := []string{"nonce", "at_hash", "iat", "exp", "nbf", "jti", "iss", "aud", "sid"}
	said := slices.Sorted(maps.Keys(without(x.Tokens[document], own)))
	got := slices.Sorted(maps.Keys(without(issued, own)))
	if !slices.Equal(said, got) {
		t.Errorf("%s: explain says %v; issued were %v", document, said, got)
	}
}

func without(claims map[string]any, names []string) map[string]any {
	left := maps.Clone(claims)
	for _, name := range names {
		delete(left, name)
	}
	return left
}

// payload reads a JWT's claims; nil when the token is opaque.
func payload(t *testing.T, text string) map[string]any {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
