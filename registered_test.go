package tillit_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/tillit/tillit"
)

// forest is a small realm in which organizations register scopes.
func forest(t testing.TB) *tillit.Catalog {
	t.Helper()
	c, faults := tillit.Compile(tillit.Definition{
		Realm: "forest", Registry: "forest", Version: "v", Languages: []string{"nb", "en"},
		ClientTypes: []tillit.ClientType{
			{Name: "person", GrantTypes: []string{"authorization_code"}, MayAddAny: true, Auth: map[string][]string{"web": {"none"}}},
			{Name: "machine", GrantTypes: []string{"urn:ietf:params:oauth:grant-type:jwt-bearer"}, MayAddAny: true},
		},
		Scopes:   []tillit.Scope{{Name: "forest:declared", At: tillit.AtToken, Eligible: tillit.EligibleAny}},
		Claims:   []tillit.Claim{{Name: "pid", Sinks: []tillit.Sink{tillit.SinkIDToken}}},
		Families: []tillit.Family{{Scope: tillit.Scope{Name: "*:*", At: tillit.AtToken, Eligible: tillit.EligibleGranted, OutlivesSession: true}}},
		Naming: tillit.Naming{
			Prefix: "^[a-z]+$", Subscope: `^[a-z0-9]+(?:[.][a-z0-9]+)*$`, Text: "^[A-Za-z ]*$",
			WriteSuffixes: []string{"write"}, Avoid: []string{"*api"}, Withholds: []tillit.ClaimName{"pid"},
		},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

func tree(name string) tillit.RegisteredScope {
	prefix, subscope, _ := tillit.SplitScope(tillit.ScopeName(name))
	return tillit.RegisteredScope{
		Name: tillit.ScopeName(name), Prefix: prefix, Subscope: subscope, Owner: "310103772", Active: true,
		Description: tillit.Text{"nb": "Lese"}, Visibility: tillit.Public, Format: tillit.JWT, Types: []string{"machine"},
	}
}

func TestARegisteredScopeIsACopyAway(t *testing.T) {
	before := forest(t)
	off := tree("forest:birch")
	off.Active = false
	other := tree("forest:declared")
	after := before.With([]tillit.RegisteredScope{tree("forest:pine"), tree("forest:birch"), other}, "v+1")
	later := after.With([]tillit.RegisteredScope{off}, "v+2")
	if before.Scope("forest:pine") != nil || before.Version != "v" {
		t.Error("the catalog before has changed")
	}
	pine := after.Scope("forest:pine")
	if pine == nil || !pine.OutlivesSession || pine.At != tillit.AtToken || pine.Eligible != tillit.EligibleGranted || after.Version != "v+1" {
		t.Errorf("the scope is %+v at %s; want what its family says", pine, after.Version)
	}
	if after.Scope("forest:declared").Record() != nil {
		t.Error("a record took the place of what is declared")
	}
	if after.Scope("forest:birch").State != tillit.Active || later.Scope("forest:birch").State != tillit.Inactive || later.Scope("forest:pine") != pine {
		t.Error("a change of one scope touched another, or an older catalog")
	}
	if list := later.Registered(); len(list) != 2 || list[0].Name != "forest:birch" {
		t.Errorf("registered are %v", list)
	}
	ask := func(c *tillit.Catalog, access ...tillit.ScopeName) tillit.Reason {
		client := &tillit.Client{ID: "c", Type: "machine", Organization: "310107549", Scopes: []tillit.Provision{{Scope: "forest:birch"}}}
		d := tillit.Decide(c, client, &tillit.Ask{Endpoint: tillit.AtToken, Scopes: []tillit.ScopeName{"forest:birch"}}, &tillit.Facts{Access: access})
		return d.Scope("forest:birch")
	}
	for want, got := range map[tillit.Reason]tillit.Reason{
		tillit.UnknownScope: ask(before), tillit.AccessNotGranted: ask(after), tillit.Given: ask(after, "forest:birch"), tillit.ScopeInactive: ask(later, "forest:birch"),
	} {
		if got != want {
			t.Errorf("reason is %s; want %s", got, want)
		}
	}
}

func TestCheckScope(t *testing.T) {
	c := forest(t)
	for field, change := range map[string]func(*tillit.RegisteredScope){
		"":                              func(*tillit.RegisteredScope) {},
		"prefix":                        func(s *tillit.RegisteredScope) { s.Prefix, s.Name = "", ":pine" },
		"subscope":                      func(s *tillit.RegisteredScope) { s.Subscope, s.Name = "p*", "forest:p*" },
		"name":                          func(s *tillit.RegisteredScope) { s.Name = "forest:oak" },
		"description":                   func(s *tillit.RegisteredScope) { s.Description = nil },
		"description#se":                func(s *tillit.RegisteredScope) { s.Description["se"] = "x" },
		"long_description#en":           func(s *tillit.RegisteredScope) { s.Long = tillit.Text{"en": "<b>"} },
		"visibility":                    func(s *tillit.RegisteredScope) { s.Visibility = tillit.Internal },
		"token_type":                    func(s *tillit.RegisteredScope) { s.Format = "paper" },
		"allowed_integration_types":     func(s *tillit.RegisteredScope) { s.Types = []string{"horse"} },
		"at_max_age":                    func(s *tillit.RegisteredScope) { s.AccessTokenMax = -1 },
		"authorization_max_lifetime":    func(s *tillit.RegisteredScope) { s.GrantMax = -1 },
		"delegation_source":             func(s *tillit.RegisteredScope) { s.Delegation = "https://nobody.example" },
		"enforced_aud_for_access_token": func(s *tillit.RegisteredScope) { s.Audience = "api" },
	} {
		s := tree("forest:pine")
		s.Description = tillit.Text{"nb": "Lese"}
		change(&s)
		objections := c.CheckScope(&s, tillit.Registrar{Organization: s.Owner})
		switch {
		case field == "" && len(objections) > 0:
			t.Errorf("objections to a good scope: %v", objections)
		case field != "" && (len(objections) != 1 || objections[0].Field != field):
			t.Errorf("%s: objections are %v; want one to that field", field, objections)
		}
	}
}

// TestLintScope has, for every rule, a scope that it advises against, and beside it
// one that differs by no more than the advice asks for.
func TestLintScope(t *testing.T) {
	c := forest(t)
	type edit func(s *tillit.RegisteredScope, h *tillit.ScopeHints)
	here := func(names ...tillit.ScopeName) func(tillit.ScopeName) bool {
		return func(name tillit.ScopeName) bool { return slices.Contains(names, name) }
	}
	owner := func(title string) *tillit.Organization {
		return &tillit.Organization{Title: tillit.Text{"nb": title}}
	}
	named := func(s *tillit.RegisteredScope, subscope string) {
		s.Subscope, s.Name = subscope, tillit.ScopeName(s.Prefix+":"+subscope)
	}
	people := []string{"person"}
	both := tillit.Text{"nb": "Lese", "en": "Read"}
	for code, rule := range map[string]struct{ bad, good edit }{
		"L-01": {
			func(_ *tillit.RegisteredScope, h *tillit.ScopeHints) { h.Owner = owner("Butikken") },
			func(_ *tillit.RegisteredScope, h *tillit.ScopeHints) { h.Owner = owner("Forest agency") },
		},
		"L-02": {
			func(_ *tillit.RegisteredScope, h *tillit.ScopeHints) { h.Owner, h.Others = owner("Forest agency"), 2 },
			func(_ *tillit.RegisteredScope, h *tillit.ScopeHints) { h.Owner, h.Others = owner("Butikken"), 2 },
		},
		"L-03": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { named(s, "treeapi") },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { named(s, "tree") },
		},
		"L-04": {
			func(s *tillit.RegisteredScope, h *tillit.ScopeHints) {
				named(s, "pine.read")
				h.Operations = []string{"write"}
			},
			func(s *tillit.RegisteredScope, h *tillit.ScopeHints) {
				named(s, "pine.write")
				h.Operations = []string{"write"}
			},
		},
		"L-05": {
			func(s *tillit.RegisteredScope, h *tillit.ScopeHints) { h.Operations = []string{"read", "write"} },
			func(s *tillit.RegisteredScope, h *tillit.ScopeHints) { h.Operations = []string{"read"} },
		},
		"L-06": {
			func(s *tillit.RegisteredScope, h *tillit.ScopeHints) { named(s, "pine.write"); h.Exists = here() },
			func(s *tillit.RegisteredScope, h *tillit.ScopeHints) {
				named(s, "pine.write")
				h.Exists = here("forest:pine.read")
			},
		},
		"L-07": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types, s.Consent = people, true },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) {
				s.Types, s.Consent, s.Description, s.Long = people, true, both, both
			},
		},
		"L-08": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.FreshSignIn = true },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types, s.FreshSignIn = people, true },
		},
		"L-09": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types, s.Delegation = people, "x" },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Delegation = "x" },
		},
		"L-10": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.AccessTokenMax = 60 },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.AccessTokenMax, s.GrantMax = 60, 60 },
		},
		"L-11": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Format = tillit.Opaque },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types, s.Format = people, tillit.Opaque },
		},
		"L-12": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Open, s.Visibility = true, tillit.Private },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Open = true },
		},
		"L-13": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types, s.Pseudonymous = people, true },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) {
				s.Types, s.Pseudonymous, s.Format = people, true, tillit.Opaque
			},
		},
		"L-14": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types = nil },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types = []string{"machine", "person"} },
		},
		"L-15": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Types, s.Businesses = people, true },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { s.Businesses = true },
		},
		"L-16": {
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { named(s, "a-b") },
			func(s *tillit.RegisteredScope, _ *tillit.ScopeHints) { named(s, "ab") },
		},
	} {
		for want, change := range map[bool]edit{true: rule.bad, false: rule.good} {
			s, hints := tree("forest:pine"), tillit.ScopeHints{}
			if advice := c.LintScope(&s, hints); len(advice) > 0 {
				t.Fatalf("advice on a good scope: %v", advice)
			}
			change(&s, &hints)
			advice := c.LintScope(&s, hints)
			if slices.ContainsFunc(advice, func(a tillit.Advice) bool { return a.Code == code }) != want {
				t.Errorf("advice is %v; want %s among it: %v", advice, code, want)
			}
		}
	}
}

func TestOthersWith(t *testing.T) {
	own, alike, off, other := tree("forest:pine"), tree("river:pine"), tree("sea:pine"), tree("river:oak")
	alike.Owner, off.Owner, other.Owner, off.Active = "310107549", "310111317", "310107549", false
	c := forest(t).With([]tillit.RegisteredScope{own, alike, off, other, tree("hill:pine")}, "v+1")
	if got := c.OthersWith(&own); got != 1 {
		t.Errorf("%d other organizations have such a scope; want 1", got)
	}
}

// BenchmarkRegister is what one more scope costs beside ten thousand.
func BenchmarkRegister(b *testing.B) {
	c := forest(b)
	many := make([]tillit.RegisteredScope, 10_000)
	for i := range many {
		many[i] = tree("forest:pine" + strconv.Itoa(i))
	}
	c = c.With(many, "v+1")
	one := []tillit.RegisteredScope{tree("forest:oak")}
	for b.Loop() {
		c.With(one, "v+2")
	}
}

func TestLeadsAway(t *testing.T) {
	for scheme, want := range map[string]bool{
		"https": true, "no.skog.app": true, "javascript": false, "JavaScript": false, "data": false, "file": false, "blob": false, "view-source": false,
	} {
		if got := tillit.LeadsAway(scheme); got != want {
			t.Errorf("%s leads away: %v; want %v", scheme, got, want)
		}
	}
}
