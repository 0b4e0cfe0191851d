package catalog

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what was found into the golden files")

// TestFaults loads broken realms and compares every message with the golden
// file: a text, the files between lines of dashes, and the faults at the end.
func TestFaults(t *testing.T) {
	stories, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, story := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(story), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(story)
			if err != nil {
				t.Fatal(err)
			}
			head, files, want := splitStory(string(data))
			set, err := Load(files)
			if set != nil {
				t.Fatal("something was loaded although there are faults")
			}
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("the error is %v; right would be Faults", err)
			}
			got := faults.Error() + "\n"
			if *update {
				if err := os.WriteFile(story, []byte(head+"-- faults --\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("faults differ (-want +got); -update writes them:\n%s", diff)
			}
		})
	}
}

// splitStory takes a story apart: everything before the faults, the files, and
// the faults.
func splitStory(story string) (head string, files fstest.MapFS, faults string) {
	head, faults, _ = strings.Cut(story, "-- faults --\n")
	files = fstest.MapFS{}
	name := ""
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "-- ") && strings.HasSuffix(line, " --\n") {
			name = strings.TrimSuffix(strings.TrimPrefix(line, "-- "), " --\n")
			files[name] = &fstest.MapFile{}
			continue
		}
		if name != "" {
			files[name].Data = append(files[name].Data, line...)
		}
	}
	return head, files, faults
}
