package catalog

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit/realms"
)

// TestQuicklyIsTheSame holds that realms which are right come to the same whether
// they are read side by side or one after another.
func TestQuicklyIsTheSame(t *testing.T) {
	quick, warnings := quickly(realms.Files())
	if quick == nil {
		t.Fatal("the shipped realms are right, and were not loaded quickly")
	}
	found := &faults{}
	sources, err := read(realms.Files(), found)
	if err != nil {
		t.Fatal(err)
	}
	builders := map[string]*realmBuilder{}
	said := &faults{}
	for _, s := range sources {
		builders[s.name] = newRealmBuilder(s, found, said)
	}
	slow := &Set{realms: map[string]*realm{}}
	for _, s := range sources {
		if builders[s.name].join(builders) {
			slow.realms[s.name] = builders[s.name].build()
		}
	}
	for _, b := range builders {
		b.lint(slow, said)
	}
	if list := found.sorted(); list != nil {
		t.Fatal(list)
	}
	if want := said.sorted(); !reflect.DeepEqual(warnings, want) {
		t.Errorf("warnings %v; want %v", warnings, want)
	}
	if !reflect.DeepEqual(quick.Realms(), slow.Realms()) {
		t.Fatalf("realms %v; want %v", quick.Realms(), slow.Realms())
	}
	for _, name := range slow.Realms() {
		if !reflect.DeepEqual(quick.Source(name), slow.Source(name)) || quick.Version(name) != slow.Version(name) {
			t.Errorf("%s: other files or another version", name)
		}
		if !reflect.DeepEqual(quick.Dialects(name), slow.Dialects(name)) {
			t.Errorf("%s: dialects %v; want %v", name, quick.Dialects(name), slow.Dialects(name))
		}
		for dialect, want := range slow.realms[name].catalogs {
			got := quick.realms[name].catalogs[dialect]
			if written(t, got) != written(t, want) {
				t.Errorf("%s, dialect %q: another catalog", name, dialect)
			}
		}
	}
}

func written(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) < 5_000 {
		t.Fatalf("a catalog of %d bytes says nothing", len(encoded))
	}
	return string(encoded)
}

// TestQuicklyGivesUp holds that whatever is wrong is left to those who say it.
func TestQuicklyGivesUp(t *testing.T) {
	shipped, err := fs.ReadFile(realms.Files(), "buypass.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for what, files := range map[string]fstest.MapFS{
		"nothing there":    {},
		"not YAML":         {"a.yaml": {Data: []byte("a: [")}},
		"no name":          {"a.yaml": {Data: []byte("title: A\n")}},
		"no such field":    {"a.yaml": {Data: append([]byte("nonsense: 1\n"), shipped...)}},
		"declared twice":   {"a.yaml": {Data: shipped}, "b.yaml": {Data: shipped}},
		"no such registry": {"a.yaml": {Data: append([]byte("registry: nowhere\n"), shipped...)}},
	} {
		if set, _ := quickly(files); set != nil {
			t.Errorf("%s: loaded", what)
		}
		if _, err := Load(files); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
