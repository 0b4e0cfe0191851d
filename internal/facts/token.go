package facts

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Tokens is an answer of the token endpoint, in the realm's own names.
type Tokens struct {
	*Authorization // nil where no person was asked
	Status         int
	Header         http.Header
	Body           map[string]any
	Client         string
}

// Text gives a string member of the answer, or "".
func (t *Tokens) Text(member string) string {
	text, _ := t.Body[member].(string)
	return text
}

// Has reports whether the answer has the member.
func (t *Tokens) Has(member string) bool { _, ok := t.Body[member]; return ok }

// Access, ID and Refresh give the tokens themselves, "" where there is none.
func (t *Tokens) Access() string { return t.Text("access_token") }

// ID gives the ID Token.
func (t *Tokens) ID() string { return t.Text("id_token") }

// Refresh gives the refresh token.
func (t *Tokens) Refresh() string { return t.Text("refresh_token") }

// Scopes gives the granted scopes, sorted.
func (t *Tokens) Scopes() []string {
	scopes := strings.Fields(t.Text("scope"))
	slices.Sort(scopes)
	return scopes
}

// Token posts a form to the token endpoint, authenticated as the client does.
func (e *Env) Token(client string, form url.Values) *Tokens {
	e.t.Helper()
	return e.TokenWith(client, form, "")
}

// authenticated adds the client's credentials to a form or its request
// (RFC 6749 §2.3.1).
func (e *Env) authenticated(client string, form url.Values) (url.Values, func(*http.Request)) {
	e.t.Helper()
	known := e.Client(client)
	switch known.Method {
	case "client_secret_basic":
		return form, func(r *http.Request) {
			r.SetBasicAuth(url.QueryEscape(known.ID), url.QueryEscape(known.Secret))
		}
	case "client_secret_post":
		form.Set("client_secret", known.Secret)
	case "private_key_jwt":
		form = WithAssertion(form, e.Assertion(client, nil))
	case "none":
	default:
		e.t.Fatalf("client %s: no way to authenticate by %s", client, known.Method)
	}
	form.Set("client_id", known.ID)
	return form, nil
}

// Machine asks for a token without a person (RFC 6749 §4.4). An empty scope is
// not sent.
func (e *Env) Machine(client, scope string) *Tokens {
	e.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", e.names.ThereWords(scope))
	}
	return e.Token(client, form)
}

// Renew uses a refresh token (RFC 6749 §6). An empty scope is not sent.
func (e *Env) Renew(client, refresh, scope string) *Tokens {
	e.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	if scope != "" {
		form.Set("scope", e.names.ThereWords(scope))
	}
	return e.Token(client, form)
}

// Introspect asks about a token with a client's credentials (RFC 7662).
func (e *Env) Introspect(client, token string) map[string]any {
	e.t.Helper()
	form, edit := e.authenticated(client, url.Values{"token": {token}})
	return e.introspect(form, edit)
}

// IntrospectAs asks with a resource server's credentials.
func (e *Env) IntrospectAs(server, token string) map[string]any {
	e.t.Helper()
	s := e.Server(server)
	return e.introspect(url.Values{"token": {token}}, func(r *http.Request) {
		r.SetBasicAuth(url.QueryEscape(s.ClientID), url.QueryEscape(s.Secret))
	})
}

func (e *Env) introspect(form url.Values, edit func(*http.Request)) map[string]any {
	e.t.Helper()
	status, _, body := e.PostForm(e.Endpoint("introspection_endpoint"), form, edit)
	if status != http.StatusOK {
		e.t.Fatalf("introspection: %d %s; want 200", status, body)
	}
	return e.object("introspection", body)
}

// Revoke ends a token (RFC 7009).
func (e *Env) Revoke(client, token string) {
	e.t.Helper()
	form, edit := e.authenticated(client, url.Values{"token": {token}})
	if status, _, body := e.PostForm(e.Endpoint("revocation_endpoint"), form, edit); status != http.StatusOK {
		e.t.Fatalf("revocation: %d %s; want 200", status, body)
	}
}

// Logout signs out in the browser (OIDC RP-Initiated Logout §2).
func (e *Env) Logout(b *Browser, params url.Values) *Exit {
	e.t.Helper()
	return b.Open(e.Endpoint("end_session_endpoint")+"?"+params.Encode(), Manners{})
}

// LogoutURI is a client's first address to return to after signing out.
func (e *Env) LogoutURI(client string) string {
	e.t.Helper()
	known := e.Client(client)
	if len(known.AfterLogin) == 0 {
		e.t.Fatalf("client %s: no post_logout_redirect_uris", client)
	}
	return known.AfterLogin[0]
}

// object reads a JSON object into the realm's own names. Numbers stay as they
// were written, so that 1.0 and 1 differ.
func (e *Env) object(what string, body []byte) map[string]any {
	e.t.Helper()
	if len(body) == 0 {
		return map[string]any{}
	}
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		e.t.Fatalf("%s: %v in %.200s", what, err, body)
	}
	own, _ := e.names.BackJSON(object).(map[string]any)
	return own
}
