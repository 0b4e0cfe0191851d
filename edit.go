package tillit

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Edit is an element of a source that the person may change on their own page.
type Edit struct {
	Name   string
	Title  Text
	Fields []EditField
	// Sets are the members of the source that a change replaces. A member without
	// a value goes.
	Sets []EditSet
}

// An EditField is one field of its form.
type EditField struct {
	Name         string
	Title        Text
	Value        Expression     // what it is filled with beforehand
	Pattern      *regexp.Regexp // nil: any text
	Required     bool           // unless all fields are empty
	Autocomplete string         // what a browser may fill in, "off" for nothing
}

// An EditSet is a member of the source and its new value, from what the person
// entered ("input") and the source as it was.
type EditSet struct {
	Member string
	Value  Expression
}

// EditInput is the root of what the person entered.
const EditInput = "input"

// mostEntered is how many characters a field takes.
const mostEntered = 256

// Edit finds an element by the names of source and element, joined by a dot.
func (c *Catalog) Edit(name string) (source string, edit *Edit) {
	source, element, _ := strings.Cut(name, ".")
	for i := range c.Sources {
		if c.Sources[i].Name != source {
			continue
		}
		for k := range c.Sources[i].Edits {
			if e := &c.Sources[i].Edits[k]; e.Name == element {
				return source, e
			}
		}
	}
	return "", nil
}

// Read gives what was entered without the fields left empty, and which field is
// missing or wrong, "" for none. When all are empty the element is to go.
func (e *Edit) Read(entered func(field string) string) (input map[string]any, missing, wrong string) {
	input = map[string]any{}
	for i := range e.Fields {
		f := &e.Fields[i]
		text := strings.TrimSpace(entered(f.Name))
		if text == "" {
			continue
		}
		input[f.Name] = text
		bad := !utf8.ValidString(text) || utf8.RuneCountInString(text) > mostEntered || strings.ContainsFunc(text, unicode.IsControl)
		if wrong == "" && (bad || f.Pattern != nil && !f.Pattern.MatchString(text)) {
			wrong = f.Name
		}
	}
	for i := range e.Fields {
		if f := &e.Fields[i]; missing == "" && len(input) > 0 && f.Required && input[f.Name] == nil {
			missing = f.Name
		}
	}
	return input, missing, wrong
}
