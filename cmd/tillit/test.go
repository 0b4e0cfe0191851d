package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/story"
)

type testCommand struct {
	Path   string `arg:"" optional:"" help:"A directory of realms with their stories in its folder stories (default: the shipped realms)."`
	Update bool   `help:"Write into the stories what is decided today, for a person to read." env:"TILLIT_UPDATE"`
}

// A tested is what the stories of some realms came to.
type tested struct {
	Stories  int              `json:"stories"`
	Failed   []failedStory    `json:"failed,omitempty"`
	Coverage []story.Coverage `json:"coverage"`
}

type failedStory struct {
	Story  string   `json:"story"`
	Faults []string `json:"faults"`
}

// Run tells every story again, and fails when one goes otherwise.
func (k *testCommand) Run(c *console) error {
	files := realms.Files()
	if k.Path != "" {
		files = os.DirFS(k.Path)
	}
	if k.Update && k.Path == "" {
		return misused("test: the shipped stories are part of the program; right would be --update with a directory")
	}
	set, err := catalog.Load(files)
	if err != nil {
		return err
	}
	names, err := stories(files)
	if err != nil {
		return err
	}
	var result tested
	var counter story.Counter
	for _, name := range names {
		faults, err := k.tell(files, name, set, &counter)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			result.Failed = append(result.Failed, failedStory{name, faults})
		}
	}
	result.Stories, result.Coverage = len(names), counter.Coverage()
	if err := c.print(result, result.write); err != nil {
		return err
	}
	if len(result.Failed) > 0 {
		return &quietError{1}
	}
	return nil
}

// stories lists the files of stories, in folders as deep as one likes.
func stories(files fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(files, "stories", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == ".txt" {
			names = append(names, name)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(names) == 0 {
		return nil, errors.New("test: no stories; right would be files stories/NAME.txt beside the realms")
	}
	return names, err
}

func (k *testCommand) tell(files fs.FS, name string, set *catalog.Set, counter *story.Counter) ([]string, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("test: %w", err)
	}
	s, err := story.Parse(strings.TrimSuffix(name, ".txt"), string(text))
	if err != nil {
		return []string{err.Error()}, nil
	}
	told, err := s.Tell(set.Catalog)
	if err != nil {
		return []string{err.Error()}, nil
	}
	counter.Add(name, told)
	if k.Update {
		text := []byte(s.Format(told))
		if err := os.WriteFile(filepath.Join(k.Path, filepath.FromSlash(name)), text, 0o644); err != nil {
			return nil, fmt.Errorf("test: %w", err)
		}
		if s, err = story.Parse(s.Name, string(text)); err != nil {
			return nil, err
		}
	}
	return s.Faults(told), nil
}

func (t *tested) write(w io.Writer) {
	for _, failed := range t.Failed {
		fmt.Fprintf(w, "%s\n", failed.Story)
		for _, fault := range failed.Faults {
			fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(strings.TrimSpace(fault), "\n", "\n  "))
		}
	}
	rows := [][]string{{"REALM", "STORIES", "SCOPES GIVEN", "NOT GIVEN", "UNTOLD", "RULES", "REASONS"}}
	for _, c := range t.Coverage {
		rows = append(rows, []string{
			c.Realm, fmt.Sprint(c.Stories), fmt.Sprint(len(c.Given)), fmt.Sprint(len(c.Refused)), fmt.Sprint(len(c.Untold)),
			fmt.Sprintf("%d of %d", len(c.Rules), len(c.Rules)+len(c.Silent)), fmt.Sprint(len(c.Reasons)),
		})
	}
	table(w, rows)
	for _, c := range t.Coverage {
		if len(c.Untold) > 0 {
			fmt.Fprintf(w, "%s: no story asks for %s\n", c.Realm, joined(c.Untold))
		}
	}
	fmt.Fprintf(w, "%d told, %d otherwise\n", t.Stories, len(t.Failed))
}
