package story_test

import (
	"os"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/story"
)

// library gives an invented realm.
func library(t testing.TB) story.Find {
	t.Helper()
	set, err := catalog.Load(os.DirFS("../testdata/realms"))
	if err != nil {
		t.Fatal(err)
	}
	return set.Catalog
}

const declined = `Who declines an item is signed in all the same.
-- scene --
realm library
client branch
has everything
asks openid mail
signed in card
declined mail
-- decision --
`

func TestToldStoryTellsItselfAgain(t *testing.T) {
	find := library(t)
	s, err := story.Parse("declined", declined)
	if err != nil {
		t.Fatal(err)
	}
	told, err := s.Tell(find)
	if err != nil {
		t.Fatal(err)
	}
	if reason := told[0].Decision.Scope("mail"); reason != tillit.ConsentDeclined {
		t.Errorf("mail: %s; want %s", reason, tillit.ConsentDeclined)
	}
	written := s.Format(told)
	again, err := story.Parse("declined", written)
	if err != nil {
		t.Fatal(err)
	}
	if again.Parts[0].Decision != told[0].Decision.String() {
		t.Errorf("written and read again:\n%s", written)
	}
}

func TestLinesThatCannotBeRead(t *testing.T) {
	find := library(t)
	for line, says := range map[string]string{
		"realm nowhere":            "no such realm",
		"client branch":            "no realm yet",
		"realm library\nclient":    "ends too early",
		"realm library\nsigned in": "ends too early",
		"realm library\nact sign":  "ends too early",
		"realm library\nsings":     "no such line",
		"asks openid":              "no realm yet",
		"":                         "no realm",
	} {
		s, err := story.Parse("bad", "A story that cannot be read.\n-- scene --\n"+line+"\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Tell(find); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want %q", line, err, says)
		}
	}
	if _, err := story.Parse("untitled", "-- scene --\nrealm library\n"); err == nil {
		t.Error("a story without a sentence was read")
	}
}

// FuzzTell: no line makes a story fall over.
func FuzzTell(f *testing.F) {
	find := library(f)
	f.Add(declined)
	for _, line := range []string{"lives access 1 grant", "places a", "level x", "max_age -1", "claims {", "details [", "switched off mail", "narrowed to", "subject", "signed in card as"} {
		f.Add("A line.\n-- scene --\nrealm library\nclient branch\n" + line + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := story.Parse("fuzz", text)
		if err != nil {
			return
		}
		if told, err := s.Tell(find); err == nil {
			s.Format(told)
		}
	})
}
