package facts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

// A Request is an authorization request and how the person meets it.
type Request struct {
	Client string // "" is demo-web
	Scope  string // in the realm's own names
	Manners
	Claims  string            // the claims parameter
	Params  map[string]string // further parameters; "" leaves one out that is usually sent
	Post    bool              // by POST (OIDC Core §3.1.2.1)
	By      string            // ByPush, ByObject; "" is plain
	Browser *Browser          // nil: a new one
}

// An Authorization is what came of a request.
type Authorization struct {
	*Exit
	Browser  *Browser
	Sent     url.Values
	client   string
	Verifier string // PKCE code_verifier
}

// Authorize sends a request through the pages and gives what came of it.
func (e *Env) Authorize(r Request) *Authorization {
	e.t.Helper()
	a := e.Prepare(r)
	if r.Person.Username == "" {
		r.Person = e.Person(nil)
	}
	params := e.travel(a, r.By)
	if r.Post {
		a.Exit = a.Browser.Submit(e.Endpoint("authorization_endpoint"), params, r.Manners)
		return a
	}
	a.Exit = a.Browser.Open(e.Address(params), r.Manners)
	return a
}

// Prepare makes the parameters of a request without sending it.
func (e *Env) Prepare(r Request) *Authorization {
	e.t.Helper()
	if r.Client == "" {
		r.Client = "demo-web"
	}
	a := &Authorization{client: r.Client, Browser: r.Browser, Verifier: random()}
	if a.Browser == nil {
		a.Browser = e.NewBrowser()
	}
	challenge := sha256.Sum256([]byte(a.Verifier))
	a.Sent = url.Values{
		"client_id": {e.N(r.Client)}, "redirect_uri": {e.redirectURI(r.Client)}, "response_type": {"code"},
		"scope": {e.names.ThereWords(r.Scope)}, "state": {random()}, "nonce": {random()},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if r.Claims != "" {
		a.Sent.Set("claims", e.names.ThereJSON(r.Claims))
	}
	for name, value := range r.Params {
		if a.Sent.Del(name); value != "" {
			a.Sent.Set(name, value)
		}
	}
	if details := a.Sent.Get("authorization_details"); details != "" {
		a.Sent.Set("authorization_details", e.names.ThereDetails(details))
	}
	return a
}

// Address is the authorization endpoint with parameters.
func (e *Env) Address(params url.Values) string {
	e.t.Helper()
	return e.Endpoint("authorization_endpoint") + "?" + params.Encode()
}

// redirectURI is a client's loopback address with a port of ours, which is
// allowed to be any (RFC 8252 §7.3).
func (e *Env) redirectURI(client string) string {
	e.t.Helper()
	for _, registered := range e.Client(client).Redirects {
		if u, err := url.Parse(registered); err == nil && strings.HasPrefix(u.Host, "127.0.0.1") {
			u.Host = "127.0.0.1:53682"
			return u.String()
		}
	}
	e.t.Fatalf("client %s: no loopback redirect URI", client)
	return ""
}

// Error is the error brought to the redirect URI, or of the error page.
func (a *Authorization) Error() string {
	switch {
	case a.URL != nil:
		return a.Params.Get("error")
	case a.Page != nil:
		return a.Page.Code
	}
	return ""
}

// Code is the authorization code, or "".
func (a *Authorization) Code() string {
	if a.URL == nil {
		return ""
	}
	return a.Params.Get("code")
}

// Refused demands that the request came back with the error, by redirect, with
// its state and with iss (RFC 9207), and that nothing was issued.
func (e *Env) Refused(a *Authorization, want string) {
	e.t.Helper()
	if a.URL == nil {
		e.t.Fatalf("authorization: ended on the page %s %q (%d); want %s by redirect", a.Page.Kind, a.Page.Code, a.Page.Status, want)
	}
	if got := a.Error(); got != want {
		e.t.Errorf("authorization: error %q %q; want %s", got, a.Params.Get("error_description"), want)
	}
	if a.Params.Get("state") != a.Sent.Get("state") || a.Params.Get("iss") != e.Issuer() {
		e.t.Errorf("authorization: state %q iss %q; want the state sent and %s", a.Params.Get("state"), a.Params.Get("iss"), e.Issuer())
	}
	for _, issued := range []string{"code", "id_token", "access_token"} {
		if a.Params.Has(issued) {
			e.t.Errorf("authorization: %s beside the error %s", issued, want)
		}
	}
}

// Login goes through an authorization request and exchanges its code.
func (e *Env) Login(r Request) *Tokens {
	e.t.Helper()
	tokens := e.Exchange(e.Authorize(r))
	if tokens.Status != 200 {
		e.t.Fatalf("token endpoint: %d %s %q; want 200", tokens.Status, tokens.Text("error"), tokens.Text("error_description"))
	}
	return tokens
}

// Exchange redeems the code of an authorization (RFC 6749 §4.1.3).
func (e *Env) Exchange(a *Authorization) *Tokens {
	e.t.Helper()
	if a.Code() == "" {
		where := "no page"
		if a.Page != nil {
			where = a.Page.Kind + " " + a.Page.Alert
		}
		e.t.Fatalf("authorization: no code; error %q %q, last page %s", a.Error(), a.Params.Get("error_description"), where)
	}
	tokens := e.Token(a.client, a.Redemption())
	tokens.Authorization = a
	return tokens
}

// Redemption is the form that redeems the code.
func (a *Authorization) Redemption() url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {a.Code()},
		"redirect_uri": {a.Sent.Get("redirect_uri")}, "code_verifier": {a.Verifier},
	}
}

// random is a value nobody can guess, fit for state, nonce and code_verifier.
func random() string { return rand.Text() + rand.Text() }
