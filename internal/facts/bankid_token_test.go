package facts

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// The checks of this file are about the token endpoint of the realm bankid:
// machines, refresh, introspection, lifetimes.

func bankIDRefusesMachineScope(t TB, e *Env) {
	a := e.Authorize(Request{Client: "demo-bank", Scope: "openid signdoc/read_write"})
	e.Refused(a, "invalid_scope")
	e.Equal("pages", len(a.Browser.Pages), 0)
}

func bankIDRefusesSignForMachines(t TB, e *Env) {
	e.Failed(e.Machine("demo-bank", "sign"), 400, "invalid_scope")
}

// bankIDMachine checks a token of client_credentials: one audience, these roles
// there, nothing about any person.
func bankIDMachine(scope, audience string, roles ...string) func(TB, *Env) {
	return func(t TB, e *Env) { e.bankIDMachineToken("demo-bank", scope, audience, roles) }
}

func (e *Env) bankIDMachineToken(client, scope, audience string, roles []string) {
	e.t.Helper()
	tokens := e.Succeeded(e.Machine(client, scope))
	e.Absent("token response", tokens.Body, "id_token", "refresh_token")
	e.Granted(tokens, scope)
	claims := e.AccessClaims(tokens)
	e.Equal("access token: aud", Words(claims["aud"]), []string{audience})
	e.Equal("access token: roles at "+audience, Words(Dig(claims, "resource_access", audience, "roles")), roles)
	e.Absent("access token", claims, "name", "given_name", "family_name", "birthdate", "bankid_altsub", "auth_time", "amr", "nnin", "nnin_altsub")
}

func bankIDScreeningOfPerson(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-bank", Scope: "openid profile aml_person/basic", Manners: Manners{Person: e.Person(nil, "nnin"), Way: "BID"}})
	claims := e.AccessClaims(tokens)
	e.Equal("access token: resource_access", Dig(claims, "resource_access", "aml_person"), map[string]any{"roles": []any{"basic"}})
	if !contains(claims["aud"], "aml_person") {
		t.Errorf("access token: aud %v; want aml_person in it", claims["aud"])
	}
	e.Equal("consent pages", tokens.Browser.Met("consent"), 0)
	e.Refused(e.Authorize(Request{Client: "demo-bank", Scope: "openid aml_person/basic"}), "invalid_scope")
}

func bankIDScreeningByMachine(t TB, e *Env) {
	e.bankIDMachineToken("demo-bank", "aml_person/basic", "aml_person", []string{"basic"})
	e.Failed(e.Machine("demo-bank", "aml_person/OFAC"), 400, "invalid_scope")
}

func bankIDMonitor(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Client: "demo-bank", Scope: "openid aml_person/monitor"}), "invalid_scope")
	e.bankIDMachineToken("demo-bank", "aml_person/monitor", "aml_person", []string{"monitor"})
}

func bankIDSanctions(t TB, e *Env) {
	person := Manners{Person: e.Person(nil, "nnin"), Way: "BID"}
	tokens := e.Login(Request{Client: "demo-bank", Scope: "openid profile aml_person/basic aml_person/OFAC", Manners: person})
	e.Equal("access token: roles at aml_person", Words(Dig(e.AccessClaims(tokens), "resource_access", "aml_person", "roles")), []string{"OFAC", "basic"})
	e.bankIDMachineToken("demo-bank", "aml_person/basic aml_person/OFAC", "aml_person", []string{"OFAC", "basic"})
	e.bankIDSearches(e.Succeeded(e.Machine("demo-bank", "aml_person/basic aml_person/OFAC")).Access())
}

func bankIDFraudData(t TB, e *Env) {
	e.bankIDMachineToken("demo-bank", "fraud-data-rs/GetSecurityData", "fraud-data-rs", []string{"GetSecurityData"})
}

func bankIDServerLearns(t TB, e *Env) {
	person := e.Person(nil, "nnin")
	tokens := e.Login(Request{Client: "demo-narrow", Scope: "openid profile aml_person/basic", Manners: Manners{Person: person, Way: "BID"}})
	e.Absent("ID Token", e.IDClaims(tokens), "nnin_altsub")
	e.Absent("access token", e.AccessClaims(tokens), "nnin_altsub", "nnin")
	seen := e.IntrospectAs("aml", tokens.Access())
	e.Equal("introspection: active", seen["active"], true)
	e.Equal("introspection: nnin_altsub", seen["nnin_altsub"], person.Claims["nnin"])
	own := e.Login(Request{Scope: "openid profile phone", Manners: Manners{Person: person, Way: "BID"}})
	shown := e.IntrospectAs("tinfo", own.Access())
	e.Equal("introspection by another server: scope, roles and type", []any{
		Words(shown["scope"]), Words(Dig(shown, "resource_access", "tinfo", "roles")), Words(Dig(shown, "realm_access", "roles")), shown["token_type"],
	}, []any{[]string{"phone", "profile"}, []string{"phone", "profile"}, []string{"phone", "profile"}, "Bearer"})
	e.bankIDScreens(person, tokens.Access())
	e.Absent("introspection by the client", e.Introspect("demo-narrow", tokens.Access()), "nnin_altsub")
}

func bankIDRefreshNotIntrospected(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid"})
	e.Equal("introspection of the access token: active", e.Introspect("demo-web", tokens.Access())["active"], true)
	e.Equal("introspection of the refresh token", e.Introspect("demo-web", tokens.Refresh()), map[string]any{"active": false})
}

func bankIDLifetimes(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid"})
	id, access := e.IDClaims(tokens), e.AccessClaims(tokens)
	e.Equal("exp of the access token against the ID Token's", access["exp"], id["exp"])
	for name, claims := range map[string]map[string]any{"ID Token": id, "access token": access} {
		issued, _ := claims["iat"].(float64)
		e.Equal(name+": exp", claims["exp"], issued+300)
	}
	e.Equal("token response: expires_in", tokens.Body["expires_in"], 300)
}

func bankIDRefresh(t TB, e *Env) {
	first := e.Login(Request{Scope: "openid profile"})
	e.Advance(7 * time.Second)
	second := e.Succeeded(e.Renew("demo-web", first.Refresh(), ""))
	before, after := e.IDClaims(first), e.IDClaims(second)
	e.Present("ID Token", before, "auth_time")
	e.Equal("refreshed ID Token: auth_time", after["auth_time"], before["auth_time"])
	e.Equal("refreshed ID Token: sub", after["sub"], before["sub"])
	earlier, _ := before["iat"].(float64)
	later, _ := after["iat"].(float64)
	if later <= earlier {
		t.Errorf("refreshed ID Token: iat %v; want later than %v", later, earlier)
	}
	if first.Access() == second.Access() || first.Refresh() == second.Refresh() {
		t.Errorf("refresh: a token is the same as before; want new ones")
	}
}

func bankIDHintSignsIn(t TB, e *Env) {
	person := Manners{Person: e.Person(nil, "nnin")}
	first := e.Login(Request{Scope: "openid profile", Manners: person})
	hint := map[string]string{"id_token_hint": first.ID()}

	same := e.Login(Request{Scope: "openid profile", Manners: person, Params: hint})
	e.Equal("pages with equal scopes", len(same.Browser.Pages), 0)
	e.Equal("ID Token: auth_time", e.IDClaims(same)["auth_time"], e.IDClaims(first)["auth_time"])

	more := e.Login(Request{Scope: "openid profile nnin", Manners: person, Params: hint})
	e.Equal("sign-in pages with nnin added", more.Browser.Met("sign_in")+more.Browser.Met("choose"), 0)
	e.Equal("consent pages with nnin added", more.Browser.Met("consent"), 1)
	e.Granted(more, "openid profile nnin")
}

func bankIDOffline(t TB, e *Env) {
	kept := e.Login(Request{Scope: "openid offline_access"})
	e.Granted(kept, "openid offline_access")
	e.Logout(kept.Browser, url.Values{"id_token_hint": {kept.ID()}})
	e.Succeeded(e.Renew("demo-web", kept.Refresh(), ""))

	ended := e.Login(Request{Scope: "openid"})
	e.Logout(ended.Browser, url.Values{"id_token_hint": {ended.ID()}})
	e.Failed(e.Renew("demo-web", ended.Refresh(), ""), 400, "invalid_grant")

	e.Granted(e.Login(Request{Client: "demo-basic", Scope: "openid offline_access"}), "openid")
}

func bankIDRefreshedContent(t TB, e *Env) {
	named := e.Login(Request{Scope: "openid profile"})
	e.Present("refreshed ID Token", e.IDClaims(e.Succeeded(e.Renew("demo-web", named.Refresh(), ""))), "name", "bankid_altsub")

	minimum := e.Login(Request{Scope: "openid"})
	claims := e.IDClaims(e.Succeeded(e.Renew("demo-web", minimum.Refresh(), "")))
	e.Present("refreshed ID Token", claims, "bankid_altsub", "acr", "amr")
	for name := range claims {
		if slices.Contains([]string{"name", "given_name", "family_name", "birthdate"}, name) || strings.HasPrefix(name, "nnin") {
			t.Errorf("refreshed ID Token of openid alone: %s is there", name)
		}
	}
}
