package facts

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// The checks of this file are about rules of scopes and claims that show at the
// plain OpenID realm.

// visit opens the authorization endpoint with parameters, as somebody who answers.
func (e *Env) visit(a *Authorization, params url.Values) *Authorization {
	e.t.Helper()
	visited := *a
	visited.Exit = a.Browser.Open(e.Address(params), Manners{Person: e.Named("eli")})
	return &visited
}

func standardsRepeated(t TB, e *Env) {
	for _, name := range []string{"scope", "nonce", "state", "prompt"} {
		a := e.Prepare(Request{Scope: "openid", Params: map[string]string{"prompt": "login"}})
		twice := cloned(a.Sent)
		twice[name] = append(twice[name], a.Sent.Get(name))
		refused := e.visit(a, twice)
		e.Equal(name+" twice: error", refused.Error(), "invalid_request")
		e.Equal(name+" twice: pages", len(a.Browser.Pages), 0)
	}
	a := e.Prepare(Request{Scope: "openid"})
	more := cloned(a.Sent)
	more["prompt"], more["max_age"], more["claims"], more["no_such_parameter"] = []string{""}, []string{""}, []string{""}, []string{"1", "2"}[:1]
	e.Granted(e.Succeeded(e.Exchange(e.visit(a, more))), "openid")
}

func standardsRepeatedAddress(t TB, e *Env) {
	for _, name := range []string{"client_id", "redirect_uri"} {
		a := e.Prepare(Request{Scope: "openid"})
		twice := cloned(a.Sent)
		twice[name] = append(twice[name], a.Sent.Get(name))
		shown := e.visit(a, twice)
		if shown.URL != nil {
			t.Errorf("%s twice: redirected; want a page", name)
			continue
		}
		e.Equal(name+" twice: error on the page", shown.Error(), "invalid_request")
	}
}

func standardsLostOpenID(t TB, e *Env) {
	lenient := e.With(
		Fault{Old: "unassigned_scope: refuse", New: "unassigned_scope: drop"},
		Fault{Old: "    eligible: any\n    consent: never\n    claims: [bp_sub]", New: "    eligible: self_service\n    consent: never\n    claims: [bp_sub]"},
	)
	lenient.Change("demo-basic", map[string]any{"scopes": []any{map[string]any{"scope": "email"}}})
	a := lenient.Authorize(Request{Client: "demo-basic", Scope: "openid email"})
	lenient.Refused(a, "invalid_scope")
	lenient.Change("demo-basic", map[string]any{"scopes": []any{map[string]any{"scope": "openid"}}})
	lenient.Granted(lenient.Login(Request{Client: "demo-basic", Scope: "openid email"}), "openid")
}

func standardsTakenScope(t TB, e *Env) {
	fresh := e.With()
	first := fresh.Login(Request{Client: "demo-spa", Scope: "openid email phone", Manners: Manners{Person: fresh.Named("eli")}})
	fresh.Present("UserInfo before", fresh.Released(first), "email", "phone_number")
	fresh.Change("demo-spa", map[string]any{"scopes": []any{map[string]any{"scope": "openid"}, map[string]any{"scope": "email"}}})
	second := fresh.Succeeded(fresh.Renew("demo-spa", first.Refresh(), ""))
	fresh.Granted(second, "openid email")
	fresh.Equal("access token: scope", Words(fresh.AccessClaims(second)["scope"]), []string{"email", "openid"})
	for what, tokens := range map[string]*Tokens{"the new token": second, "the token from before": first} {
		claims := fresh.Released(tokens)
		fresh.Present("UserInfo with "+what, claims, "email")
		fresh.Absent("UserInfo with "+what, claims, "phone_number")
	}
}

func standardsDetailsBesideScopes(t TB, e *Env) {
	const details = `[{"type":"payment","amount":{"value":"12.00","currency":"NOK"},"creditor":"Kiosken"}]`
	ask := func(decline string) *Tokens {
		return e.Login(Request{
			Scope: "openid email", Params: map[string]string{"authorization_details": details, "prompt": "consent"},
			Manners: Manners{Person: e.Named("eli"), Decline: []string{decline}},
		})
	}
	scopes := ask("authorization_details[0]")
	e.Equal("boxes", scopes.Browser.Offered(), []string{"email", "authorization_details[0]"})
	e.Equal("pages that ask", scopes.Browser.Met("consent"), 1)
	e.Granted(scopes, "openid email")
	e.Absent("token response", scopes.Body, "authorization_details")
	both := ask("email")
	e.Granted(both, "openid")
	var wanted any
	if err := json.Unmarshal([]byte(details), &wanted); err != nil {
		t.Fatalf("details: %v", err)
	}
	e.Equal("token response: authorization_details", both.Body["authorization_details"], wanted)
}

func standardsUserInfoMember(t TB, e *Env) {
	ask := func(kind string) *Authorization {
		return e.Authorize(Request{
			Client: "demo-implicit", Scope: "openid", Claims: `{"userinfo":{"name":{"essential":true}}}`,
			Manners: Manners{Person: e.Named("eli")}, Params: map[string]string{"response_type": kind},
		})
	}
	alone := ask("id_token")
	e.Equal("asked on the way to an ID Token alone", len(alone.Browser.Offered()), 0)
	e.Absent("ID Token", e.IDClaims(e.Front(alone)), "name")
	both := ask("id_token token")
	e.Equal("asked on the way to both", len(both.Browser.Offered()), 1)
	e.Present("UserInfo", e.Released(e.Front(both)), "name")
}

func standardsClaimMembers(t TB, e *Env) {
	for claims, want := range map[string]string{
		`{"userinfo":{"name":null,"email":{"essential":true},"gender":{"value":"x"},"locale":{"values":["nb-NO","nn-NO"]}}}`: "",
		`{"userinfo":{"name":{"value":"a","values":["a"]}}}`:                                                                 "invalid_request",
		`{"userinfo":{"name":"yes"}}`: "invalid_request",
		`{"userinfo":["name"]}`:       "invalid_request",
		`["userinfo"]`:                "invalid_request",
		`{"userinfo":{"name":null}`:   "invalid_request",
	} {
		a := e.Prepare(Request{Scope: "openid"})
		a.Sent.Set("claims", claims)
		e.Equal(claims+": error", e.visit(a, a.Sent).Error(), want)
	}
}

func standardsHybridAgrees(t TB, e *Env) {
	hybrid := e.With(
		Fault{Old: "grant_types: [authorization_code, refresh_token, implicit]\n    response_types: [code, id_token, id_token token]", New: "grant_types: [authorization_code, refresh_token, implicit]\n    response_types: [code, id_token, id_token token, code id_token]"},
		Fault{Demo: true, Old: "    grant_types: [implicit]\n    response_types: [id_token, id_token token]", New: "    grant_types: [authorization_code, implicit]\n    response_types: [code, code id_token]"},
	)
	a := hybrid.Authorize(Request{
		Client: "demo-implicit", Scope: "openid email", Claims: `{"id_token":{"name":null,"auth_time":null}}`,
		Manners: Manners{Person: hybrid.Named("eli")}, Params: map[string]string{"response_type": "code id_token"},
	})
	front := hybrid.IDClaims(hybrid.Front(a))
	tokens := hybrid.Succeeded(hybrid.TokenProved("demo-implicit", a.Redemption(), hybrid.NewProver()))
	back := hybrid.IDClaims(tokens)
	hybrid.Present("ID Token beside the code", front, "sub", "auth_time", "name", "c_hash")
	for name, value := range front {
		switch name {
		case "jti", "iat", "exp", "c_hash", "at_hash":
		default:
			if other, there := back[name]; there {
				hybrid.Equal("ID Token by the code: "+name, other, value)
			}
		}
	}
	hybrid.Present("ID Token by the code", back, "iss", "sub", "aud", "auth_time", "name")
}

func standardsNoRegistration(t TB, e *Env) {
	e.Absent("discovery", e.Metadata(), "registration_endpoint")
	status, _ := e.Register("", map[string]any{"redirect_uris": []string{"https://app.example/cb"}})
	e.Equal("registering: status", status, http.StatusNotFound)
}

func standardsRegisteredScopes(t TB, e *Env) {
	open := e.With(Fault{Old: "features: [par, request_object, dpop]", New: "features: [par, request_object, registration, dpop]"})
	initial := open.Invite()
	uris := []string{"https://app.example/cb"}
	status, told := open.Register(initial, map[string]any{"redirect_uris": uris, "scope": "openid bpnnin"})
	open.Equal("with a scope of the operator's: status", status, http.StatusBadRequest)
	open.Equal("with a scope of the operator's: error", told["error"], "invalid_client_metadata")
	status, client := open.Register(initial, map[string]any{"redirect_uris": uris, "scope": "openid email"})
	if status != http.StatusCreated {
		t.Fatalf("registering: %d %v; want 201", status, client)
	}
	id, _ := client["client_id"].(string)
	secret, _ := client["client_secret"].(string)
	for scope, want := range map[string]int{"openid email": http.StatusCreated, "openid phone": http.StatusBadRequest} {
		sent := open.Prepare(Request{Scope: scope}).Sent
		sent.Set("client_id", id)
		sent.Set("redirect_uri", uris[0])
		pushed := open.PushForm(sent, func(r *http.Request) { r.SetBasicAuth(id, secret) })
		open.Equal("it asks for "+scope+": status", pushed.Status, want)
	}
}
