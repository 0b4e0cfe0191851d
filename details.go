package tillit

import (
	"bytes"
	"encoding/json"
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
	case t.Alone && len(q.ask.Details) > 1:
		return DetailsNotAlone, ""
	}
	if name, found := t.firstUnknown(detail); found {
		return UnknownDetailsField, name
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		raw, sent := detail.Fields[f.Name]
		switch {
		case !sent && f.Required:
			return MissingDetailsField, f.Name
		case sent && !isJSON(raw, f.Type):
			return BadDetailsValue, f.Name
		}
	}
	if t.Check != nil {
		return t.Check.Check(detail.Fields)
	}
	return Given, ""
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
