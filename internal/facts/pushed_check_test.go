package facts

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// The checks of this file are about the front channel, pushed requests and keys
// of clients at the realms bankid and idporten.

func bankIDFrontChannel(t TB, e *Env) {
	ask := func(scope, kind string) *Authorization {
		return e.Authorize(Request{Client: "demo-hybrid", Scope: scope, Manners: Manners{Person: e.Named("kari"), Way: "BID"}, Params: map[string]string{"response_type": kind}})
	}
	for _, kind := range []string{"code id_token", "id_token"} {
		a := ask("openid nnin_altsub", kind)
		e.Refused(a, "invalid_scope")
		e.Equal(kind+": pages", len(a.Browser.Pages), 0)
	}
	front := e.Front(ask("openid profile", "code id_token"))
	e.Absent("ID Token of the front channel", e.IDClaims(front), "nnin", "nnin_altsub")
	e.Present("ID Token by the code", e.IDClaims(e.Login(Request{Client: "demo-hybrid", Scope: "openid nnin_altsub", Manners: Manners{Person: e.Named("kari"), Way: "BID"}})), "nnin_altsub")
}

func bankIDPrivateHint(t TB, e *Env) {
	person := e.Person(nil, "nnin")
	number, _ := person.Claims["nnin"].(string)
	request := Request{Scope: "openid", Manners: Manners{Person: person}, Params: map[string]string{"login_hint": e.N("BID") + ":" + number}}
	plain := e.Authorize(request)
	e.Refused(plain, "invalid_request")
	e.Equal("pages", len(plain.Browser.Pages), 0)
	request.By = ByPush
	e.Succeeded(e.Exchange(e.Authorize(request)))
	bankIDNamedByHint(t, e, request)

	// Signed, the number still stands in the query for all to read; encrypted, not.
	signing := e.With(Fault{
		Demo: true,
		Old:  "auth: client_secret_basic\n    grant_types: [authorization_code, refresh_token]\n    scopes: basic\n",
		New:  "auth: private_key_jwt\n    keys: ES256\n    grant_types: [authorization_code, refresh_token]\n    scopes: basic\n",
	})
	request.Client, request.By = "demo-basic", ByObject
	signing.Refused(signing.Authorize(request), "invalid_request")
	request.By = ByEncrypted
	signing.Succeeded(signing.Exchange(signing.Authorize(request)))
}

// bankIDNamedByHint demands that who is named by a hint need not type who they
// are, sees no more of the number than tells them whose it is, and can say that it
// is not theirs; that nobody learns whether there is such a person; and that what
// is no hint fills nothing in.
func bankIDNamedByHint(t TB, e *Env, request Request) {
	number := request.Manners.Person.Claims["nnin"].(string)
	request.Manners.Until = "sign_in"
	named := e.Authorize(request)
	shown := named.Page.form(asksPassword)
	e.Equal("named by a hint: fields asked for", slices.Contains(shown.names, "username"), false)
	e.Equal("named by a hint: the whole number is shown", strings.Contains(named.Page.Text, number), false)
	other := named.Browser.Continue(named.Browser.Press(named.Page, "action", "somebody_else", nil), request.Manners)
	shown = other.Page.form(asksPassword)
	e.Equal("not the person: fields asked for", slices.Contains(shown.names, "username"), true)
	e.Equal("not the person: what is filled in", shown.fields.Get("username"), "")
	request.Manners.Until = ""
	request.Manners.Person = e.Named("jonas")
	named.Exit = named.Browser.Again(other.Page, request.Manners)
	theirs := e.Login(Request{Scope: "openid", Manners: Manners{Person: request.Manners.Person, Way: "BID"}})
	e.Equal("somebody else signs in: sub", e.IDClaims(e.Succeeded(e.Exchange(named)))["sub"], e.IDClaims(theirs)["sub"])

	fields := func(hint string) string {
		request.Params["login_hint"], request.Manners.Until = hint, "sign_in"
		request.Manners.Way = "BID"
		shown := e.Authorize(request).Page.form(asksPassword)
		return strings.Join(shown.names, " ") + " " + shown.fields.Get("username")
	}
	e.Equal("a number that is nobody's: fields", fields(e.N("BID")+":14848134180"), "password otp ")
	e.Equal("a number alone: fields", fields(":"+number), "username password otp "+number)
	for _, hint := range []string{"kari", e.N("BID") + ":kari", "XID:nostepup", ":kari", e.N("BID") + ":" + number + ":1"} {
		e.Equal("login_hint="+hint+": fields", fields(hint), "username password otp ")
	}
}

func asksPassword(f *form) bool { return slices.Contains(f.names, "password") }

func idPortenRequestURI(t TB, e *Env) {
	pushed := e.Push(e.Prepare(Request{Scope: "openid"}))
	e.Equal("pushed request: status", pushed.Status, http.StatusCreated)
	e.Equal("pushed request: expires_in", pushed.Body["expires_in"], float64(120))
	e.Equal("pushed request: request_uri is of the usual form", strings.HasPrefix(pushed.URI(), "urn:ietf:"), false)
	whole := e.ByReference("demo-web", pushed.URI())
	without := cloned(whole)
	without.Del("client_id")
	open := func(address string) *Authorization {
		return &Authorization{Exit: e.NewBrowser().Open(address, Manners{Until: "choose"})}
	}
	e.Equal("without client_id: error", open(e.Address(without)).Error(), "invalid_request")
	e.Equal("with client_id: error", open(e.Address(whole)).Error(), "")
	e.Advance(121 * time.Second)
	e.Equal("after 121 seconds: error", open(e.Address(whole)).Error(), "invalid_request_uri")
}

func idPortenAssertion(t TB, e *Env) {
	signing := e.With(Fault{
		Demo: true,
		Old:  "    type: idporten\n    organization: \"310107549\"\n    auth: client_secret_basic\n",
		New:  "    type: idporten\n    organization: \"310107549\"\n    auth: private_key_jwt\n    keys: ES256\n",
	})
	a := signing.Authorize(Request{Client: "demo-basic", Scope: "openid", Manners: signing.high()})
	refused := func(what string, form map[string]string) {
		sent := a.Redemption()
		for name, value := range form {
			sent.Set(name, value)
		}
		status, _, body := signing.PostForm(signing.Endpoint("token_endpoint"), sent, nil)
		e.Equal(what+": status", status, http.StatusUnauthorized)
		e.Equal(what+": error", signing.object("token endpoint", body)["error"], "invalid_client")
	}
	refused("assertion without sub", map[string]string{
		"client_assertion_type": assertionType, "client_assertion": signing.Assertion("demo-basic", map[string]any{"sub": nil}),
	})
	refused("posted secret", map[string]string{"client_id": "demo-basic", "client_secret": random()})
	byEndpoint := WithAssertion(a.Redemption(), signing.Assertion("demo-basic", map[string]any{"aud": signing.Endpoint("token_endpoint")}))
	status, _, body := signing.PostForm(signing.Endpoint("token_endpoint"), byEndpoint, nil)
	e.Equal("assertion for the token endpoint: status", status, http.StatusOK)
	e.Present("assertion for the token endpoint", signing.object("token endpoint", body), "id_token")
}
