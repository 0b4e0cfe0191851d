package server_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// TestTokenErrors tells what the token endpoint says to what is wrong, and that
// a code survives whatever does not prove its possession.
func TestTokenErrors(t *testing.T) {
	o := open(t, "buypass")
	secret := o.Client("demo-web").Secret
	good := o.redemption(o.ask(facts.Request{Scope: "openid email"}))
	web := []string{"Authorization", o.basic("demo-web")}
	raw := func(text string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
	}
	tests := []struct {
		story  string
		set    map[string]string // replaces; "-" leaves out
		raw    string            // appended as it stands
		header []string
		status int
		error  string
	}{
		{"no client authentication", nil, "", nil, 401, "invalid_client"},
		{"unknown client", nil, "", raw("nobody:secret"), 401, "invalid_client"},
		{"wrong secret", nil, "", raw("demo-web:wrong"), 401, "invalid_client"},
		{"empty secret", nil, "", raw("demo-web:"), 401, "invalid_client"},
		{"secret without name", nil, "", raw(":" + secret), 401, "invalid_client"},
		{"Basic without colon", nil, "", raw("demo-web"), 401, "invalid_client"},
		{"Basic of no base64", nil, "", []string{"Authorization", "Basic ???"}, 401, "invalid_client"},
		{"Basic of nothing", nil, "", []string{"Authorization", "Basic"}, 401, "invalid_client"},
		{"Basic with a broken encoding", nil, "", raw("demo-web:%zz"), 401, "invalid_client"},
		{"Basic with NUL", nil, "", raw("demo-web\x00:" + secret), 401, "invalid_client"},
		{"Basic with encoded NUL", nil, "", raw("demo-web%00:" + secret), 401, "invalid_client"},
		{"Basic with bytes that are no text", nil, "", raw("\xff\xfe:\xff"), 401, "invalid_client"},
		{"Basic very long", nil, "", raw(strings.Repeat("a", 30_000) + ":b"), 401, "invalid_client"},
		{"Bearer", nil, "", []string{"Authorization", "Bearer abc"}, 401, "invalid_client"},
		{"scheme nobody knows", nil, "", []string{"Authorization", "Pigeon abc"}, 401, "invalid_client"},
		{"two Authorization headers", nil, "", append(web, web...), 400, "invalid_request"},
		{"two methods", map[string]string{"client_secret": secret}, "", web, 400, "invalid_request"},
		{"the other method", map[string]string{"client_id": "demo-web", "client_secret": secret}, "", nil, 401, "invalid_client"},
		{"another client_id beside", map[string]string{"client_id": "demo-basic"}, "", web, 400, "invalid_request"},
		{"client assertion", map[string]string{"client_assertion": "a.b.c", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "", nil, 401, "invalid_client"},
		{"confidential client without secret", map[string]string{"client_id": "demo-web"}, "", nil, 401, "invalid_client"},
		{"public client with a secret", map[string]string{"client_id": "demo-spa", "client_secret": "x"}, "", nil, 401, "invalid_client"},

		{"grant_type missing", map[string]string{"grant_type": "-"}, "", web, 400, "invalid_request"},
		{"grant_type unknown", map[string]string{"grant_type": "password"}, "", web, 400, "unsupported_grant_type"},
		{"grant_type not the client's", map[string]string{"grant_type": "client_credentials"}, "", web, 400, "unauthorized_client"},
		{"grant_type twice", nil, "&grant_type=authorization_code", web, 400, "invalid_request"},
		{"code twice", nil, "&code=x", web, 400, "invalid_request"},
		{"code missing", map[string]string{"code": "-"}, "", web, 400, "invalid_request"},
		{"code unknown", map[string]string{"code": "tc_nothing"}, "", web, 400, "invalid_grant"},
		{"code with NUL", nil, "&x=%00", web, 400, "invalid_request"},
		{"code of another client", nil, "", []string{"Authorization", o.basic("demo-basic")}, 400, "invalid_grant"},
		{"code of another client, a public one", map[string]string{"client_id": "demo-spa"}, "", nil, 400, "invalid_grant"},
		{"redirect_uri missing", map[string]string{"redirect_uri": "-"}, "", web, 400, "invalid_grant"},
		{"redirect_uri differs in its port", map[string]string{"redirect_uri": "http://127.0.0.1:1/callback"}, "", web, 400, "invalid_grant"},
		{"verifier missing", map[string]string{"code_verifier": "-"}, "", web, 400, "invalid_grant"},
		{"verifier wrong", map[string]string{"code_verifier": strings.Repeat("a", 43)}, "", web, 400, "invalid_grant"},
		{"verifier too short", map[string]string{"code_verifier": verifier[:42]}, "", web, 400, "invalid_grant"},
		{"verifier too long", map[string]string{"code_verifier": strings.Repeat("a", 129)}, "", web, 400, "invalid_grant"},
		{"the challenge as verifier", map[string]string{"code_verifier": challenge()}, "", web, 400, "invalid_grant"},
		{"refresh_token missing", map[string]string{"grant_type": "refresh_token"}, "", web, 400, "invalid_request"},
		{"refresh_token unknown", map[string]string{"grant_type": "refresh_token", "refresh_token": "tr_x"}, "", web, 400, "invalid_grant"},
		{"a code as refresh_token", map[string]string{"grant_type": "refresh_token", "refresh_token": good.Get("code")}, "", web, 400, "invalid_grant"},
	}
	for _, test := range tests {
		t.Run(test.story, func(t *testing.T) {
			form := url.Values{}
			for name, list := range good {
				form[name] = list
			}
			for name, value := range test.set {
				if form.Set(name, value); value == "-" {
					form.Del(name)
				}
			}
			got := o.do(http.MethodPost, "/token", form.Encode()+test.raw, test.header...)
			told(t, got, test.status, test.error)
			challenged := strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ")
			if attempted := len(test.header) > 0; (got.status == 401 && attempted) != challenged {
				t.Errorf("WWW-Authenticate %q with status %d; want a challenge exactly when a header was wrong", got.header.Get("WWW-Authenticate"), got.status)
			}
		})
	}
	got := o.do(http.MethodPost, "/token", good.Encode(), web...)
	if got.status != http.StatusOK || got.member("access_token") == "" {
		t.Fatalf("the right request at the end: %d %s; want tokens", got.status, got.body)
	}
	private(t, "token", got)
}

func told(t *testing.T, got *answer, status int, code string) {
	t.Helper()
	if got.status != status || got.member("error") != code {
		t.Errorf("%d %s; want %d %s", got.status, got.body, status, code)
	}
	decent(t, got.member("error_description"))
	private(t, "error", got)
	if got.member("access_token") != "" {
		t.Errorf("a token beside an error")
	}
}

// private demands what every answer with a token, or about one, must have.
func private(t *testing.T, what string, got *answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %s %q; want %s", what, name, got.header.Get(name), want)
		}
	}
}

// TestTwoAuthorizationHeaders: wherever a client or a token is shown in the header,
// two are refused, also when they are the same.
func TestTwoAuthorizationHeaders(t *testing.T) {
	o := open(t, "buypass")
	web := []string{"Authorization", o.basic("demo-web")}
	for _, path := range []string{"/token", "/par", "/introspect", "/revoke"} {
		form := url.Values{"grant_type": {"client_credentials"}, "token": {"x"}}.Encode()
		got := o.do(http.MethodPost, path, form, append(web, web...)...)
		told(t, got, 400, "invalid_request")
		private(t, path, got)
	}
	got := o.do(http.MethodPost, "/par", o.goodRequest().Encode(), web...)
	if got.status != http.StatusCreated {
		t.Fatalf("pushed request: %d %s", got.status, got.body)
	}
	private(t, "pushed request", got)
}

// TestCodeLimits: a code ends after its time, and PKCE cannot be taken away or
// added behind the person's back (RFC 9700 §4.8.2).
func TestCodeLimits(t *testing.T) {
	o := open(t, "buypass")
	web := o.basic("demo-web")
	plain := o.Authorize(facts.Request{Scope: "openid", Params: map[string]string{"code_challenge": "", "code_challenge_method": ""}})
	if plain.Code() != "" { // a realm may leave PKCE to its confidential clients
		told(t, o.do(http.MethodPost, "/token", o.redemption(plain).Encode(), "Authorization", web), 400, "invalid_grant")
	} else if plain.Error() != "invalid_request" {
		t.Errorf("no PKCE: %s; want a code or invalid_request", plain.Error())
	}
	late := o.ask(facts.Request{Scope: "openid"})
	o.Advance(61 * time.Second)
	told(t, o.do(http.MethodPost, "/token", o.redemption(late).Encode(), "Authorization", web), 400, "invalid_grant")
}

// TestRefresh: rotation, its grace, what narrows, what does not widen, what ends.
func TestRefresh(t *testing.T) {
	const scope = "openid email profile"
	login := func(o *op) *facts.Tokens { return o.Login(facts.Request{Scope: scope}) }
	t.Run("a lost answer is asked for again", func(t *testing.T) {
		o := open(t, "buypass")
		first := login(o).Refresh()
		lost := o.Succeeded(o.Renew("demo-web", first, ""))
		again := o.Succeeded(o.Renew("demo-web", first, ""))
		if lost.Refresh() == again.Refresh() || again.Refresh() == "" {
			t.Fatalf("no new refresh token within the grace")
		}
		o.Succeeded(o.Renew("demo-web", again.Refresh(), ""))
		o.Failed(o.Renew("demo-web", lost.Refresh(), ""), 400, "invalid_grant")
	})
	t.Run("the grace ends when the successor is used", func(t *testing.T) {
		o := open(t, "buypass")
		first := login(o).Refresh()
		second := o.Succeeded(o.Renew("demo-web", first, ""))
		third := o.Succeeded(o.Renew("demo-web", second.Refresh(), ""))
		o.Failed(o.Renew("demo-web", first, ""), 400, "invalid_grant")
		o.Failed(o.Renew("demo-web", third.Refresh(), ""), 400, "invalid_grant")
		if u := o.UserInfo(third.Access()); u.Status != http.StatusUnauthorized {
			t.Errorf("UserInfo after reuse: %d; want 401", u.Status)
		}
	})
	t.Run("the grace ends by itself", func(t *testing.T) {
		o := open(t, "buypass")
		first := login(o).Refresh()
		second := o.Succeeded(o.Renew("demo-web", first, ""))
		o.Advance(time.Minute)
		o.Failed(o.Renew("demo-web", first, ""), 400, "invalid_grant")
		o.Failed(o.Renew("demo-web", second.Refresh(), ""), 400, "invalid_grant")
	})
	t.Run("narrowed for one answer", func(t *testing.T) {
		o := open(t, "buypass")
		tokens := login(o)
		narrow := o.Succeeded(o.Renew("demo-web", tokens.Refresh(), "openid email"))
		o.Granted(narrow, "openid email")
		if info := o.Released(narrow); info["name"] != nil || info["email"] == nil {
			t.Errorf("UserInfo of a narrowed token: %v; want email alone", info)
		}
		whole := o.Succeeded(o.Renew("demo-web", narrow.Refresh(), ""))
		o.Granted(whole, scope)
	})
	t.Run("wider is refused and spends nothing", func(t *testing.T) {
		o := open(t, "buypass")
		tokens := login(o)
		o.Failed(o.Renew("demo-web", tokens.Refresh(), "openid phone"), 400, "invalid_scope")
		o.Failed(o.Renew("demo-web", tokens.Refresh(), `openid "`), 400, "invalid_scope")
		o.Granted(o.Succeeded(o.Renew("demo-web", tokens.Refresh(), "")), scope)
	})
	t.Run("of another client", func(t *testing.T) {
		o := open(t, "buypass")
		tokens := login(o)
		o.Failed(o.Renew("demo-basic", tokens.Refresh(), ""), 400, "invalid_grant")
		o.Succeeded(o.Renew("demo-web", tokens.Refresh(), ""))
	})
}

// TestRevocation: a refresh token takes its grant along, an access token only
// itself; of another client's nothing happens, and nobody learns it (RFC 7009).
func TestRevocation(t *testing.T) {
	o := open(t, "buypass")
	tokens := o.Login(facts.Request{Scope: "openid email offline_access"})
	for _, token := range []string{"unknown", tokens.Access(), tokens.Refresh(), tokens.ID()} {
		o.Revoke("demo-basic", token)
	}
	o.Released(tokens)
	o.Revoke("demo-web", tokens.Access())
	if u := o.UserInfo(tokens.Access()); u.Status != http.StatusUnauthorized {
		t.Errorf("UserInfo with a revoked token: %d; want 401", u.Status)
	}
	second := o.Succeeded(o.Renew("demo-web", tokens.Refresh(), ""))
	o.Revoke("demo-web", second.Refresh())
	o.Revoke("demo-web", second.Refresh())
	if u := o.UserInfo(second.Access()); u.Status != http.StatusUnauthorized {
		t.Errorf("UserInfo after the grant was revoked: %d; want 401", u.Status)
	}
	o.Failed(o.Renew("demo-web", second.Refresh(), ""), 400, "invalid_grant")
	told(t, o.do(http.MethodPost, "/revoke", "x=1", "Authorization", o.basic("demo-web")), 400, "invalid_request")
	told(t, o.do(http.MethodPost, "/revoke", "token=x"), 401, "invalid_client")
}

// TestIntrospection: whom a token does not concern learns what is said of
// garbage, and no more (RFC 7662 §2.2).
func TestIntrospection(t *testing.T) {
	o := open(t, "buypass")
	tokens := o.Login(facts.Request{Scope: "openid email offline_access"})
	if own := o.Introspect("demo-web", tokens.Access()); own["active"] != true {
		t.Errorf("own token: %v; want active", own)
	}
	for name, body := range map[string]string{
		"foreign":  "token=" + url.QueryEscape(tokens.Access()),
		"garbage":  "token=garbage",
		"cut":      "token=" + url.QueryEscape(tokens.Access()[:len(tokens.Access())-3]),
		"ID Token": "token=" + url.QueryEscape(tokens.ID()),
		"no token": "token=" + url.QueryEscape(strings.Repeat("a.b.", 3000)),
	} {
		got := o.do(http.MethodPost, "/introspect", body, "Authorization", o.basic("demo-basic"))
		if got.status != http.StatusOK || strings.TrimSpace(got.body) != `{"active":false}` {
			t.Errorf("%s: %d %s; want {\"active\":false}", name, got.status, got.body)
		}
		private(t, name, got)
	}
	told(t, o.do(http.MethodPost, "/introspect", "token=x"), 401, "invalid_client")
	told(t, o.do(http.MethodPost, "/introspect", "token=x&client_id=demo-spa"), 401, "invalid_client")
	told(t, o.do(http.MethodPost, "/introspect", "x=1", "Authorization", o.basic("demo-web")), 400, "invalid_request")
	if got := o.do(http.MethodPost, "/introspect", "token=x", "Origin", "https://other.example"); got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("introspection can be read by scripts of other origins")
	}
}

// TestUserInfoErrors: without credentials no error code, else RFC 6750's.
func TestUserInfoErrors(t *testing.T) {
	o := open(t, "buypass")
	tokens := o.Login(facts.Request{Scope: "openid email offline_access"})
	machine := o.Machine("demo-service", o.Client("demo-service").Scopes[0])
	tests := []struct {
		story  string
		header []string
		status int
		want   string // in WWW-Authenticate
	}{
		{"nothing", nil, 401, `Bearer realm="buypass"`},
		{"garbage", []string{"Authorization", "Bearer garbage"}, 401, `error="invalid_token"`},
		{"two dots", []string{"Authorization", "Bearer a.b.c"}, 401, `error="invalid_token"`},
		{"refresh token", []string{"Authorization", "Bearer " + tokens.Refresh()}, 401, `error="invalid_token"`},
		{"ID Token", []string{"Authorization", "Bearer " + tokens.ID()}, 401, `error="invalid_token"`},
		{"no token", []string{"Authorization", "Bearer"}, 400, `error="invalid_request"`},
		{"Basic", []string{"Authorization", o.basic("demo-web")}, 400, `error="invalid_request"`},
		{"two headers", []string{"Authorization", "Bearer a", "Authorization", "Bearer b"}, 400, `error="invalid_request"`},
		{"machine", []string{"Authorization", "Bearer " + machine.Access()}, 0, `error="in`},
	}
	for _, test := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := o.do(method, "/userinfo", "", test.header...)
			if test.status == 0 && (got.status == 401 || got.status == 403) {
				test.status = got.status
			}
			if got.status != test.status || !strings.Contains(got.header.Get("WWW-Authenticate"), test.want) {
				t.Errorf("%s: %s: %d %q; want %d and %s", test.story, method, got.status, got.header.Get("WWW-Authenticate"), test.status, test.want)
			}
			if len(test.header) == 0 && strings.Contains(got.header.Get("WWW-Authenticate"), "error") {
				t.Errorf("%s: an error code for somebody without credentials", test.story)
			}
		}
	}
	if got := o.do(http.MethodGet, "/userinfo?access_token="+tokens.Access(), ""); got.status != 401 {
		t.Errorf("token in the query: %d; want 401 (RFC 9700 §4.3.2)", got.status)
	}
	got := o.do(http.MethodGet, "/userinfo", "", "Authorization", "bearer "+tokens.Access())
	if got.status != 200 {
		t.Errorf("scheme in lower case: %d; want 200 (RFC 9110 §11.1)", got.status)
	}
	o.Advance(48 * time.Hour)
	if u := o.UserInfo(tokens.Access()); u.Status != 401 {
		t.Errorf("expired token: %d; want 401", u.Status)
	}
}
