package story_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/story"
)

// TestShippedStories: the shipped realms still decide as their stories tell.
func TestShippedStories(t *testing.T) {
	files := realms.Files()
	set, err := catalog.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	var counter story.Counter
	err = fs.WalkDir(files, "stories", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".txt" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		s, err := story.Parse(strings.TrimSuffix(name, ".txt"), string(text))
		if err != nil {
			return err
		}
		told, err := s.Tell(set.Catalog)
		if err != nil {
			return err
		}
		counter.Add(name, told)
		for _, fault := range s.Faults(told) {
			t.Errorf("%s: %s", s.Name, fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if covered := counter.Coverage(); len(covered) != len(set.Realms()) {
		t.Errorf("stories are told of %d realms; want %d", len(covered), len(set.Realms()))
	}
}

// TestExpectations: each says what is otherwise, and nothing where nothing is.
func TestExpectations(t *testing.T) {
	find := library(t)
	const scene = "A visitor asks.\n-- scene --\nrealm library\nclient branch\nhas everything\nasks openid mail\nsigned in card\ndeclined mail\n-- expect --\n"
	for line, says := range map[string]string{
		"given openid":              "",
		"not mail":                  "",
		"not mail consent_declined": "",
		"in id_token number":        "",
		"never in userinfo mail":    "",
		"needs nothing":             "",
		"given mail":                "mail is not given: consent_declined",
		"given room":                "room is not given: nobody asked for it",
		"not openid":                "openid is given",
		"not mail unknown_scope":    "the reason is consent_declined",
		"in userinfo mail":          "userinfo has [number",
		"never in id_token number":  "id_token has [number",
		"needs consent":             "it needs nothing",
		"refused invalid_scope":     "it is not refused",
		"hopes mail":                "no such expectation",
		"never mail":                "ends too early",
	} {
		s, err := story.Parse("expectations", scene+line+"\n")
		if err != nil {
			t.Fatal(err)
		}
		told, err := s.Tell(find)
		if err != nil {
			t.Fatal(err)
		}
		faults := strings.Join(s.Faults(told), "\n")
		if says == "" && faults != "" || !strings.Contains(faults, says) {
			t.Errorf("%s: %q; want %q", line, faults, says)
		}
	}
}
