package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAgainstItGuide runs the tests that the guide shows, in Go and in Node, and
// the commands for everybody else.
func TestAgainstItGuide(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the guide's tests are not run", tool)
		}
	}
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	packages := filepath.Join(module, "interop/node/node_modules")
	if _, err := os.Stat(filepath.Join(packages, "openid-client")); err != nil {
		t.Skip("openid-client is not installed (npm ci in interop/node): the guide's tests are not run")
	}
	page, err := os.ReadFile("../../docs/guides/test-against-it.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	blocks := 0
	for _, found := range regexp.MustCompile("(?ms)^```(go|js|sh) ?(\\S*)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		kind, file, text := found[1], found[2], found[3]
		blocks++
		if file != "" {
			write(t, file, []byte(text))
		}
		switch {
		case kind == "go":
			source, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			told(t, module, "go", "test", "-count=1", source)
		case strings.HasPrefix(text, "npm install "): // what the lock file holds stands in for it
			if err := os.Symlink(packages, "node_modules"); err != nil {
				t.Fatal(err)
			}
			lock, err := os.ReadFile(filepath.Join(packages, "openid-client/package.json"))
			_, major, _ := strings.Cut(strings.TrimSpace(text), "@")
			if err != nil || !strings.Contains(string(lock), `"version": "`+major+`.`) {
				t.Errorf("%s, but tried with another: %v", text, err)
			}
		case kind == "sh" && strings.HasPrefix(text, "curl"):
			base, _ := startInside(t, "dev", "--listen", "127.0.0.1:0")
			told(t, ".", "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(text, "http://localhost:8080", base))
		case kind == "sh":
			told(t, ".", "bash", "-euo", "pipefail", "-c", text)
		}
	}
	if blocks != 6 {
		t.Errorf("%d blocks; the guide has 6", blocks)
	}
}

// told runs a command in a directory and demands that it succeeds.
func told(t *testing.T, directory, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = directory
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
