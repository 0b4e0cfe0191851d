package demo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit"
)

// memory is a store that counts what is written.
type memory struct {
	clients       map[string]*tillit.Client
	people        map[string]*tillit.Person
	organizations map[string]tillit.Organization
	access        map[string]bool
	writes        int
}

func newMemory() *memory {
	return &memory{map[string]*tillit.Client{}, map[string]*tillit.Person{}, map[string]tillit.Organization{}, map[string]bool{}, 0}
}

func (m *memory) Client(_ context.Context, registry string, id tillit.ClientID) (*tillit.Client, error) {
	if c := m.clients[registry+"/"+string(id)]; c != nil {
		return c, nil
	}
	return nil, tillit.ErrNotFound
}

func (m *memory) Person(_ context.Context, realm, id string) (*tillit.Person, error) {
	if p := m.people[realm+"/"+id]; p != nil {
		return p, nil
	}
	return nil, tillit.ErrNotFound
}

func (m *memory) PutClient(_ context.Context, registry string, c *tillit.Client) error {
	m.clients[registry+"/"+string(c.ID)] = c
	m.writes++
	return nil
}

func (m *memory) PutPerson(_ context.Context, p *tillit.Person) error {
	m.people[p.Realm+"/"+p.ID] = p
	m.writes++
	return nil
}

func (m *memory) PutOrganization(_ context.Context, registry string, o tillit.Organization) error {
	m.organizations[registry+"/"+o.Number] = o
	return nil
}

func (m *memory) BeginAccess(_ context.Context, registry string, scope tillit.ScopeName, organization string) error {
	m.access[registry+"/"+string(scope)+"/"+organization] = true
	return nil
}

func (m *memory) PutDelegation(context.Context, *tillit.Delegation, bool, *tillit.AuditRecord) error {
	return nil
}

func (m *memory) PutCompletion(context.Context, *tillit.Completion, *tillit.AuditRecord) error {
	return nil
}

type oneCatalog struct{ only *tillit.Catalog }

func (o oneCatalog) Catalog(realm, _ string) *tillit.Catalog {
	if realm == o.only.Realm {
		return o.only
	}
	return nil
}

// member is an expression that reads one member.
type member struct{ root, name string }

func (p member) Eval(roots map[string]any) (any, bool, error) {
	m, _ := roots[p.root].(map[string]any)
	v, ok := m[p.name]
	return v, ok, nil
}
func (p member) Roots() []string { return []string{p.root} }
func (p member) String() string  { return p.root + "." + p.name }

func forest(t *testing.T) *tillit.Catalog {
	t.Helper()
	userinfo, idToken := []tillit.Sink{tillit.SinkUserInfo}, []tillit.Sink{tillit.SinkIDToken}
	catalog, faults := tillit.Compile(tillit.Definition{
		Realm: "forest", Registry: "forest", Languages: []string{"nb"},
		Settings: tillit.Settings{Subject: []string{"public", "pairwise"}},
		ClientTypes: []tillit.ClientType{
			{Name: "shop", StartsWith: []tillit.ScopeName{"profile"}}, {Name: "bank"},
		},
		Servers: []tillit.Server{{Name: "api", Audience: "https://api.example"}},
		Scopes: []tillit.Scope{
			{Name: "openid", Eligible: tillit.EligibleAny, At: tillit.AtAuthorization},
			{Name: "profile", Eligible: tillit.EligibleSelfService, At: tillit.AtAuthorization, Claims: []tillit.ClaimName{"name", "issued"}},
			{Name: "email", At: tillit.AtAuthorization, Claims: []tillit.ClaimName{"email", "all_emails"}},
			{Name: "number", At: tillit.AtAuthorization, ProvisionWith: []string{"purpose"}},
			{Name: "hidden", At: tillit.AtAuthorization, Standing: true, Withholds: []tillit.ClaimName{"name"}},
			{Name: "gone", At: tillit.AtAuthorization, State: tillit.Disabled},
			{Name: "api.read", At: tillit.AtAuthorization | tillit.AtToken, Server: "api"},
			{Name: "vault", At: tillit.AtToken, Types: []string{"bank"}, Server: "api"},
		},
		Claims: []tillit.Claim{
			{Name: "name", Value: member{"person", "name"}, Sinks: userinfo},
			{Name: "email", Value: member{"book", "email"}, Sinks: userinfo},
			{Name: "all_emails", Value: member{"person", "all_emails"}, Sinks: userinfo},
			{Name: "changed", As: "updated_at", Value: member{"person", "changed"}, Sinks: userinfo},
			{Name: "issued", As: "updated_at", Value: member{"sign_in", "issued"}, Sinks: idToken},
			{Name: "transaction", Value: member{"grant", "id"}, Sinks: idToken},
		},
		Sources:       []tillit.SourceUse{{Name: "book"}},
		Organizations: []tillit.Organization{{Number: "310100005", Title: tillit.Text{"nb": "Skogen"}, Prefixes: []string{"skog"}}},
		Access:        map[tillit.ScopeName][]string{"number": {"310100005"}},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return catalog
}

const forestData = `
realm: forest
notes: {purpose: demonstration}
access: {email: ["310103772"]}
clients:
  demo-web: {title: {nb: Hytta}, type: shop, auth: client_secret_basic, grant_types: [authorization_code, refresh_token], scopes: all_authorization}
  demo-basic: {title: {nb: Hytta}, type: shop, auth: client_secret_basic, grant_types: [authorization_code], scopes: basic}
  demo-spa: {title: {nb: Hytta}, type: shop, application: browser, auth: none, grant_types: [authorization_code], scopes: standard}
  demo-service: {title: {nb: Hytta}, type: bank, auth: client_secret_basic, grant_types: [client_credentials], scopes: all_token}
  demo-narrow: {title: {nb: Hytta}, type: shop, auth: client_secret_basic, grant_types: [authorization_code], scopes: [openid, email], all_claims_but: [all_emails], subject_type: pairwise, sector: hytta.example}
resource_servers:
  - {id: api, client_id: demo-rs-api, type: shop}
people:
  - username: bjarne
    name: Bjarne Bjørk
    updated: {email: 1700000000}
    attributes: {name: Bjarne Bjørk, changed: 1700000000, book: {email: bjarne@example.no}}
    sign_in: {ways: [password], otp: "123456", facts: {issued: 1600000000}}
  - username: tomine
    name: Tomine Tyri
    attributes: {name: Tomine Tyri}
    sign_in: {ways: [password]}
`

func loadForest(t *testing.T, store Store) *Loaded {
	t.Helper()
	data, err := Read(fstest.MapFS{"forest.yaml": {Data: []byte(forestData)}})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(t.Context(), Config{
		Data: data, Store: store, Catalogs: oneCatalog{forest(t)}, Seed: []byte("0123456789abcdef"),
		HashPassword: func(p string) (string, error) { return "$hash$" + p, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestScopesFollowTheCatalog(t *testing.T) {
	store := newMemory()
	loadForest(t, store)
	for id, want := range map[string][]tillit.ScopeName{
		"demo-web":     {"openid", "profile", "email", "number", "api.read"},
		"demo-basic":   {"openid", "profile"},
		"demo-spa":     {"openid", "profile", "email"},
		"demo-service": {"api.read", "vault"},
		"demo-narrow":  {"openid", "email"},
	} {
		client := store.clients["forest/"+id]
		var got []tillit.ScopeName
		for _, p := range client.Scopes {
			got = append(got, p.Scope)
			if p.Scope == "number" && p.Notes["purpose"] != "demonstration" {
				t.Errorf("%s: scope number without its note: %v", id, p.Notes)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: scopes %v; want %v", id, got, want)
		}
	}
	if got := store.clients["forest/demo-narrow"].Claims; !slices.Equal(got, []tillit.ClaimName{"email"}) {
		t.Errorf("demo-narrow: claims %v; want email alone", got)
	}
	if store.clients["forest/demo-web"].Claims != nil {
		t.Error("demo-web: a list of claims; want every claim of its scopes")
	}
}

func TestSecretsAreStoredAsHashes(t *testing.T) {
	store := newMemory()
	loaded := loadForest(t, store)
	for _, c := range loaded.Realms[0].Clients {
		if c.Public() {
			if c.Secret != "" || len(c.Secrets) > 0 {
				t.Errorf("%s is public and has a secret", c.ID)
			}
			continue
		}
		digest := sha256.Sum256([]byte(c.Secret))
		if want := base64.RawURLEncoding.EncodeToString(digest[:]); c.Secrets[0].Method != "sha256" || c.Secrets[0].Hash != want {
			t.Errorf("%s: stored %v; want the digest of the secret", c.ID, c.Secrets)
		}
	}
}

func TestLoadingTwiceChangesNothing(t *testing.T) {
	store := newMemory()
	loadForest(t, store)
	for _, p := range store.people {
		p.Password = "changed since"
	}
	store.writes = 0
	loadForest(t, store)
	if store.writes != 0 {
		t.Errorf("%d rows were written again", store.writes)
	}
}

func TestFixturesTellTheContractsMembers(t *testing.T) {
	loaded := loadForest(t, newMemory())
	fixtures, err := loaded.Fixtures(Addresses{
		Issuer: func(realm string) string { return "http://localhost:8080/" + realm },
		APIs:   func(string) map[string]string { return map[string]string{"userinfo": "http://localhost:8080/u"} },
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Realms []map[string]any }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	realm := all.Realms[0]
	for _, member := range []string{"name", "issuer", "clients", "people", "resource_servers", "organizations", "trust_anchors", "delegations", "apis"} {
		if realm[member] == nil {
			t.Errorf("member %s is missing", member)
		}
	}
	person := realm["people"].([]any)[0].(map[string]any)
	claims := person["claims"].(map[string]any)
	if claims["email"] != "bjarne@example.no" || claims["updated_at"] != 1.7e9 || person["otp"] != "123456" || person["password"] != Password {
		t.Errorf("person: %v", person)
	}
	if _, told := claims["transaction"]; told {
		t.Error("a claim of the grant is told beforehand")
	}
	second := realm["people"].([]any)[1].(map[string]any)["claims"].(map[string]any)
	if _, told := second["email"]; told || second["name"] != "Tomine Tyri" {
		t.Errorf("a missing value is told: %v", second)
	}
	server := realm["resource_servers"].([]any)[0].(map[string]any)
	if server["audience"] != "https://api.example" || server["client_secret"] == "" {
		t.Errorf("resource server: %v", server)
	}
}

func TestUnknownMembersAreRefused(t *testing.T) {
	_, err := Read(fstest.MapFS{"forest.yaml": {Data: []byte("realm: forest\nclient: {}\n")}})
	if err == nil {
		t.Error("a misspelt member was read")
	}
}
