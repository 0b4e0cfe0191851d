package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"unicode/utf8"
)

// deepest is how far JSON that strangers sign may nest.
const deepest = 16

// members of a JSON object, by exact name: a struct would also take "EXP" for
// exp.
type members map[string]json.RawMessage

// errMembers says that a text is no JSON object as RFC 7515 §4 and RFC 7519 §4
// ask for.
var errMembers = errors.New("not one JSON object in UTF-8 whose member names are unique, or nested too deep")

// readMembers reads exactly one JSON object and refuses a name that comes twice
// at any depth: what the second reader would take is not for us to guess.
func readMembers(text []byte) (members, error) {
	var m members
	if !utf8.Valid(text) || json.Unmarshal(text, &m) != nil || m == nil || !unique(text) {
		return nil, errMembers
	}
	return m, nil
}

// unique walks over valid JSON and reports whether every object's names differ
// and nothing nests deeper than it may.
func unique(text []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	type level struct {
		names map[string]bool // nil in a list
		value bool            // a name was read, its value comes next
	}
	var open []level
	for {
		next, err := decoder.Token()
		if err != nil {
			return len(open) == 0
		}
		if delimiter, ok := next.(json.Delim); ok && (delimiter == '}' || delimiter == ']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			if top := &open[len(open)-1]; top.names != nil {
				if !top.value {
					name := next.(string)
					if top.names[name] {
						return false
					}
					top.names[name], top.value = true, true
					continue
				}
				top.value = false
			}
		}
		switch next {
		case json.Delim('{'):
			open = append(open, level{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, level{})
		}
		if len(open) > deepest {
			return false
		}
	}
}

// text gives a string member; ok is false when it is another kind of value.
func (m members) text(name string) (value string, present, ok bool) {
	raw, present := m[name]
	if !present {
		return "", false, true
	}
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return "", true, false
	}
	return value, true, true
}

// instant gives a NumericDate (RFC 7519 §2), which may have a fraction, in whole
// unix seconds.
func (m members) instant(name string) (at int64, present, ok bool) {
	raw, present := m[name]
	if !present {
		return 0, false, true
	}
	var seconds float64
	if len(raw) == 0 || raw[0] == 'n' || json.Unmarshal(raw, &seconds) != nil || seconds < 0 || seconds > 1<<40 {
		return 0, true, false
	}
	return int64(math.Floor(seconds)), true, true
}

// texts gives a member that is a string or a list of strings; single tells which.
func (m members) texts(name string) (values []string, single, ok bool) {
	if value, present, ok := m.text(name); present && ok {
		return []string{value}, true, true
	}
	var list []*string
	if json.Unmarshal(m[name], &list) != nil || list == nil {
		return nil, false, false
	}
	for _, value := range list {
		if value == nil {
			return nil, false, false
		}
		values = append(values, *value)
	}
	return values, false, true
}
