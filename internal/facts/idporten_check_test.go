package facts

import (
	"net/url"
	"strings"
)

// The checks of this file are about signing in at the realm idporten.

// high signs the first demo person in at the high level.
func (e *Env) high() Manners {
	e.t.Helper()
	return Manners{Person: e.Named("berit"), Way: "BankID"}
}

func idPortenIDToken(t TB, e *Env) {
	e.Present("ID Token", e.IDClaims(e.Login(Request{Scope: "openid", Manners: e.high()})), "sub", "pid")
	without := e.Login(Request{Scope: "skogdata:hogstmelding.write", Manners: e.high()})
	e.Absent("token response", without.Body, "id_token")
}

func idPortenUserInfo(t TB, e *Env) {
	with := e.Login(Request{Scope: "openid profile", Manners: e.high()})
	e.Present("UserInfo", e.Released(with), "sub", "pid")
	answer := e.UserInfo(e.Login(Request{Scope: "openid", Manners: e.high()}).Access())
	e.insufficient("UserInfo with openid alone", apiAnswer{answer.Status, answer.Challenge})
}

func idPortenNoPID(t TB, e *Env) {
	pseudonymous := e.With(Fault{Demo: true, Old: "scopes: basic", New: "scopes: [openid, profile, no_pid]"})
	for _, scope := range []string{"openid profile no_pid", "openid profile"} { // asked for or not, once it is on the client
		tokens := pseudonymous.Login(Request{Client: "demo-basic", Scope: scope, Manners: e.high()})
		for where, claims := range pseudonymous.everywhere(tokens) {
			e.Absent(where+" of "+scope, claims, "pid")
		}
	}
	e.Present("ID Token of another client", e.IDClaims(e.Login(Request{Scope: "openid", Manners: e.high()})), "pid")
}

func idPortenFamily(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "openid krr:user/*", Manners: e.high()}), "invalid_scope")
}

func idPortenLifetime(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid profile", Manners: e.high()})
	e.Equal("token response: expires_in", tokens.Body["expires_in"], 120)
}

func idPortenDeclined(t TB, e *Env) {
	manners := e.high()
	manners.Person, manners.Decline = e.Named("henrik"), []string{"skogdata:hogstmelding.write"}
	tokens := e.Login(Request{Scope: "openid skogdata:hogstmelding.write", Manners: manners, Params: map[string]string{"prompt": "consent"}})
	e.Granted(tokens, "openid")
	e.Present("ID Token", e.IDClaims(tokens), "sub")
}

func idPortenFresh(t TB, e *Env) {
	browser := e.NewBrowser()
	e.Login(Request{Scope: "openid", Browser: browser, Manners: e.high()})
	before := browser.Met("sign_in")
	e.Login(Request{Scope: "openid profile", Browser: browser, Manners: e.high()})
	e.Equal("sign-in pages for an ordinary scope", browser.Met("sign_in")-before, 0)
	e.Login(Request{Scope: "openid skogdata:hogstmelding.write", Browser: browser, Manners: e.high()})
	e.Equal("sign-in pages for a scope that wants a fresh one", browser.Met("sign_in")-before, 1)
}

func idPortenPseudonymous(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid skogdata:helse", Manners: e.high()})
	e.Absent("ID Token", e.IDClaims(tokens), "pid")
	e.Absent("introspection by the client", e.Introspect("demo-web", tokens.Access()), "pid")
	seen := e.IntrospectAs("demo-api", tokens.Access())
	e.Equal("introspection by the API: active", seen["active"], true)
	e.Equal("introspection by the API: pid", seen["pid"], e.Named("berit").Claims["pid"])
}

func idPortenOpaque(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid skogdata:helse", Manners: e.high()})
	if strings.Contains(tokens.Access(), ".") {
		t.Errorf("access token: looks like a JWT; want a handle")
	}
	e.Equal("introspection: active", e.Introspect("demo-web", tokens.Access())["active"], true)
}

func idPortenPairwise(t TB, e *Env) {
	first := e.Login(Request{Scope: "openid", Manners: e.high()})
	again := e.Login(Request{Scope: "openid", Manners: e.high()})
	other := e.Login(Request{Client: "demo-basic", Scope: "openid", Manners: e.high()})
	sub := e.IDClaims(first)["sub"]
	e.Equal("sub of the second sign-in", e.IDClaims(again)["sub"], sub)
	e.Equal("sub of the access token", e.AccessClaims(first)["sub"], sub)
	if e.IDClaims(other)["sub"] == sub {
		t.Errorf("sub towards another client is the same")
	}
}

func idPortenPaddedChallenge(t TB, e *Env) {
	challenge := e.Prepare(Request{Scope: "openid"}).Sent.Get("code_challenge")
	e.Refused(e.Authorize(Request{Scope: "openid", Manners: e.high(), Params: map[string]string{"code_challenge": challenge + "="}}), "invalid_request")
}

func idPortenIssuer(t TB, e *Env) {
	a := e.Authorize(Request{Scope: "openid", Manners: e.high()})
	if a.Code() == "" {
		t.Fatalf("authorization: no code, error %q", a.Error())
	}
	e.Equal("authorization response: iss", a.Params.Get("iss"), e.Issuer())
}

func idPortenLocale(t TB, e *Env) {
	e.Absent("ID Token of openid", e.IDClaims(e.Login(Request{Scope: "openid", Manners: e.high()})), "locale", "given_name", "family_name")
	e.Present("ID Token with profile", e.IDClaims(e.Login(Request{Scope: "openid profile", Manners: e.high()})), "locale", "given_name", "family_name")
}

func idPortenNoSession(t TB, e *Env) {
	e.Absent("ID Token", e.IDClaims(e.Login(Request{Client: "demo-basic", Scope: "openid", Manners: e.high()})), "sid")
}

func idPortenLogout(t TB, e *Env) {
	browser := e.NewBrowser()
	plain := e.Login(Request{Scope: "openid profile", Browser: browser, Manners: e.high()})
	organization := e.Login(Request{Scope: "openid skogdata:hogstmelding.write", Browser: browser, Manners: e.high()})
	exit := e.Logout(browser, url.Values{"id_token_hint": {organization.ID()}})
	if exit.Page != nil && exit.Page.Kind == "logout" {
		browser.Continue(browser.Press(exit.Page, "action", "logout", nil), Manners{})
	}
	e.Equal("introspection of openid profile: active", e.Introspect("demo-web", plain.Access())["active"], false)
	e.Equal("introspection with an organization's scope: active", e.Introspect("demo-web", organization.Access())["active"], true)
}

func idPortenRevoked(t TB, e *Env) {
	browser := e.NewBrowser()
	tokens := e.Login(Request{Scope: "openid profile", Browser: browser, Manners: e.high()})
	e.Revoke("demo-web", tokens.Refresh())
	e.Equal("introspection: active", e.Introspect("demo-web", tokens.Access())["active"], false)
	e.Failed(e.Renew("demo-web", tokens.Refresh(), ""), 400, "invalid_grant")
	before := browser.Met("sign_in")
	e.Login(Request{Scope: "openid profile", Browser: browser, Manners: e.high()})
	e.Equal("sign-in pages after revocation", browser.Met("sign_in")-before, 0)
}

func idPortenResource(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid", Manners: e.high(), Params: map[string]string{"resource": "https://api.example/a"}})
	e.Equal("access token: aud", e.AccessClaims(tokens)["aud"], "https://api.example/a")
	e.Equal("ID Token: aud", e.IDClaims(tokens)["aud"], "demo-web")
	without := e.Login(Request{Scope: "openid", Manners: e.high()})
	e.Absent("access token without resource", e.AccessClaims(without), "aud")
}
