package facts

import (
	"encoding/json"
	"strings"
)

// Names exchanges the names of a realm: scopes, claims, designators, roles,
// clients, ways to sign in. The zero value changes nothing. A check is written
// in the realm's own names; what leaves is translated, what comes back is
// translated back. An own name that comes back although it has been exchanged
// is marked with "!", so that no check mistakes it for the right one.
type Names struct {
	there map[string]string
	back  map[string]string
}

// NewNames makes the exchange of a table, which must be one to one.
func NewNames(table map[string]string) Names {
	n := Names{there: table, back: make(map[string]string, 2*len(table))}
	for own := range table {
		n.back[own] = "!" + own
	}
	for own, other := range table {
		n.back[other] = own
	}
	return n
}

// There translates one name for the provider.
func (n Names) There(name string) string {
	if other, ok := n.there[name]; ok {
		return other
	}
	return name
}

// Back translates one name of the provider's.
func (n Names) Back(name string) string {
	if own, ok := n.back[name]; ok {
		return own
	}
	return name
}

// ThereWords and BackWords translate a list separated by spaces.
func (n Names) ThereWords(words string) string { return eachWord(words, n.There) }

// BackWords translates a list separated by spaces.
func (n Names) BackWords(words string) string { return eachWord(words, n.Back) }

func eachWord(words string, f func(string) string) string {
	if words == "" {
		return words
	}
	list := strings.Split(words, " ")
	for i := range list {
		list[i] = f(list[i])
	}
	return strings.Join(list, " ")
}

// BackJSON translates names wherever they stand in a JSON value: as members, as
// strings, and in lists separated by spaces.
func (n Names) BackJSON(value any) any {
	if n.back == nil {
		return value
	}
	switch v := value.(type) {
	case map[string]any:
		translated := make(map[string]any, len(v))
		for key, member := range v {
			translated[n.Back(key)] = n.BackJSON(member)
		}
		return translated
	case []any:
		translated := make([]any, len(v))
		for i := range v {
			translated[i] = n.BackJSON(v[i])
		}
		return translated
	case string:
		return n.BackWords(v)
	}
	return value
}

// ThereJSON translates the members of a claims parameter, whose names stand one
// level down; a text that is not JSON stays as it is.
func (n Names) ThereJSON(text string) string {
	var request map[string]map[string]any
	if n.there == nil || json.Unmarshal([]byte(text), &request) != nil {
		return text
	}
	for _, members := range request {
		for name, asked := range members {
			delete(members, name)
			base, language, found := strings.Cut(name, "#")
			if found {
				language = "#" + language
			}
			members[n.There(base)+language] = asked
		}
	}
	translated, err := json.Marshal(request)
	if err != nil {
		return text
	}
	return string(translated)
}
