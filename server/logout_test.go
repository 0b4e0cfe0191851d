package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
)

// A listener is a client's address that hears of logouts. It answers 503 as long
// as it is deaf.
type listener struct {
	*httptest.Server
	mu      sync.Mutex
	deaf    int // how many messages it still refuses
	refused chan struct{}
	heard   chan string
}

func (o *op) listener(deaf int) *listener {
	l := &listener{deaf: deaf, refused: make(chan struct{}, 20), heard: make(chan string, 20)}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if r.Method != http.MethodPost || r.FormValue("logout_token") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if l.deaf > 0 {
			l.deaf--
			w.WriteHeader(http.StatusServiceUnavailable)
			l.refused <- struct{}{}
			return
		}
		l.heard <- r.FormValue("logout_token")
	}))
	o.t.Cleanup(l.Close)
	return l
}

// hear waits for a message.
func (l *listener) hear(t *testing.T) string {
	t.Helper()
	select {
	case text := <-l.heard:
		return text
	case <-time.After(20 * time.Second):
		t.Fatal("the client was never told")
		return ""
	}
}

// silent checks that nothing more was told.
func (l *listener) silent(t *testing.T) {
	t.Helper()
	select {
	case <-l.heard:
		t.Fatal("the client was told once more")
	case <-time.After(1500 * time.Millisecond):
	}
}

// registered changes a client's registration.
func (o *op) registered(id tillit.ClientID, change func(*tillit.Client)) {
	o.t.Helper()
	registry := o.house.Catalogs.Catalog(o.realm, "").Registry
	known, err := o.house.Store.Client(o.t.Context(), registry, id)
	if err != nil {
		o.t.Fatal(err)
	}
	changed := *known
	change(&changed)
	if err := o.house.Store.PutClient(o.t.Context(), registry, &changed); err != nil {
		o.t.Fatal(err)
	}
}

// TestBackChannelLogout: a client that did not answer is told again, once, in a
// token that passes for nothing else.
func TestBackChannelLogout(t *testing.T) {
	o := open(t, "buypass")
	web, post := o.listener(2), o.listener(0)
	o.registered("demo-web", func(c *tillit.Client) { c.BackChannelLogoutURI = web.URL + "/bye?a=b" })
	o.registered("demo-post", func(c *tillit.Client) { c.BackChannelLogoutURI = post.URL })
	b := o.NewBrowser()
	tokens := o.Login(facts.Request{Scope: "openid", Browser: b, Client: "demo-web"})
	o.Login(facts.Request{Scope: "openid", Browser: b, Client: "demo-post"})
	id := o.IDClaims(tokens)
	o.Logout(b, url.Values{"id_token_hint": {tokens.ID()}, "client_id": {"demo-web"}, "post_logout_redirect_uri": {o.LogoutURI("demo-web")}})
	other, header := o.DecodeWith(post.hear(t))
	if header.ExtraHeaders["typ"] != "logout+jwt" {
		t.Errorf("typ is %v", header.ExtraHeaders["typ"])
	}
	if other["aud"] != "demo-post" || other["sid"] != id["sid"] {
		t.Errorf("the other client of the session was told %v; want its own aud and sid %v", other, id["sid"])
	}
	for range 2 { // each try after a pause; the clock makes it short
		<-web.refused
		time.Sleep(200 * time.Millisecond) // until it is noted
		o.Advance(40 * time.Second)
	}
	text := web.hear(t)
	if !o.Verifies(text) {
		t.Error("the logout token is not signed by a published key")
	}
	told := o.Decode(text)
	if told["iss"] != o.Issuer() || told["aud"] != "demo-web" || told["sub"] != id["sub"] || told["sid"] != id["sid"] || told["jti"] == nil || told["iat"] == nil || told["exp"] == nil {
		t.Errorf("logout token: %v", told)
	}
	if _, found := told["nonce"]; found {
		t.Error("a logout token never has a nonce")
	}
	events, _ := json.Marshal(told["events"])
	if string(events) != `{"http://schemas.openid.net/event/backchannel-logout":{}}` {
		t.Errorf("events: %s", events)
	}
	o.Logout(b, url.Values{"id_token_hint": {tokens.ID()}})
	o.Advance(time.Hour)
	web.silent(t)
	if got := o.send(client(nil), o.request(http.MethodGet, "/authorize?"+url.Values{"id_token_hint": {text}}.Encode(), "")); got.status < 400 && got.header.Get("Location") == "" {
		t.Errorf("a logout token was taken for a hint: %d", got.status)
	}
}

// TestFormerPersonsClientsAreTold: a sign-in by somebody else ends the former
// session, and its clients hear of it.
func TestFormerPersonsClientsAreTold(t *testing.T) {
	o := open(t, "buypass")
	web := o.listener(0)
	o.registered("demo-web", func(c *tillit.Client) { c.BackChannelLogoutURI = web.URL })
	people, b := o.People(nil), o.NewBrowser()
	var subjects []any
	for _, person := range people[:2] {
		tokens := o.Login(facts.Request{Scope: "openid", Browser: b, Manners: facts.Manners{Person: person}, Params: map[string]string{"prompt": "login"}})
		subjects = append(subjects, o.IDClaims(tokens)["sub"])
	}
	if told := o.Decode(web.hear(t)); told["sub"] != subjects[0] {
		t.Errorf("told of %v; want the former person %v", told["sub"], subjects[0])
	}
}

var frame = regexp.MustCompile(`<iframe[^>]* src="([^"]+)"`)

// TestFrontChannelLogout: the signed-out page loads the client's address, admits
// its origin alone, and goes on to where the client wanted.
func TestFrontChannelLogout(t *testing.T) {
	o := open(t, "buypass")
	o.registered("demo-web", func(c *tillit.Client) { c.FrontChannelLogoutURI = "http://127.0.0.1:4711/bye?a=b" })
	b := o.NewBrowser()
	tokens := o.Login(facts.Request{Scope: "openid", Browser: b, Client: "demo-web"})
	v := o.visitor()
	got := v.do(http.MethodGet, "/logout?"+url.Values{"id_token_hint": {tokens.ID()}, "post_logout_redirect_uri": {o.LogoutURI("demo-web")}, "state": {"s"}}.Encode(), "")
	found := frame.FindStringSubmatch(got.body)
	if got.status != http.StatusOK || found == nil {
		t.Fatalf("%d %s; want a page with a frame", got.status, got.body)
	}
	loaded, err := url.Parse(strings.ReplaceAll(found[1], "&amp;", "&"))
	if err != nil || loaded.Host != "127.0.0.1:4711" || loaded.Query().Get("a") != "b" || loaded.Query().Get("iss") != o.Issuer() || loaded.Query().Get("sid") != o.IDClaims(tokens)["sid"] {
		t.Errorf("the frame is %s, %v", found[1], err)
	}
	if csp := got.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "; frame-src http://127.0.0.1:4711") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy: %s", csp)
	}
	if refresh := got.header.Get("Refresh"); refresh != "3; url="+o.LogoutURI("demo-web")+"?state=s" {
		t.Errorf("Refresh: %q", refresh)
	}
}

var sessionField = regexp.MustCompile(`name="session" value="([^"]+)"`)

// TestSessionsOnTheAccountPage: a person sees where they are signed in, and ends
// a session elsewhere; its tokens end and its clients hear of it.
func TestSessionsOnTheAccountPage(t *testing.T) {
	o := open(t, "buypass")
	web := o.listener(0)
	o.registered("demo-web", func(c *tillit.Client) { c.BackChannelLogoutURI = web.URL })
	person := o.People(nil)[0]
	tokens := o.Login(facts.Request{Scope: "openid", Client: "demo-web", Manners: facts.Manners{Person: person}})
	there, _ := o.IDClaims(tokens)["sid"].(string)

	b := o.NewBrowser()
	b.Open(o.API("account"), facts.Manners{Person: person})
	u, err := url.Parse(o.base)
	if err != nil {
		t.Fatal(err)
	}
	v := o.visitor()
	v.jar.SetCookies(u, b.Cookies(u))
	page := v.do(http.MethodGet, "/account", "")
	listed := sessionField.FindAllStringSubmatch(page.body, -1)
	if len(listed) != 2 {
		t.Fatalf("%d sessions are listed; want the one here and the one there\n%s", len(listed), page.body)
	}
	if !strings.Contains(page.body, ">This browser<") && !strings.Contains(page.body, ">Denne nettleseren<") {
		t.Error("the page does not say which session is this browser's")
	}
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page.body)
	form := url.Values{"token": {token[1]}, "session": {there}, "action": {"end_session"}}
	refused := v.do(http.MethodPost, "/account", form.Encode(), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if refused.status/100 != 4 {
		t.Errorf("a form of another site: %d; want 4xx", refused.status)
	}
	if u := o.UserInfo(tokens.Access()); u.Status != 200 {
		t.Fatalf("the refused form ended the session: %d", u.Status)
	}
	if got := v.do(http.MethodPost, "/account", form.Encode()); got.status != http.StatusSeeOther {
		t.Fatalf("ending a session: %d %s", got.status, got.body)
	}
	if u := o.UserInfo(tokens.Access()); u.Status != 401 {
		t.Errorf("UserInfo after the session ended: %d; want 401", u.Status)
	}
	if told := o.Decode(web.hear(t)); told["sid"] != there {
		t.Errorf("told of %v; want %s", told["sid"], there)
	}
	if page = v.do(http.MethodGet, "/account", ""); len(sessionField.FindAllString(page.body, -1)) != 1 {
		t.Error("the ended session is still listed")
	}
	other := o.Login(facts.Request{Scope: "openid", Client: "demo-web", Manners: facts.Manners{Person: o.People(nil)[1]}})
	form.Set("session", o.IDClaims(other)["sid"].(string))
	v.do(http.MethodPost, "/account", form.Encode())
	if u := o.UserInfo(other.Access()); u.Status != 200 {
		t.Errorf("a person ended another's session: %d", u.Status)
	}
}
