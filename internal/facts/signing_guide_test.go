package facts

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestSigningGuide runs the commands of the guide.
func TestSigningGuide(t *testing.T) { runGuide(t, "../../docs/guides/sign-a-document.md") }

// runGuide runs the commands of a page, one after the other in one shell, and
// demands that they print what it shows.
func runGuide(t *testing.T, page string) {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq", "openssl", "basenc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("a tool of the guide is not installed, so its commands cannot be run: " + tool)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var script, shown strings.Builder
	script.WriteString("set -euo pipefail\n")
	for _, block := range regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if block[1] == "sh" {
			script.WriteString(block[2])
		} else {
			shown.WriteString(block[2])
		}
	}
	provider, err := (&World{Starter: house{}}).Start(t)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "BASE="+provider.Base)
	printed, err := command.CombinedOutput()
	if err != nil || string(printed) != shown.String() {
		t.Errorf("%v; printed:\n%s\nshown:\n%s", err, printed, shown.String())
	}
}
