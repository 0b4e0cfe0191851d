package facts

import (
	"net/http"
	"net/url"
	"slices"
)

// The checks of this file are about the protocol, at the plain OpenID realm.

func standardsGrantedScope(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid email phone", Manners: Manners{Decline: []string{"phone"}, Person: e.Person(nil, "phone_number")}, Params: map[string]string{"prompt": "consent"}})
	e.Granted(tokens, "openid email")
	e.Equal("access token: scope", Words(e.AccessClaims(tokens)["scope"]), []string{"email", "openid"})
}

func standardsScopeSet(t TB, e *Env) {
	person := Manners{Person: e.Named("eli")}
	var before map[string]any
	for _, scope := range []string{"openid email phone", "phone openid email", "phone email phone openid email openid"} {
		tokens := e.Login(Request{Scope: scope, Manners: person})
		e.Granted(tokens, "openid email phone")
		claims := e.Released(tokens)
		if before != nil {
			e.Equal("UserInfo of "+scope, claims, before)
		}
		before = claims
	}
}

func standardsRefreshNarrows(t TB, e *Env) {
	first := e.Login(Request{Scope: "openid email phone"})
	second := e.Succeeded(e.Renew("demo-web", first.Refresh(), "openid email"))
	e.Granted(second, "openid email")
	e.Absent("UserInfo", e.Released(second), "phone_number")
	third := e.Succeeded(e.Renew("demo-web", second.Refresh(), ""))
	e.Granted(third, "openid email phone")
}

func standardsRefreshWider(t TB, e *Env) {
	first := e.Login(Request{Scope: "openid email"})
	e.Failed(e.Renew("demo-web", first.Refresh(), "openid email phone"), 400, "invalid_scope")
	e.Granted(e.Succeeded(e.Renew("demo-web", first.Refresh(), "")), "openid email")
}

func standardsConsentRequired(t TB, e *Env) {
	person := Manners{Person: e.Person(nil, "bp_nnin_sub", "nickname")}
	browser := e.NewBrowser()
	e.Login(Request{Scope: "openid", Browser: browser, Manners: person})
	silent := map[string]string{"prompt": "none"}
	if again := e.Authorize(Request{Scope: "openid", Browser: browser, Manners: person, Params: silent}); again.Code() == "" {
		t.Fatalf("prompt=none for nothing new: %q; want a code", again.Error())
	}
	asked := `{"userinfo":{"nickname":null}}`
	e.Refused(e.Authorize(Request{Scope: "openid", Claims: asked, Browser: browser, Manners: person, Params: silent}), "consent_required")
}

func standardsSingleClaim(t TB, e *Env) {
	person := e.Person(nil, "name")
	tokens := e.Login(Request{Scope: "openid", Claims: `{"userinfo":{"name":{"essential":true}}}`, Manners: Manners{Person: person}})
	e.Equal("UserInfo: name", e.Released(tokens)["name"], person.Claims["name"])
	e.Absent("ID Token", e.IDClaims(tokens), "name")
}

func standardsUnknownClaim(t TB, e *Env) {
	asked := `{"userinfo":{"hovercraft":{"essential":true}},"id_token":{"hovercraft":{"essential":true}},"other":{}}`
	tokens := e.Login(Request{Scope: "openid", Claims: asked})
	for where, claims := range e.everywhere(tokens) {
		e.Absent(where, claims, "hovercraft")
	}
}

func standardsUnattainable(t TB, e *Env) {
	a := e.Authorize(Request{Scope: "openid", Claims: `{"id_token":{"acr":{"essential":true,"values":["urn:example:unattainable"]}}}`})
	if a.URL == nil || a.Code() != "" {
		t.Fatalf("authorization: no error by redirect for an acr that cannot be reached")
	}
	if !slices.Contains([]string{"unmet_authentication_requirements", "access_denied"}, a.Error()) {
		t.Errorf("authorization: error %q; want unmet_authentication_requirements", a.Error())
	}
}

func standardsOtherPerson(t TB, e *Env) {
	people := e.People(nil, "bp_nnin_sub")
	if len(people) < 2 {
		t.Fatalf("fixtures: fewer than two people")
	}
	other := e.IDClaims(e.Login(Request{Scope: "openid", Manners: Manners{Person: people[1]}}))["sub"].(string)
	asked := `{"id_token":{"sub":{"value":"` + other + `"}}}`
	a := e.Authorize(Request{Scope: "openid", Claims: asked, Manners: Manners{Person: people[0]}})
	if a.Code() != "" {
		t.Errorf("authorization: a code for another person than asked for")
	}
	right := e.Login(Request{Scope: "openid", Claims: asked, Manners: Manners{Person: people[1]}})
	e.Equal("ID Token: sub", e.IDClaims(right)["sub"], other)
}

func standardsNoBypass(t TB, e *Env) {
	person := e.Person(nil, "bp_nnin_sub", "bp_id_sub")
	asked := `{"userinfo":{"bp_nnin_sub":{"essential":true}},"id_token":{"bp_id_sub":null}}`
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid", Claims: asked, Manners: Manners{Person: person}})
	for where, claims := range e.everywhere(tokens) {
		e.Absent(where, claims, "bp_nnin_sub", "bp_id_sub")
	}
}

func standardsResource(t TB, e *Env) {
	tokens := e.Succeeded(e.resourceToken("myservice.data_read service-api", e.Server("myservice").Audience))
	e.Granted(tokens, "myservice.data_read")
	claims := e.AccessClaims(tokens)
	e.Equal("access token: aud", Words(claims["aud"]), []string{e.Server("myservice").Audience})
	e.Equal("access token: scope", Words(claims["scope"]), []string{"myservice.data_read"})
}

func standardsUnknownResource(t TB, e *Env) {
	e.Failed(e.resourceToken("myservice.data_read", "https://nobody.example/api"), 400, "invalid_target")
}

// resourceToken asks for a machine's token for one API (RFC 8707).
func (e *Env) resourceToken(scope, resource string) *Tokens {
	e.t.Helper()
	return e.Token("demo-service", url.Values{
		"grant_type": {"client_credentials"}, "scope": {e.names.ThereWords(scope)}, "resource": {resource},
	})
}

func standardsIntrospectionNarrowed(t TB, e *Env) {
	both := e.Succeeded(e.Machine("demo-service", "myservice.data_read service-api"))
	e.Equal("introspection by myservice: scope", Words(e.IntrospectAs("myservice", both.Access())["scope"]), []string{"myservice.data_read"})
	e.Equal("introspection by service: scope", Words(e.IntrospectAs("service", both.Access())["scope"]), []string{"service-api"})
	one := e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
	e.Equal("introspection by service of another's token", e.IntrospectAs("service", one.Access()), map[string]any{"active": false})
}

func standardsCodeReuse(t TB, e *Env) {
	a := e.Authorize(Request{Scope: "openid"})
	first := e.Succeeded(e.Exchange(a))
	e.Released(first)
	e.Failed(e.Exchange(a), 400, "invalid_grant")
	e.Equal("UserInfo with the first access token: status", e.UserInfo(first.Access()).Status, 401)
	e.Equal("introspection of the first access token", e.Introspect("demo-web", first.Access()), map[string]any{"active": false})
	e.Failed(e.Renew("demo-web", first.Refresh(), ""), 400, "invalid_grant")
}

func standardsChallengeMethod(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "openid", Params: map[string]string{"code_challenge_method": ""}}), "invalid_request")
	e.Refused(e.Authorize(Request{Scope: "openid", Params: map[string]string{"code_challenge_method": "plain"}}), "invalid_request")
}

func standardsLogoutWithoutHint(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid"})
	back := url.Values{"post_logout_redirect_uri": {e.LogoutURI("demo-web")}}
	exit := e.Logout(tokens.Browser, back)
	if exit.URL == nil && exit.Page.Kind == "logout" {
		exit = tokens.Browser.Continue(tokens.Browser.Press(exit.Page, "action", "logout", nil), Manners{})
	}
	if exit.URL != nil {
		t.Fatalf("signing out without a hint redirected to %s; want a page", exit.URL)
	}
	e.Equal("last page: status", exit.Page.Status, http.StatusOK)
}

func standardsPairwise(t TB, e *Env) {
	person := Manners{Person: e.Person(nil, "name")}
	sub := map[string]any{}
	for _, client := range []string{"demo-pairwise-a1", "demo-pairwise-a2", "demo-pairwise-b", "demo-web"} {
		tokens := e.Login(Request{Client: client, Scope: "openid", Manners: person})
		sub[client] = e.IDClaims(tokens)["sub"]
		e.Equal("UserInfo of "+client+": sub", e.Released(tokens)["sub"], sub[client])
	}
	e.Equal("sub of the other client of the sector", sub["demo-pairwise-a2"], sub["demo-pairwise-a1"])
	for _, other := range []string{"demo-pairwise-b", "demo-web"} {
		if sub[other] == sub["demo-pairwise-a1"] {
			t.Errorf("sub towards %s equals that of another sector", other)
		}
	}
}

func standardsLanguages(t TB, e *Env) {
	tagged := e.With(Fault{Demo: true, Old: "      name: Eli Marie Nordstrand\n", New: "      name: Eli Marie Nordstrand\n      name#nn-NO: Eli Marie frå Nordstrand\n"})
	person := Manners{Person: tagged.Named("eli")}
	for locales, want := range map[string]any{"nn": "Eli Marie frå Nordstrand", "xx": nil, "": nil} {
		claims := tagged.Released(tagged.Login(Request{Scope: "openid profile", Manners: person, Params: map[string]string{"claims_locales": locales}}))
		tagged.Equal("claims_locales="+locales+": name", claims["name"], "Eli Marie Nordstrand")
		tagged.Equal("claims_locales="+locales+": name#nn-NO", claims["name#nn-NO"], want)
	}
}
