package source

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tillit/tillit"
)

const attributes = `{
	"nnin": "17858504325",
	"sign_in": {"otp": "123456"},
	"tinfo": {"updated_at": 1771598700, "phones": [{"number": "99100201", "verified": true}], "share": 0.5, "nothing": null}
}`

func realm(t *testing.T, uses ...tillit.SourceUse) *tillit.Catalog {
	t.Helper()
	catalog, faults := tillit.Compile(tillit.Definition{Realm: "bankid", Registry: "bankid", Sources: uses})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return catalog
}

func person(attributes string) *tillit.Person {
	return &tillit.Person{Realm: "bankid", ID: "p1", Attributes: json.RawMessage(attributes), Updated: 1_790_000_000}
}

var tinfo = map[string]any{
	"updated_at": int64(1771598700),
	"phones":     []any{map[string]any{"number": "99100201", "verified": true}},
	"share":      0.5,
	"nothing":    nil,
}

func TestValues(t *testing.T) {
	catalog := realm(t,
		tillit.SourceUse{Name: "tinfo", From: "directory", OnError: "deny"},
		tillit.SourceUse{Name: "register", From: "directory", OnError: "deny"})
	whole := map[string]any{"nnin": "17858504325", "tinfo": tinfo, "updated_at": int64(1_790_000_000)}
	for _, test := range []struct {
		name  string
		roots []string
		want  map[string]any
	}{
		{"nothing asked", nil, map[string]any{}},
		{"the person, without what they sign in with", []string{"person"}, map[string]any{"person": whole}},
		{"a source with an object of its own", []string{"tinfo"}, map[string]any{"tinfo": tinfo}},
		{"a source without one", []string{"register"}, map[string]any{"register": whole}},
		{"both", []string{"tinfo", "person"}, map[string]any{"person": whole, "tinfo": tinfo}},
		{"roots of others", []string{"sign_in", "client", "tinfo"}, map[string]any{"tinfo": tinfo}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := NewDirectory().Values(t.Context(), catalog, person(attributes), test.roots)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestUpdatedAtOfTheAttributesWins(t *testing.T) {
	got, err := NewDirectory().Values(t.Context(), realm(t), person(`{"updated_at": 1771598700}`), []string{"person"})
	if want := (map[string]any{"person": map[string]any{"updated_at": int64(1771598700)}}); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

func TestNobody(t *testing.T) {
	got, err := NewDirectory().Values(t.Context(), realm(t), nil, []string{"person"})
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v; want nothing", got, err)
	}
}

func TestFailure(t *testing.T) {
	for _, test := range []struct {
		name, from, onError, attributes string
		denied                          bool
	}{
		{"no object, deny", "directory", "deny", `{"tinfo": "17858504325"}`, true},
		{"no object, omit", "directory", "omit", `{"tinfo": "17858504325"}`, false},
		{"no object, stale", "directory", "stale", `{"tinfo": "17858504325"}`, false},
		{"not connected, deny", "ldap", "deny", attributes, true},
		{"not connected, omit", "ldap", "omit", attributes, false},
		{"too large a number, deny", "directory", "deny", `{"tinfo": {"n": 1e999}}`, true},
		{"broken attributes, omit", "directory", "omit", `["17858504325"]`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			catalog := realm(t, tillit.SourceUse{Name: "tinfo", From: test.from, OnError: test.onError})
			got, err := NewDirectory().Values(t.Context(), catalog, person(test.attributes), []string{"tinfo"})
			if (err != nil) != test.denied {
				t.Fatalf("%v, %v; want an error: %t", got, err, test.denied)
			}
			if err != nil && strings.Contains(err.Error(), "17858504325") {
				t.Errorf("the error quotes personal data: %v", err)
			}
			if _, there := got["tinfo"]; there {
				t.Errorf("a failed source gave %v", got)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(attributes))
	f.Add([]byte(`{"a":9223372036854775808,"b":-0,"c":1e2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := decode(text)
		if err != nil {
			return
		}
		if _, err := json.Marshal(value); err != nil {
			t.Errorf("%q decodes to what cannot be encoded: %v", text, err)
		}
	})
}
