package tillit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
)

// judgeDetails checks authorization_details against the realm's registered
// types (RFC 9396 §5, SC-14).
func (q *question) judgeDetails() {
	for i := range q.ask.Details {
		detail := &q.ask.Details[i]
		reason, field := q.judgeDetail(detail)
		if q.cat.off[reason] {
			reason, field = Given, ""
		}
		q.d.Details = append(q.d.Details, DetailVerdict{detail.Type, reason, field})
		if reason != Given && q.facts.Prior == nil {
			q.refuse(reason, detail.Type, field, "invalid_authorization_details")
		}
	}
}

func (q *question) judgeDetail(detail *Detail) (Reason, string) {
	t := q.cat.details[detail.Type]
	switch {
	case t == nil:
		return UnknownDetailsType, ""
	case q.client.DetailTypes != nil && !contains(q.client.DetailTypes, detail.Type):
		return DetailsNotPermitted, ""
	case t.Pushed && !q.ask.Pushed:
		return DetailsNotPushed, ""
	case t.Alone && len(q.ask.Details) > 1, t.Needs != "" && q.sharesPage(t):
		return DetailsNotAlone, ""
	}
	if reason, field := t.Judge(detail); reason != Given {
		return reason, field
	}
	if t.Completed() && q.completed(t, detail) == nil {
		return DetailsNotGranted, ""
	}
	return Given, ""
}

// matches reports whether a text is of the form the field has.
func (f *DetailField) matches(raw json.RawMessage) bool {
	var text string
	return f.Pattern == nil || json.Unmarshal(raw, &text) == nil && f.Pattern.MatchString(text)
}

// Judge holds the members of a detail to its type: [Given], or what is wrong with
// which (RFC 9396 §5).
func (t *DetailType) Judge(detail *Detail) (Reason, string) {
	if name, found := t.firstUnknown(detail); found {
		return UnknownDetailsField, name
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		raw, sent := detail.Fields[f.Name]
		switch {
		case !sent && f.Required:
			return MissingDetailsField, f.Name
		case sent && (!isJSON(raw, f.Type) || !f.matches(raw)):
			return BadDetailsValue, f.Name
		}
	}
	if t.Check != nil {
		if reason, field := t.Check.Check(detail.Fields); reason != Given {
			return reason, field
		}
	}
	return Given, ""
}

// sharesPage reports whether several details want the page of this type: it is
// shown once, and what it brings is of one detail.
func (q *question) sharesPage(t *DetailType) bool {
	wanting := 0
	for i := range q.ask.Details {
		if other := q.cat.details[q.ask.Details[i].Type]; other != nil && other.Needs == t.Needs {
			wanting++
		}
	}
	return wanting > 1
}

// Completed reports whether a source has to know the detail before it is given: a
// type with a page of its own is completed there instead.
func (t *DetailType) Completed() bool { return t.Source != "" && t.Needs == "" }

// Paged reports whether the type's own page brings what the token's copy has
// beyond the request's.
func (t *DetailType) Paged() bool { return t.Needs != "" && len(t.Values) > 0 }

// Key names a detail towards its source: the digest of its key members, in one
// form whatever the order and spacing they were sent in.
func (t *DetailType) Key(detail *Detail) string {
	members := map[string]any{}
	for i := range t.Fields {
		raw, sent := detail.Fields[t.Fields[i].Name]
		var value any
		if t.Fields[i].Key && sent && json.Unmarshal(raw, &value) == nil {
			members[t.Fields[i].Name] = value
		}
	}
	text, _ := json.Marshal(members) // what was JSON is JSON again
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// completed gives what the source adds to the detail, nil for nothing.
func (q *question) completed(t *DetailType, detail *Detail) *Completed {
	for i := range q.facts.Completed {
		if c := &q.facts.Completed[i]; c.Type == t.Type && c.Key == t.Key(detail) {
			return c
		}
	}
	return nil
}

// whole is the detail with what its source or its page adds; a member that the type
// does not add is never told, and what was asked for stays as it was asked. Of what
// is added nothing bears the name of a claim that is withheld.
func (q *question) whole(detail *Detail) Detail {
	t := q.cat.details[detail.Type]
	if t == nil || len(t.Adds) == 0 && len(t.Digests) == 0 {
		return *detail
	}
	full := Detail{Type: detail.Type, Fields: maps.Clone(detail.Fields)}
	for name, field := range t.Digests {
		if raw, sent := detail.Fields[field]; sent {
			full.Fields[name] = digestOf(raw)
		}
	}
	if c := q.completed(t, detail); c != nil {
		for _, name := range t.Adds {
			if raw, ok := c.Adds[name]; ok && full.Fields[name] == nil {
				full.Fields[name] = raw
			}
		}
	}
	q.withholdOf(t, &full)
	return full
}

// withholdOf takes out of what was added to a detail the members that bear the name
// of a claim that is withheld, however deep. The detail's fields are its own.
func (q *question) withholdOf(t *DetailType, detail *Detail) {
	held := map[string]bool{}
	for _, scope := range q.restrictions {
		for _, name := range scope.Withholds {
			if claim := q.cat.claims[name]; claim != nil {
				held[claim.Wire()] = true
			}
		}
	}
	if len(held) == 0 {
		return
	}
	for _, name := range t.Adds {
		raw, there := detail.Fields[name]
		if !there {
			continue
		}
		switch value, ok := readJSON(raw); {
		case held[name] || !ok: // what was added was JSON
			delete(detail.Fields, name)
		case strip(value, held):
			detail.Fields[name], _ = json.Marshal(value)
		}
	}
}

// strip takes the named members out of a value and all below it.
func strip(value any, names map[string]bool) (changed bool) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if names[name] {
				delete(v, name)
				changed = true
			} else {
				changed = strip(member, names) || changed
			}
		}
	case []any:
		for _, element := range v {
			changed = strip(element, names) || changed
		}
	}
	return changed
}

// digestOf gives a JSON string: the base64 of the SHA-256 of a value, as it was
// sent but for blanks between its parts.
func digestOf(raw json.RawMessage) json.RawMessage {
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return raw // never: what is no JSON was refused before
	}
	sum := sha256.Sum256(compact.Bytes())
	return json.RawMessage(`"` + base64.StdEncoding.EncodeToString(sum[:]) + `"`)
}

// firstUnknown names a member the type does not have. Of several the first by
// name is told, so that the answer is always the same.
func (t *DetailType) firstUnknown(detail *Detail) (first string, found bool) {
	for name := range detail.Fields {
		if !t.knows(name) && (!found || name < first) {
			first, found = name, true
		}
	}
	return first, found
}

// knows reports whether a member is allowed: a field of the type, or one that
// every type has (RFC 9396 §2, §2.2).
func (t *DetailType) knows(name string) bool {
	switch name {
	case "type", "locations":
		return true
	}
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return true
		}
	}
	return false
}

// isJSON reports whether a JSON text is of a JSON type.
func isJSON(raw json.RawMessage, kind string) bool {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return false
	}
	switch kind {
	case "object":
		return raw[0] == '{'
	case "array":
		return raw[0] == '['
	case "string":
		return raw[0] == '"'
	case "boolean":
		return raw[0] == 't' || raw[0] == 'f'
	case "integer":
		return (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') && !bytes.ContainsAny(raw, ".eE")
	case "number":
		return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'
	}
	return kind == ""
}
