package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// TestSignedAnswers: success and failure come as one JWT in every mode, and
// nothing stands beside it (JARM §2).
func TestSignedAnswers(t *testing.T) {
	o := open(t, "buypass")
	eli := facts.Manners{Person: o.Named("eli")}
	for mode, want := range map[string]string{"jwt": "query", "query.jwt": "query", "fragment.jwt": "fragment", "form_post.jwt": "form_post"} {
		t.Run(mode, func(t *testing.T) {
			params := map[string]string{"response_mode": mode}
			a := o.Authorize(facts.Request{Scope: "openid", Manners: eli, Params: params})
			if a.Mode != want {
				t.Errorf("the answer came by %s; want %s", a.Mode, want)
			}
			opened := o.Opened(a)
			if opened.Params.Get("state") != a.Sent.Get("state") {
				t.Errorf("state %q inside; want the one sent", opened.Params.Get("state"))
			}
			o.Succeeded(o.Exchange(opened))

			silent := map[string]string{"response_mode": mode, "prompt": "none"}
			refused := o.Authorize(facts.Request{Scope: "openid", Params: silent})
			if refused.Mode != want {
				t.Errorf("the error came by %s; want %s", refused.Mode, want)
			}
			o.Refused(o.Opened(refused), "login_required")
			malformed := map[string]string{"response_mode": mode, "max_age": "soon"}
			o.Refused(o.Opened(o.Authorize(facts.Request{Scope: "openid", Params: malformed})), "invalid_request")
		})
	}
	implicit := o.Authorize(facts.Request{Client: "demo-implicit", Scope: "openid", Manners: eli, Params: map[string]string{"response_type": "id_token token", "response_mode": "jwt"}})
	if implicit.Mode != "fragment" {
		t.Errorf("tokens came by %s; want the fragment", implicit.Mode)
	}
	o.IDClaims(o.Front(o.Opened(implicit)))
}

// TestHybridAnswers: what the front channel brings belongs together, and agrees
// with what the code brings (OIDC Core §3.3.2.11, §3.3.3.6).
func TestHybridAnswers(t *testing.T) {
	o := open(t, "bankid")
	kari := facts.Manners{Person: o.Named("kari"), Way: "BID"}
	for kind, members := range map[string][]string{
		"code id_token":       {"code", "id_token"},
		"id_token code":       {"code", "id_token"}, // the order means nothing
		"code token":          {"code", "access_token"},
		"code id_token token": {"code", "id_token", "access_token"},
		"id_token token":      {"id_token", "access_token"},
		"id_token":            {"id_token"},
	} {
		for _, mode := range []string{"", "form_post", "fragment.jwt"} {
			t.Run(kind+" "+mode, func(t *testing.T) {
				a := o.Authorize(facts.Request{
					Client: "demo-hybrid", Scope: "openid profile", Manners: kari,
					Params: map[string]string{"response_type": kind, "response_mode": mode},
				})
				if mode == "fragment.jwt" {
					a = o.Opened(a)
				}
				if want := map[bool]string{true: "form_post", false: "fragment"}[mode == "form_post"]; a.Mode != want {
					t.Errorf("answered by %s; want %s", a.Mode, want)
				}
				front := o.Front(a)
				for _, name := range []string{"code", "id_token", "access_token"} {
					if front.Has(name) != slices.Contains(members, name) {
						t.Errorf("%s is there: %t", name, front.Has(name))
					}
				}
				if front.Has("refresh_token") {
					t.Errorf("a refresh token from the authorization endpoint")
				}
				o.agree(front)
			})
		}
	}
}

// agree checks an answer of the authorization endpoint with itself and with what
// its code brings.
func (o *op) agree(front *facts.Tokens) {
	o.t.Helper()
	var first map[string]any
	if front.Has("id_token") {
		first = o.IDClaims(front)
		for name, of := range map[string]string{"c_hash": front.Text("code"), "at_hash": front.Access()} {
			if got := first[name]; of == "" && got != nil || of != "" && got != halfHash(of) {
				o.t.Errorf("ID Token: %s %v; want that of %q", name, got, of)
			}
		}
		if first["nonce"] != front.Sent.Get("nonce") {
			o.t.Errorf("ID Token: nonce %v", first["nonce"])
		}
	}
	if front.Has("access_token") {
		if front.Text("token_type") != "Bearer" || front.Text("expires_in") == "" {
			o.t.Errorf("token_type %q expires_in %q", front.Text("token_type"), front.Text("expires_in"))
		}
		o.Released(front)
	}
	if front.Text("code") == "" {
		return
	}
	second := o.IDClaims(o.Succeeded(o.Exchange(front.Authorization)))
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "acr", "name"} {
		if first != nil && first[name] != nil && first[name] != second[name] {
			o.t.Errorf("the two ID Tokens differ: %s is %v and %v", name, first[name], second[name])
		}
	}
}

// halfHash is the hash of ES256 and RS256 (OIDC Core §3.1.3.6).
func halfHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// TestTokensStayOutOfQueries: tokens never go where logs and histories are, and
// an error about that neither (OAuth 2.0 Multiple Response Types §2.1).
func TestTokensStayOutOfQueries(t *testing.T) {
	o := open(t, "buypass")
	for _, kind := range []string{"id_token", "id_token token"} {
		for _, mode := range []string{"query", "query.jwt"} {
			a := o.Authorize(facts.Request{Client: "demo-implicit", Scope: "openid", Params: map[string]string{"response_type": kind, "response_mode": mode}})
			o.Refused(a, "invalid_request")
			if a.Mode != "fragment" || len(a.Browser.Pages) > 0 {
				t.Errorf("%s by %s: error by %s after %d pages", kind, mode, a.Mode, len(a.Browser.Pages))
			}
		}
	}
	for kind, want := range map[string]string{
		"token": "unsupported_response_type", "none": "unsupported_response_type", "code": "unauthorized_client",
		"code id_token": "unauthorized_client", "id_token id_token": "unsupported_response_type", "id_token hovercraft": "unsupported_response_type",
	} {
		a := o.Authorize(facts.Request{Client: "demo-implicit", Scope: "openid", Params: map[string]string{"response_type": kind}})
		o.Refused(a, want)
	}
	without := o.Authorize(facts.Request{Client: "demo-implicit", Scope: "email", Params: map[string]string{"response_type": "id_token"}})
	o.Refused(without, "invalid_scope")
}

// TestFrontTokensEnd: what the front channel gave ends by itself, and with the
// grant; a page answered twice never gives it again.
func TestFrontTokensEnd(t *testing.T) {
	o := open(t, "buypass")
	browser := o.NewBrowser()
	request := facts.Request{
		Client: "demo-implicit", Scope: "openid email", Browser: browser, Manners: facts.Manners{Person: o.Named("eli"), Until: "consent"},
		Params: map[string]string{"response_type": "id_token token", "prompt": "consent"},
	}
	stopped := o.Authorize(request)
	page := stopped.Page
	boxes := url.Values{"consent": page.Boxes}
	answered := browser.Continue(browser.Press(page, "action", "allow", boxes), facts.Manners{})
	access := answered.Params.Get("access_token")
	if access == "" || o.UserInfo(access).Status != http.StatusOK {
		t.Fatalf("allowed: %v; want an access token that works", answered.Params.Get("error"))
	}
	again := browser.Continue(browser.Press(page, "action", "allow", boxes), facts.Manners{})
	if again.URL != nil || strings.Contains(again.Page.Text, access) {
		t.Errorf("the form sent again: %v; want a page", again.URL)
	}
	o.Revoke("demo-implicit", access)
	if got := o.UserInfo(access).Status; got != http.StatusUnauthorized {
		t.Errorf("revoked: %d; want 401", got)
	}
	request.Until = ""
	other := o.Front(o.Authorize(request)).Access()
	o.Advance(301 * time.Second)
	if got := o.UserInfo(other).Status; got != http.StatusUnauthorized {
		t.Errorf("expired: %d; want 401", got)
	}
}

// TestHybridAnsweredOnce: a form sent twice does not turn a hybrid answer into a
// code alone.
func TestHybridAnsweredOnce(t *testing.T) {
	o := open(t, "bankid")
	browser := o.NewBrowser()
	stopped := o.Authorize(facts.Request{
		Client: "demo-hybrid", Scope: "openid profile nnin", Browser: browser, Params: map[string]string{"response_type": "code id_token"},
		Manners: facts.Manners{Person: o.Named("kari"), Way: "BID", Until: "consent"},
	})
	press := func() *facts.Exit {
		return browser.Continue(browser.Press(stopped.Page, "action", "allow", url.Values{"consent": stopped.Page.Boxes}), facts.Manners{})
	}
	if first := press(); first.Params.Get("code") == "" || first.Params.Get("id_token") == "" {
		t.Fatalf("allowed: %v; want code and id_token", first.Params)
	}
	if again := press(); again.URL != nil || again.Page.Code == "" {
		t.Errorf("the form sent again: %v; want an error page", again.URL)
	}
}
