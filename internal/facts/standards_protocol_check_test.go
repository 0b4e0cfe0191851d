package facts

import (
	"net/http"
	"net/url"
)

// The checks of this file are about pushed requests, keys of clients and what
// the authorization endpoint itself issues, at the plain OpenID realm.

func standardsNoOfflineAccess(t TB, e *Env) {
	a := e.Authorize(Request{
		Client: "demo-implicit", Scope: "openid email offline_access", Manners: Manners{Person: e.Named("eli")},
		Params: map[string]string{"response_type": "id_token", "prompt": "consent"},
	})
	e.Equal("answer: mode", a.Mode, "fragment")
	e.Present("ID Token", e.IDClaims(e.Front(a)), "sub", "email")
	e.Equal("asked on the page", a.Browser.Offered(), []string{"email"})
	e.Absent("answer", e.Front(a).Body, "refresh_token", "access_token", "code")
}

func standardsClaimsInIDToken(t TB, e *Env) {
	person := e.Named("eli")
	front := e.Front(e.Authorize(Request{
		Client: "demo-implicit", Scope: "openid profile email", Manners: Manners{Person: person},
		Params: map[string]string{"response_type": "id_token"},
	}))
	claims := e.IDClaims(front)
	for _, name := range []string{"name", "given_name", "birthdate", "email"} {
		e.Equal("ID Token alone: "+name, claims[name], person.Claims[name])
	}
	both := e.Front(e.Authorize(Request{
		Client: "demo-implicit", Scope: "openid profile email", Manners: Manners{Person: person},
		Params: map[string]string{"response_type": "id_token token"},
	}))
	e.Absent("ID Token beside an access token", e.IDClaims(both), "name", "email")
	e.Equal("UserInfo: email", e.Released(both)["email"], person.Claims["email"])
}

func standardsDetails(t TB, e *Env) {
	const good = `"amount":{"value":"12.00","currency":"NOK"},"creditor":"Kiosken"`
	for details, want := range map[string]string{
		`[{"type":"payment",` + good + `,"tip":"1"}]`: "invalid_authorization_details",
		`[{"type":"payment",` + good + `}]`:           "",
	} {
		a := e.Authorize(Request{Scope: "openid", Params: map[string]string{"authorization_details": details}})
		if want != "" {
			e.Refused(a, want)
			continue
		}
		e.Equal(details+": error", a.Error(), want)
	}
}

func standardsAssertionAudience(t TB, e *Env) {
	push := func(audience any) *Pushed {
		form := e.Prepare(Request{Client: "demo-jwt", Scope: "openid"}).Sent
		return e.PushForm(WithAssertion(form, e.Assertion("demo-jwt", map[string]any{"aud": audience})), nil)
	}
	for what, audience := range map[string]any{
		"the token endpoint": e.Endpoint("token_endpoint"),
		"a list":             []string{e.Issuer()},
		"the endpoint":       e.Endpoint("pushed_authorization_request_endpoint"),
	} {
		pushed := push(audience)
		e.Equal("aud is "+what+": status", pushed.Status, http.StatusUnauthorized)
		e.Equal("aud is "+what+": error", pushed.Error(), "invalid_client")
	}
	pushed := push(e.Issuer())
	e.Equal("aud is the issuer: status", pushed.Status, http.StatusCreated)
	e.Present("aud is the issuer", pushed.Body, "request_uri", "expires_in")
}

func standardsRequestURI(t TB, e *Env) {
	a := e.Prepare(Request{Scope: "openid"})
	pushed := e.Push(a)
	e.Equal("pushed request: status", pushed.Status, http.StatusCreated)
	address := e.Address(e.ByReference("demo-web", pushed.URI()))
	eli := Manners{Person: e.Named("eli")}
	once := a.Browser.Open(address, Manners{Until: "sign_in"})
	e.Equal("opened once: page", once.Page.Kind, "sign_in")
	a.Exit = a.Browser.Open(address, eli)
	e.Succeeded(e.Exchange(a))
	again := &Authorization{Exit: e.NewBrowser().Open(address, eli)}
	e.Equal("opened after its end: error", again.Error(), "invalid_request_uri")
	e.Equal("opened after its end: code", again.Code(), "")
}

func standardsBoundToken(t TB, e *Env) {
	prover := e.NewProver()
	a := e.Authorize(Request{Scope: "openid email"})
	tokens := e.Succeeded(e.TokenProved("demo-web", a.Redemption(), prover))
	e.Equal("token response: token_type", tokens.Text("token_type"), "DPoP")
	e.Equal("access token: cnf.jkt", Dig(e.AccessClaims(tokens), "cnf", "jkt"), prover.Thumbprint())
	plain := e.UserInfo(tokens.Access())
	e.Equal("as Bearer: status", plain.Status, http.StatusUnauthorized)
	if !challenges(plain.Challenge, "invalid_token") {
		t.Errorf("as Bearer: WWW-Authenticate %q; want error invalid_token", plain.Challenge)
	}
	proof := prover.Proof(http.MethodGet, e.Endpoint("userinfo_endpoint"), tokens.Access(), nil)
	e.Equal("with a proof: status", e.UserInfoBy("DPoP", tokens.Access(), proof).Status, http.StatusOK)
}

func buypassSignedOnly(t TB, e *Env) {
	known := e.Client("demo-jwt")
	secret := known.Secret
	if secret == "" {
		secret = random()
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"service-api"}}
	post := cloned(form)
	post.Set("client_id", known.ID)
	post.Set("client_secret", secret)
	for what, edit := range map[string]func(*http.Request){
		"posted": nil,
		"Basic":  func(r *http.Request) { r.SetBasicAuth(known.ID, secret) },
	} {
		sent := form
		if edit == nil {
			sent = post
		}
		status, _, body := e.PostForm(e.Endpoint("token_endpoint"), sent, edit)
		e.Equal(what+" secret: status", status, http.StatusUnauthorized)
		e.Equal(what+" secret: error", e.object("token endpoint", body)["error"], "invalid_client")
	}
	e.Granted(e.Succeeded(e.Machine("demo-jwt", "service-api")), "service-api")
}

func buypassFrontNonce(t TB, e *Env) {
	for _, kind := range []string{"id_token", "id_token token"} {
		a := e.Authorize(Request{Client: "demo-implicit", Scope: "openid", Params: map[string]string{"response_type": kind, "nonce": ""}})
		e.Refused(a, "invalid_request")
		e.Equal(kind+": mode of the error", a.Mode, "fragment")
		e.Equal(kind+": pages", len(a.Browser.Pages), 0)
	}
}
