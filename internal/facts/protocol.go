package facts

import (
	"net/http"
	"net/url"
	"slices"
)

// How a request travels to the authorization endpoint, beside the plain query.
const (
	ByPush   = "push"   // pushed, then named by request_uri (RFC 9126)
	ByObject = "object" // in a signed request object (RFC 9101)
	// in one that is encrypted to the realm besides (RFC 9101 §6.1)
	ByEncrypted = "encrypted"
)

// A Pushed is an answer of the pushed authorization request endpoint.
type Pushed struct {
	Status int
	Body   map[string]any
}

// URI is the request_uri, or "".
func (p *Pushed) URI() string {
	uri, _ := p.Body["request_uri"].(string)
	return uri
}

// Error is the error code, or "".
func (p *Pushed) Error() string {
	code, _ := p.Body["error"].(string)
	return code
}

// Push pushes the parameters of a request, authenticated as the client does.
func (e *Env) Push(a *Authorization) *Pushed {
	e.t.Helper()
	form, edit := e.authenticated(a.client, cloned(a.Sent))
	return e.PushForm(form, edit)
}

// PushForm pushes a form as it is.
func (e *Env) PushForm(form url.Values, edit func(*http.Request)) *Pushed {
	e.t.Helper()
	status, _, body := e.PostForm(e.Endpoint("pushed_authorization_request_endpoint"), form, edit)
	return &Pushed{status, e.object("pushed authorization request", body)}
}

// travel gives the parameters that go to the authorization endpoint in place of
// those of the request.
func (e *Env) travel(a *Authorization, by string) url.Values {
	e.t.Helper()
	switch by {
	case ByPush:
		pushed := e.Push(a)
		if pushed.URI() == "" {
			e.t.Fatalf("pushed request: %d %v; want a request_uri", pushed.Status, pushed.Body)
		}
		return e.ByReference(a.client, pushed.URI())
	case ByObject, ByEncrypted:
		text := e.RequestObject(a.client, a.Sent, nil)
		if by == ByEncrypted {
			text = e.Encrypted(text)
		}
		return url.Values{"client_id": a.Sent["client_id"], "scope": a.Sent["scope"], "response_type": a.Sent["response_type"], "request": {text}}
	}
	return a.Sent
}

// ByReference is a request that names a pushed one.
func (e *Env) ByReference(client, uri string) url.Values {
	e.t.Helper()
	return url.Values{"client_id": {e.N(client)}, "request_uri": {uri}}
}

// Front gives what the authorization endpoint itself issued, as if it were an
// answer of the token endpoint.
func (e *Env) Front(a *Authorization) *Tokens {
	e.t.Helper()
	if a.URL == nil || a.Params.Has("error") {
		e.t.Fatalf("authorization: error %q %q; want tokens", a.Error(), a.description())
	}
	tokens := &Tokens{Authorization: a, Status: http.StatusOK, Body: map[string]any{}, Client: a.client}
	for name, values := range a.Params {
		tokens.Body[name] = e.names.BackWords(values[0])
	}
	return tokens
}

// Opened gives an authorization whose answer came as one signed JWT with the
// parameters that stand inside (JARM §2.1).
func (e *Env) Opened(a *Authorization) *Authorization {
	e.t.Helper()
	if a.URL == nil || a.Params.Get("response") == "" || len(a.Params) != 1 {
		e.t.Fatalf("authorization: %v; want the parameter response alone", a.Params)
	}
	claims := e.Decode(a.Params.Get("response"))
	if claims["iss"] != e.Issuer() || claims["aud"] != a.client || claims["exp"] == nil {
		e.t.Errorf("signed answer: iss %v aud %v exp %v; want %s, %s and a time", claims["iss"], claims["aud"], claims["exp"], e.Issuer(), a.client)
	}
	exit := *a.Exit
	exit.Params = url.Values{}
	for name, value := range claims {
		if text, ok := value.(string); ok && name != "aud" {
			exit.Params.Set(name, text)
		}
	}
	opened := *a
	opened.Exit = &exit
	return &opened
}

func (a *Authorization) description() string {
	if a.Exit == nil || a.Params == nil {
		return ""
	}
	return a.Params.Get("error_description")
}

func cloned(values url.Values) url.Values {
	copied := make(url.Values, len(values))
	for name, list := range values {
		copied[name] = slices.Clone(list)
	}
	return copied
}
