package goidc_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// An explanation is what the command prints of a request.
type explanation struct {
	Error  string                    `json:"error"`
	Scopes []verdict                 `json:"scopes"`
	Tokens map[string]map[string]any `json:"tokens"`
}

// A verdict is what became of one scope.
type verdict struct{ Scope, Reason string }

// A record is what the command prints of a token that was issued.
type record struct {
	View struct{ Scopes []verdict }
}

// explain runs the command on a request. It has no data of the running one: the request and
// the demo data are all it knows.
func explain(t *testing.T, arguments ...string) *explanation {
	t.Helper()
	var x explanation
	explainInto(t, &x, arguments...)
	return &x
}

func explainInto(t *testing.T, into any, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), running.Binary, append([]string{"explain", "--output", "json"}, arguments...)...)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("explain: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("explain: %v\n%s", err, out)
	}
}

// explainsCode demands that explaining an authorization request says the scopes
// and claims that were issued for it.
func explainsCode(t *testing.T, got *issued, person string) {
	t.Helper()
	x := explain(t, "--base-url", running.Base, "--person", person, got.request)
	if x.Error != "" {
		t.Fatalf("explain refuses what was issued: %s", x.Error)
	}
	granted, _ := got.token.Extra("scope").(string)
	sameScopes(t, x.Scopes, granted)
	sameClaims(t, "id_token", x, got.claims)
	sameClaims(t, "userinfo", x, got.userinfo)
	sameClaims(t, "access_token", x, payload(t, got.token.AccessToken))
}

func explainsMachine(t *testing.T, p *party, scope string, got *oauth2.Token) {
	t.Helper()
	query := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	x := explain(t, "--base-url", running.Base, "--realm", p.realm.Name, "--endpoint", "token", "--client", p.client.ID, query.Encode())
	granted, _ := got.Extra("scope").(string)
	sameScopes(t, x.Scopes, granted)
	sameClaims(t, "access_token", x, payload(t, got.AccessToken))
}

// explainsToken demands that the record written when a token was issued, read by
// another process, names the same scopes.
func explainsToken(t *testing.T, p *party, got *oauth2.Token) {
	t.Helper()
	jti, _ := payload(t, got.AccessToken)["jti"].(string)
	granted, _ := got.Extra("scope").(string)
	var r record
	explainInto(t, &r, "--data", running.Data, "--realm", p.realm.Name, "--jti", jti)
	sameScopes(t, r.View.Scopes, granted)
}

func sameScopes(t *testing.T, verdicts []verdict, granted string) {
	t.Helper()
	var said []string
	for _, v := range verdicts {
		if v.Reason == "given" {
			said = append(said, v.Scope)
		}
	}
	want := strings.Fields(granted)
	slices.Sort(said)
	slices.Sort(want)
	if !slices.Equal(said, want) {
		t.Errorf("explain gives %v; the token has %v", said, want)
	}
}

// own are the claims of the one answer: explaining has no nonce to repeat and
// makes other identifiers and times.
var own = []string{"nonce", "at_hash", "iat", "exp", "nbf", "jti", "iss", "aud", "sid"}

// sameClaims compares the claims of a document. Those that only one answer has are
// left out, and the time of a sign-in that was not the same.
func sameClaims(t *testing.T, document string, x *explanation, issued map[string]any) {
	t.Helper()
	if issued == nil { // opaque
		return
	}
	said, got := without(x.Tokens[document], own), without(issued, own)
	if a, b := slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
		t.Errorf("%s: explain says %v; issued were %v", document, a, b)
	}
	for name, value := range said {
		if name != "auth_time" && name != "sub" && !reflect.DeepEqual(value, got[name]) {
			t.Errorf("%s: explain says %s is %v; issued was %v", document, name, value, got[name])
		}
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
