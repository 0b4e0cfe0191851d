package tillit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// DetailItem names the entry of the consent page for the n-th authorization
// detail of a request.
func DetailItem(n int) string { return "authorization_details[" + strconv.Itoa(n) + "]" }

// DetailOf finds the authorization detail that an entry of the consent page is
// about.
func (a *Ask) DetailOf(item string) *Detail {
	for i := range a.Details {
		if DetailItem(i) == item {
			return &a.Details[i]
		}
	}
	return nil
}

// judgeDetailConsent asks about every detail whose type has a text for it, each
// time anew: what was agreed to is this detail and no other of its type.
func (q *question) judgeDetailConsent(items []ConsentItem) []ConsentItem {
	for i := range q.d.Details {
		v := &q.d.Details[i]
		t := q.cat.details[v.Type]
		if v.Reason != Given || t == nil || len(t.Consent) == 0 {
			continue
		}
		detail := &q.ask.Details[i]
		item := ConsentItem{Name: DetailItem(i), Title: t.Title, Longer: t.Says(detail)}
		item.Text = TextDigest(item.Title, item.Longer, Text{"": detail.digestible()})
		v.Reason = q.consents(item.Name, ConsentAlways, item.Text, nothing{})
		switch {
		case v.Reason == ConsentDeclined:
			q.declined = true
		case v.Reason == ConsentMissing && !q.facts.NoInteraction:
			items = append(items, item)
		}
	}
	return items
}

// nothing is what a detail releases: no claim, so the text alone counts.
type nothing struct{}

func (nothing) within(*question, []ClaimName) bool { return true }

// digestible writes a detail so that equal ones are written alike.
func (d *Detail) digestible() string {
	text, err := json.Marshal(d.Fields)
	if err != nil {
		return d.Type // its members were read as JSON
	}
	return string(text)
}

// Says writes the type's consent text with the detail's values in place of the
// paths in braces. A value is written as it is and never read as text again; what
// is not there is a dash.
func (t *DetailType) Says(d *Detail) Text {
	said := make(Text, len(t.Consent))
	for language, sentence := range t.Consent {
		said[language] = fillBraces(sentence, d.at)
	}
	return said
}

func fillBraces(sentence string, value func(path string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(sentence, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		path, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		b.WriteString(value(path))
		sentence = after
	}
}

// Paths lists what a consent text wants of a detail.
func (t *DetailType) Paths() []string {
	var list []string
	for _, sentence := range t.Consent {
		fillBraces(sentence, func(path string) string {
			if !slices.Contains(list, path) {
				list = append(list, path)
			}
			return ""
		})
	}
	slices.Sort(list)
	return list
}

// at gives the value of a path for a person to read.
func (d *Detail) at(path string) string {
	name, rest, deeper := strings.Cut(path, ".")
	var value any
	decoder := json.NewDecoder(bytes.NewReader(d.Fields[name]))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return "–"
	}
	for deeper {
		members, _ := value.(map[string]any)
		name, rest, deeper = strings.Cut(rest, ".")
		value = members[name]
	}
	return legible(value)
}

func legible(value any) string {
	switch v := value.(type) {
	case nil:
		return "–"
	case string:
		return strings.Map(visible, v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = legible(v[i])
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = strings.Map(visible, name) + ": " + legible(v[name])
		}
		return strings.Join(parts, ", ")
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return "–"
}

// visible leaves out what would make a text look like another one: controls and
// marks that turn the direction of writing.
func visible(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return -1
	case unicode.IsControl(r), unicode.IsSpace(r):
		return ' '
	}
	return r
}
