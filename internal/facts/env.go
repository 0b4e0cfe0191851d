package facts

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An Env is a running provider seen from one realm, by one check. Every browser
// in it is new; nothing of an earlier check is signed in.
type Env struct {
	t        TB
	world    *World
	provider *Provider
	names    Names
	fixtures *Fixtures
	realm    *RealmFixtures
	metadata map[string]any // of the realm, once read
}

// Env gives a check its view of a running provider of this world.
func (w *World) Env(t TB, provider *Provider, realm string) *Env {
	t.Helper()
	e := &Env{t: t, world: w, provider: provider, fixtures: &Fixtures{}}
	status, _, body := e.send(e.request(http.MethodGet, provider.Base+"/dev/fixtures.json", nil))
	if status != http.StatusOK {
		t.Fatalf("GET /dev/fixtures.json: %d; want 200", status)
	}
	if err := json.Unmarshal(body, e.fixtures); err != nil {
		t.Fatalf("GET /dev/fixtures.json: %v", err)
	}
	return e.At(realm)
}

// At gives the view from another realm of the same provider.
func (e *Env) At(realm string) *Env {
	e.t.Helper()
	for i := range e.fixtures.Realms {
		if e.fixtures.Realms[i].Name == realm {
			other := *e
			other.realm, other.metadata = &e.fixtures.Realms[i], nil
			other.names = e.world.Names[realm]
			return &other
		}
	}
	e.t.Fatalf("fixtures: no realm %q", realm)
	return nil
}

// With gives the same view of another provider, in whose realm further texts
// were replaced.
func (e *Env) With(edits ...Fault) *Env {
	e.t.Helper()
	for i := range edits {
		edits[i].Realm = e.realm.Name
	}
	provider, err := e.world.Start(e.t, edits...)
	if err != nil {
		e.t.Fatalf("realm %s with %v: %v", e.realm.Name, edits, err)
	}
	return e.world.Env(e.t, provider, e.realm.Name)
}

// Behind gives the same view of another provider, which stands behind a proxy that
// tells certificates of clients in the header Client-Cert (RFC 9440).
func (e *Env) Behind() *Env {
	e.t.Helper()
	provider, err := e.world.Behind(e.t, "Client-Cert")
	if err != nil {
		e.t.Fatalf("realm %s behind a proxy: %v", e.realm.Name, err)
	}
	return e.world.Env(e.t, provider, e.realm.Name)
}

// N translates one name for the provider.
func (e *Env) N(name string) string { return e.names.There(name) }

// Issuer is the realm's issuer identifier.
func (e *Env) Issuer() string { return e.realm.Issuer }

// Base is the provider's base URL.
func (e *Env) Base() string { return e.provider.Base }

// Client gives a demo client, by the name the contract has for it.
func (e *Env) Client(id string) ClientFixture {
	e.t.Helper()
	for _, client := range e.realm.Clients {
		if client.ID == e.N(id) {
			return client
		}
	}
	e.t.Fatalf("fixtures of %s: no client %q", e.realm.Name, id)
	return ClientFixture{}
}

// Server gives a demo resource server.
func (e *Env) Server(id string) ServerFixture {
	e.t.Helper()
	for _, server := range e.realm.Servers {
		if server.ID == id || server.ID == e.N(id) {
			return server
		}
	}
	e.t.Fatalf("fixtures of %s: no resource server %q", e.realm.Name, id)
	return ServerFixture{}
}

// API gives the base address of a demo API, "" where it does not run.
func (e *Env) API(name string) string { return strings.TrimSuffix(e.realm.APIs[name], "/") }

// Person gives the first demo person for whom every one of the claims has a
// value and fits accepts them. A nil fits accepts everybody.
func (e *Env) Person(fits func(claims map[string]any) bool, claims ...string) PersonFixture {
	e.t.Helper()
	people := e.People(fits, claims...)
	if len(people) == 0 {
		e.t.Fatalf("fixtures of %s: nobody with %v fits", e.realm.Name, claims)
	}
	return people[0]
}

// Named gives the demo person of that username: where a fact rests on a value,
// the value must not be what picks the person.
func (e *Env) Named(username string) PersonFixture {
	e.t.Helper()
	for _, person := range e.People(nil) {
		if person.Username == username {
			return person
		}
	}
	e.t.Fatalf("fixtures of %s: nobody called %q", e.realm.Name, username)
	return PersonFixture{}
}

// People gives every demo person as Person does.
func (e *Env) People(fits func(claims map[string]any) bool, claims ...string) []PersonFixture {
	var people []PersonFixture
	for _, person := range e.realm.People {
		own, _ := e.names.BackJSON(person.Claims).(map[string]any)
		missing := slices.ContainsFunc(claims, func(name string) bool { return own[name] == nil })
		if missing || fits != nil && !fits(own) {
			continue
		}
		person.Claims = own
		people = append(people, person)
	}
	return people
}

// Succeed puts a stranger in a person's place.
func (e *Env) Succeed(username string) {
	e.t.Helper()
	if err := e.provider.Succeed(e.realm.Name, username); err != nil {
		e.t.Fatalf("in the place of %s: %v", username, err)
	}
}

// Change changes members of a client's registration. A check does it to a provider
// of its own (With), for others rely on the clients as they are.
func (e *Env) Change(client string, members map[string]any) {
	e.t.Helper()
	changed, _ := e.names.Values(members, e.names.There).(map[string]any)
	if err := e.provider.Change(e.realm.Name, e.N(client), changed); err != nil {
		e.t.Fatalf("client %s with %v: %v", client, members, err)
	}
}

// Invite gives an initial token for clients that register themselves.
func (e *Env) Invite() string {
	e.t.Helper()
	initial, err := e.provider.Invite(e.realm.Name)
	if err != nil {
		e.t.Fatalf("an initial token of %s: %v", e.realm.Name, err)
	}
	return initial
}

// Import makes a version of a list of names the one that is compared with. A check
// does it to a provider of its own (With).
func (e *Env) Import(list, version string, files map[string][]byte) {
	e.t.Helper()
	if err := e.provider.Import(e.realm.Name, list, version, files); err != nil {
		e.t.Fatalf("list %s: %v", list, err)
	}
}

// Register registers a client by its metadata (RFC 7591), with an initial token or
// without ("").
func (e *Env) Register(initial string, metadata map[string]any) (status int, answer map[string]any) {
	e.t.Helper()
	text, err := json.Marshal(e.names.Values(metadata, e.names.There))
	if err != nil {
		e.t.Fatalf("metadata: %v", err)
	}
	req := e.request(http.MethodPost, e.Issuer()+"/register", bytes.NewReader(text))
	req.Header.Set("Content-Type", "application/json")
	if initial != "" {
		req.Header.Set("Authorization", "Bearer "+initial)
	}
	status, _, body := e.send(req)
	return status, e.object("registration", body)
}

// Advance moves the provider's clock forward.
func (e *Env) Advance(d time.Duration) {
	e.t.Helper()
	e.provider.moved += d
	if e.provider.Advance != nil {
		e.provider.Advance(d)
		return
	}
	body := strings.NewReader(`{"advance":"` + d.String() + `"}`)
	req := e.request(http.MethodPost, e.provider.Base+"/dev/clock", body)
	req.Header.Set("Content-Type", "application/json")
	if status, _, _ := e.send(req); status/100 != 2 {
		e.t.Fatalf("POST /dev/clock: %d; want 2xx", status)
	}
}

// Metadata gives the realm's discovery document (OIDC Discovery §4).
func (e *Env) Metadata() map[string]any {
	e.t.Helper()
	if e.metadata == nil {
		status, _, body := e.Get(e.realm.Issuer+"/.well-known/openid-configuration", "")
		if status != http.StatusOK || json.Unmarshal(body, &e.metadata) != nil {
			e.t.Fatalf("discovery of %s: %d %s; want 200 and JSON", e.realm.Name, status, body)
		}
		if e.metadata["issuer"] != e.realm.Issuer {
			e.t.Fatalf("discovery of %s: issuer %v; want %s", e.realm.Name, e.metadata["issuer"], e.realm.Issuer)
		}
	}
	return e.metadata
}

// Endpoint gives an endpoint's address from the discovery document.
func (e *Env) Endpoint(member string) string {
	e.t.Helper()
	address, _ := e.Metadata()[member].(string)
	if address == "" {
		e.t.Fatalf("discovery of %s: no %s", e.realm.Name, member)
	}
	return address
}

// Get sends a GET request, with a bearer token unless that is empty.
func (e *Env) Get(address, bearer string) (status int, header http.Header, body []byte) {
	e.t.Helper()
	req := e.request(http.MethodGet, address, nil)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	return e.send(req)
}

// PostForm sends a form; edit may change the request before it leaves.
func (e *Env) PostForm(address string, form url.Values, edit func(*http.Request)) (status int, header http.Header, body []byte) {
	e.t.Helper()
	req := e.request(http.MethodPost, address, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if edit != nil {
		edit(req)
	}
	return e.send(req)
}

func (e *Env) request(method, address string, body io.Reader) *http.Request {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, address, body)
	if err != nil {
		e.t.Fatalf("%s %s: %v", method, address, err)
	}
	return req
}

// send sends a request as no browser does: without cookies, without following.
func (e *Env) send(req *http.Request) (status int, header http.Header, body []byte) {
	e.t.Helper()
	resp, err := e.httpClient(nil).Do(req)
	if err != nil {
		e.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		e.t.Fatalf("%s %s: read the answer: %v", req.Method, req.URL.Path, err)
	}
	return resp.StatusCode, resp.Header, body
}

const maxAnswer = 8 << 20

func (e *Env) httpClient(jar http.CookieJar) *http.Client {
	client := http.Client{Jar: jar, Timeout: 30 * time.Second}
	if e.provider.Client != nil {
		client.Transport = e.provider.Client.Transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}
