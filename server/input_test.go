package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestHugeAndMalformedInput sends what no honest client sends to every endpoint:
// it is refused, and never our fault.
func TestHugeAndMalformedInput(t *testing.T) {
	o := open(t, "buypass")
	web := []string{"Authorization", o.basic("demo-web")}
	a := o.goodRequest()
	with := func(name, value string) string {
		sent := url.Values{}
		for k, v := range a {
			sent[k] = v
		}
		sent.Set(name, value)
		return sent.Encode()
	}
	bodies := map[string]string{
		"a megabyte":            "x=" + strings.Repeat("a", 1<<20),
		"a megabyte of names":   strings.Repeat("a&", 1<<19),
		"a megabyte of equals":  strings.Repeat("=&", 1<<19),
		"claims of 64 KiB":      with("claims", `{"userinfo":{"`+strings.Repeat("a", 64<<10)+`":null}}`),
		"60 KiB of claims":      with("claims", `{"userinfo":{`+strings.Repeat(`"a":null,`, 6500)+`"b":null}}`),
		"deep claims":           with("claims", strings.Repeat("[", 30_000)),
		"deep details":          with("authorization_details", strings.Repeat(`[{"type":`, 5_000)),
		"claims of numbers":     with("claims", `{"userinfo":{"email":{"value":1e999999999}}}`),
		"claims with surrogate": with("claims", `{"userinfo":{"\ud800":null}}`),
		"claims with NUL":       with("claims", `{"userinfo":{"email":{"value":"\u0000"}}}`),
		"ten thousand scopes":   with("scope", "openid "+strings.Repeat("s ", 9_999)+"s"),
		"hundred scopes":        with("scope", strings.TrimSpace(strings.Repeat("openid email ", 51))),
		"long state":            with("state", strings.Repeat("s", 15_000)),
		"too long state":        with("state", strings.Repeat("s", 17_000)),
		"long nonce":            with("nonce", strings.Repeat("n", 15_000)),
		"long acr_values":       with("acr_values", strings.Repeat("a ", 8_000)),
		"long ui_locales":       with("ui_locales", strings.Repeat("nb ", 5_000)),
		"long prompt":           with("prompt", strings.Repeat("login ", 2_000)),
		"hostile locale":        with("ui_locales", "../../etc/passwd %s <script>"),
		"hostile login_hint":    with("login_hint", "password:<script>alert(1)</script>:x:y"),
		"long login_hint":       with("login_hint", strings.Repeat(":", 10_000)),
		"max_age of zeros":      with("max_age", strings.Repeat("0", 10_000)),
		"percent alone":         "%",
		"half encoding":         "a=%f",
		"semicolons":            "a=1;b=2",
		"bytes":                 "\x00\xff\xfe=\x01",
		"nothing":               "",
	}
	endpoints := []string{"/authorize", "/token", "/userinfo", "/introspect", "/revoke", "/logout", "/account", "/par", "/jwks",
		"/interact/x", "/.well-known/openid-configuration"}
	types := []string{"application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "text/plain", "a/b; c=%", ";;;", ""}
	for name, body := range bodies {
		for _, path := range endpoints {
			for i, kind := range types {
				if i > 0 && name != "nothing" && name != "half encoding" {
					continue
				}
				got := o.do(http.MethodPost, path, body, append(web, "Content-Type", kind)...)
				notOurFault(t, "POST "+path+" "+name+" "+kind, got)
			}
			if len(body) < 60_000 {
				notOurFault(t, "GET "+path+" "+name, o.do(http.MethodGet, path+"?"+strings.NewReplacer("\x00", "%00", "\xff", "%ff", "\xfe", "%fe", "\x01", "%01").Replace(body), ""))
			}
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "CONNECTS", "HEAD", "OPTIONS"} {
		for _, path := range append(endpoints, "/", "/nothing", "/token/", "//token", "/../token", "/%2e%2e/token", "/authorize/x") {
			notOurFault(t, method+" "+path, o.do(method, path, "", web...))
		}
	}
	for _, got := range []*answer{
		o.do(http.MethodPost, "/token", "grant_type=client_credentials", "Content-Type", "application/json"),
		o.do(http.MethodPost, "/token", `{"grant_type":"client_credentials"}`, "Content-Type", "application/json"),
	} {
		told(t, got, 400, "invalid_request")
	}
	if got := o.do(http.MethodPost, "/token", bodies["a megabyte"], web...); got.status != http.StatusRequestEntityTooLarge && got.status != 0 {
		t.Errorf("a megabyte: %d; want 413", got.status)
	}
	if got := o.do(http.MethodPut, "/token", ""); got.status != http.StatusMethodNotAllowed {
		t.Errorf("PUT /token: %d; want 405", got.status)
	}
	for _, path := range []string{"/nowhere/authorize", "/nowhere/token", "/nowhere/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/nowhere"} {
		if got := o.do(http.MethodGet, o.base+path, ""); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d; want 404", path, got.status)
		}
	}
}

func notOurFault(t *testing.T, what string, got *answer) {
	t.Helper()
	if got.status >= 500 {
		t.Errorf("%.100s: %d %.200s", what, got.status, got.body)
	}
	if _, params := got.away(); params.Get("error") == "server_error" {
		t.Errorf("%.100s: server_error by redirect", what)
	}
	decent(t, got.member("error_description"))
}
