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
	sets     []string // what it can be asked for with
	ways     []string // by which people can sign in to have it
	consent  tillit.ConsentMode
	letIn    bool // an owner has to let the client's organization in
	withheld []tillit.ClaimName
	lives    int64 // the access token, in seconds
}

// A member is one claim in one sink.
type member struct{ at, kind, value string }

// outcomeOf asks Decide by every set, response type and way to sign in: what is
// delivered by one of them counts. Of what else a decision says, the first that
// gives the scope counts.
func outcomeOf(c *tillit.Catalog, client *tillit.Client, q *question) outcome {
	best := outcome{}
	if c == nil || c.ClientType(client.Type) == nil {
		return best
	}
	for i := range q.sets {
		set := &q.sets[i]
		for _, ask := range set.by(client) {
			best.add(c, client, q, set, &ask)
		}
	}
	best.members = inOrder(best.members)
	return best
}

// add asks once for each way to sign in.
func (o *outcome) add(c *tillit.Catalog, client *tillit.Client, q *question, set *set, ask *tillit.Ask) {
	if q.at == tillit.AtToken {
		facts := set.facts(c, ask, nil)
		o.merge(read(c, client, q, tillit.Decide(c, client, ask, &facts)), set, nil)
		return
	}
	for i := range c.Ways {
		facts := set.facts(c, ask, &c.Ways[i])
		o.merge(read(c, client, q, tillit.Decide(c, client, ask, &facts)), set, &c.Ways[i])
	}
}

func (o *outcome) merge(one outcome, set *set, way *tillit.Way) {
	switch {
	case one.reason != tillit.Given:
		if o.reason == "" {
			o.reason = one.reason
		}
		return
	case o.reason != tillit.Given:
		*o = one
	default:
		o.members = append(o.members, one.members...)
	}
	if n := len(o.sets); n == 0 || o.sets[n-1] != set.text { // those of one set come one after the other
		o.sets = append(o.sets, set.text)
	}
	if way != nil && !slices.Contains(o.ways, way.Code) {
		o.ways = append(o.ways, way.Code)
	}
}

func inOrder(members []member) []member {
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.at+a.kind+a.value, b.at+b.kind+b.value) })
	return slices.Compact(members)
}

// read gives what of a decision is the scope's.
func read(c *tillit.Catalog, client *tillit.Client, q *question, d tillit.Decision) outcome {
	s := c.Scope(q.scope)
	if s == nil {
		return outcome{reason: tillit.UnknownScope}
	}
	o := outcome{reason: reasonOf(c, q.scope, &d)}
	if q.beside != "" && o.reason == tillit.Given {
		o.reason = reasonOf(c, q.beside, &d)
	}
	if o.reason != tillit.Given {
		return o
	}
	o.members = membersOf(c, s, q.at, &d.Shape)
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

// reasonOf says what became of a scope: what refused the request did it too.
func reasonOf(c *tillit.Catalog, name tillit.ScopeName, d *tillit.Decision) tillit.Reason {
	reason := tillit.UnknownScope
	if s := c.Scope(name); s != nil {
		reason = d.Scope(s.Name)
	}
	switch {
	case reason == tillit.Given && d.Refused != nil:
		return d.Refused.Reason
	case reason == tillit.Given && len(d.Needs) > 0:
		return tillit.Reason("needs " + string(d.Needs[0].Kind))
	}
	return reason
}

// membersOf lists what is delivered because of a scope: the claims that it
// yields; of openid, and at the token endpoint of each scope, also those that
// stand in the tokens whatever the scopes; and those of a token of the
// realm's own that is there because a claim of the scope goes there.
func membersOf(c *tillit.Catalog, s *tillit.Scope, at tillit.Endpoints, shape *tillit.Shape) []member {
	var list []member
	for _, sc := range shape.Claims {
		own := slices.ContainsFunc(sc.Claims, func(name tillit.ClaimName) bool { return yields(s, name) })
		frame := framed(c, sc.Sink, at)
		whole := own
		if sc.Sink.Standard() {
			whole = s.Name == tillit.OpenID || at == tillit.AtToken
		}
		for _, name := range sc.Claims {
			claim := c.Claim(name)
			if claim == nil || !yields(s, name) && !(whole && slices.Contains(frame, name)) {
				continue
			}
			value := ""
			if claim.Value != nil {
				value = claim.Value.String()
			}
			list = append(list, member{string(sc.Sink) + " " + claim.Wire(), string(claim.Type), value})
		}
	}
	return inOrder(list)
}

// framed lists the claims that stand in a token whatever the scopes.
func framed(c *tillit.Catalog, sink tillit.Sink, at tillit.Endpoints) []tillit.ClaimName {
	if at == tillit.AtToken && sink == tillit.SinkAccessToken {
		return c.Token("machine_token").Claims
	}
	return c.Tokens[string(sink)].Claims
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
		note(Breaking, "%s", otherAudience(was, is))
	}
	if by := asking[is.consent] - asking[was.consent]; by > 0 {
		note(Narrowing, "consent: %s, was %s", is.consent, was.consent)
	} else if by < 0 {
		note(Widening, "consent: %s, was %s", is.consent, was.consent)
	}
	for _, gone := range without(was.sets, is.sets) {
		note(Breaking, "no longer asked for as %q", gone)
	}
	for _, come := range without(is.sets, was.sets) {
		note(Widening, "can be asked for as %q", come)
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

func otherAudience(was, is *outcome) string {
	return fmt.Sprintf("audience: %v, was %v", is.audience, was.audience)
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
