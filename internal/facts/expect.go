package facts

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Present demands members with a value that is neither null nor empty.
func (e *Env) Present(where string, claims map[string]any, names ...string) {
	e.t.Helper()
	for _, name := range names {
		value, ok := claims[name]
		if !ok || value == nil || value == "" {
			e.t.Errorf("%s: no %s; it has %s", where, name, members(claims))
		}
	}
}

// Absent demands that members are not there at all.
func (e *Env) Absent(where string, claims map[string]any, names ...string) {
	e.t.Helper()
	for _, name := range names {
		if _, ok := claims[name]; ok {
			e.t.Errorf("%s: %s is there; want it left out", where, name)
		}
	}
}

// Equal demands that a value is what it should be.
func (e *Env) Equal(what string, got, want any) {
	e.t.Helper()
	if !reflect.DeepEqual(plain(got), plain(want)) {
		e.t.Errorf("%s: %v; want %v", what, got, want)
	}
}

// Granted demands exactly these scopes in the answer of the token endpoint.
func (e *Env) Granted(tokens *Tokens, want string) {
	e.t.Helper()
	if !tokens.Has("scope") {
		e.t.Errorf("token endpoint: no scope in the answer; want %q", want)
		return
	}
	sorted := strings.Fields(want)
	slices.Sort(sorted)
	e.Equal("granted scope", tokens.Scopes(), sorted)
}

// Failed demands an error of the token endpoint, and no token beside it.
func (e *Env) Failed(tokens *Tokens, status int, code string) {
	e.t.Helper()
	if tokens.Status != status || tokens.Text("error") != code {
		e.t.Errorf("token endpoint: %d %q; want %d %s", tokens.Status, tokens.Text("error"), status, code)
	}
	for _, member := range []string{"access_token", "id_token", "refresh_token"} {
		if tokens.Has(member) {
			e.t.Errorf("token endpoint: %s beside an error", member)
		}
	}
}

// Succeeded demands tokens.
func (e *Env) Succeeded(tokens *Tokens) *Tokens {
	e.t.Helper()
	if tokens.Status != 200 || tokens.Access() == "" {
		e.t.Fatalf("token endpoint: %d %q %q; want tokens", tokens.Status, tokens.Text("error"), tokens.Text("error_description"))
	}
	return tokens
}

// Dig follows members into nested objects; nil where one is missing.
func Dig(value any, path ...string) any {
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// Words gives a claim that lists words, as a string or an array, sorted.
func Words(value any) []string {
	var words []string
	switch v := value.(type) {
	case string:
		words = strings.Fields(v)
	case []any:
		for _, member := range v {
			if text, ok := member.(string); ok {
				words = append(words, text)
			}
		}
	}
	slices.Sort(words)
	return words
}

// plain makes values comparable that mean the same JSON.
func plain(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var same any
	if json.Unmarshal(data, &same) != nil {
		return value
	}
	return same
}

func members(claims map[string]any) string {
	names := make([]string, 0, len(claims))
	for name := range claims {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
