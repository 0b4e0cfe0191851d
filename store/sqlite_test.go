package store

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The driver is made for exactly one version of modernc.org/libc; another
// dependency that raises it would break it in ways no test of ours sees.
func TestDriverHasItsOwnLibc(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.GoMod}}{{\"\\n\"}}{{.Version}}", "modernc.org/sqlite", "modernc.org/libc")
	out, err := command.Output()
	if err != nil {
		t.Skipf("the go command is needed to read the versions: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 4 {
		t.Fatalf("go list gave %q", out)
	}
	driver, err := os.ReadFile(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	wants := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindSubmatch(driver)
	if wants == nil || string(wants[1]) != lines[3] {
		t.Fatalf("modernc.org/libc is %s, the driver is made for %s", lines[3], wants)
	}
}
