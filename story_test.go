package tillit_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/story"
)

var update = flag.Bool("update", false, "write what the code says today to the golden files")

// sets are the shipped realms and those of testdata/realms.
var sets = sync.OnceValue(func() []*catalog.Set {
	shipped, err := catalog.Load(realms.Files())
	if err != nil {
		panic(err)
	}
	invented, err := catalog.Load(os.DirFS("testdata/realms"))
	if err != nil {
		panic(err)
	}
	return []*catalog.Set{shipped, invented}
})

// find gives a dialect of a realm, shipped or invented.
func find(realm, dialect string) *tillit.Catalog {
	for _, set := range sets() {
		if c := set.Catalog(realm, dialect); c != nil {
			return c
		}
	}
	return nil
}

// TestStories tells what Decide makes of every scene. A change of a decision is
// read as a difference of its story.
func TestStories(t *testing.T) {
	for _, s := range readStories(t) {
		t.Run(s.Name, func(t *testing.T) {
			told := tell(t, s)
			if *update {
				if err := os.WriteFile("testdata/decide/"+s.Name+".txt", []byte(s.Format(told)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for i := range s.Parts {
				if diff := cmp.Diff(s.Parts[i].Decision, told[i].Decision.String()); diff != "" {
					t.Errorf("part %d (-want +got); -update writes it:\n%s", i+1, diff)
				}
			}
		})
	}
}

func tell(t testing.TB, s *story.Story) []story.Told {
	t.Helper()
	told, err := s.Tell(find)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func readStories(t testing.TB) []*story.Story {
	t.Helper()
	names, err := filepath.Glob("testdata/decide/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no story in testdata/decide: %v", err)
	}
	stories := make([]*story.Story, 0, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := story.Parse(strings.TrimSuffix(filepath.Base(name), ".txt"), string(data))
		if err != nil {
			t.Fatal(err)
		}
		stories = append(stories, s)
	}
	return stories
}
