package impact

import (
	"cmp"
	"context"
	"slices"

	"github.com/tillit/tillit"
)

// A pair is two scopes of which one rule speaks: one excludes the other, takes
// away what the other yields, or forces another audience on the token.
type pair struct{ scope, beside tillit.ScopeName }

// findPairs lists the pairs whose answers can differ, each in both orders: those
// that a rule names, and those that cannot be had without two that a rule names.
func (c *comparison) findPairs() []pair {
	found := map[pair]bool{}
	for _, catalog := range []*tillit.Catalog{c.old, c.latest} {
		if catalog == nil {
			continue
		}
		leaning := leaningOn(catalog)
		for p := range named(catalog) {
			for _, a := range leaning[p.scope] {
				for _, b := range leaning[p.beside] {
					if a != b && (c.isAffected[a] || c.isAffected[b]) {
						found[pair{a, b}], found[pair{b, a}] = true, true
					}
				}
			}
		}
	}
	list := make([]pair, 0, len(found))
	for p := range found {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b pair) int { return cmp.Or(cmp.Compare(a.scope, b.scope), cmp.Compare(a.beside, b.beside)) })
	return list
}

// named lists the pairs that a rule of the catalog speaks of.
func named(c *tillit.Catalog) map[pair]bool {
	yielding := map[tillit.ClaimName][]tillit.ScopeName{}
	for i := range c.Scopes {
		s := &c.Scopes[i]
		for _, name := range s.Claims {
			yielding[name] = append(yielding[name], s.Name)
		}
		for j := range s.Variants {
			for _, name := range s.Variants[j].Claims {
				yielding[name] = append(yielding[name], s.Name)
			}
		}
	}
	found := map[pair]bool{}
	for i := range c.Scopes {
		s := &c.Scopes[i]
		for _, other := range s.Excludes {
			found[pair{s.Name, canonical(c, other)}] = true
		}
		for _, claim := range s.Withholds {
			for _, other := range yielding[claim] {
				found[pair{other, s.Name}] = true
			}
		}
		for _, other := range framedBy(c, s) {
			found[pair{other, s.Name}] = true
		}
		for j := range c.Scopes {
			if other := &c.Scopes[j]; s.Audience != "" && other.Audience != s.Audience && (other.Audience != "" || other.Server != "") {
				found[pair{other.Name, s.Name}] = true
			}
		}
	}
	return found
}

// framedBy lists the scopes that a scope takes from what stands in tokens whatever
// the scopes: that counts as openid's, and without a person as everybody's.
func framedBy(c *tillit.Catalog, s *tillit.Scope) []tillit.ScopeName {
	var list []tillit.ScopeName
	if len(s.Withholds) > 0 {
		list = append(list, tillit.OpenID)
	}
	held := func(name tillit.ClaimName) bool { return slices.Contains(s.Withholds, name) }
	if s.At&tillit.AtToken != 0 && slices.ContainsFunc(c.Token("machine_token").Claims, held) {
		for i := range c.Scopes {
			list = append(list, c.Scopes[i].Name)
		}
	}
	return list
}

// leaningOn gives, of each scope, itself and those that may have it as a
// companion, as a companion's companion, or to reach UserInfo.
func leaningOn(c *tillit.Catalog) map[tillit.ScopeName][]tillit.ScopeName {
	leaning := map[tillit.ScopeName][]tillit.ScopeName{}
	for i := range c.Scopes {
		reached := []tillit.ScopeName{c.Scopes[i].Name}
		if s := c.Scope(c.Tokens["userinfo"].Requires); s != nil && s.Name != reached[0] && len(c.Scopes[i].Claims)+len(c.Scopes[i].Variants) > 0 {
			reached = append(reached, s.Name)
		}
		for j := 0; j < len(reached); j++ {
			leaning[reached[j]] = append(leaning[reached[j]], c.Scopes[i].Name)
			for _, other := range c.Scope(reached[j]).RequiresOneOf {
				if other = canonical(c, other); !slices.Contains(reached, other) {
					reached = append(reached, other)
				}
			}
		}
	}
	return leaning
}

// pair asks about a scope beside another, of clients that can have each by
// itself before and after.
func (c *comparison) pair(p pair, at tillit.Endpoints) []row {
	if !c.askable(p.scope, at) || !c.askable(p.beside, at) {
		return nil
	}
	both := questionAbout(c.old, c.latest, p.scope, p.beside, at)
	alone := questionAbout(c.old, c.latest, p.scope, "", at)
	other := questionAbout(c.old, c.latest, p.beside, "", at)
	sight := both // and all that the two by themselves look at
	sight.asks = unique(append(append(slices.Clone(both.asks), alone.asks...), other.asks...)...)
	return c.each(&sight, inBoth(c.concerned(p.scope), c.concerned(p.beside)), func(client *tillit.Client) (Class, Effect) {
		if was, is := c.outcomes(client, &other); was.reason != tillit.Given || is.reason != tillit.Given {
			return "", Effect{}
		}
		aloneWas, aloneIs := c.outcomes(client, &alone)
		if aloneWas.reason != tillit.Given || aloneIs.reason != tillit.Given {
			return "", Effect{}
		}
		was, is := c.outcomes(client, &both)
		return beyond(&was, &is, &aloneWas, &aloneIs)
	})
}

// beyond says what differs in a combination that does not in the scope alone.
func beyond(was, is, aloneWas, aloneIs *outcome) (Class, Effect) {
	_, alone := compare(aloneWas, aloneIs)
	class, e := compare(was, is)
	if class == "" || e.Was != "" || e.Is != "" {
		return class, e
	}
	class = ""
	if e.Loses = without(e.Loses, alone.Loses); len(e.Loses) > 0 {
		class = Breaking
	}
	if e.Gains = without(e.Gains, alone.Gains); len(e.Gains) > 0 {
		class = graver(class, Widening)
	}
	e.Conditions = nil
	if slices.Equal(aloneWas.audience, aloneIs.audience) && !slices.Equal(was.audience, is.audience) {
		class, e.Conditions = Breaking, []string{otherAudience(was, is)}
	}
	return class, e
}

// inBoth lists what stands in two lists that are in order.
func inBoth(a, b []int) []int {
	var list []int
	for _, i := range a {
		if _, found := slices.BinarySearch(b, i); found {
			list = append(list, i)
		}
	}
	return list
}

// wholes asks about all that clients have, at once, and adds what the rows do not
// say already.
func (c *comparison) wholes(ctx context.Context, rows []row) ([]row, error) {
	told := map[tillit.ClientID][]*row{}
	for i := range rows {
		for _, id := range rows[i].clients {
			told[id] = append(told[id], &rows[i])
		}
	}
	concerned := map[int]bool{}
	for _, name := range c.affected {
		for _, i := range c.concerned(name) {
			concerned[i] = true
		}
	}
	index := map[string]int{}
	var more []row
	for i := range c.clients {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !concerned[i] {
			continue
		}
		client := c.clients[i].Client
		for _, at := range endpoints {
			for _, r := range c.whole(client, at, told[client.ID]) {
				key := string(r.scope) + "|" + endpoint(at) + "|" + r.effect.key()
				if _, there := index[key]; !there {
					index[key] = len(more)
					more = append(more, r)
				}
				r := &more[index[key]]
				r.clients = append(r.clients, client.ID)
			}
		}
	}
	return append(rows, more...), nil
}

// whole asks for everything that a client has at an endpoint.
func (c *comparison) whole(client *tillit.Client, at tillit.Endpoints, told []*row) []row {
	var names []tillit.ScopeName
	for _, p := range client.Scopes {
		if name := c.canonical(p.Scope); c.askable(name, at) {
			names = append(names, name)
		}
	}
	if at == tillit.AtAuthorization {
		names = append(names, tillit.OpenID)
	}
	names = unique(names...)
	if len(names) < 3 || len(names) > tillit.MaxScopes { // one or two have been asked about
		return nil
	}
	q := question{at: at}
	q.add(slices.DeleteFunc([]*tillit.Catalog{c.old, c.latest}, func(c *tillit.Catalog) bool { return c == nil }), names)
	return c.wholeRows(client, &q, names, told)
}

// canonical is the scope's own name for a spelling that one of the catalogs knows.
func (c *comparison) canonical(name tillit.ScopeName) tillit.ScopeName {
	for _, catalog := range []*tillit.Catalog{c.old, c.latest} {
		if catalog != nil && catalog.Scope(name) != nil {
			return catalog.Scope(name).Name
		}
	}
	return name
}

func (c *comparison) wholeRows(client *tillit.Client, q *question, names []tillit.ScopeName, told []*row) []row {
	was, is := c.decided(c.Old, client, q, names), c.decided(c.New, client, q, names)
	taken := slices.ContainsFunc(told, func(r *row) bool { return r.endpoint == q.at && (r.effect.Was != "" || r.effect.Is != "") })
	var rows []row
	for i, name := range names {
		class, e := compare(&was[i], &is[i])
		e.Conditions = nil
		switch {
		case class == "" || (e.Was != "" || e.Is != "") && taken: // a smaller set says why
			continue
		case e.Was == "" && e.Is == "":
			for _, r := range told {
				if r.endpoint == q.at && r.scope == name {
					e.Loses, e.Gains = without(e.Loses, r.effect.Loses), without(e.Gains, r.effect.Gains)
				}
			}
			if class = Widening; len(e.Loses) > 0 {
				class = Breaking
			} else if len(e.Gains) == 0 {
				continue
			}
		}
		rows = append(rows, row{endpoint: q.at, scope: name, whole: true, class: class, effect: e})
	}
	return rows
}

// decided gives what each of the names comes to where all are asked for.
func (c *comparison) decided(of func(string) *tillit.Catalog, client *tillit.Client, q *question, names []tillit.ScopeName) []outcome {
	list := make([]outcome, len(names))
	catalog := of(client.Dialect)
	if catalog == nil || catalog.ClientType(client.Type) == nil {
		return list
	}
	ways := []*tillit.Way{nil}
	if q.at == tillit.AtAuthorization {
		ways = nil
		for i := range catalog.Ways {
			ways = append(ways, &catalog.Ways[i])
		}
	}
	for k := range q.sets {
		set := &q.sets[k]
		for _, ask := range set.by(client) {
			for _, way := range ways {
				facts := set.facts(catalog, &ask, way)
				d := tillit.Decide(catalog, client, &ask, &facts)
				for i, name := range names {
					one := outcome{reason: reasonOf(catalog, name, &d)}
					if one.reason == tillit.Given {
						one.members = membersOf(catalog, catalog.Scope(name), q.at, &d.Shape)
					}
					list[i].merge(one, set, nil)
				}
			}
		}
	}
	for i := range list {
		list[i].members = inOrder(list[i].members)
	}
	return list
}
