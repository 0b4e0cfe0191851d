package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// page and back say where an error is told: on a page, or by redirect in a mode.
const (
	page     = "page"
	query    = "query"
	fragment = "fragment"
	formPost = "form_post"
)

// TestAuthorizationErrors tells of every bad authorization request where its
// error goes: nothing is redirected before client and redirect URI are trusted,
// and everything afterwards is, with state and iss (RFC 6749 §4.1.2.1, RFC 9207).
func TestAuthorizationErrors(t *testing.T) {
	o := open(t, "buypass")
	deep := strings.Repeat(`{"userinfo":`, 400) + "1" + strings.Repeat("}", 400)
	tests := []struct {
		story string
		set   map[string]string // replaces; "-" leaves out
		raw   string            // appended as it stands
		error string
		where string
	}{
		{"client_id is missing", map[string]string{"client_id": "-"}, "", "invalid_request", page},
		{"client is unknown", map[string]string{"client_id": "nobody"}, "", "invalid_client", page},
		{"client of another realm's type", map[string]string{"client_id": "demo-operator"}, "", "invalid_client", page},
		{"client_id holds a quote", map[string]string{"client_id": `demo-web' OR 1=1 --`}, "", "invalid_client", page},
		{"client_id is very long", map[string]string{"client_id": strings.Repeat("a", 10_000)}, "", "invalid_client", page},
		{"client_id is too long", map[string]string{"client_id": strings.Repeat("a", 20_000)}, "", "invalid_request", page},
		{"client may not use the endpoint", map[string]string{"client_id": "demo-service"}, "", "invalid_request", page},
		{"redirect_uri is missing", map[string]string{"redirect_uri": "-"}, "", "invalid_request", page},
		{"redirect_uri of another host", map[string]string{"redirect_uri": "https://evil.example/callback"}, "", "invalid_request", page},
		{"redirect_uri one letter more", map[string]string{"redirect_uri": "http://127.0.0.1:1234/callbackx"}, "", "invalid_request", page},
		{"redirect_uri one letter less", map[string]string{"redirect_uri": "http://127.0.0.1:1234/callbac"}, "", "invalid_request", page},
		{"redirect_uri with a slash", map[string]string{"redirect_uri": "http://127.0.0.1:1234/callback/"}, "", "invalid_request", page},
		{"redirect_uri with a question mark", map[string]string{"redirect_uri": "http://127.0.0.1:1234/callback?"}, "", "invalid_request", page},
		{"redirect_uri with a query", map[string]string{"redirect_uri": "http://127.0.0.1:1234/callback?a=b"}, "", "invalid_request", page},
		{"redirect_uri with a fragment", map[string]string{"redirect_uri": "http://127.0.0.1:1234/callback#"}, "", "invalid_request", page},
		{"redirect_uri in capitals", map[string]string{"redirect_uri": "HTTP://127.0.0.1:1234/callback"}, "", "invalid_request", page},
		{"redirect_uri percent-encoded", map[string]string{"redirect_uri": "http://127.0.0.1:1234/%63allback"}, "", "invalid_request", page},
		{"redirect_uri with dots", map[string]string{"redirect_uri": "http://127.0.0.1:1234/x/../callback"}, "", "invalid_request", page},
		{"redirect_uri with a user", map[string]string{"redirect_uri": "http://127.0.0.1:1234@evil.example/callback"}, "", "invalid_request", page},
		{"redirect_uri user on loopback", map[string]string{"redirect_uri": "http://a@127.0.0.1:1234/callback"}, "", "invalid_request", page},
		{"redirect_uri by https", map[string]string{"redirect_uri": "https://127.0.0.1:1234/callback"}, "", "invalid_request", page},
		{"redirect_uri of another loopback", map[string]string{"redirect_uri": "http://127.0.0.2:1234/callback"}, "", "invalid_request", page},
		{"redirect_uri with port 0", map[string]string{"redirect_uri": "http://127.0.0.1:0/callback"}, "", "invalid_request", page},
		{"redirect_uri with port 99999", map[string]string{"redirect_uri": "http://127.0.0.1:99999/callback"}, "", "invalid_request", page},
		{"redirect_uri with an empty port", map[string]string{"redirect_uri": "http://127.0.0.1:/callback"}, "", "invalid_request", page},
		{"redirect_uri with a name before", map[string]string{"redirect_uri": "http://127.0.0.1.evil.example/callback"}, "", "invalid_request", page},
		{"redirect_uri with a line break", map[string]string{"redirect_uri": "http://127.0.0.1/callback\r\nX: y"}, "", "invalid_request", page},
		{"client_id twice", nil, "&client_id=demo-web", "invalid_request", page},
		{"redirect_uri twice", nil, "&redirect_uri=http%3A%2F%2F127.0.0.1%3A1234%2Fcallback", "invalid_request", page},
		{"a percent sign alone", nil, "&x=%", "invalid_request", page},
		{"half an encoding", nil, "&x=%4", "invalid_request", page},
		{"NUL", nil, "&login_hint=%00", "invalid_request", page},
		{"invalid UTF-8", nil, "&login_hint=%ff%fe", "invalid_request", page},
		{"invalid UTF-8 in a name", nil, "&%ff=1", "invalid_request", page},
		{"a thousand parameters", nil, "&" + manyParameters(1000), "invalid_request", page},

		{"state twice", nil, "&state=other", "invalid_request", query},
		{"nonce twice", nil, "&nonce=other", "invalid_request", query},
		{"scope twice", nil, "&scope=email", "invalid_request", query},
		{"response_type twice", nil, "&response_type=code", "invalid_request", query},
		{"a parameter nobody knows twice", nil, "&x=1&x=2", "invalid_request", query},
		{"response_type missing", map[string]string{"response_type": "-"}, "", "invalid_request", query},
		{"response_type empty", map[string]string{"response_type": ""}, "", "invalid_request", query},
		{"response_type unknown", map[string]string{"response_type": "banana"}, "", "unsupported_response_type", query},
		{"response_type token alone", map[string]string{"response_type": "token"}, "", "unsupported_response_type", fragment},
		{"response_type not the client's", map[string]string{"response_type": "code id_token"}, "", "unauthorized_client", fragment},
		{"tokens into the query", map[string]string{"response_type": "id_token token", "response_mode": "query"}, "", "invalid_request", fragment},
		{"tokens into the query, signed", map[string]string{"response_type": "id_token token", "response_mode": "query.jwt"}, "", "invalid_request", fragment},
		{"ID Token without nonce", map[string]string{"client_id": "demo-implicit", "response_type": "id_token", "nonce": "-"}, "", "invalid_request", fragment},
		{"response_mode unknown", map[string]string{"response_mode": "pigeon"}, "", "invalid_request", query},
		{"error in the fragment", map[string]string{"response_mode": "fragment", "prompt": "none login"}, "", "invalid_request", fragment},
		{"error by form", map[string]string{"response_mode": "form_post", "prompt": "none login"}, "", "invalid_request", formPost},
		{"malformed request object", map[string]string{"request": "e30.e30."}, "", "invalid_request_object", query},
		{"request object by reference", map[string]string{"request_uri": "https://client.example/r"}, "", "request_uri_not_supported", query},
		{"registration", map[string]string{"registration": "{}"}, "", "registration_not_supported", query},
		{"no PKCE for a public client", map[string]string{"client_id": "demo-spa", "code_challenge": "-", "code_challenge_method": "-"}, "", "invalid_request", query},
		{"PKCE plain", map[string]string{"code_challenge_method": "plain"}, "", "invalid_request", query},
		{"PKCE without method, which means plain", map[string]string{"code_challenge_method": "-"}, "", "invalid_request", query},
		{"PKCE method without challenge", map[string]string{"code_challenge": "-"}, "", "invalid_request", query},
		{"PKCE method in another case", map[string]string{"code_challenge_method": "s256"}, "", "invalid_request", query},
		{"challenge too short", map[string]string{"code_challenge": strings.Repeat("a", 42)}, "", "invalid_request", query},
		{"challenge padded", map[string]string{"code_challenge": strings.Repeat("a", 43) + "="}, "", "invalid_request", query},
		{"challenge with foreign letters", map[string]string{"code_challenge": strings.Repeat("å", 43)}, "", "invalid_request", query},
		{"prompt none with login", map[string]string{"prompt": "none login"}, "", "invalid_request", query},
		{"prompt none with consent", map[string]string{"prompt": "consent none"}, "", "invalid_request", query},
		{"prompt none, nobody signed in", map[string]string{"prompt": "none"}, "", "login_required", query},
		{"prompt none in the fragment", map[string]string{"prompt": "none", "response_mode": "fragment"}, "", "login_required", fragment},
		{"prompt none by form", map[string]string{"prompt": "none", "response_mode": "form_post"}, "", "login_required", formPost},
		{"max_age negative", map[string]string{"max_age": "-1"}, "", "invalid_request", query},
		{"max_age no number", map[string]string{"max_age": "soon"}, "", "invalid_request", query},
		{"max_age beyond numbers", map[string]string{"max_age": "99999999999999999999"}, "", "invalid_request", query},
		{"scope with a quote", map[string]string{"scope": `openid "email`}, "", "invalid_scope", query},
		{"scope with a backslash", map[string]string{"scope": `openid e\mail`}, "", "invalid_scope", query},
		{"scope with foreign letters", map[string]string{"scope": "openid blåbær"}, "", "invalid_scope", query},
		{"scope with a tab", map[string]string{"scope": "openid\temail"}, "", "invalid_scope", query},
		{"scope too many", map[string]string{"scope": "openid " + strings.Repeat("s ", 5000) + "x"}, "", "invalid_scope", query},
		{"claims no JSON", map[string]string{"claims": "email"}, "", "invalid_request", query},
		{"claims a list", map[string]string{"claims": "[]"}, "", "invalid_request", query},
		{"claims cut off", map[string]string{"claims": `{"userinfo":{"email":`}, "", "invalid_request", query},
		{"claims with two answers", map[string]string{"claims": `{"userinfo":{},"userinfo":{}}`}, "", "invalid_request", query},
		{"claims with something behind", map[string]string{"claims": `{} {}`}, "", "invalid_request", query},
		{"claims value and values", map[string]string{"claims": `{"userinfo":{"email":{"value":"a","values":["b"]}}}`}, "", "invalid_request", query},
		{"claims essential no truth", map[string]string{"claims": `{"userinfo":{"email":{"essential":"yes"}}}`}, "", "invalid_request", query},
		{"claims sub no string", map[string]string{"claims": `{"id_token":{"sub":{"value":7}}}`}, "", "invalid_request", query},
		{"claims very deep", map[string]string{"claims": deep}, "", "invalid_request", query},
		{"resource relative", map[string]string{"resource": "myservice"}, "", "invalid_target", query},
		{"resource with a fragment", map[string]string{"resource": "https://api.example/#a"}, "", "invalid_target", query},
		{"resources too many", nil, strings.Repeat("&resource=https%3A%2F%2Fapi.example%2F1", 1) + resources(30), "invalid_target", query},
		{"authorization_details no list", map[string]string{"authorization_details": "{}"}, "", "invalid_authorization_details", query},
		{"authorization_details without type", map[string]string{"authorization_details": "[{}]"}, "", "invalid_authorization_details", query},
		{"id_token_hint not ours", map[string]string{"id_token_hint": "e30.e30.AA"}, "", "invalid_request", query},
		{"state with hostile letters", map[string]string{"state": "\"><script>\r\n\x01ø", "prompt": "none login"}, "", "invalid_request", query},
	}
	for _, test := range tests {
		t.Run(test.story, func(t *testing.T) {
			sent := o.goodRequest()
			for name, value := range test.set {
				if sent.Set(name, value); value == "-" {
					sent.Del(name)
				}
			}
			got := o.do(http.MethodGet, "/authorize?"+sent.Encode()+test.raw, "")
			o.toldAt(t, got, test.where, test.error, sent.Get("state"))
			posted := o.do(http.MethodPost, "/authorize", sent.Encode()+test.raw)
			o.toldAt(t, posted, test.where, test.error, sent.Get("state"))
		})
	}
}

func (o *op) goodRequest() url.Values {
	sent := o.Prepare(facts.Request{Scope: "openid email"}).Sent
	sent.Set("redirect_uri", "http://127.0.0.1:1234/callback")
	return sent
}

func manyParameters(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&p")
		b.WriteString(strings.Repeat("a", i%7))
		b.WriteString(string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)))
		b.WriteString("=1")
	}
	return b.String()[1:]
}

func resources(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&resource=https%3A%2F%2Fapi.example%2F" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
	}
	return b.String()
}

// toldAt demands that an error is told at the right place and nowhere else.
func (o *op) toldAt(t *testing.T, got *answer, where, code, state string) {
	t.Helper()
	if where == page {
		if got.status != http.StatusBadRequest && got.status != http.StatusRequestURITooLong {
			t.Errorf("status %d; want 400", got.status)
		}
		if got.header.Get("Location") != "" {
			t.Errorf("redirected to %s; want a page", got.header.Get("Location"))
		}
		if !strings.Contains(got.body, `data-error="`+code+`"`) {
			t.Errorf("page without data-error=%q: %.300s", code, got.body)
		}
		return
	}
	mode, params := got.away()
	if where == formPost {
		mode, params = o.posted(t, got)
	} else if got.status != http.StatusSeeOther {
		t.Errorf("status %d; want 303", got.status)
	}
	if mode != where {
		t.Fatalf("told by %q (%d %.300s); want by %s", mode, got.status, got.body, where)
	}
	if params.Get("error") != code || params.Get("state") != state || params.Get("iss") != o.Issuer() {
		t.Errorf("error %q state %q iss %q; want %s, the state sent and %s", params.Get("error"), params.Get("state"), params.Get("iss"), code, o.Issuer())
	}
	if params.Has("code") || params.Has("access_token") || params.Has("id_token") {
		t.Errorf("something was issued beside the error: %v", params)
	}
	decent(t, params.Get("error_description"))
}

// posted reads the form of a form_post page.
func (o *op) posted(t *testing.T, got *answer) (string, url.Values) {
	t.Helper()
	values := url.Values{}
	for _, part := range strings.Split(got.body, "<input")[1:] {
		values.Set(attributeOf(part, "name"), attributeOf(part, "value"))
	}
	if got.status != http.StatusOK || !strings.Contains(got.body, `action="http://127.0.0.1:1234/callback"`) {
		t.Errorf("form_post: %d %.300s; want a page that posts to the client", got.status, got.body)
	}
	return formPost, values
}

func attributeOf(tag, name string) string {
	_, rest, _ := strings.Cut(tag, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+").Replace(value)
}

// decent demands the letters that RFC 6749 §5.2 admits in error_description.
func decent(t *testing.T, description string) {
	t.Helper()
	for _, r := range description {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			t.Errorf("error_description %q holds %q; RFC 6749 admits %%x20-21 / %%x23-5B / %%x5D-7E", description, r)
		}
	}
}
