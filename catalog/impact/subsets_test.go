package impact

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tillit/tillit"
)

// What a comparison says of scopes and pairs is what asking for every set of
// scopes there is comes to: of each client, scope, sink and claim whether any set
// delivers it, and whether any set with a second scope in it does.
func TestEqualToEverySet(t *testing.T) {
	base := load(t, small).Catalog("hytta", "").Definition
	rapid.Check(t, func(t *rapid.T) {
		first := drawnDefinition(t, base, nil)
		before := compiled(t, first)
		after := compiled(t, drawnDefinition(t, base, &first))
		clients := drawnSmallClients(t)
		c := newComparison(&Realm{Name: "hytta", Clients: clients,
			Old: func(string) *tillit.Catalog { return before }, New: func(string) *tillit.Catalog { return after }})
		rows, err := c.all(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[spot]change{}
		for _, r := range rows {
			if r.whole || r.effect.Was == r.effect.Is && len(r.effect.Gains)+len(r.effect.Loses) == 0 {
				continue
			}
			for _, id := range r.clients {
				got[spot{id, r.endpoint, r.scope, r.beside}] = change{
					r.effect.Was == tillit.Given, r.effect.Is == tillit.Given, slices.Sorted(slices.Values(r.effect.Gains)), slices.Sorted(slices.Values(r.effect.Loses)),
				}
			}
		}
		want := map[spot]change{}
		for _, client := range clients {
			for _, at := range endpoints {
				maps.Copy(want, changesOf(client, at, everySet(before, client, at), everySet(after, client, at)))
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(change{})); diff != "" {
			t.Fatalf("-every set +comparison\n%s\nold %s\nnew %s\nclients %s", diff, textOf(before.Scopes), textOf(after.Scopes), textOf(clients))
		}
	})
}

// A spot is where something differs.
type spot struct {
	client        tillit.ClientID
	at            tillit.Endpoints
	scope, beside tillit.ScopeName
}

type change struct {
	was, is      bool // given, where that differs
	gains, loses []string
}

// Yields are the members that a scope, beside another or "", delivers by one set
// at least; no entry where no set gives both.
type yieldsOf map[pair]map[string]bool

// changesOf compares: of a pair only what does not differ of the scope alone.
func changesOf(client *tillit.Client, at tillit.Endpoints, before, after yieldsOf) map[spot]change {
	found := map[spot]change{}
	for _, scope := range smallScopes {
		alone := differs(before[pair{scope, ""}], after[pair{scope, ""}])
		if alone.was || alone.is || len(alone.gains)+len(alone.loses) > 0 {
			found[spot{client.ID, at, scope, ""}] = alone
		}
		for _, other := range smallScopes {
			given := true
			for _, name := range []tillit.ScopeName{scope, other} {
				given = given && before[pair{name, ""}] != nil && after[pair{name, ""}] != nil
			}
			if other == scope || !given {
				continue
			}
			both := differs(before[pair{scope, other}], after[pair{scope, other}])
			if !both.was && !both.is {
				both.gains, both.loses = without(both.gains, alone.gains), without(both.loses, alone.loses)
			}
			if both.was || both.is || len(both.gains)+len(both.loses) > 0 {
				found[spot{client.ID, at, scope, other}] = both
			}
		}
	}
	return found
}

func differs(before, after map[string]bool) change {
	list := func(of, not map[string]bool) []string {
		var names []string
		for name := range of {
			if !not[name] {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	return change{before != nil && after == nil, before == nil && after != nil, list(after, before), list(before, after)}
}

// everySet asks for all sets of scopes, by all response types and ways to sign in.
func everySet(c *tillit.Catalog, client *tillit.Client, at tillit.Endpoints) yieldsOf {
	found := yieldsOf{}
	ways := []*tillit.Way{nil}
	if at == tillit.AtAuthorization {
		ways = nil
		for i := range c.Ways {
			ways = append(ways, &c.Ways[i])
		}
	}
	for bits := 1; bits < 1<<len(smallScopes); bits++ {
		s := set{acts: map[string]bool{}, ask: tillit.Ask{Endpoint: at, Prompt: []string{"consent"}}}
		for i, name := range smallScopes {
			if bits&(1<<i) != 0 {
				s.names = append(s.names, name)
			}
		}
		for _, ask := range s.by(client) {
			for _, way := range ways {
				facts := s.facts(c, &ask, way)
				d := tillit.Decide(c, client, &ask, &facts)
				for _, scope := range s.names {
					for _, other := range s.names {
						if d.Refused == nil && len(d.Needs) == 0 && d.Scope(scope) == tillit.Given && d.Scope(other) == tillit.Given {
							p := pair{scope, other}
							if scope == other {
								p.beside = ""
							}
							found.add(p, membersOf(c, c.Scope(scope), at, &d.Shape))
						}
					}
				}
			}
		}
	}
	return found
}

func (y yieldsOf) add(p pair, members []member) {
	if y[p] == nil {
		y[p] = map[string]bool{}
	}
	for _, m := range members {
		y[p][m.at] = true
	}
}

var smallScopes = []tillit.ScopeName{tillit.OpenID, "a", "b", "c", "d", "e"}

func compiled(t *rapid.T, d tillit.Definition) *tillit.Catalog {
	c, faults := tillit.Compile(d)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

// drawnDefinition makes up a realm of few scopes with every rule between them;
// like is the one that it came to be from.
func drawnDefinition(t *rapid.T, base tillit.Definition, like *tillit.Definition) tillit.Definition {
	d := base
	d.Scopes, d.Claims = nil, nil
	other := func() bool { return like == nil || rapid.IntRange(0, 4).Draw(t, "written otherwise") == 0 }
	if like != nil {
		d.Settings, d.Tokens = like.Settings, like.Tokens
	}
	if other() {
		d.Settings.UnassignedScope = rapid.SampledFrom([]tillit.Policy{tillit.Refuse, tillit.Drop}).Draw(t, "unassigned")
		d.Settings.WithoutOpenID = rapid.SampledFrom([]string{"refuse", "oauth"}).Draw(t, "without openid")
		d.Settings.Audience = "servers"
	}
	if other() {
		d.Tokens = maps.Clone(base.Tokens)
		d.Tokens["userinfo"] = tillit.TokenSpec{Requires: rapid.SampledFrom([]tillit.ScopeName{"", "", "a"}).Draw(t, "userinfo requires")}
		access := d.Tokens["access_token"]
		access.Claims = rapid.SampledFrom([][]tillit.ClaimName{nil, {"v"}}).Draw(t, "frame")
		d.Tokens["access_token"] = access
	}
	for i, name := range []tillit.ClaimName{"v", "w", "x", "y"} {
		if !other() {
			d.Claims = append(d.Claims, like.Claims[i])
			continue
		}
		claim := tillit.Claim{Name: name, Type: "string", Sinks: []tillit.Sink{rapid.SampledFrom([]tillit.Sink{"userinfo", "userinfo", "id_token", "access_token", "extra"}).Draw(t, "sink")}}
		if rapid.Bool().Draw(t, "may also") {
			claim.MayAlso = []tillit.Sink{tillit.SinkIDToken}
		}
		d.Claims = append(d.Claims, claim)
	}
	for i, name := range smallScopes {
		if !other() {
			d.Scopes = append(d.Scopes, like.Scopes[i])
			d.Scopes[i].Excludes = slices.Clone(like.Scopes[i].Excludes)
			continue
		}
		d.Scopes = append(d.Scopes, drawnScope(t, name))
	}
	return d
}

func drawnScope(t *rapid.T, name tillit.ScopeName) tillit.Scope {
	s := tillit.Scope{Name: name, At: tillit.AtAuthorization, Eligible: tillit.EligibleAny}
	seldom := func(what string) bool { return rapid.IntRange(0, 4).Draw(t, what) == 0 }
	names := func(what string) []tillit.ScopeName {
		return unique(rapid.SliceOfN(rapid.SampledFrom(slices.DeleteFunc(slices.Clone(smallScopes[1:]), func(n tillit.ScopeName) bool { return n == name })), 1, 2).Draw(t, what)...)
	}
	claims := rapid.SliceOfNDistinct(rapid.SampledFrom([]tillit.ClaimName{"v", "w", "x", "y"}), 0, 3, rapid.ID)
	s.Claims = claims.Draw(t, "claims")
	if name == tillit.OpenID {
		return s
	}
	s.Eligible = rapid.SampledFrom([]tillit.Eligibility{tillit.EligibleAny, tillit.EligibleProvisioned, tillit.EligibleGranted}).Draw(t, "eligible")
	s.At = rapid.SampledFrom([]tillit.Endpoints{1, 3, 2}).Draw(t, "at")
	s.Consent = rapid.SampledFrom([]tillit.ConsentMode{tillit.ConsentNever, tillit.ConsentOnce, tillit.ConsentPrompted}).Draw(t, "consent")
	if seldom("inactive") {
		s.State = tillit.Inactive
	}
	if seldom("excludes") {
		s.Excludes = names("excluded")
	}
	if seldom("requires") {
		s.RequiresOneOf = names("required")
	}
	if seldom("withholds") {
		s.Withholds, s.Standing = claims.Draw(t, "withheld"), seldom("standing")
	}
	if seldom("audience") {
		s.Audience = rapid.SampledFrom([]string{"https://one.example", "https://two.example"}).Draw(t, "audience")
	}
	if seldom("server") {
		s.Server = "doors"
	}
	if seldom("level") {
		s.SignIn.Level = rapid.IntRange(1, 3).Draw(t, "least")
	}
	return s
}

func drawnSmallClients(t *rapid.T) []*tillit.Client {
	var list []*tillit.Client
	for i := range rapid.IntRange(1, 3).Draw(t, "clients") {
		client := &tillit.Client{ID: tillit.ClientID(fmt.Sprint("c", i)), Active: true, Type: "web", GrantTypes: []string{"authorization_code", "client_credentials"},
			ResponseTypes: rapid.SampledFrom([][]string{{"code"}, {"code", "id_token"}, {"id_token"}}).Draw(t, "response types")}
		for _, name := range smallScopes[1:] {
			if rapid.IntRange(0, 3).Draw(t, "has") > 0 {
				client.Scopes = append(client.Scopes, tillit.Provision{Scope: name})
			}
		}
		list = append(list, client.Prepare())
	}
	return list
}
