package catalog

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
)

func TestSources(t *testing.T) {
	set, err := Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	want := []tillit.SourceUse{
		{Name: "visits", From: "sql", By: "number", Query: "SELECT nights, last FROM visits WHERE member = $1", Deadline: 1, CacheAge: 60, OnError: "stale"},
		{Name: "boats", From: "http", By: "number", OnError: "deny"},
	}
	if diff := cmp.Diff(want, set.Catalog("elsewhere", "").Sources); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	text, err := os.ReadFile("testdata/elsewhere.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for old, message := range map[string]string{
		"query: SELECT nights, last FROM visits WHERE member = $1": "no query about one person",
		"from: sql":  "only a source of sql has a query",
		"from: http": "not asked elsewhere",
	} {
		changed := strings.Replace(string(text), old, map[bool]string{true: "from: directory", false: "query: SELECT 1"}[strings.HasPrefix(old, "from")], 1)
		_, err := Load(fstest.MapFS{"elsewhere.yaml": {Data: []byte(changed)}})
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("without %q: %v; want %q", old, err, message)
		}
	}
}
