package facts

import (
	"encoding/json"
	"net/url"
	"strings"
)

// Names exchanges the names of a realm: scopes, claims, designators, roles,
// clients, ways to sign in. The zero value changes nothing. A check is written
// in the realm's own names; what leaves is translated, what comes back is
// translated back. An own name that comes back although it has been exchanged
// is marked with "!", so that no check mistakes it for the right one.
type Names struct {
	there, back         map[string]string
	headThere, headBack map[string]string
}

// NewNames makes the exchange of a table, which must be one to one. The heads are
// those names of it that also stand before the colon of names which no file has:
// of what a check registers.
func NewNames(table map[string]string, heads ...string) Names {
	n := Names{there: table, back: make(map[string]string, 2*len(table)), headThere: map[string]string{}, headBack: map[string]string{}}
	for _, head := range heads {
		n.headThere[head], n.headBack[table[head]] = table[head], head
		n.headBack[head] = "!" + head
	}
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
	return exchanged(name, n.there, n.headThere)
}

func exchanged(name string, table, heads map[string]string) string {
	if other, ok := table[name]; ok {
		return other
	}
	if base, language, found := strings.Cut(name, "#"); found { // OIDC Core §5.2
		if other, ok := table[base]; ok {
			return other + "#" + language
		}
	}
	if head, rest, found := strings.Cut(name, ":"); found {
		if other, ok := heads[head]; ok {
			return other + ":" + rest
		}
	}
	return name
}

// Back translates one name of the provider's.
func (n Names) Back(name string) string {
	return exchanged(name, n.back, n.headBack)
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

// Values translates strings wherever they stand in a JSON value, and leaves the
// members' names, which an API's description fixes. exchange is There or Back.
func (n Names) Values(value any, exchange func(string) string) any {
	switch v := value.(type) {
	case map[string]any:
		translated := make(map[string]any, len(v))
		for key, member := range v {
			translated[key] = n.Values(member, exchange)
		}
		return translated
	case []any:
		translated := make([]any, len(v))
		for i := range v {
			translated[i] = n.Values(v[i], exchange)
		}
		return translated
	case string:
		return eachWord(v, exchange)
	}
	return value
}

// ThereQuery translates the values in the query of a path.
func (n Names) ThereQuery(path string) string {
	at, query, found := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if !found || n.there == nil || err != nil {
		return path
	}
	for _, list := range values {
		for i := range list {
			list[i] = n.There(list[i])
		}
	}
	return at + "?" + values.Encode()
}

// ThereDetails translates the types of authorization_details (RFC 9396 §2); what is
// no list of objects stays as it is.
func (n Names) ThereDetails(text string) string {
	var details []map[string]any
	if n.there == nil || json.Unmarshal([]byte(text), &details) != nil {
		return text
	}
	for _, detail := range details {
		if kind, ok := detail["type"].(string); ok {
			detail["type"] = n.There(kind)
		}
	}
	translated, err := json.Marshal(details)
	if err != nil {
		return text
	}
	return string(translated)
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
			members[n.There(name)] = asked
		}
	}
	translated, err := json.Marshal(request)
	if err != nil {
		return text
	}
	return string(translated)
}
