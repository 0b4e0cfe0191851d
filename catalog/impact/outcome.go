package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// An outcome is what a scope comes to for a client on one catalog.
type outcome struct {
	reason   tillit.Reason // Given, or why not; "" where it cannot be asked for
	members  []member      // delivered because of it
	audience []string
	ways     []string // by which people can sign in to have it
	consent  tillit.ConsentMode
	letIn    bool // an owner has to let the client's organization in
	withheld []tillit.ClaimName
	lives    int64 // the access token, in seconds
}

// A member is one claim in one sink.
type member struct{ at, kind, value string }

// outcomeOf asks Decide. A scope that several ways to sign in can carry comes to
// the same by each, or the first counts.
func outcomeOf(c *tillit.Catalog, client *tillit.Client, q *question) outcome {
	if c == nil || c.ClientType(client.Type) == nil {
		return outcome{}
	}
	ask, can := q.by(client)
	if !can {
		return outcome{}
	}
	if q.at == tillit.AtToken {
		facts := q.facts(c, &ask, nil)
		return read(c, client, q, tillit.Decide(c, client, &ask, &facts))
	}
	var best outcome
	for i := range c.Ways {
		way := &c.Ways[i]
		facts := q.facts(c, &ask, way)
		o := read(c, client, q, tillit.Decide(c, client, &ask, &facts))
		switch {
		case o.reason != tillit.Given && best.reason == "":
			best = o
		case o.reason == tillit.Given && best.reason != tillit.Given:
			o.ways = []string{way.Code}
			best = o
		case o.reason == tillit.Given:
			best.ways = append(best.ways, way.Code)
		}
	}
	return best
}

// read gives what of a decision is the scope's.
func read(c *tillit.Catalog, client *tillit.Client, q *question, d tillit.Decision) outcome {
	s := c.Scope(q.scope)
	o := outcome{reason: d.Scope(q.scope)}
	if s == nil {
		o.reason = tillit.UnknownScope
		return o
	}
	o.reason = d.Scope(s.Name)
	if d.Refused != nil && o.reason == tillit.Given {
		o.reason = d.Refused.Reason
	}
	for i := range d.Needs {
		if o.reason == tillit.Given {
			o.reason = tillit.Reason("needs " + string(d.Needs[i].Kind))
		}
	}
	if o.reason != tillit.Given {
		return o
	}
	whole := s.Name == tillit.OpenID || q.at == tillit.AtToken // the frames of tokens count as its own
	for _, sc := range d.Shape.Claims {
		for _, name := range sc.Claims {
			claim := c.Claim(name)
			if claim == nil || !whole && !yields(s, name) {
				continue
			}
			value := ""
			if claim.Value != nil {
				value = claim.Value.String()
			}
			o.members = append(o.members, member{string(sc.Sink) + " " + claim.Wire(), string(claim.Type), value})
		}
	}
	slices.SortFunc(o.members, func(a, b member) int { return strings.Compare(a.at+a.kind+a.value, b.at+b.kind+b.value) })
	o.members = slices.Compact(o.members)
	if s.Designator() != "" || s.Audience != "" {
		o.audience = slices.Sorted(slices.Values(d.Shape.Audience))
	}
	if q.at == tillit.AtAuthorization {
		o.consent = s.Consent
	}
	o.letIn = s.Eligible == tillit.EligibleGranted && (s.Owner == "" || s.Owner != runs(client))
	o.lives = d.Shape.Access
	o.withheld = slices.Sorted(slices.Values(s.Withholds))
	return o
}

func yields(s *tillit.Scope, name tillit.ClaimName) bool {
	return slices.Contains(s.Claims, name) || slices.ContainsFunc(s.Variants, func(v tillit.Variant) bool { return slices.Contains(v.Claims, name) })
}

// runs is the organization whose access counts.
func runs(client *tillit.Client) string {
	if client.Supplier != "" {
		return client.Supplier
	}
	return client.Organization
}

// asking says how often a person is asked, from never to each time.
var asking = map[tillit.ConsentMode]int{"": 0, tillit.ConsentNever: 0, tillit.ConsentOnce: 1, tillit.ConsentAlways: 2, tillit.ConsentPrompted: 3}

// compare says what differs between two outcomes; class is "" for nothing.
func compare(was, is *outcome) (class Class, e Effect) {
	given := func(o *outcome) bool { return o.reason == tillit.Given }
	switch {
	case !given(was) && !given(is):
		return "", e
	case given(was) && !given(is):
		e.Was, e.Is = tillit.Given, is.reason
		if e.Is == "" {
			e.Is = tillit.UnknownScope
		}
		e.Loses = places(was.members)
		return Breaking, e
	case !given(was):
		e.Was, e.Is = was.reason, tillit.Given
		if e.Was == "" {
			e.Was = tillit.UnknownScope
		}
		e.Gains = places(is.members)
		return Widening, e
	}
	note := func(c Class, format string, args ...any) {
		class = graver(class, c)
		e.Conditions = append(e.Conditions, fmt.Sprintf(format, args...))
	}
	if e.Loses = without(places(was.members), places(is.members)); len(e.Loses) > 0 {
		class = graver(class, Breaking)
	}
	if e.Gains = without(places(is.members), places(was.members)); len(e.Gains) > 0 {
		class = graver(class, Widening)
	}
	for _, m := range is.members {
		i := slices.IndexFunc(was.members, func(w member) bool { return w.at == m.at })
		switch {
		case i < 0:
		case was.members[i].kind != m.kind:
			note(Breaking, "%s: %s, was %s", m.at, m.kind, was.members[i].kind)
		case was.members[i].value != m.value:
			note(Narrowing, "%s: its value is %s, was %s", m.at, m.value, was.members[i].value)
		}
	}
	if !slices.Equal(was.audience, is.audience) {
		note(Breaking, "audience: %v, was %v", is.audience, was.audience)
	}
	if by := asking[is.consent] - asking[was.consent]; by > 0 {
		note(Narrowing, "consent: %s, was %s", is.consent, was.consent)
	} else if by < 0 {
		note(Widening, "consent: %s, was %s", is.consent, was.consent)
	}
	if gone := without(was.ways, is.ways); len(gone) > 0 {
		note(Narrowing, "no longer by signing in with %s", strings.Join(gone, ", "))
	}
	if come := without(is.ways, was.ways); len(come) > 0 {
		note(Widening, "also by signing in with %s", strings.Join(come, ", "))
	}
	if is.letIn && !was.letIn {
		note(Narrowing, "its owner has to let the organization in")
	} else if was.letIn && !is.letIn {
		note(Widening, "its owner need not let the organization in")
	}
	if is.lives < was.lives {
		note(Narrowing, "access tokens live %ds, was %ds", is.lives, was.lives)
	} else if is.lives > was.lives {
		note(Widening, "access tokens live %ds, was %ds", is.lives, was.lives)
	}
	if more := without(is.withheld, was.withheld); len(more) > 0 {
		note(Breaking, "takes away %v", more)
	}
	if less := without(was.withheld, is.withheld); len(less) > 0 {
		note(Widening, "no longer takes away %v", less)
	}
	return class, e
}

func places(members []member) []string {
	var list []string
	for _, m := range members {
		list = append(list, m.at)
	}
	return slices.Compact(list)
}

func without[T comparable](list, other []T) []T {
	var rest []T
	for _, item := range list {
		if !slices.Contains(other, item) {
			rest = append(rest, item)
		}
	}
	return rest
}
