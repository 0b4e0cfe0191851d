package facts

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A model of what three organizations have: whose each scope and client is, and
// who was let in. It knows nothing but the answers so far.
type organizations struct {
	desks   []*Desk
	scopes  map[string]*keptScope
	clients map[string]*keptClient
	given   map[[2]int]bool // who delegated to whom
	count   int
}

type keptScope struct {
	owner   int
	active  bool
	private bool
	let     map[int]bool
}

type keptClient struct {
	owner  int
	active bool
}

// TestOrganizationsApart lets three organizations do whatever the APIs offer, in
// any order, to their own things and to each other's: one can never see or change
// what is another's, through any verb, and its own is always as it left it.
func TestOrganizationsApart(t *testing.T) {
	e := openRealm(t, "maskinporten")
	all := "idporten:scopes.write idporten:dcr.write altinn:maskinporten/delegations.write"
	m := &organizations{
		desks:  []*Desk{e.Desk("demo-provider", all), e.Desk("demo-consumer", all), e.Desk("demo-supplier", all)},
		scopes: map[string]*keptScope{}, clients: map[string]*keptClient{},
		given: map[[2]int]bool{{1, 2}: true}, // the demo data's
	}
	rapid.Check(t, func(t *rapid.T) {
		t.Repeat(map[string]func(*rapid.T){
			"register a scope":   m.registerScope,
			"touch a scope":      m.touchScope,
			"change access":      m.changeAccess,
			"register a client":  m.registerClient,
			"touch a client":     m.touchClient,
			"delegate":           m.delegate,
			"look at everything": m.look,
		})
	})
}

func (m *organizations) who(t *rapid.T) int { return rapid.IntRange(0, len(m.desks)-1).Draw(t, "who") }

func status(t *rapid.T, answer *Answer, want ...int) {
	t.Helper()
	if !slices.Contains(want, answer.Status) {
		t.Fatalf("%s: %d %v; want %v", answer.what, answer.Status, answer.Object, want)
	}
}

// registerScope: only the first organization holds prefixes.
func (m *organizations) registerScope(t *rapid.T) {
	who := m.who(t)
	private := rapid.Bool().Draw(t, "private")
	m.count++
	subscope := fmt.Sprintf("rapid%d", m.count)
	members := map[string]any{"visibility": map[bool]string{true: "PRIVATE", false: "PUBLIC"}[private]}
	prefix := rapid.SampledFrom([]string{"skogdata", "310103772", "idporten", "nav"}).Draw(t, "prefix")
	members["prefix"] = prefix
	answer := m.desks[who].Register(subscope, members)
	if who != 0 || prefix == "idporten" || prefix == "nav" {
		status(t, answer, http.StatusForbidden)
		return
	}
	status(t, answer, http.StatusOK)
	m.scopes[prefix+":"+subscope] = &keptScope{owner: who, active: true, private: private, let: map[int]bool{}}
}

func keys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for key := range m {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

func (m *organizations) aScope(t *rapid.T) (string, *keptScope) {
	if len(m.scopes) == 0 {
		t.Skip("no scope was registered yet")
	}
	name := rapid.SampledFrom(keys(m.scopes)).Draw(t, "scope")
	return name, m.scopes[name]
}

func (m *organizations) touchScope(t *rapid.T) {
	who := m.who(t)
	name, s := m.aScope(t)
	verb := rapid.SampledFrom([]string{"get", "off", "on", "owner", "access"}).Draw(t, "verb")
	desk, at := m.desks[who], scopeOf(name)
	want := http.StatusForbidden
	if who == s.owner {
		want = http.StatusOK
	}
	switch verb {
	case "get":
		status(t, desk.Call("scopes", http.MethodGet, "/scopes/scope"+at, nil), want)
	case "off":
		status(t, desk.Call("scopes", http.MethodDelete, "/scopes"+at, nil), want)
		s.active = s.active && want != http.StatusOK
	case "on":
		status(t, desk.Call("scopes", http.MethodPut, "/scopes"+at, map[string]any{"active": true}), want)
		s.active = s.active || want == http.StatusOK
	case "owner": // never another's, whatever is said
		body := map[string]any{"owner_orgno": desk.Organization, "active": s.active, "protected": true}
		status(t, desk.Call("scopes", http.MethodPut, "/scopes"+at, body), want)
	case "access":
		status(t, desk.Call("scopes", http.MethodGet, "/scopes/access"+at, nil), want)
	}
}

func (m *organizations) changeAccess(t *rapid.T) {
	who, whom := m.who(t), m.who(t)
	name, s := m.aScope(t)
	give := rapid.Bool().Draw(t, "give")
	method := map[bool]string{true: http.MethodPut, false: http.MethodDelete}[give]
	answer := m.desks[who].Call("scopes", method, "/scopes/access/"+m.desks[whom].Organization+scopeOf(name), nil)
	_, known := s.let[whom]
	switch {
	case who != s.owner:
		status(t, answer, http.StatusForbidden)
	case !give && !known:
		status(t, answer, http.StatusNotFound)
	default:
		status(t, answer, http.StatusOK)
		s.let[whom] = give
	}
}

func (m *organizations) delegate(t *rapid.T) {
	who, whom := m.who(t), m.who(t)
	desk, supplier := m.desks[who], m.desks[whom].Organization
	key := [2]int{who, whom}
	if rapid.Bool().Draw(t, "give") {
		body := map[string]any{"scope": "skogdata:hogstmelding", "supplier_orgno": supplier}
		want := map[bool]int{true: http.StatusBadRequest, false: http.StatusOK}[who == whom]
		status(t, desk.Call("delegations", http.MethodPost, "/delegations", body), want)
		m.given[key] = want == http.StatusOK
		return
	}
	want := http.StatusNotFound
	switch {
	case who == whom:
		want = http.StatusBadRequest
	case m.given[key]:
		want = http.StatusOK
	}
	status(t, desk.Call("delegations", http.MethodDelete, "/delegations"+scopeOf("skogdata:hogstmelding")+"&supplier_orgno="+supplier, nil), want)
	m.given[key] = false
}

func (m *organizations) registerClient(t *rapid.T) {
	who := m.who(t)
	m.count++
	id := fmt.Sprintf("rapid-%d", m.count)
	members := map[string]any{"client_id": id}
	if whose := m.who(t); whose != who && rapid.Bool().Draw(t, "for another") {
		members["client_orgno"] = m.desks[whose].Organization
		status(t, m.desks[who].Client("maskinporten", members, "skogdata:tresort"), http.StatusForbidden)
		return
	}
	scopes, want := []string{"skogdata:tresort"}, http.StatusOK
	if len(m.scopes) > 0 && rapid.Bool().Draw(t, "with a scope") {
		name, s := m.aScope(t)
		scopes = append(scopes, name)
		switch {
		case !s.active:
			want = http.StatusBadRequest
		case who != s.owner && !s.let[who]:
			want = http.StatusForbidden
		}
	}
	status(t, m.desks[who].Client("maskinporten", members, scopes...), want)
	if want == http.StatusOK {
		m.clients[id] = &keptClient{owner: who, active: true}
	}
}

func (m *organizations) touchClient(t *rapid.T) {
	if len(m.clients) == 0 {
		t.Skip("no client was registered yet")
	}
	who := m.who(t)
	id := rapid.SampledFrom(keys(m.clients)).Draw(t, "client")
	client := m.clients[id]
	desk, at := m.desks[who], "/clients/"+id
	body := map[string]any{"client_name": "Prøveklient", "description": "En klient", "scopes": []string{"skogdata:tresort"}, "active": client.active, "client_orgno": m.desks[client.owner].Organization}
	key := newKey(desk.e.t, "k1").Public()
	calls := []struct {
		method, path string
		body         any
		good         int
	}{
		{http.MethodGet, at, nil, 200},
		{http.MethodPut, at, body, 200},
		{http.MethodDelete, at, nil, 200},
		{http.MethodPost, at + "/secret", nil, 409}, // a machine has none
		{http.MethodGet, at + "/jwks", nil, 200},
		{http.MethodPost, at + "/jwks", map[string]any{"keys": []any{key}}, 200},
		{http.MethodPut, at + "/jwks/k1", key, 200},
		{http.MethodDelete, at + "/jwks", nil, 200},
		{http.MethodPost, "/api/v2" + at + "/key", key, 200},
		{http.MethodGet, at + "/onbehalfof", nil, 200},
		{http.MethodPost, at + "/onbehalfof", map[string]any{"onbehalfof": "x", "orgno": desk.Organization, "name": "X"}, 409}, // nobody signs in
		{http.MethodDelete, at + "/onbehalfof/x", nil, 404},
	}
	call := rapid.SampledFrom(calls).Draw(t, "call")
	want := http.StatusForbidden
	if who == client.owner {
		want = call.good
	}
	status(t, desk.Call("clients", call.method, call.path, call.body), want)
	if call.method == http.MethodDelete && call.path == at && want == http.StatusOK {
		client.active = false
	}
}

// lookDelegated finds exactly what the organization gave and got.
func (m *organizations) lookDelegated(t *rapid.T, who int) {
	want := 0
	for pair, given := range m.given {
		if given && (pair[0] == who || pair[1] == who) {
			want++
		}
	}
	list := m.desks[who].Call("delegations", http.MethodGet, "/delegations", nil).Good().List
	for _, item := range list {
		d, _ := item.(map[string]any)
		if own := m.desks[who].Organization; d["consumer_orgno"] != own && d["supplier_orgno"] != own {
			t.Fatalf("%s sees %v", own, d)
		}
	}
	if len(list) != want {
		t.Fatalf("organization %d sees %d delegations; want %d", who, len(list), want)
	}
}

// look compares every list with the model.
func (m *organizations) look(t *rapid.T) {
	for who, desk := range m.desks {
		scopes := desk.Call("scopes", http.MethodGet, "/scopes?inactive=true", nil)
		public := desk.e.call("", "scopes", http.MethodGet, "/scopes/all?inactive=true", nil)
		had := desk.Call("scopes", http.MethodGet, "/scopes/access/all", nil)
		m.lookDelegated(t, who)
		for name, s := range m.scopes {
			found := scopes.Find("name", name)
			switch {
			case (found != nil) != (who == s.owner):
				t.Fatalf("%s is in the list of organization %d: %v", name, who, found != nil)
			case found != nil && found["active"] != s.active:
				t.Fatalf("%s is active: %v; want %v", name, found["active"], s.active)
			case (public.Find("name", name) != nil) == s.private:
				t.Fatalf("%s, private %v, is in the public list: %v", name, s.private, !s.private)
			case (had.Find("scope", name) != nil) != s.let[who]:
				t.Fatalf("organization %d was let in to %s: %v", who, name, s.let[who])
			}
		}
		clients := desk.Call("clients", http.MethodGet, "/clients?inactive=true", nil)
		for id, client := range m.clients {
			found := clients.Find("client_id", id)
			if (found != nil) != (who == client.owner) || found != nil && found["active"] != client.active {
				t.Fatalf("client %s of %d in the list of %d: %v", id, client.owner, who, found)
			}
		}
	}
}
