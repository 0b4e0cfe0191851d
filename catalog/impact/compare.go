package impact

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// A Realm is one realm before and after. A nil catalog is a realm that was not
// there, or is not there any more.
type Realm struct {
	Name string
	// Old and New give a dialect of the realm, "" for its own.
	Old, New func(dialect string) *tillit.Catalog
	// Clients are the clients of its registry; nil: one of each type stands in.
	Clients []*tillit.Client
}

// Progress is told how many of the questions about a realm have been answered.
type Progress func(realm string, done, total int)

// Compare says what a change comes to. It stops early when ctx does.
func Compare(ctx context.Context, realms []Realm, progress Progress) (*Report, error) {
	report := &Report{Changes: []Change{}, Cosmetic: []string{}}
	for i := range realms {
		c := newComparison(&realms[i])
		rows, err := c.all(ctx, progress)
		if err != nil {
			return nil, err
		}
		report.Changes = append(report.Changes, gather(realms[i].Name, rows)...)
		report.Cosmetic = append(report.Cosmetic, c.cosmetic(rows)...)
		report.Clients += len(c.clients)
		report.Scopes += len(c.affected)
	}
	if len(report.Cosmetic) > 0 {
		report.Class = Cosmetic
	}
	for i := range report.Changes {
		report.Class = graver(report.Class, report.Changes[i].Class)
	}
	return report, nil
}

// A comparison is the work on one realm.
type comparison struct {
	*Realm
	old, latest *tillit.Catalog
	clients     []subject
	affected    []tillit.ScopeName // whose answers can differ
	isAffected  map[tillit.ScopeName]bool
	texts       []string // what differs in words at least
	holders     map[tillit.ScopeName][]int
}

// A subject is a client with the number of the group it is in: those of a group
// differ in nothing but scopes, claims, placements and organization.
type subject struct {
	*tillit.Client
	group int
}

func newComparison(r *Realm) *comparison {
	c := &comparison{Realm: r, old: r.Old(""), latest: r.New(""), holders: map[tillit.ScopeName][]int{}}
	clients := r.Clients
	if clients == nil {
		clients = standIns(c.old, c.latest)
	}
	groups := map[string]int{}
	for _, client := range clients {
		if !client.Active || !works(c.old, client) && !works(c.latest, client) {
			continue
		}
		key := groupKey(client)
		if _, there := groups[key]; !there {
			groups[key] = len(groups)
		}
		for _, p := range client.Scopes {
			c.holders[p.Scope] = append(c.holders[p.Scope], len(c.clients))
		}
		c.clients = append(c.clients, subject{client, groups[key]})
	}
	c.findAffected()
	c.isAffected = map[tillit.ScopeName]bool{}
	for _, name := range c.affected {
		c.isAffected[name] = true
	}
	return c
}

func works(c *tillit.Catalog, client *tillit.Client) bool {
	return c != nil && c.ClientType(client.Type) != nil
}

// groupKey holds everything of a client that Decide reads, but for its scopes,
// claims, placements and organization: those are looked at scope by scope.
func groupKey(c *tillit.Client) string {
	text, _ := json.Marshal([]any{ //nolint:errcheck // texts and numbers
		c.Type, c.GrantTypes, c.ResponseTypes, c.Ways, c.MinLevel, c.Dialect, c.Bounded, c.RequiredScopes, c.Profile, c.SubjectType,
		c.Server, c.BoundCertificate, c.BoundDPoP, c.Supplier != "",
		c.AccessTokenLifetime,
	})
	return string(text)
}

// standIns are one client of each type, with every scope that it may have.
func standIns(catalogs ...*tillit.Catalog) []*tillit.Client {
	byType := map[string]*tillit.Client{}
	var order []string
	for _, c := range catalogs {
		if c == nil {
			continue
		}
		for i := range c.ClientTypes {
			t := &c.ClientTypes[i]
			client := byType[t.Name]
			if client == nil {
				client = &tillit.Client{ID: tillit.ClientID("any " + t.Name), Active: true, Type: t.Name, GrantTypes: t.GrantTypes, ResponseTypes: t.ResponseTypes}
				byType[t.Name] = client
				order = append(order, t.Name)
			}
			for j := range c.Scopes {
				s := &c.Scopes[j]
				if !s.Standing && (len(s.Types) == 0 || slices.Contains(s.Types, t.Name)) && !client.Has(s.Name) {
					client.Scopes = append(client.Scopes, tillit.Provision{Scope: s.Name})
				}
			}
		}
	}
	list := make([]*tillit.Client, 0, len(order))
	for _, name := range order {
		list = append(list, byType[name].Prepare())
	}
	return list
}

var endpoints = []tillit.Endpoints{tillit.AtAuthorization, tillit.AtToken}

// all asks about each scope by itself, then about pairs, then about everything
// that a client has: what has been told of the smaller is not told again of the
// larger.
func (c *comparison) all(ctx context.Context, progress Progress) ([]row, error) {
	asked := c.affected
	pairs := c.findPairs()
	done := func(i int) {
		if progress != nil {
			progress(c.Name, i, len(asked)+len(pairs)+1)
		}
	}
	var rows []row
	for i, name := range asked {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, at := range endpoints {
			rows = append(rows, c.scope(name, at)...)
		}
		done(i + 1)
	}
	for i, p := range pairs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, at := range endpoints {
			rows = append(rows, c.pair(p, at)...)
		}
		done(len(asked) + i + 1)
	}
	rows, err := c.wholes(ctx, rows)
	if err == nil {
		done(len(asked) + len(pairs) + 1)
	}
	return rows, err
}

// scope asks about one scope.
func (c *comparison) scope(name tillit.ScopeName, at tillit.Endpoints) []row {
	if !c.askable(name, at) {
		return nil
	}
	q := questionAbout(c.old, c.latest, name, "", at)
	return c.each(&q, c.concerned(name), func(client *tillit.Client) (Class, Effect) {
		was, is := c.outcomes(client, &q)
		return compare(&was, &is)
	})
}

// each answers for clients, once for all that the question cannot tell apart.
func (c *comparison) each(q *question, clients []int, answer func(*tillit.Client) (Class, Effect)) []row {
	sight := c.sightOf(q)
	known := map[string]int{} // of rows; -1: nothing differs
	byEffect := map[string]int{}
	var rows []row
	for _, i := range clients {
		client := c.clients[i]
		key := sight.key(client)
		at, there := known[key]
		if !there {
			at = -1
			if class, effect := answer(client.Client); class != "" {
				which := effect.key()
				if _, there := byEffect[which]; !there {
					byEffect[which] = len(rows)
					rows = append(rows, row{endpoint: q.at, scope: q.scope, beside: q.beside, class: class, effect: effect})
				}
				at = byEffect[which]
			}
			known[key] = at
		}
		if at >= 0 {
			rows[at].clients = append(rows[at].clients, client.ID)
		}
	}
	return rows
}

// outcomes asks on both catalogs.
func (c *comparison) outcomes(client *tillit.Client, q *question) (was, is outcome) {
	return outcomeOf(c.Old(client.Dialect), client, q), outcomeOf(c.New(client.Dialect), client, q)
}

func (c *comparison) askable(name tillit.ScopeName, at tillit.Endpoints) bool {
	for _, catalog := range []*tillit.Catalog{c.old, c.latest} {
		if catalog == nil {
			continue
		}
		if s := catalog.Scope(name); s != nil && s.At&at != 0 {
			return true
		}
	}
	return false
}

// concerned lists the clients that could have the scope on one of the catalogs.
func (c *comparison) concerned(scope tillit.ScopeName) []int {
	names := map[tillit.ScopeName]bool{scope: true}
	for _, catalog := range []*tillit.Catalog{c.old, c.latest} {
		if catalog == nil {
			continue
		}
		if s := catalog.Scope(scope); s != nil {
			if s.Eligible == tillit.EligibleAny || unregistered(catalog) {
				return everyone(len(c.clients))
			}
			names[s.Name] = true
			for _, alias := range s.Aliases {
				names[alias] = true
			}
		}
	}
	var list []int
	for name := range names {
		list = append(list, c.holders[name]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func unregistered(c *tillit.Catalog) bool {
	return slices.ContainsFunc(c.ClientTypes, func(t tillit.ClientType) bool { return t.Unregistered })
}

func everyone(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// A sight is what of a client a question looks at, beside its group.
type sight struct {
	scopes []tillit.ScopeName
	claims []tillit.ClaimName
	owners []string
}

func (c *comparison) sightOf(q *question) sight {
	s := sight{scopes: slices.Clone(q.asks)}
	for _, catalog := range []*tillit.Catalog{c.old, c.latest} {
		if catalog == nil {
			continue
		}
		for i := range catalog.Scopes {
			if catalog.Scopes[i].Standing {
				s.scopes = append(s.scopes, catalog.Scopes[i].Name)
			}
		}
		for _, name := range q.asks {
			scope := catalog.Scope(name)
			if scope == nil {
				continue
			}
			s.scopes = append(append(s.scopes, scope.Name), scope.Aliases...)
			s.owners = append(s.owners, scope.Owner)
			s.claims = append(s.claims, scope.Claims...)
			for i := range scope.Variants {
				s.claims = append(s.claims, scope.Variants[i].Claims...)
			}
		}
		for _, spec := range catalog.Tokens {
			s.claims = append(s.claims, spec.Claims...)
		}
	}
	slices.Sort(s.scopes)
	slices.Sort(s.claims)
	s.scopes, s.claims = slices.Compact(s.scopes), slices.Compact(s.claims)
	return s
}

// key is the same for clients that the question cannot tell apart.
func (s *sight) key(client subject) string {
	var b strings.Builder
	fmt.Fprint(&b, client.group, " ")
	bit := func(set bool) {
		if set {
			b.WriteByte('1')
		} else {
			b.WriteByte('0')
		}
	}
	for _, name := range s.scopes {
		bit(client.Has(name))
	}
	for _, owner := range s.owners {
		bit(runs(client.Client) == owner)
	}
	for _, name := range client.RequiredScopes {
		bit(client.Has(name))
	}
	if client.Claims != nil {
		b.WriteByte(' ')
		for _, name := range s.claims {
			bit(slices.Contains(client.Claims, name))
		}
	}
	if len(client.Placements) > 0 {
		for _, name := range s.claims {
			fmt.Fprintf(&b, " %v", client.Placements[name])
		}
	}
	return b.String()
}
