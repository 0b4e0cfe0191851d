package server_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/facts"
)

// TestPushedRequests: a request_uri is one client's, for one authorization, and
// what stands beside it means nothing (RFC 9126).
func TestPushedRequests(t *testing.T) {
	o := open(t, "buypass")
	eli := facts.Manners{Person: o.Named("eli")}
	push := func(r facts.Request) (*facts.Authorization, url.Values) {
		t.Helper()
		r.Manners = eli
		a := o.Prepare(r)
		pushed := o.Push(a)
		if pushed.Status != http.StatusCreated || pushed.Body["expires_in"] == nil {
			t.Fatalf("push: %d %v", pushed.Status, pushed.Body)
		}
		client := r.Client
		if client == "" {
			client = "demo-web"
		}
		return a, o.ByReference(client, pushed.URI())
	}
	visit := func(params url.Values) *facts.Authorization {
		t.Helper()
		return &facts.Authorization{Exit: o.NewBrowser().Open(o.Address(params), eli)}
	}
	page := func(story string, a *facts.Authorization, want string) {
		t.Helper()
		if a.URL != nil || a.Error() != want {
			t.Errorf("%s: %v %q; want a page with %s", story, a.URL, a.Error(), want)
		}
	}

	t.Run("beside it nothing counts", func(t *testing.T) {
		a, params := push(facts.Request{Scope: "openid"})
		for name, value := range map[string]string{
			"redirect_uri": "https://evil.example/cb", "scope": "openid email bpnnin", "state": "evil", "response_mode": "fragment",
			"prompt": "none", "response_type": "token", "nonce": "evil", "code_challenge": "evil", "claims": "{", "request": "a.b.c",
		} {
			params.Set(name, value)
		}
		a.Exit = o.NewBrowser().Open(o.Address(params), eli)
		if a.Params.Get("state") != a.Sent.Get("state") || a.Mode != "query" {
			t.Fatalf("answer %v %v by %s; want the pushed state, in the query", a.URL, a.Params, a.Mode)
		}
		tokens := o.Succeeded(o.Exchange(a))
		o.Granted(tokens, "openid")
		if o.IDClaims(tokens)["nonce"] != a.Sent.Get("nonce") {
			t.Errorf("the nonce is not the pushed one")
		}
	})
	t.Run("two pages, one end", func(t *testing.T) {
		_, params := push(facts.Request{Scope: "openid"})
		one, two := o.NewBrowser(), o.NewBrowser()
		waiting := one.Open(o.Address(params), facts.Manners{Until: "sign_in"})
		if reload := one.Open(o.Address(params), facts.Manners{Until: "sign_in"}); reload.Page.Kind != "sign_in" {
			t.Fatalf("opened twice before signing in: %s %s", reload.Page.Kind, reload.Page.Code)
		}
		if done := two.Open(o.Address(params), eli); done.Params.Get("code") == "" {
			t.Fatalf("opened a third time: %v; want a code", done.Params)
		}
		late := &facts.Authorization{Exit: one.Open(waiting.Page.URL.String(), eli)}
		if late.Code() != "" || late.Error() != "invalid_request_uri" {
			t.Errorf("the page left open: code %t error %q; want invalid_request_uri", late.Code() != "", late.Error())
		}
		page("after its end", visit(params), "invalid_request_uri")
	})
	t.Run("by a form of another site, once", func(t *testing.T) {
		_, params := push(facts.Request{Scope: "openid"})
		post := func() *answer {
			return o.do(http.MethodPost, "/authorize", params.Encode(), "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example")
		}
		first := post()
		if first.status != http.StatusSeeOther {
			t.Fatalf("posted: %d %.200s", first.status, first.body)
		}
		done := o.NewBrowser().Open(first.header.Get("Location"), eli)
		if done.Params.Get("code") == "" {
			t.Fatalf("posted: %v; want a code", done.Params)
		}
		page("after its end", visit(params), "invalid_request_uri")
	})
	_, params := push(facts.Request{Scope: "openid"})
	stolen := url.Values{"client_id": {"demo-basic"}, "request_uri": params["request_uri"], "redirect_uri": {"https://evil.example/cb"}}
	page("of another client", visit(stolen), "invalid_request")
	stolen.Del("client_id")
	page("of no client", visit(stolen), "invalid_request")
	unknown := url.Values{"client_id": {"demo-web"}, "request_uri": {"urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAA"}}
	page("unknown", visit(unknown), "invalid_request_uri")
	unknown.Set("request_uri", "https://app.example/request.jwt")
	if a := visit(unknown); a.URL != nil {
		t.Errorf("a request_uri elsewhere: redirected to %s", a.URL)
	}
	here := o.Prepare(facts.Request{Scope: "openid"}).Sent
	interaction := o.NewBrowser().Open(o.Address(here), facts.Manners{Until: "sign_in"}).Page.URL.Path
	unknown.Set("request_uri", "urn:ietf:params:oauth:request_uri:"+interaction[len("/buypass/interact/"):])
	page("an interaction taken for a pushed request", visit(unknown), "invalid_request_uri")
	o.Advance(91 * time.Second)
	page("late", visit(params), "invalid_request_uri")
}

// TestPushesRefused: what would be refused later is refused when pushed, with
// the client's own credentials (RFC 9126 §2.3).
func TestPushesRefused(t *testing.T) {
	o := open(t, "buypass")
	sent := o.Prepare(facts.Request{Scope: "openid"}).Sent
	web := []string{"Authorization", o.basic("demo-web")}
	tests := []struct {
		story  string
		set    map[string]string
		raw    string
		header []string
		status int
		error  string
	}{
		{"no credentials", nil, "", nil, 401, "invalid_client"},
		{"another client's", nil, "", []string{"Authorization", o.basic("demo-basic")}, 400, "invalid_request"},
		{"request_uri inside", map[string]string{"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "", web, 400, "invalid_request"},
		{"request_uri inside, empty", nil, "&request_uri=", web, 400, "invalid_request"},
		{"address nobody registered", map[string]string{"redirect_uri": "https://evil.example/cb"}, "", web, 400, "invalid_request"},
		{"unknown scope", map[string]string{"scope": "openid hovercraft"}, "", web, 400, "invalid_scope"},
		{"scope of nobody else", map[string]string{"scope": "openid service-api"}, "", web, 400, "invalid_scope"},
		{"response type of others", map[string]string{"response_type": "id_token"}, "", web, 400, "unauthorized_client"},
		{"no challenge method", map[string]string{"code_challenge_method": ""}, "", web, 400, "invalid_request"},
		{"malformed claims", map[string]string{"claims": "{"}, "", web, 400, "invalid_request"},
		{"scope twice", nil, "&scope=openid", web, 400, "invalid_request"},
		{"proof of nothing", nil, "", append([]string{"DPoP", "a.b.c"}, web...), 400, "invalid_dpop_proof"},
	}
	for _, test := range tests {
		t.Run(test.story, func(t *testing.T) {
			form := url.Values{}
			for name, values := range sent {
				form[name] = values
			}
			for name, value := range test.set {
				form.Set(name, value)
			}
			told(t, o.do(http.MethodPost, "/par", form.Encode()+test.raw, test.header...), test.status, test.error)
		})
	}
	if got := o.do(http.MethodGet, "/par?"+sent.Encode(), ""); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d; want 405", got.status)
	}
	if got := o.do(http.MethodPost, o.base+"/maskinporten/par", sent.Encode(), web...); got.status != http.StatusNotFound {
		t.Errorf("a realm without pushed requests: %d; want 404", got.status)
	}
}

// TestForgedRequestObjects: only what the client signed, for us, now, counts
// (RFC 9101 §6, §10).
func TestForgedRequestObjects(t *testing.T) {
	o := open(t, "buypass")
	eli := facts.Manners{Person: o.Named("eli")}
	key := o.Key("demo-jwt")
	now := o.Now().Unix()
	prepare := func() *facts.Authorization {
		return o.Prepare(facts.Request{Client: "demo-jwt", Scope: "openid"})
	}
	around := func(a *facts.Authorization, text string) url.Values {
		return url.Values{
			"client_id": {"demo-jwt"}, "redirect_uri": a.Sent["redirect_uri"], "state": a.Sent["state"],
			"response_type": {"code"}, "scope": {"openid"}, "request": {text},
		}
	}
	open := func(a *facts.Authorization, params url.Values) *facts.Authorization {
		a.Exit = o.NewBrowser().Open(o.Address(params), eli)
		return a
	}
	t.Run("what is signed counts alone", func(t *testing.T) {
		a := prepare()
		params := around(a, o.RequestObject("demo-jwt", a.Sent, nil))
		params.Set("redirect_uri", "https://evil.example/cb")
		params.Set("scope", "openid email bpnnin")
		params.Set("state", "evil")
		params.Set("prompt", "none")
		params.Set("response_mode", "fragment")
		open(a, params)
		if a.Code() == "" || a.Params.Get("state") != a.Sent.Get("state") || a.Mode != "query" {
			t.Fatalf("answer %v %q; want a code with the signed state", a.URL, a.Error())
		}
		o.Granted(o.Succeeded(o.Exchange(a)), "openid")
	})
	for story, change := range map[string]object{
		"request inside":             {"request": "a.b.c"},
		"request_uri inside":         {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
		"empty request inside":       {"request": ""},
		"expired":                    {"nbf": now - 900, "iat": now - 900, "exp": now - 120},
		"not yet":                    {"nbf": now + 300},
		"for somebody else":          {"aud": "https://other.example"},
		"for another realm":          {"aud": o.base + "/bankid"},
		"by another client":          {"iss": "demo-web"},
		"of another client":          {"client_id": "demo-web"},
		"that is an assertion":       {"sub": "demo-jwt"},
		"that lives for two days":    {"exp": now + 2*86400},
		"with a time that is text":   {"exp": "soon"},
		"with a client_id of object": {"client_id": object{}},
	} {
		t.Run(story, func(t *testing.T) {
			a := prepare()
			o.Refused(open(a, around(a, o.RequestObject("demo-jwt", a.Sent, change))), "invalid_request_object")
		})
	}
	other := newKey(t)
	right := object{"alg": "ES256", "kid": key.KeyID, "typ": "oauth-authz-req+jwt"}
	and := func(pairs ...any) object {
		copied := object{}
		for name, value := range right {
			copied[name] = value
		}
		return changed(copied, pairs)
	}
	type forgery struct {
		header object
		sign   pen
	}
	forgeries := map[string]forgery{
		"another client's key": {right, es256(other)},
		"embedded key":         {and("kid", nil, "jwk", jose.JSONWebKey{Key: other.Public()}), es256(other)},
		"unsigned":             {object{"alg": "none"}, nil},
		"without a signature":  {right, nil},
	}
	for name, secret := range publicTexts(t, key) {
		forgeries["HS256 by the public key as "+name] = forgery{and("alg", "HS256"), hs256(secret)}
	}
	for story, f := range forgeries {
		t.Run(story, func(t *testing.T) {
			a := prepare()
			text := forged(t, f.header, o.ObjectClaims("demo-jwt", a.Sent, nil), f.sign)
			o.Refused(open(a, around(a, text)), "invalid_request_object")
		})
	}
	for story, typ := range map[string]string{"an access token": "at+jwt", "a client assertion": "client-authentication+jwt", "a proof": "dpop+jwt"} {
		t.Run(story, func(t *testing.T) {
			a := prepare()
			text := o.Signed(key, typ, o.ObjectClaims("demo-jwt", a.Sent, nil))
			o.Refused(open(a, around(a, text)), "invalid_request_object")
		})
	}
	for story, text := range map[string]string{"no JWT": "x", "five parts": "a.b.c.d.e", "three empty parts": ".."} {
		t.Run(story, func(t *testing.T) {
			a := prepare()
			o.Refused(open(a, around(a, text)), "invalid_request_object")
		})
	}
	// Where the address is registered nowhere, nothing is redirected.
	a := prepare()
	params := around(a, "x")
	params.Set("redirect_uri", "https://evil.example/cb")
	if open(a, params); a.URL != nil {
		t.Errorf("redirected to %s", a.URL)
	}
	inside := o.RequestObject("demo-jwt", a.Sent, object{"redirect_uri": "https://evil.example/cb"})
	params = around(a, inside)
	if open(a, params); a.URL != nil && a.URL.Host == "evil.example" {
		t.Errorf("redirected to %s", a.URL)
	}
}
