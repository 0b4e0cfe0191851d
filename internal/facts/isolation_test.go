package facts

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// A crossing tries at one realm what another one made. The two are alike in
// everything but their name: the same clients, people, scopes and keys' kinds, so
// that nothing but the realm can tell them apart.
type crossing struct {
	t    *testing.T
	a, b *Env
}

// crossings has a row for each kind of object and each endpoint that such an
// object can be brought to. try gives "" when the endpoint treats it as a
// stranger's.
var crossings = []struct {
	object, endpoint string
	try              func(c *crossing) string
}{
	{"access token", "userinfo_endpoint", func(c *crossing) string {
		return want(c.b.UserInfo(c.a.Login(Request{Scope: "openid"}).Access()).Status, 401)
	}},
	{"access token", "api", func(c *crossing) string {
		return want(c.b.callAPI(http.MethodGet, c.a.Login(Request{Scope: "openid myservice.data_read"}).Access()).status, 401)
	}},
	{"access token of a machine", "api", func(c *crossing) string {
		return want(c.b.callAPI(http.MethodGet, c.a.Machine("demo-service", "myservice.data_read").Access()).status, 401)
	}},
	{"access token", "introspection_endpoint", func(c *crossing) string {
		return inactive(c.b.Introspect("demo-web", c.a.Login(Request{Scope: "openid"}).Access()))
	}},
	{"access token", "introspection_endpoint", func(c *crossing) string {
		return inactive(c.b.IntrospectAs("myservice", c.a.Machine("demo-service", "myservice.data_read").Access()))
	}},
	{"access token", "revocation_endpoint", func(c *crossing) string {
		tokens := c.a.Login(Request{Scope: "openid"})
		c.b.Revoke("demo-web", tokens.Access())
		return want(c.a.UserInfo(tokens.Access()).Status, 200)
	}},
	{"bound access token", "userinfo_endpoint", func(c *crossing) string {
		prover := c.a.NewProver()
		token := c.a.TokenProved("demo-web", c.a.Authorize(Request{Scope: "openid"}).Redemption(), prover).Access()
		return want(c.b.UserInfoBy("DPoP", token, prover.Proof(http.MethodGet, c.b.Endpoint("userinfo_endpoint"), token, nil)).Status, 401)
	}},
	{"code", "token_endpoint", func(c *crossing) string {
		a := c.a.Authorize(Request{Scope: "openid"})
		if refused := failed(c.b.Token("demo-web", a.Redemption()), "invalid_grant"); refused != "" {
			return refused
		}
		return want(c.a.Exchange(a).Status, 200) // nor does that attempt spend it
	}},
	{"refresh token", "token_endpoint", func(c *crossing) string {
		refresh := c.a.Login(Request{Scope: "openid"}).Refresh()
		if refused := failed(c.b.Renew("demo-web", refresh, ""), "invalid_grant"); refused != "" {
			return refused
		}
		return want(c.a.Renew("demo-web", refresh, "").Status, 200)
	}},
	{"refresh token", "revocation_endpoint", func(c *crossing) string {
		refresh := c.a.Login(Request{Scope: "openid"}).Refresh()
		c.b.Revoke("demo-web", refresh)
		return want(c.a.Renew("demo-web", refresh, "").Status, 200)
	}},
	{"refresh token", "introspection_endpoint", func(c *crossing) string {
		return inactive(c.b.Introspect("demo-web", c.a.Login(Request{Scope: "openid"}).Refresh()))
	}},
	{"client secret", "token_endpoint", func(c *crossing) string {
		return failed(c.foreign("token_endpoint", url.Values{"grant_type": {"client_credentials"}}), "invalid_client")
	}},
	{"client secret", "introspection_endpoint", func(c *crossing) string {
		return failed(c.foreign("introspection_endpoint", url.Values{"token": {"x"}}), "invalid_client")
	}},
	{"client secret", "revocation_endpoint", func(c *crossing) string {
		return failed(c.foreign("revocation_endpoint", url.Values{"token": {"x"}}), "invalid_client")
	}},
	{"client secret", "pushed_authorization_request_endpoint", func(c *crossing) string {
		return failed(c.foreign("pushed_authorization_request_endpoint", c.b.Prepare(Request{Scope: "openid"}).Sent), "invalid_client")
	}},
	{"introspection credentials", "introspection_endpoint", func(c *crossing) string {
		s := c.a.Server("myservice")
		status, _, _ := c.b.PostForm(c.b.Endpoint("introspection_endpoint"), url.Values{"token": {"x"}}, func(r *http.Request) { r.SetBasicAuth(s.ClientID, s.Secret) })
		return want(status, 401)
	}},
	{"client key", "token_endpoint", func(c *crossing) string {
		for _, audience := range []string{c.a.Issuer(), c.b.Issuer()} {
			form := WithAssertion(url.Values{"grant_type": {"client_credentials"}, "client_id": {"demo-jwt"}}, c.a.Assertion("demo-jwt", map[string]any{"aud": audience}))
			if refused := failed(c.post("token_endpoint", form), "invalid_client"); refused != "" {
				return refused
			}
		}
		return ""
	}},
	{"client key", "authorization_endpoint", func(c *crossing) string {
		a := c.b.Prepare(Request{Client: "demo-jwt", Scope: "openid"})
		text := c.a.RequestObject("demo-jwt", a.Sent, map[string]any{"aud": c.b.Issuer()})
		a.Exit = a.Browser.Open(c.b.Address(url.Values{"client_id": a.Sent["client_id"], "request": {text}}), Manners{Person: c.b.Person(nil)})
		return noCode(a)
	}},
	{"jti of an assertion", "token_endpoint", func(c *crossing) string {
		id := random()
		for _, e := range []*Env{c.a, c.b} { // spent there, and not here
			form := WithAssertion(url.Values{"grant_type": {"client_credentials"}, "client_id": {"demo-jwt"}}, e.Assertion("demo-jwt", map[string]any{"jti": id}))
			if status, _, body := e.PostForm(e.Endpoint("token_endpoint"), form, nil); status != 200 {
				return string(body)
			}
		}
		return ""
	}},
	{"request_uri", "authorization_endpoint", func(c *crossing) string {
		pushed := c.a.Push(c.a.Prepare(Request{Scope: "openid"}))
		a := c.b.Prepare(Request{Scope: "openid"})
		a.Exit = a.Browser.Open(c.b.Address(c.b.ByReference("demo-web", pushed.URI())), Manners{Person: c.b.Person(nil)})
		return noCode(a)
	}},
	{"session", "authorization_endpoint", func(c *crossing) string {
		a := c.a.Authorize(Request{Scope: "openid"})
		return want(c.withCookies(a.Browser, c.b.Prepare(Request{Scope: "openid", Params: map[string]string{"prompt": "none"}})), "login_required")
	}},
	{"consent", "authorization_endpoint", func(c *crossing) string {
		person := c.a.Person(nil, "phone_number", "address")
		scope := map[string]string{"buypass": "openid phone", "twin": "openid address"}[c.a.realm.Name]
		c.a.Login(Request{Scope: scope, Manners: Manners{Person: person}})
		again := c.b.Authorize(Request{Scope: scope, Manners: Manners{Person: person, Until: "consent"}})
		if again.Page == nil {
			return "what was agreed to in the other realm is taken for agreed to here"
		}
		return ""
	}},
	{"ID Token", "authorization_endpoint", func(c *crossing) string {
		hint := c.a.Login(Request{Scope: "openid"}).ID()
		a := c.b.Prepare(Request{Scope: "openid", Params: map[string]string{"id_token_hint": hint, "prompt": "none"}})
		a.Exit = a.Browser.Open(c.b.Address(a.Sent), Manners{})
		return noCode(a)
	}},
	{"ID Token", "end_session_endpoint", func(c *crossing) string {
		hint := c.a.Login(Request{Scope: "openid"}).ID()
		here := c.b.Authorize(Request{Scope: "openid"})
		c.b.Logout(here.Browser, url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {c.b.LogoutURI("demo-web")}})
		still := c.b.Authorize(Request{Scope: "openid", Browser: here.Browser, Params: map[string]string{"prompt": "none"}})
		if still.Code() == "" {
			return "a hint of the other realm signed the person out: " + still.Error()
		}
		return ""
	}},
	{"session", "end_session_endpoint", func(c *crossing) string {
		a := c.a.Authorize(Request{Scope: "openid"})
		c.copyCookies(a.Browser, "/logout", "POST", url.Values{"action": {"logout"}})
		if again := c.a.Authorize(Request{Scope: "openid", Browser: a.Browser, Params: map[string]string{"prompt": "none"}}); again.Code() == "" {
			return "signed out of the other realm: " + again.Error()
		}
		return ""
	}},
	{"interaction", "interact", func(c *crossing) string {
		a := c.a.Authorize(Request{Scope: "openid", Manners: Manners{Until: "choose"}})
		path := strings.TrimPrefix(a.Page.URL.Path, "/"+c.a.realm.Name)
		for _, method := range []string{"GET", "POST"} {
			status, page := c.copyCookies(a.Browser, path, method, url.Values{"idp": {"password"}})
			if status < 400 || page.Kind != "error" {
				return "the other realm's interaction goes on here: " + page.Kind
			}
		}
		return ""
	}},
	{"account session", "account", func(c *crossing) string {
		b := c.a.NewBrowser()
		b.Open(c.a.realm.APIs["account"], Manners{Person: c.a.Person(nil)})
		if _, page := c.copyCookies(b, "/account", "GET", nil); page.Kind == "account" || strings.Contains(page.Text, c.a.Person(nil).Claims["name"].(string)) {
			return "the account page opens for the other realm's session"
		}
		return ""
	}},
	{"grant", "account", func(c *crossing) string {
		person := c.a.Person(nil, "email")
		tokens := c.a.Login(Request{Scope: "openid email", Manners: Manners{Person: person}})
		there, here := c.a.NewBrowser(), c.b.NewBrowser()
		page := there.Open(c.a.realm.APIs["account"], Manners{Person: person}).Page
		grant := page.form(func(f *form) bool { return f.fields.Has("grant") }).fields.Get("grant")
		c.b.Login(Request{Scope: "openid email", Manners: Manners{Person: person}})
		own := here.Open(c.b.realm.APIs["account"], Manners{Person: person}).Page
		here.Continue(here.Press(own, "action", "revoke", url.Values{"grant": {grant}}), Manners{})
		return want(c.a.UserInfo(tokens.Access()).Status, 200)
	}},
	{"form of the account page", "account", func(c *crossing) string {
		person := c.a.Person(nil, "email")
		c.a.Login(Request{Scope: "openid email", Manners: Manners{Person: person}})
		tokens := c.b.Login(Request{Scope: "openid email", Manners: Manners{Person: person}})
		there, here := c.a.NewBrowser(), c.b.NewBrowser()
		foreign := there.Open(c.a.realm.APIs["account"], Manners{Person: person}).Page
		token := foreign.form(func(f *form) bool { return f.fields.Has("token") }).fields.Get("token")
		own := here.Open(c.b.realm.APIs["account"], Manners{Person: person}).Page
		here.Continue(here.Press(own, "action", "revoke", url.Values{"token": {token}}), Manners{Until: "error"})
		return want(c.b.UserInfo(tokens.Access()).Status, 200)
	}},
	{"keys", "jwks_uri", func(c *crossing) string {
		there := c.a.keys()
		for _, key := range c.b.keys().Keys {
			for _, other := range there.Keys {
				one, _ := key.MarshalJSON()
				two, _ := other.MarshalJSON()
				if key.KeyID == other.KeyID || string(one) == string(two) {
					return "both realms publish the key " + key.KeyID
				}
			}
		}
		return ""
	}},
	{"people", "userinfo_endpoint", func(c *crossing) string {
		person := c.a.Person(nil, "email")
		one := c.a.Released(c.a.Login(Request{Scope: "openid", Manners: Manners{Person: person}}))["sub"]
		if two := c.b.Released(c.b.Login(Request{Scope: "openid", Manners: Manners{Person: person}}))["sub"]; one == two {
			return "a person has one sub in both realms"
		}
		return ""
	}},
}

func want[V comparable](got, right V) string {
	if got == right {
		return ""
	}
	return fmt.Sprintf("got %v; want %v", got, right)
}

func inactive(answer map[string]any) string {
	if answer["active"] == false && len(answer) == 1 {
		return ""
	}
	return fmt.Sprintf("introspected: %v", answer)
}

func failed(tokens *Tokens, code string) string { return want(tokens.Text("error"), code) }

func noCode(a *Authorization) string {
	if a.Code() != "" {
		return "a code was given"
	}
	return ""
}

// post sends a form to B and reads the answer as one of the token endpoint.
func (c *crossing) post(endpoint string, form url.Values) *Tokens {
	status, header, body := c.b.PostForm(c.b.Endpoint(endpoint), form, nil)
	return &Tokens{Status: status, Header: header, Body: c.b.object(endpoint, body)}
}

// foreign sends a form to B with the secret that a client has at A.
func (c *crossing) foreign(endpoint string, form url.Values) *Tokens {
	client := c.a.Client("demo-web")
	status, header, body := c.b.PostForm(c.b.Endpoint(endpoint), form, func(r *http.Request) { r.SetBasicAuth(client.ID, url.QueryEscape(client.Secret)) })
	return &Tokens{Status: status, Header: header, Body: c.b.object(endpoint, body)}
}

// copyCookies sends B a request with every cookie that a browser has for A.
func (c *crossing) copyCookies(b *Browser, path, method string, form url.Values) (int, *Page) {
	req := c.b.request(method, c.b.Issuer()+path, strings.NewReader(form.Encode()))
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.origin())
	}
	at, _ := url.Parse(c.a.Issuer() + strings.Replace(path, c.b.Issuer(), "", 1))
	for _, cookie := range b.Cookies(at) {
		req.AddCookie(cookie)
		renamed := *cookie // and under the name it would have here
		renamed.Name = strings.ReplaceAll(cookie.Name, c.a.realm.Name, c.b.realm.Name)
		req.AddCookie(&renamed)
	}
	if len(req.Cookies()) == 0 {
		c.t.Error("the browser has no cookie to bring along")
	}
	status, _, body := c.b.send(req)
	page, err := parsePage(body, req.URL, status, b.origin())
	if err != nil {
		c.t.Fatal(err)
	}
	return status, page
}

// withCookies opens an authorization request at B with A's cookies, and gives
// the error it ends in.
func (c *crossing) withCookies(b *Browser, a *Authorization) string {
	req := c.b.request(http.MethodGet, c.b.Address(a.Sent), nil)
	at, _ := url.Parse(c.a.Endpoint("authorization_endpoint"))
	for _, cookie := range b.Cookies(at) {
		req.AddCookie(cookie)
	}
	if len(req.Cookies()) == 0 {
		c.t.Error("the browser has no cookie to bring along")
	}
	_, header, _ := c.b.send(req)
	target, err := url.Parse(header.Get("Location"))
	if err != nil {
		c.t.Fatal(err)
	}
	return target.Query().Get("error")
}

// TestNothingCrosses tries every kind of object over every endpoint, both ways,
// between two realms of one process that are alike in everything but the name.
func TestNothingCrosses(t *testing.T) {
	realms, demo := house{}.Shipped()
	provider, err := house{}.Start(t, Options{Realms: withTwin(t, realms), Demo: withTwin(t, demo)})
	if err != nil {
		t.Fatal(err)
	}
	world := &World{Starter: house{}}
	tried := map[string]bool{"issuer": true}
	for _, way := range [][2]string{{"buypass", "twin"}, {"twin", "buypass"}} {
		for _, row := range crossings {
			tried[row.endpoint] = true
			t.Run(way[0]+"/"+row.object+" at "+row.endpoint, func(t *testing.T) {
				c := &crossing{t, world.Env(t, provider, way[0]), world.Env(t, provider, way[1])}
				if wrong := row.try(c); wrong != "" {
					t.Errorf("%s of realm %s at %s of realm %s: %s", row.object, way[0], row.endpoint, way[1], wrong)
				}
			})
		}
	}
	for _, member := range slices.Sorted(maps.Keys(world.Env(t, provider, "twin").Metadata())) {
		if strings.HasSuffix(member, "_endpoint") && member != "token_introspection_endpoint" && !tried[member] {
			t.Errorf("%s: nothing of another realm is tried there; add a row", member)
		}
	}
}

// withTwin adds a copy of the realm buypass under another name.
func withTwin(t *testing.T, texts fs.FS) fs.FS {
	t.Helper()
	copied, err := copyOf(texts)
	if err != nil {
		t.Fatal(err)
	}
	twin := strings.Replace(string(copied["buypass.yaml"].Data), "realm: buypass", "realm: twin", 2)
	copied["twin.yaml"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(twin, "The realm: twin", "The realm twin"))}
	return copied
}

// Of realms that share a registry, clients, scopes and organizations are one
// set; what was issued in one is a stranger's in the other all the same.
func TestSharedRegistrySharesNothingElse(t *testing.T) {
	world := &World{Starter: house{}}
	provider, err := world.Start(t)
	if err != nil {
		t.Fatal(err)
	}
	people, machines := world.Env(t, provider, "idporten"), world.Env(t, provider, "maskinporten")
	machine := machines.Asserted("demo-consumer", "idporten:dcr.read", nil)
	machines.Succeeded(machine)
	person := people.Login(Request{Scope: "openid profile"})
	code := people.Authorize(Request{Scope: "openid profile"})
	server := people.Server("demo-api")
	introspect := func(e *Env, token string) (int, map[string]any) {
		status, _, body := e.PostForm(e.Endpoint("introspection_endpoint"), url.Values{"token": {token}}, func(r *http.Request) { r.SetBasicAuth(server.ClientID, url.QueryEscape(server.Secret)) })
		return status, e.object("introspection", body)
	}
	for what, wrong := range map[string]string{
		"a machine's token at UserInfo":                    want(people.UserInfo(machine.Access()).Status, 401),
		"a machine's grant, for the other issuer":          failed(machines.Send("demo-consumer", machines.Grant("demo-consumer", machines.GrantClaims("demo-consumer", "idporten:dcr.read", map[string]any{"aud": people.Issuer()}))), "invalid_grant"),
		"a machine's client at the other token endpoint":   unlike(people.Send("demo-web", machines.Grant("demo-consumer", machines.GrantClaims("demo-consumer", "idporten:dcr.read", map[string]any{"aud": people.Issuer()})))),
		"a person's code at the other token endpoint":      unlike(sent(machines, people, "demo-web", code.Redemption())),
		"a person's refresh token at the other":            unlike(sent(machines, people, "demo-web", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {person.Refresh()}})),
		"the code, afterwards, where it belongs":           want(people.Exchange(code).Status, 200),
		"a person's token, verified with the other's keys": want(machines.Verifies(person.Access()), false),
	} {
		if wrong != "" {
			t.Errorf("%s: %s", what, wrong)
		}
	}
	if status, told := introspect(people, machine.Access()); status == 200 && told["active"] != false {
		t.Errorf("a machine's token is active in the other realm: %v", told)
	}
}

// sent posts a form to one realm with the credentials a client has in another.
func sent(to, of *Env, client string, form url.Values) *Tokens {
	form, edit := of.authenticated(client, form)
	status, header, body := to.PostForm(to.Endpoint("token_endpoint"), form, edit)
	return &Tokens{Status: status, Header: header, Body: to.object("token endpoint", body)}
}

func unlike(tokens *Tokens) string {
	if tokens.Status < 400 || tokens.Has("access_token") {
		return fmt.Sprintf("answered %d %v", tokens.Status, tokens.Body)
	}
	return ""
}
