package tillit

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// keepToPriorDetails lets a token request narrow what was granted, and never widen
// it (RFC 9396 §6): each detail that it names has to lie within one of the grant's
// of its own. What it does not name, or what none of the resources it names takes,
// is left out of this one answer; the grant keeps it.
func (q *question) keepToPriorDetails() {
	wanted, prior := q.facts.NarrowDetails, q.facts.Prior.Details
	q.chosen = make([]*Detail, len(prior))
	for i := range wanted {
		if !q.choose(&wanted[i], make([]bool, len(prior))) {
			q.refuse(NotInGrant, wanted[i].Type, "", "invalid_authorization_details")
			return
		}
	}
	for i := range q.d.Details {
		v := &q.d.Details[i]
		had, wants := false, false
		for k := range prior {
			if q.ask.Details[i].became(&prior[k]) {
				had, wants = true, wants || q.wants(k)
			}
		}
		if had && !wants && v.Reason == Given {
			v.Reason = NotAskedNow
		}
	}
}

// choose finds a granted detail for one of the token request, moving others over
// where that makes room: what was granted once is not had twice.
func (q *question) choose(wanted *Detail, tried []bool) bool {
	for k := range q.chosen {
		if tried[k] || !q.narrows(wanted, &q.facts.Prior.Details[k]) {
			continue
		}
		tried[k] = true
		if q.chosen[k] == nil || q.choose(q.chosen[k], tried) {
			q.chosen[k] = wanted
			return true
		}
	}
	return false
}

// wants reports whether the token request is for the k-th granted detail at all.
func (q *question) wants(k int) bool {
	return q.reaches(&q.facts.Prior.Details[k]) && (q.facts.NarrowDetails == nil || q.chosen[k] != nil)
}

// reaches reports whether a detail is for any of the resources that the token
// request names; naming none, it is for all of them.
func (q *question) reaches(d *Detail) bool {
	named := q.facts.NarrowResources
	return len(named) == 0 || slices.ContainsFunc(named, func(resource string) bool {
		return q.cat.concerns(d, resource, q.cat.ServerByAudience(resource))
	})
}

// keepDetails gives the granted details that are still given and that the token
// request is for: what sources and pages added to them stays, less what has been
// withheld since.
func (q *question) keepDetails() []Detail {
	var kept []Detail
	for k := range q.facts.Prior.Details {
		granted := &q.facts.Prior.Details[k]
		if !q.wants(k) || !q.stillGiven(granted) {
			continue
		}
		if q.chosen[k] != nil {
			narrower := q.chosen[k].over(granted)
			granted = &narrower
		}
		kept = append(kept, q.lessWithheld(granted))
	}
	return kept
}

// stillGiven reports whether a detail that became the granted one is given now.
func (q *question) stillGiven(granted *Detail) bool {
	for i := range q.d.Details {
		if q.d.Details[i].Reason == Given && q.ask.Details[i].became(granted) {
			return true
		}
	}
	return false
}

// lessWithheld is a granted detail without what is withheld now of what was added.
func (q *question) lessWithheld(granted *Detail) Detail {
	t := q.cat.details[granted.Type]
	if t == nil || len(t.Adds) == 0 || len(q.restrictions) == 0 {
		return *granted
	}
	d := Detail{Type: granted.Type, Fields: maps.Clone(granted.Fields)}
	q.withholdOf(t, &d)
	return d
}

// over is a granted detail with the elements that are left of its arrays.
func (d *Detail) over(granted *Detail) Detail {
	narrowed := Detail{Type: granted.Type, Fields: maps.Clone(granted.Fields)}
	for name, value := range d.Fields {
		if _, there := granted.Fields[name]; there {
			narrowed.Fields[name] = value
		}
	}
	return narrowed
}

// narrows reports whether a detail of a token request lies within a granted one.
// Every member that was asked for is there and equal, but that locations, and the
// arrays that the type names for it, may have fewer elements. Members that the
// source or a page added may be left away, never altered.
func (q *question) narrows(wanted, granted *Detail) bool {
	t := q.cat.details[granted.Type]
	if t == nil || wanted.Type != granted.Type {
		return false
	}
	less := q.lessWithheld(granted) // as tokens have it now; those of before have all of it
	for name, value := range wanted.Fields {
		had, there := granted.Fields[name]
		fewer := name == "locations" || contains(t.Narrows, name)
		if !there || !sameJSON(value, had) && !sameJSON(value, less.Fields[name]) && !(fewer && someOf(value, had)) {
			return false
		}
	}
	for i := range q.ask.Details {
		asked := &q.ask.Details[i]
		if asked.became(granted) && asked.namesIn(wanted) {
			return t.Check == nil || checks(t, wanted, asked)
		}
	}
	return false
}

// checks lets the type judge what is left; what was added to the request is no
// business of its schema.
func checks(t *DetailType, wanted, asked *Detail) bool {
	left := make(map[string]json.RawMessage, len(asked.Fields))
	for name := range asked.Fields {
		left[name] = wanted.Fields[name]
	}
	reason, _ := t.Check.Check(left)
	return reason == Given
}

// namesIn reports whether another detail has every member of this one.
func (d *Detail) namesIn(other *Detail) bool {
	for name := range d.Fields {
		if _, there := other.Fields[name]; !there {
			return false
		}
	}
	return true
}

// sameJSON compares two JSON texts whatever the order of members and the spacing.
// Numbers are the same only when they are written alike.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, ok := readJSON(a)
	y, fine := readJSON(b)
	return ok && fine && reflect.DeepEqual(x, y)
}

// someOf reports whether an array is of elements of another, and has any.
func someOf(part, whole json.RawMessage) bool {
	value, _ := readJSON(part)
	some, ok := value.([]any)
	value, _ = readJSON(whole)
	all, fine := value.([]any)
	if !ok || !fine || len(some) == 0 || len(some) > len(all) {
		return false
	}
	for _, element := range some {
		if !slices.ContainsFunc(all, func(other any) bool { return reflect.DeepEqual(element, other) }) {
			return false
		}
	}
	return true
}

func readJSON(text json.RawMessage) (value any, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return value, decoder.Decode(&value) == nil
}

// DetailsFor gives the details of a grant that concern a resource server: those
// that name it among their locations, and of those that name none the ones whose
// type is its own or nobody's (RFC 9396 §9.2).
func (c *Catalog) DetailsFor(server *Server, details []Detail) []Detail {
	var list []Detail
	for i := range details {
		if c.concerns(&details[i], server.Audience, server) {
			list = append(list, details[i])
		}
	}
	return list
}

// concerns reports whether a detail is for a resource, whose server may not be
// known. Locations are the resource itself or lie below it (RFC 9396 §2.2).
func (c *Catalog) concerns(d *Detail, resource string, server *Server) bool {
	var locations []string
	if raw, sent := d.Fields["locations"]; sent {
		if json.Unmarshal(raw, &locations) != nil {
			return false
		}
	}
	t := c.details[d.Type]
	if len(locations) == 0 {
		return t == nil || t.Server == "" || server != nil && server.Name == t.Server
	}
	return slices.ContainsFunc(locations, func(location string) bool {
		return resource != "" && (location == resource || strings.HasPrefix(location, strings.TrimSuffix(resource, "/")+"/")) ||
			server != nil && contains(server.Designators, location)
	})
}
