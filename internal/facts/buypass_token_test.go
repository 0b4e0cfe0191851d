package facts

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The checks of this file are about access tokens of the realm buypass: scopes
// of APIs, tokens without any, introspection, realms apart.

func buypassOneOfThree(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
	e.Granted(tokens, "myservice.data_read")
	e.Equal("access token: scope", Words(e.AccessClaims(tokens)["scope"]), []string{"myservice.data_read"})
	e.Equal("introspection: scope", Words(e.Introspect("demo-service", tokens.Access())["scope"]), []string{"myservice.data_read"})
}

type apiAnswer struct {
	status    int
	challenge string
}

// callAPI calls the demo API with a bearer token.
func (e *Env) callAPI(method, access string) apiAnswer {
	e.t.Helper()
	base := e.API("myservice")
	if base == "" {
		e.t.Fatalf("fixtures of %s: no API myservice", e.realm.Name)
	}
	req := e.request(method, base+"/data", strings.NewReader("{}"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+access)
	status, header, _ := e.send(req)
	return apiAnswer{status, header.Get("WWW-Authenticate")}
}

func buypassReadIsNotDelete(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
	e.Equal("GET with the read scope", e.callAPI(http.MethodGet, tokens.Access()).status, 200)
	e.insufficient("DELETE with the read scope", e.callAPI(http.MethodDelete, tokens.Access()))
}

func buypassWriteIsNotRead(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", "myservice.data_write"))
	if status := e.callAPI(http.MethodPost, tokens.Access()).status; status/100 != 2 {
		t.Errorf("POST with the write scope: %d; want 2xx", status)
	}
	e.insufficient("GET with the write scope", e.callAPI(http.MethodGet, tokens.Access()))
}

func (e *Env) insufficient(what string, answer apiAnswer) {
	e.t.Helper()
	e.Equal(what, answer.status, 403)
	if !challenges(answer.challenge, "insufficient_scope") {
		e.t.Errorf("%s: WWW-Authenticate %q; want error insufficient_scope", what, answer.challenge)
	}
}

func buypassScopelessOpensNothing(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", ""))
	e.Equal("introspection: active", e.Introspect("demo-service", tokens.Access())["active"], true)
	answer := e.UserInfo(tokens.Access())
	e.insufficient("UserInfo", apiAnswer{answer.Status, answer.Challenge})
}

func buypassScopelessIsActive(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", ""))
	seen := e.Introspect("demo-service", tokens.Access())
	e.Equal("introspection: active", seen["active"], true)
	e.Absent("introspection", seen, "scope")
	e.Absent("access token", e.AccessClaims(tokens), "scope")
	e.Absent("token response", tokens.Body, "scope")
}

func buypassMachine(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", "myservice.data_write"))
	e.Granted(tokens, "myservice.data_write")
	e.Absent("token response", tokens.Body, "id_token", "refresh_token")
	e.Equal("access token: sub", e.AccessClaims(tokens)["sub"], "demo-service")
	e.Failed(e.Machine("demo-service", "openid"), 400, "invalid_scope")
}

func buypassNoScopeAsked(t TB, e *Env) {
	tokens := e.Succeeded(e.Machine("demo-service", ""))
	e.Absent("token response", tokens.Body, "scope", "error")
	e.Absent("access token", e.AccessClaims(tokens), "scope")
}

func buypassRealmsApart(t TB, e *Env) {
	other := e.At("bankid")
	for _, member := range []string{"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"} {
		if e.Endpoint(member) == other.Endpoint(member) {
			t.Errorf("discovery: both realms have %s %s", member, e.Endpoint(member))
		}
	}
	tokens := e.Login(Request{Scope: "openid"})
	if other.Verifies(tokens.ID()) || other.Verifies(tokens.Access()) {
		t.Errorf("the other realm's keys verify a token of this one")
	}
	e.Equal("the other realm's UserInfo: status", other.UserInfo(tokens.Access()).Status, 401)
	e.Equal("the other realm's introspection", other.Introspect("demo-web", tokens.Access()), map[string]any{"active": false})
	e.Failed(other.Renew("demo-web", tokens.Refresh(), ""), 400, "invalid_grant")
}

func buypassIntrospectionEqualsToken(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid email myservice.data_read"})
	want := maps.Clone(e.AccessClaims(tokens))
	want["active"] = true
	seen := e.Introspect("demo-web", tokens.Access())
	for _, name := range slices.Sorted(maps.Keys(want)) {
		e.Equal("introspection: "+name, seen[name], want[name])
	}
	e.Equal("members of the introspection", slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(want)))
}
