package dev

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// op is a provider that agrees to everything: enough of one to see what the
// playground sends and how it takes the answers.
type op struct {
	*httptest.Server
	request  url.Values // of the last authorization request
	redeemed url.Values // of the last token request
	user     string     // of its Basic credentials
	revoked  string
	nonce    string // put into the ID Token instead of the request's, if any
	refusal  string // error of the authorization endpoint
}

func unsigned(claims map[string]any) string {
	text, _ := json.Marshal(claims)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + ".c2ln"
}

func newOP(t *testing.T, pages http.Handler) *op {
	t.Helper()
	o := &op{}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, value any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(value)
	}
	mux.HandleFunc("/forest/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i := o.URL + "/forest"
		answer(w, map[string]string{"issuer": i, "authorization_endpoint": i + "/authorize", "token_endpoint": i + "/token", "userinfo_endpoint": i + "/userinfo", "revocation_endpoint": i + "/revoke", "end_session_endpoint": i + "/logout"})
	})
	mux.HandleFunc("/forest/authorize", func(w http.ResponseWriter, r *http.Request) {
		o.request = r.URL.Query()
		back := url.Values{"state": o.request["state"], "iss": {o.URL + "/forest"}}
		if o.refusal != "" {
			back.Set("error", o.refusal)
			back.Set("error_description", "the person declined")
		} else {
			back.Set("code", "code-1")
		}
		http.Redirect(w, r, o.request.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("/forest/token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		o.redeemed = r.PostForm
		o.user, _, _ = r.BasicAuth()
		nonce := o.request.Get("nonce")
		if o.nonce != "" {
			nonce = o.nonce
		}
		answer(w, map[string]any{
			"access_token": unsigned(map[string]any{"jti": "jti-1"}), "token_type": "Bearer", "expires_in": 300, "refresh_token": "refresh-1", "scope": "openid profile",
			"id_token": unsigned(map[string]any{"iss": o.URL + "/forest", "sub": "s1", "aud": r.PostForm.Get("client_id") + o.user, "nonce": nonce}),
		})
	})
	mux.HandleFunc("/forest/userinfo", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwt")
		io.WriteString(w, unsigned(map[string]any{"sub": "s1", "name": "Bjarne <b>Bjørk</b>"}))
	})
	mux.HandleFunc("/forest/revoke", func(_ http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		o.revoked = r.PostForm.Get("token")
	})
	mux.HandleFunc("/forest/logout", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("post_logout_redirect_uri"), http.StatusSeeOther)
	})
	mux.Handle("/", pages)
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

func woods(t *testing.T) *tillit.Catalog {
	t.Helper()
	catalog, faults := tillit.Compile(tillit.Definition{
		Realm: "forest", Registry: "forest", Title: tillit.Text{"en": "The forest"}, Languages: []string{"nb", "en"},
		ACR: []tillit.ACR{{Value: "high"}}, Ways: []tillit.Way{{Code: "axe", Title: tillit.Text{"en": "Axe"}, ACR: []string{"high"}}},
		ClientTypes: []tillit.ClientType{{Name: "cabin", Title: tillit.Text{"en": "Cabin"}}},
		Scopes: []tillit.Scope{
			{Name: "openid", Title: tillit.Text{"en": "Signing in"}, Eligible: tillit.EligibleAny, At: tillit.AtAuthorization},
			{Name: "profile", Title: tillit.Text{"en": "Your name"}, At: tillit.AtAuthorization, Claims: []tillit.ClaimName{"name"}},
			{Name: "number", Title: tillit.Text{"en": "Your number"}, At: tillit.AtAuthorization, Consent: tillit.ConsentAlways},
			{Name: "fell", Title: tillit.Text{"en": "Felling"}, At: tillit.AtToken},
		},
		Claims: []tillit.Claim{{Name: "name", Title: tillit.Text{"en": "Name"}, Sinks: []tillit.Sink{tillit.SinkUserInfo}}},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return catalog
}

type walk struct {
	*op
	browser *http.Client
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	var pages http.Handler
	o := newOP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pages.ServeHTTP(w, r) }))
	catalog := woods(t)
	clients := []demo.FixtureClient{
		{ID: "demo-basic", AuthMethod: "client_secret_basic", Secret: "s", GrantTypes: []string{"authorization_code"}, Scopes: []tillit.ScopeName{"openid"}},
		{ID: "demo-web", Name: "Hytta", Type: "cabin", AuthMethod: "client_secret_basic", Secret: "s:1", GrantTypes: []string{"authorization_code", "refresh_token"}, Scopes: []tillit.ScopeName{"openid", "profile"}},
		{ID: "demo-spa", AuthMethod: "none", GrantTypes: []string{"authorization_code"}, Scopes: []tillit.ScopeName{"openid"}},
		{ID: "demo-service", AuthMethod: "client_secret_post", Secret: "s2", GrantTypes: []string{"client_credentials"}, Scopes: []tillit.ScopeName{"fell"}},
	}
	var err error
	pages, err = Handler(Config{
		Base: o.URL, HTTP: o.Client(), Random: rand.Reader, Now: time.Now, Advance: func(time.Duration) {},
		Catalog: func(realm string) *tillit.Catalog { return map[string]*tillit.Catalog{"forest": catalog}[realm] },
		Fixtures: func() (demo.Fixtures, error) {
			return demo.Fixtures{Realms: []demo.FixtureRealm{{
				Name: "forest", Issuer: o.URL + "/forest", Clients: clients, APIs: map[string]string{"account": o.URL + "/forest/account"},
				People: []map[string]any{{"name": "Bjarne Bjørk", "username": "bjarne", "password": "furu", "otp": "123456", "ways": []string{"axe"}, "claims": map[string]any{"name": "x"}}},
			}}}, nil
		},
		Explain: func(_ context.Context, realm, jti string) (Explanation, error) {
			return Explanation{
				Scopes: []ScopeExplained{{Scope: "profile", Reason: tillit.Given, Sentence: "Given to every client."}, {Scope: "number", Reason: tillit.NotProvisioned, Sentence: "The client of " + realm + " does not have it (" + jti + ")."}},
				Claims: []ClaimExplained{
					{Claim: "name", Sink: tillit.SinkUserInfo, Via: "profile", Reason: tillit.Given},
					{Claim: "name", Sink: tillit.SinkIntrospection, Via: "profile", Reason: tillit.Given},
					{Claim: "beard", Sink: tillit.SinkUserInfo, Via: "profile", Reason: tillit.Given},
				},
			}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &walk{op: o, browser: &http.Client{Jar: jar}}
}

// read follows redirects and gives the page.
func read(t *testing.T, answer *http.Response, err error) (int, string, *url.URL) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body), answer.Request.URL
}

func (w *walk) get(t *testing.T, path string) (int, string, *url.URL) {
	t.Helper()
	answer, err := w.browser.Get(w.URL + path)
	return read(t, answer, err)
}

func (w *walk) post(t *testing.T, path string, form url.Values) (int, string, *url.URL) {
	t.Helper()
	answer, err := w.browser.PostForm(w.URL+path, form)
	return read(t, answer, err)
}

func expect(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func TestIndexShowsClientScopesAndPeople(t *testing.T) {
	w := newWalk(t)
	status, body, _ := w.get(t, "/")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	expect(t, body, "The forest", "Hytta", `value="profile" checked`, "Your number", "The person is asked every time.", "bjarne", "furu", "/forest/account", "Axe")
	if strings.Contains(body, "Felling") {
		t.Error("a scope of the token endpoint is offered at the authorization endpoint")
	}
	_, body, _ = w.get(t, "/?realm=forest&client=demo-service")
	expect(t, body, "Felling", "Ask for a token")
}

func TestWalkToTheResultAndBack(t *testing.T) {
	w := newWalk(t)
	w.get(t, "/")
	status, body, at := w.post(t, "/dev/start", url.Values{
		"realm": {"forest"}, "client": {"demo-web"}, "scope": {"openid", "profile", "number"}, "further": {" nonsense  openid"},
		"claim": {"name"}, "prompt": {"login", "consent"}, "max_age": {"60"}, "acr_values": {"high"}, "ui_locales": {"nb"},
	})
	if status != http.StatusOK || at.Path != "/dev/result" || at.Query().Has("code") {
		t.Fatalf("%d at %s: %s", status, at, body)
	}
	for name, want := range map[string]string{
		"scope": "openid profile number nonsense", "prompt": "login consent", "max_age": "60", "acr_values": "high", "ui_locales": "nb",
		"claims": `{"userinfo":{"name":null}}`, "code_challenge_method": "S256", "redirect_uri": w.URL + "/callback", "response_type": "code",
	} {
		if got := w.request.Get(name); got != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	if challenge(w.redeemed.Get("code_verifier")) != w.request.Get("code_challenge") {
		t.Error("the verifier is not that of the challenge")
	}
	if w.user != "demo-web" || w.redeemed.Get("client_secret") != "" {
		t.Errorf("credentials: user %q, form %v", w.user, w.redeemed)
	}
	expect(t, body, "Bjarne &lt;b&gt;Bjørk&lt;/b&gt;", "not_provisioned", "does not have it (jti-1)", "It is on this client.",
		"<strong>UserInfo, Introspection</strong>, scope profile", "nothing is known of this person", "no_value", "&#34;sub&#34;: &#34;s1&#34;", "curl -s", "oauth2.Config", "openid-client", "Renew the tokens")
	run := at.Query().Get("run")

	_, body, _ = w.post(t, "/dev/refresh", url.Values{"run": {run}})
	if w.redeemed.Get("grant_type") != "refresh_token" || w.redeemed.Get("refresh_token") != "refresh-1" {
		t.Errorf("refresh sent %v", w.redeemed)
	}
	expect(t, body, "The tokens were renewed.")
	_, body, _ = w.post(t, "/dev/revoke", url.Values{"run": {run}})
	if w.revoked != "refresh-1" {
		t.Errorf("revoked %q; want the refresh token", w.revoked)
	}
	expect(t, body, "Revoked.")
	_, body, at = w.post(t, "/dev/sign-out", url.Values{"run": {run}})
	if at.Path != "/dev/signed-out" {
		t.Errorf("signing out ends at %s", at)
	}
	expect(t, body, "You are signed out")
}

func TestAnswersThatAreRefused(t *testing.T) {
	w := newWalk(t)
	w.get(t, "/")
	if status, body, _ := w.get(t, "/callback?code=x&state=unknown"); status != http.StatusBadRequest || !strings.Contains(body, `data-error="state"`) {
		t.Errorf("unknown state: %d", status)
	}
	form := url.Values{"realm": {"forest"}, "client": {"demo-web"}, "scope": {"openid"}}
	w.post(t, "/dev/start", form)
	if status, _, _ := w.get(t, "/callback?code=x&state="+w.request.Get("state")); status != http.StatusBadRequest {
		t.Errorf("a state that served before: %d; want 400", status)
	}
	w.nonce = "another"
	if _, body, _ := w.post(t, "/dev/start", form); !strings.Contains(body, "another nonce") {
		t.Error("an ID Token with another nonce was taken")
	}
	w.nonce, w.refusal = "", "access_denied"
	_, body, _ := w.post(t, "/dev/start", form)
	expect(t, body, `role="alert"`, "access_denied", "the person declined", "was refused")
}

func TestResultsBelongToTheirBrowser(t *testing.T) {
	w := newWalk(t)
	w.get(t, "/")
	_, _, at := w.post(t, "/dev/start", url.Values{"realm": {"forest"}, "client": {"demo-web"}, "scope": {"openid"}})
	answer, err := http.Get(at.String())
	if status, _, _ := read(t, answer, err); status != http.StatusNotFound {
		t.Errorf("another browser reads the result: %d", status)
	}
}

func TestMachinesAskForTokensAtOnce(t *testing.T) {
	w := newWalk(t)
	w.get(t, "/")
	_, body, at := w.post(t, "/dev/start", url.Values{"realm": {"forest"}, "client": {"demo-service"}, "scope": {"fell"}})
	if at.Path != "/dev/result" || w.redeemed.Get("grant_type") != "client_credentials" || w.redeemed.Get("scope") != "fell" || w.redeemed.Get("client_secret") != "s2" {
		t.Errorf("at %s, sent %v", at, w.redeemed)
	}
	expect(t, body, "grant_type=client_credentials")
}

func TestPagesAllowNothingForeign(t *testing.T) {
	w := newWalk(t)
	answer, err := w.browser.Get(w.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	policy := answer.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %s", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("headers %v", answer.Header)
	}
	for _, c := range answer.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
			t.Errorf("cookie %v", c)
		}
	}
}
