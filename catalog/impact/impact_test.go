package impact

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

// written is a small realm, of which tests change a line.
const small = `
realm: hytta
title: {nb: Hytta, nn: Hytta, en: Hytta}
environment: test
languages: [nb, nn, en]
acr: {low: {level: 1}, high: {level: 2}}
sign_in:
  password: {title: {nb: P, nn: P, en: P}, method: password, acr: low, amr: [pwd]}
  card: {title: {nb: K, nn: K, en: C}, method: password, acr: high, amr: [sc]}
client_types:
  web: {title: {nb: W, nn: W, en: W}, grant_types: [authorization_code, client_credentials], response_types: [code], auth: {web: [client_secret_basic]}}
servers:
  doors: {title: {nb: D, nn: D, en: D}, audience: https://doors.example}
claims:
  keys: {title: {nb: N, nn: N, en: K}, type: integer, value: person.keys, sinks: [userinfo]}
  name: {title: {nb: N, nn: N, en: N}, type: string, value: person.name, sinks: [id_token]}
scopes:
  openid: {title: {nb: I, nn: I, en: I}, eligible: any}
  keys: {title: {nb: N, nn: N, en: K}, consent: once, claims: [keys, name]}
  open: {title: {nb: A, nn: A, en: O}, at: [authorization, token], server: doors}
tokens:
  id_token: {lifetime: 300s, protocol: [iss, sub, aud, exp, iat, nonce]}
  access_token: {lifetime: 300s, protocol: [iss, sub, aud, exp, iat, jti, client_id, scope]}
`

func load(t testing.TB, text string) *catalog.Set {
	t.Helper()
	set, err := catalog.Load(fstest.MapFS{"hytta.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func realm(name string, before, after *catalog.Set, clients []*tillit.Client) Realm {
	return Realm{Name: name, Clients: clients,
		Old: func(dialect string) *tillit.Catalog { return before.Catalog(name, dialect) },
		New: func(dialect string) *tillit.Catalog { return after.Catalog(name, dialect) },
	}
}

func TestClasses(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		class          Class
		says           string
	}{
		{"nothing", "", "", "", ""},
		{"a title", "keys: {title: {nb: N, nn: N, en: K}, consent", "keys: {title: {nb: N, nn: N, en: Your keys}, consent", Cosmetic, ""},
		{"a claim goes", "claims: [keys, name]", "claims: [keys]", Breaking, "loses=[id_token name]"},
		{"a claim comes", "claims: [keys, name]}\n  open", "claims: [keys, name]}\n  more: {title: {nb: N, nn: N, en: K}, eligible: any, claims: [name]}\n  open", Widening, "is=given"},
		{"a claim moves", "sinks: [id_token]", "sinks: [userinfo]", Breaking, "gains=[userinfo name] loses=[id_token name]"},
		{"another name on the wire", "type: integer,", "as: no_of_keys, type: integer,", Breaking, "loses=[userinfo keys]"},
		{"another type", "type: integer,", "type: string,", Breaking, "now=[userinfo keys: string, was integer]"},
		{"another source", "person.keys", "person.amount", Narrowing, "now=[userinfo keys: its value is person.amount, was person.keys]"},
		{"a scope is switched off", "open: {title", "open: {state: inactive, title", Breaking, "is=scope_inactive"},
		{"consent is asked for", "consent: once", "consent: always", Narrowing, "now=[consent: always, was once]"},
		{"consent is not asked for", "consent: once", "consent: never", Widening, "now=[consent: never, was once]"},
		{"a better sign-in", "consent: once, claims", "consent: once, sign_in: {level: 2}, claims", Narrowing, "now=[no longer by signing in with password]"},
		{"another audience", "audience: https://doors.example", "audience: https://gates.example", Breaking, "now=[audience: [https://gates.example], was [https://doors.example]]"},
		{"two that no longer go together", "keys: {title: {nb: N, nn: N, en: K}, consent", "keys: {title: {nb: N, nn: N, en: K}, excludes: [open], consent", Breaking, "keys beside open: is=excluded"},
		{"a restriction comes", "at: [authorization, token], server", "withholds: [name], server", Breaking, "keys beside open: is= gains=[] loses=[id_token name]"},
		{"a companion is wanted", "keys: {title: {nb: N, nn: N, en: K}, consent", "keys: {title: {nb: N, nn: N, en: K}, requires_one_of: [open], consent", Breaking, `no longer asked for as "keys openid"`},
		{"shorter tokens", "access_token: {lifetime: 300s", "access_token: {lifetime: 60s", Narrowing, "now=[access tokens live 60s, was 300s]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(small, test.old) {
				t.Fatalf("the realm has no %q", test.old)
			}
			after := load(t, strings.Replace(small, test.old, test.new, 1))
			report, err := Compare(t.Context(), []Realm{realm("hytta", load(t, small), after, nil)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, c := range report.Changes {
				told = append(told, fmt.Sprintf("%s beside %s: is=%s gains=%v loses=%v now=%v", c.Scopes[0], c.Beside, c.Is, c.Gains, c.Loses, c.Conditions))
			}
			if report.Class != test.class || !strings.Contains(strings.Join(told, "\n"), test.says) {
				t.Errorf("%q %q; want %q and %q in it", report.Class, told, test.class, test.says)
			}
		})
	}
}

// brute asks about every client by itself, and about every scope and pair.
func brute(t *rapid.T, r *Realm) []row {
	var rows []row
	for _, client := range r.Clients {
		alone := *r
		alone.Clients = []*tillit.Client{client}
		c := newComparison(&alone)
		c.affected, c.isAffected = nil, map[tillit.ScopeName]bool{}
		for _, catalog := range []*tillit.Catalog{c.old, c.latest} {
			for i := range catalog.Scopes {
				c.affected = unique(append(c.affected, catalog.Scopes[i].Name)...)
				c.isAffected[catalog.Scopes[i].Name] = true
			}
		}
		found, err := c.all(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range found {
			same := func(r row) bool {
				return r.endpoint == one.endpoint && r.scope == one.scope && r.beside == one.beside && r.whole == one.whole && r.effect.key() == one.effect.key()
			}
			if i := slices.IndexFunc(rows, same); i >= 0 {
				rows[i].clients = append(rows[i].clients, one.clients...)
			} else {
				rows = append(rows, one)
			}
		}
	}
	return rows
}

// edited gives another catalog of the same realm: scopes and claims of it are
// written otherwise, by chance.
func edited(t *rapid.T, c *tillit.Catalog) *tillit.Catalog {
	d := c.Definition
	d.Scopes, d.Claims = slices.Clone(d.Scopes), slices.Clone(d.Claims)
	for range rapid.IntRange(0, 3).Draw(t, "scopes changed") {
		s := &d.Scopes[rapid.IntRange(0, len(d.Scopes)-1).Draw(t, "scope")]
		switch rapid.IntRange(0, 8).Draw(t, "how") {
		case 0:
			s.State = tillit.Inactive
		case 1:
			if len(s.Claims) > 0 {
				s.Claims = s.Claims[1:]
			}
		case 2:
			s.Claims = append(slices.Clip(s.Claims), d.Claims[rapid.IntRange(0, len(d.Claims)-1).Draw(t, "claim")].Name)
		case 3:
			s.Consent = rapid.SampledFrom([]tillit.ConsentMode{tillit.ConsentNever, tillit.ConsentOnce, tillit.ConsentAlways}).Draw(t, "consent")
		case 4:
			s.Types = []string{d.ClientTypes[rapid.IntRange(0, len(d.ClientTypes)-1).Draw(t, "type")].Name}
		case 5:
			s.SignIn.Level = rapid.IntRange(0, 4).Draw(t, "level")
		case 6:
			s.Eligible = rapid.SampledFrom([]tillit.Eligibility{tillit.EligibleAny, tillit.EligibleProvisioned, tillit.EligibleGranted}).Draw(t, "eligible")
		case 7:
			s.Title = tillit.Text{"nb": "Annet", "nn": "Anna", "en": "Other"}
		case 8:
			s.At = tillit.AtAuthorization | tillit.AtToken
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "claims changed") {
		claim := &d.Claims[rapid.IntRange(0, len(d.Claims)-1).Draw(t, "claim")]
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			claim.Sinks = []tillit.Sink{rapid.SampledFrom([]tillit.Sink{tillit.SinkIDToken, tillit.SinkUserInfo, tillit.SinkAccessToken}).Draw(t, "sink")}
		case 1:
			claim.State = tillit.Disabled
		case 2:
			claim.Types = []string{d.ClientTypes[0].Name}
		case 3:
			claim.As = "another_" + string(claim.Name)
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "policy changed") == 0 {
		d.Settings.UnassignedScope = tillit.Drop
	}
	made, faults := tillit.Compile(d)
	if len(faults) > 0 {
		t.Skip("the edit makes no catalog: ", faults[0])
	}
	return made
}

func drawnClients(t *rapid.T, c *tillit.Catalog) []*tillit.Client {
	var list []*tillit.Client
	for i := range rapid.IntRange(1, 8).Draw(t, "clients") {
		kind := c.ClientTypes[rapid.IntRange(0, len(c.ClientTypes)-1).Draw(t, "type")]
		client := &tillit.Client{ID: tillit.ClientID(fmt.Sprint("c", i)), Active: true, Type: kind.Name, GrantTypes: kind.GrantTypes, ResponseTypes: kind.ResponseTypes}
		for j := range c.Scopes {
			if rapid.IntRange(0, 2).Draw(t, "has") > 0 && !c.Scopes[j].Standing {
				client.Scopes = append(client.Scopes, tillit.Provision{Scope: c.Scopes[j].Name})
			}
		}
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			client.Claims = []tillit.ClaimName{}
			for j := range c.Claims {
				if rapid.Bool().Draw(t, "claim") {
					client.Claims = append(client.Claims, c.Claims[j].Name)
				}
			}
		case 1:
			claim := c.Claims[rapid.IntRange(0, len(c.Claims)-1).Draw(t, "placed")].Name
			client.Placements = map[tillit.ClaimName][]tillit.Sink{claim: {tillit.SinkIDToken}}
		case 2:
			client.MinLevel = 4
		case 3:
			client.RequiredScopes = []tillit.ScopeName{c.Scopes[rapid.IntRange(0, len(c.Scopes)-1).Draw(t, "required")].Name}
		case 4:
			if len(c.Organizations) > 0 {
				client.Organization = c.Organizations[0].Number
			}
		}
		list = append(list, client.Prepare())
	}
	return list
}

// What is left out of the comparison would not have changed it: it comes to what
// asking about every client and scope comes to.
func TestEqualToBruteForce(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"bankid", "buypass", "idporten"}).Draw(t, "realm")
		before := set.Catalog(name, "")
		after := edited(t, before)
		realm := &Realm{Name: name, Clients: drawnClients(t, before),
			Old: func(string) *tillit.Catalog { return before }, New: func(string) *tillit.Catalog { return after }}
		c := newComparison(realm)
		rows, err := c.all(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sorted(brute(t, realm)), sorted(rows), cmp.AllowUnexported(row{})); diff != "" {
			t.Fatalf("-brute force +comparison\n%s", diff)
		}
	})
}

func sorted(rows []row) []row {
	for i := range rows {
		slices.Sort(rows[i].clients)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return strings.Compare(fmt.Sprint(a.scope, a.beside, a.whole, a.endpoint, a.effect.key()), fmt.Sprint(b.scope, b.beside, b.whole, b.endpoint, b.effect.key()))
	})
	return rows
}

// large makes a realm of many scopes, of a restriction that concerns them all, and
// of clients that hold some each; one in twenty has the restriction.
func large(t testing.TB, scopes, clients, each int) Realm {
	d := load(t, small).Catalog("hytta", "").Definition
	base := d.Scopes[1]
	for i := range scopes {
		s := base
		s.Name = tillit.ScopeName(fmt.Sprintf("keys:%d", i))
		d.Scopes = append(d.Scopes, s)
	}
	restriction := base
	restriction.Name, restriction.Claims, restriction.Withholds = "no_name", nil, base.Claims[1:]
	d.Scopes = append(d.Scopes, restriction)
	before, faults := tillit.Compile(d)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	d.Scopes = slices.Clone(d.Scopes)
	for i := range d.Scopes {
		if len(d.Scopes[i].Claims) > 1 {
			d.Scopes[i].Claims = d.Scopes[i].Claims[:1]
		}
	}
	d.Scopes[len(d.Scopes)-1].Withholds = base.Claims[:1]
	after, faults := tillit.Compile(d)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	list := make([]*tillit.Client, clients)
	for i := range list {
		list[i] = &tillit.Client{ID: tillit.ClientID(fmt.Sprint("client-", i)), Active: true, Type: "web", GrantTypes: []string{"authorization_code"}}
		for j := range each {
			list[i].Scopes = append(list[i].Scopes, tillit.Provision{Scope: tillit.ScopeName(fmt.Sprintf("keys:%d", (i*7+j*13)%scopes))})
		}
		if i%20 == 0 {
			list[i].Scopes = append(list[i].Scopes, tillit.Provision{Scope: restriction.Name})
		}
		list[i].Prepare()
	}
	return Realm{Name: "hytta", Clients: list,
		Old: func(string) *tillit.Catalog { return before }, New: func(string) *tillit.Catalog { return after }}
}

// Every scope changed, each also beside the restriction, and told how far it has
// come.
func TestLarge(t *testing.T) {
	r := large(t, 5000, 10000, 50)
	done, total, began := 0, 0, time.Now()
	report, err := Compare(t.Context(), []Realm{r}, func(_ string, d, of int) { done, total = d, of })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d changes of %d scopes for %d clients, %d questions in %v", len(report.Changes), report.Scopes, report.Clients, total, time.Since(began))
	beside := slices.ContainsFunc(report.Changes, func(c Change) bool { return c.Beside == "no_name" && slices.Equal(c.Loses, []string{"userinfo keys"}) })
	if report.Class != Breaking || report.Scopes < 5000 || done != total || total < 3*5000 || report.Clients != 10000 || !beside {
		t.Errorf("%s, %d scopes, %d clients, %d of %d questions, beside the restriction: %t", report.Class, report.Scopes, report.Clients, done, total, beside)
	}
}

func BenchmarkCompare(b *testing.B) {
	r := large(b, 5000, 10000, 50)
	for b.Loop() {
		if _, err := Compare(b.Context(), []Realm{r}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
