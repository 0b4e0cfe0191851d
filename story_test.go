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
)

var update = flag.Bool("update", false, "write what the code says today to the golden files")

// A story is a sentence, a scene and the decision it comes to; then, as often as
// it goes on, what is different later and the decision at redemption or refresh.
type story struct {
	name  string
	title string
	parts []part
}

type part struct{ scene, decision string }

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
		t.Run(s.name, func(t *testing.T) {
			told := s.tell(t)
			if *update {
				s.write(t, told)
				return
			}
			for i := range s.parts {
				if diff := cmp.Diff(s.parts[i].decision, told[i].String()); diff != "" {
					t.Errorf("part %d (-want +got); -update writes it:\n%s", i+1, diff)
				}
			}
		})
	}
}

// tell decides every part. Each later one begins with what the former came to.
func (s *story) tell(t testing.TB) []tillit.Decision {
	t.Helper()
	var decisions []tillit.Decision
	scene := newScene()
	for i, p := range s.parts {
		if i > 0 {
			scene.goOn(&decisions[i-1])
		}
		for _, line := range strings.Split(p.scene, "\n") {
			if err := scene.read(line); err != nil {
				t.Fatalf("%s: %q: %v", s.name, line, err)
			}
		}
		decisions = append(decisions, scene.decide())
	}
	return decisions
}

func readStories(t testing.TB) []*story {
	t.Helper()
	names, err := filepath.Glob("testdata/decide/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no story in testdata/decide: %v", err)
	}
	stories := make([]*story, 0, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := &story{name: strings.TrimSuffix(filepath.Base(name), ".txt")}
		title, rest, found := strings.Cut(string(data), "-- scene --\n")
		if !found || strings.TrimSpace(title) == "" {
			t.Fatalf("%s: a story begins with a sentence and -- scene --", name)
		}
		s.title = title
		for _, text := range strings.Split(rest, "-- later --\n") {
			scene, decision, _ := strings.Cut(text, "-- decision --\n")
			s.parts = append(s.parts, part{strings.TrimRight(scene, "\n"), decision})
		}
		stories = append(stories, s)
	}
	return stories
}

func (s *story) write(t testing.TB, told []tillit.Decision) {
	t.Helper()
	var b strings.Builder
	b.WriteString(s.title)
	for i, p := range s.parts {
		b.WriteString([]string{"-- scene --\n", "-- later --\n"}[min(i, 1)])
		b.WriteString(p.scene + "\n-- decision --\n" + told[i].String())
	}
	if err := os.WriteFile("testdata/decide/"+s.name+".txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
