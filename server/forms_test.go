package server_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// A visitor is a browser under the test's own hands: one request at a time.
type visitor struct {
	o   *op
	jar *cookiejar.Jar
}

func (o *op) visitor() *visitor {
	o.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return &visitor{o, jar}
}

func (v *visitor) do(method, path, body string, header ...string) *answer {
	v.o.t.Helper()
	return v.o.send(client(v.jar), v.o.request(method, path, body, header...))
}

// cookie gives the value of one of the realm's cookies.
func (v *visitor) cookie(kind string) string {
	u, err := url.Parse(v.o.base)
	if err != nil {
		v.o.t.Fatal(err)
	}
	for _, c := range v.jar.Cookies(u) {
		if strings.HasSuffix(c.Name, kind) {
			return c.Value
		}
	}
	return ""
}

// opened follows a request to its page and gives the page's address.
func (v *visitor) opened(got *answer) string {
	v.o.t.Helper()
	address := got.header.Get("Location")
	if got.status != http.StatusSeeOther || !strings.HasPrefix(address, v.o.base+"/"+v.o.realm+"/interact/") {
		v.o.t.Fatalf("%d to %q %.300s; want 303 to a page of our own", got.status, address, got.body)
	}
	return address
}

// begin sends an authorization request and gives the address of its page.
func (v *visitor) begin(params ...string) string {
	v.o.t.Helper()
	sent := v.o.goodRequest()
	for i := 0; i+1 < len(params); i += 2 {
		sent.Set(params[i], params[i+1])
	}
	return v.opened(v.do(http.MethodGet, "/authorize?"+sent.Encode(), ""))
}

var stepField = regexp.MustCompile(`name="step" value="(\d+)"`)

// step reads the step that a page's form would name.
func step(t *testing.T, page *answer) int {
	t.Helper()
	found := stepField.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || found == nil {
		t.Fatalf("no form on the page: %d %.300s", page.status, page.body)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// signInForm is the form of the sign-in page filled in.
func (o *op) signInForm(t *testing.T, page *answer, person facts.PersonFixture, password string) string {
	t.Helper()
	form := url.Values{"step": {strconv.Itoa(step(t, page))}, "username": {person.Username}, "password": {password}}
	for name, value := range person.Fields {
		if strings.Contains(page.body, `name="`+name+`"`) {
			form.Set(name, value)
		}
	}
	return form.Encode()
}

// passwordPage begins a request whose only page is the password form.
func (v *visitor) passwordPage(params ...string) (address string, page *answer) {
	v.o.t.Helper()
	address = v.begin(append([]string{"login_hint", "password:"}, params...)...)
	page = v.do(http.MethodGet, address, "")
	if !strings.Contains(page.body, `name="password"`) {
		v.o.t.Fatalf("%d; want the password form: %.500s", page.status, page.body)
	}
	return address, page
}

// signIn signs the person in on a page that is open and gives the answer.
func (v *visitor) signIn(address string, person facts.PersonFixture) *answer {
	v.o.t.Helper()
	page := v.do(http.MethodGet, address, "")
	return v.do(http.MethodPost, address, v.o.signInForm(v.o.t, page, person, person.Password))
}

var foreign = [][]string{
	{"Origin", "https://other.example", "Sec-Fetch-Site", "cross-site"},
	{"Origin", "null", "Sec-Fetch-Site", "cross-site"},
	{"Origin", "null"},
	{"Origin", "https://other.example"},
	{"Sec-Fetch-Site", "cross-site"},
	{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"},
}

// refusesForeign posts the form from other sites and demands that nothing comes
// of it.
func (v *visitor) refusesForeign(t *testing.T, what, address, form string) {
	t.Helper()
	for _, header := range foreign {
		got := v.do(http.MethodPost, address, form, header...)
		if got.status < 400 || got.status >= 500 || got.header.Get("Location") != "" {
			t.Errorf("%s with %v: %d %s; want 4xx", what, header, got.status, got.header.Get("Location"))
		}
		if len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s with %v: a cookie was set", what, header)
		}
	}
}

// TestFormsOfOtherSites: no form of ours does anything when another site's page
// posts it; the same form from our own page then does.
func TestFormsOfOtherSites(t *testing.T) {
	o := open(t, "buypass")
	person := o.Person(nil)
	v := o.visitor()
	address, page := v.passwordPage("scope", "openid email phone", "prompt", "consent")
	form := o.signInForm(t, page, person, person.Password)
	v.refusesForeign(t, "sign-in", address, form)
	if got := v.do(http.MethodPost, address, form); got.header.Get("Location") != address {
		t.Fatalf("sign-in from our own page: %d %.300s; want 303 back to the page", got.status, got.body)
	}
	page = v.do(http.MethodGet, address, "")
	consent := url.Values{"step": {strconv.Itoa(step(t, page))}, "action": {"allow"}, "consent": {"email", "phone"}}.Encode()
	v.refusesForeign(t, "consent", address, consent)
	v.do(http.MethodPost, address, consent)
	_, params := v.do(http.MethodGet, address, "").away()
	if params.Get("code") == "" {
		t.Fatalf("consent from our own page brought %v; want a code", params)
	}
	token := o.do(http.MethodPost, "/token", url.Values{"grant_type": {"authorization_code"}, "code": {params.Get("code")}}.Encode(), "Authorization", o.basic("demo-web"))
	if token.member("error") != "invalid_grant" {
		t.Errorf("code without verifier: %s", token.body)
	}

	logout := v.opened(v.do(http.MethodGet, "/logout", ""))
	page = v.do(http.MethodGet, logout, "")
	v.refusesForeign(t, "logout", logout, url.Values{"step": {strconv.Itoa(step(t, page))}, "action": {"logout"}}.Encode())
	account := v.do(http.MethodGet, "/account", "")
	if account.status != http.StatusOK || !strings.Contains(account.body, `name="token"`) {
		t.Fatalf("account after refused forms: %d %.500s; want the person still signed in", account.status, account.body)
	}
	revoke := url.Values{"action": {"revoke_all"}, "token": {attributeOf(account.body[strings.Index(account.body, `name="token"`):], "value")}}
	v.refusesForeign(t, "account", o.base+"/buypass/account", revoke.Encode())
	revoke.Set("token", "guessed")
	if got := v.do(http.MethodPost, "/account", revoke.Encode()); got.status != http.StatusForbidden {
		t.Errorf("account with a guessed token: %d; want 403", got.status)
	}
	if again := v.do(http.MethodGet, "/account", ""); !strings.Contains(again.body, "demo-web") && !strings.Contains(again.body, o.Client("demo-web").ID) {
		t.Errorf("what the client got is gone from the account page: %.500s", again.body)
	}
}

// TestPagesBelongToABrowser: an interaction is of the browser that opened it.
func TestPagesBelongToABrowser(t *testing.T) {
	o := open(t, "buypass")
	person := o.Person(nil)
	v, thief := o.visitor(), o.visitor()
	address, page := v.passwordPage()
	thief.begin()
	form := o.signInForm(t, page, person, person.Password)
	for name, got := range map[string]*answer{
		"page, other browser": thief.do(http.MethodGet, address, ""),
		"form, other browser": thief.do(http.MethodPost, address, form),
		"page, no cookie":     o.do(http.MethodGet, address, ""),
		"form, no cookie":     o.do(http.MethodPost, address, form),
		"made-up page":        v.do(http.MethodGet, "/interact/AAAAAAAAAAAAAAAAAAAAAAAAAA", ""),
		"other realm":         v.do(http.MethodGet, strings.Replace(address, "/buypass/", "/bankid/", 1), ""),
	} {
		if got.status < 400 || got.status >= 500 || strings.Contains(got.body, `name="password"`) {
			t.Errorf("%s: %d; want 4xx", name, got.status)
		}
	}
	if got := v.do(http.MethodPost, address, form); got.status != http.StatusSeeOther {
		t.Errorf("the browser itself: %d; want 303", got.status)
	}
	o.Advance(time.Hour)
	if got := v.do(http.MethodGet, address, ""); got.status != http.StatusBadRequest {
		t.Errorf("an hour later: %d; want 400", got.status)
	}
}

// TestCookies: what every cookie has, and that signing in changes it.
func TestCookies(t *testing.T) {
	o := open(t, "buypass")
	person := o.Person(nil)
	v := o.visitor()
	first := v.do(http.MethodGet, "/authorize?"+o.goodRequest().Encode()+"&login_hint=password:", "")
	address := v.opened(first)
	cookieManners(t, first)
	before := v.cookie("browser")
	other, _ := v.passwordPage("state", "the-other-tab")
	if v.cookie("browser") != before {
		t.Errorf("a second tab changed the cookie")
	}
	signedIn := v.signIn(address, person)
	cookieManners(t, signedIn)
	after := v.cookie("browser")
	if after == before || after == "" {
		t.Fatalf("the cookie did not change at sign-in")
	}
	u, err := url.Parse(o.base)
	if err != nil {
		t.Fatal(err)
	}
	old := o.visitor()
	old.jar.SetCookies(u, []*http.Cookie{{Name: "tillit-buypass-browser", Value: before, Path: "/"}})
	if got := old.do(http.MethodGet, address, ""); got.status != http.StatusBadRequest {
		t.Errorf("the page with the cookie from before the sign-in: %d; want 400", got.status)
	}
	if got := v.do(http.MethodGet, other, ""); got.status != http.StatusOK && got.status != http.StatusSeeOther {
		t.Errorf("the other tab after the sign-in: %d; want it to go on", got.status)
	}
	if got := v.signIn(other, person); got.status != http.StatusSeeOther {
		t.Errorf("sign-in in the other tab: %d %.300s; want 303", got.status, got.body)
	}
	hostile := o.visitor()
	for _, value := range []string{"buypass.", "bankid." + after, strings.Repeat("x", 3000), "buypass.fixed"} {
		hostile.jar.SetCookies(u, []*http.Cookie{{Name: "tillit-buypass-browser", Value: value, Path: "/"}})
		if got := hostile.do(http.MethodGet, "/authorize?"+o.goodRequest().Encode(), ""); len(got.header.Values("Set-Cookie")) != 1 {
			t.Errorf("a cookie %.20q that is not ours was kept", value)
		}
	}
}

// cookieManners demands HttpOnly, SameSite and no Domain; on a loopback http
// issuer neither Secure nor the __Host- prefix.
func cookieManners(t *testing.T, got *answer) {
	t.Helper()
	set := got.header.Values("Set-Cookie")
	if len(set) == 0 {
		t.Errorf("no cookie was set")
	}
	for _, text := range set {
		c, err := http.ParseSetCookie(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode || c.Domain != "" || c.Path != "/" {
			t.Errorf("%s; want HttpOnly, SameSite, no Domain, Path=/", text)
		}
		if c.Secure || strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("%s; want neither Secure nor __Host- on http", text)
		}
		if !strings.Contains(c.Name, "buypass") || c.Value != "" && len(c.Value) < 40 {
			t.Errorf("%s; want the realm's name and a long value", text)
		}
	}
}

// TestRequestFromAnotherSite: a POST that another site's page sends is answered
// with a redirect to our own page, which then sees who is signed in; nobody is
// signed out by it.
func TestRequestFromAnotherSite(t *testing.T) {
	o := open(t, "buypass")
	person := o.Person(nil)
	v := o.visitor()
	address, _ := v.passwordPage("scope", "openid")
	v.signIn(address, person)
	if got := v.do(http.MethodGet, address, ""); got.header.Get("Location") == "" {
		t.Fatalf("openid alone: %d; want a code", got.status)
	}
	session := v.cookie("browser")
	for _, header := range [][]string{{"Origin", "https://client.example", "Sec-Fetch-Site", "cross-site"}, {"Origin", "null"}} {
		sent := o.goodRequest()
		sent.Set("scope", "openid")
		sent.Set("prompt", "none")
		// Browsers withhold our cookies from such a POST, so it is sent without.
		got := o.do(http.MethodPost, "/authorize", sent.Encode(), header...)
		if len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("a cookie in answer to another site's form")
		}
		_, params := v.do(http.MethodGet, v.opened(got), "").away()
		if params.Get("code") == "" || params.Get("state") != sent.Get("state") {
			t.Errorf("%v: brought %v; want a code, for somebody is signed in", header, params)
		}
		got = o.do(http.MethodPost, "/logout", "state=x", header...)
		if page := v.do(http.MethodGet, v.opened(got), ""); page.status != http.StatusSeeOther && !strings.Contains(page.body, `value="logout"`) {
			t.Errorf("logout from another site: %d %.300s; want to be asked", page.status, page.body)
		}
		if v.cookie("browser") != session {
			t.Errorf("another site's form changed the session's cookie")
		}
	}
}

// TestAnswersTwice: what is sent twice is answered the same, and what comes late
// changes nothing.
func TestAnswersTwice(t *testing.T) {
	o := open(t, "buypass")
	person := o.Person(nil)
	v := o.visitor()
	address, page := v.passwordPage("scope", "openid email", "prompt", "consent")
	stale := o.signInForm(t, page, person, person.Password)
	v.do(http.MethodPost, address, stale)
	page = v.do(http.MethodGet, address, "")
	if got := v.do(http.MethodPost, address, stale); got.header.Get("Location") != address {
		t.Errorf("the sign-in form again: %d %s; want to be sent to where the request stands", got.status, got.header.Get("Location"))
	}
	for _, wrong := range []string{"", "step=", "step=-1", "step=999999999999999999999", "step=0&step=1", "action=allow"} {
		got := v.do(http.MethodPost, address, wrong)
		if got.status >= 500 || strings.Contains(got.header.Get("Location"), "code=") {
			t.Errorf("form %q: %d %s; want nothing to come of it", wrong, got.status, got.header.Get("Location"))
		}
	}
	form := url.Values{"step": {strconv.Itoa(step(t, page))}, "action": {"allow"}, "consent": {"email"}}.Encode()
	for range 2 {
		if got := v.do(http.MethodPost, address, form); got.header.Get("Location") != address {
			t.Errorf("the consent form: %d %s; want to be sent on", got.status, got.header.Get("Location"))
		}
	}
	_, once := v.do(http.MethodGet, address, "").away()
	_, twice := v.do(http.MethodPost, address, form).away()
	_, reload := v.do(http.MethodGet, address, "").away()
	if once.Get("code") == "" || reload.Get("code") != once.Get("code") || twice.Get("code") != once.Get("code") {
		t.Errorf("codes %q, %q, %q; want the same answer", once.Get("code"), twice.Get("code"), reload.Get("code"))
	}
}

// TestThrottling: after twenty wrong passwords the right one is refused too, for
// that name alone; a name nobody has gets the same answer.
func TestThrottling(t *testing.T) {
	o := open(t, "buypass")
	people := o.People(nil)
	if len(people) < 2 {
		t.Fatal("two people are wanted")
	}
	v := o.visitor()
	address, page := v.passwordPage("scope", "openid")
	try := func(person facts.PersonFixture, password string) *answer {
		t.Helper()
		return v.do(http.MethodPost, address, o.signInForm(t, page, person, password))
	}
	nobody := people[0]
	nobody.Username = "nobody-of-that-name"
	alert := regexp.MustCompile(`(?s)role="alert".*?</`)
	known, unknown := try(people[0], "wrong"), try(nobody, "wrong")
	if alert.FindString(known.body) == "" || alert.FindString(known.body) != alert.FindString(unknown.body) {
		t.Errorf("a wrong password says %q, an unknown name %q; want the same", alert.FindString(known.body), alert.FindString(unknown.body))
	}
	for range 20 {
		try(people[0], "wrong")
		try(nobody, "wrong")
	}
	refused, unknown := try(people[0], people[0].Password), try(nobody, "wrong")
	if refused.status != http.StatusOK || alert.FindString(refused.body) == "" {
		t.Fatalf("the right password after twenty wrong ones: %d; want to be refused", refused.status)
	}
	if alert.FindString(refused.body) != alert.FindString(unknown.body) {
		t.Errorf("throttled: %q for a name that exists, %q for one that does not; want the same", alert.FindString(refused.body), alert.FindString(unknown.body))
	}
	shouting := people[0]
	shouting.Username = strings.ToUpper(shouting.Username)
	if got := try(shouting, people[0].Password); got.status != http.StatusOK {
		t.Errorf("the name in capitals: %d; want it to be refused as well", got.status)
	}
	if got := try(people[1], people[1].Password); got.status != http.StatusSeeOther {
		t.Errorf("somebody else from the same browser: %d; want 303", got.status)
	}
	o.Advance(time.Hour)
	v2 := o.visitor()
	address, page = v2.passwordPage("scope", "openid")
	if got := v2.do(http.MethodPost, address, o.signInForm(t, page, people[0], people[0].Password)); got.status != http.StatusSeeOther {
		t.Errorf("an hour later: %d; want 303", got.status)
	}
}

// TestLogout: who asks the person, who is taken at their word, and where the
// browser goes (OIDC RP-Initiated Logout §2, §3).
func TestLogout(t *testing.T) {
	o := open(t, "buypass")
	after := o.LogoutURI("demo-web")
	tests := []struct {
		story  string
		params func(id string) url.Values
		status int    // of the first answer
		asks   bool   // a page asks the person
		target string // where the browser goes at last; "" stays
	}{
		{"hint alone", func(id string) url.Values { return url.Values{"id_token_hint": {id}} }, 200, false, ""},
		{"hint and address", func(id string) url.Values {
			return url.Values{"id_token_hint": {id}, "post_logout_redirect_uri": {after}, "state": {"s"}}
		}, 303, false, after + "?state=s"},
		{"hint, client and address", func(id string) url.Values {
			return url.Values{"id_token_hint": {id}, "client_id": {"demo-web"}, "post_logout_redirect_uri": {after}}
		}, 303, false, after},
		{"nothing", func(string) url.Values { return url.Values{} }, 303, true, ""},
		{"state alone", func(string) url.Values { return url.Values{"state": {"s"}} }, 303, true, ""},
		{"address alone", func(string) url.Values { return url.Values{"post_logout_redirect_uri": {after}} }, 303, true, ""},
		{"client and address", func(string) url.Values {
			return url.Values{"client_id": {"demo-web"}, "post_logout_redirect_uri": {after}}
		}, 303, true, after},
		{"bad hint", func(string) url.Values { return url.Values{"id_token_hint": {"a.b.c"}} }, 400, false, ""},
		{"hint cut off", func(id string) url.Values { return url.Values{"id_token_hint": {id[:len(id)-5]}} }, 400, false, ""},
		{"hint of another client", func(id string) url.Values { return url.Values{"id_token_hint": {id}, "client_id": {"demo-basic"}} }, 400, false, ""},
		{"address of nobody", func(id string) url.Values {
			return url.Values{"id_token_hint": {id}, "post_logout_redirect_uri": {"https://evil.example/"}}
		}, 400, false, ""},
		{"unknown client", func(string) url.Values {
			return url.Values{"client_id": {"nobody"}, "post_logout_redirect_uri": {after}}
		}, 400, false, ""},
	}
	for _, test := range tests {
		t.Run(test.story, func(t *testing.T) {
			b := o.NewBrowser()
			tokens := o.Login(facts.Request{Scope: "openid email", Browser: b})
			params := test.params(tokens.ID())
			v := o.visitor()
			v.borrow(t, b)
			got := v.do(http.MethodGet, "/logout?"+params.Encode(), "")
			if got.status != test.status {
				t.Fatalf("%d %s %.300s; want %d", got.status, got.header.Get("Location"), got.body, test.status)
			}
			if got.status == 400 {
				if u := o.UserInfo(tokens.Access()); u.Status != 200 || !strings.Contains(got.body, "data-error=") {
					t.Errorf("a refused logout ended something, or is no error page")
				}
				return
			}
			if test.asks {
				got = v.confirm(t, got, tokens)
			}
			if got.header.Get("Location") != test.target {
				t.Errorf("goes to %q; want %q", got.header.Get("Location"), test.target)
			}
			if u := o.UserInfo(tokens.Access()); u.Status != 401 {
				t.Errorf("UserInfo after signing out: %d; want 401", u.Status)
			}
			if r := o.Renew("demo-web", tokens.Refresh(), ""); r.Text("error") != "invalid_grant" {
				t.Errorf("refresh after signing out: %d; want invalid_grant", r.Status)
			}
			again := o.Authorize(facts.Request{Scope: "openid", Browser: b, Params: map[string]string{"prompt": "none"}})
			if again.Error() != "login_required" {
				t.Errorf("prompt=none after signing out: %q; want login_required", again.Error())
			}
		})
	}
}

// borrow takes over the cookies of a browser that walks by itself.
func (v *visitor) borrow(t *testing.T, b *facts.Browser) {
	t.Helper()
	u, err := url.Parse(v.o.base)
	if err != nil {
		t.Fatal(err)
	}
	v.jar.SetCookies(u, b.Cookies(u))
}

// confirm presses logout on the page that asks, after looking that nothing has
// ended before.
func (v *visitor) confirm(t *testing.T, got *answer, tokens *facts.Tokens) *answer {
	t.Helper()
	address := v.opened(got)
	page := v.do(http.MethodGet, address, "")
	if !strings.Contains(page.body, `value="logout"`) {
		t.Fatalf("page: %.500s; want to be asked", page.body)
	}
	if u := v.o.UserInfo(tokens.Access()); u.Status != 200 {
		t.Errorf("UserInfo while being asked: %d; want 200", u.Status)
	}
	form := url.Values{"step": {strconv.Itoa(step(t, page))}, "action": {"logout"}}
	return v.do(http.MethodPost, address, form.Encode())
}

// TestPageHeaders: what every page says to the browser.
func TestPageHeaders(t *testing.T) {
	o := open(t, "buypass")
	v := o.visitor()
	address := v.begin()
	_, passwordPage := v.passwordPage()
	account := v.do(http.MethodGet, "/account", "")
	pages := map[string]*answer{
		"error":     v.do(http.MethodGet, "/authorize", "", "Origin", "https://other.example"),
		"redirect":  v.do(http.MethodGet, "/authorize?"+o.goodRequest().Encode(), "", "Origin", "https://other.example"),
		"choose":    v.do(http.MethodGet, address, "", "Origin", "https://other.example"),
		"sign_in":   passwordPage,
		"account":   account,
		"form_post": v.do(http.MethodGet, "/authorize?prompt=none&response_mode=form_post&"+o.goodRequest().Encode(), ""),
		"logout":    v.do(http.MethodGet, "/logout", ""),
	}
	inline := regexp.MustCompile(`<script([^>]*)>|\son[a-z]+=|style="|javascript:`)
	for name, got := range pages {
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Access-Control-Allow-Origin": "",
		} {
			if got.header.Get(header) != want {
				t.Errorf("%s: %s %q; want %q", name, header, got.header.Get(header), want)
			}
		}
		if !slices.Contains([]string{"same-origin", "no-referrer"}, got.header.Get("Referrer-Policy")) {
			t.Errorf("%s: Referrer-Policy %q", name, got.header.Get("Referrer-Policy"))
		}
		if got.status/100 == 3 {
			continue
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", name, policy)
		}
		for _, found := range inline.FindAllStringSubmatch(got.body, -1) {
			nonce := attributeOf(found[0], "nonce")
			if nonce == "" || !strings.Contains(policy, "'nonce-"+nonce+"'") {
				t.Errorf("%s: %s on the page; want a nonce or nothing inline", name, found[0])
			}
		}
	}
}
