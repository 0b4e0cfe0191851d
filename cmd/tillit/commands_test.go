package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// commandsPage shows every verb with what it prints.
const commandsPage = "../../docs/commands.md"

// block is a fenced block of the page: its kind, a file's name, and its text.
var block = regexp.MustCompile("(?ms)^```(console|yaml|json|csv|text)(?: (\\S+))?\n(.*?)^```$")

// varying is what another run prints otherwise, and what stands for it.
var varying = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`\b(tk|ti)_[A-Za-z0-9_-]{43}`), "${1}_…"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}(\.[A-Z2-7]+)?\b`), "…"},
	{regexp.MustCompile(`(?m)^[A-Za-z0-9_-]{43}  `), "…    "}, // first in a table
	{regexp.MustCompile(`(?m)^KID {40,}`), "KID  "},
	{regexp.MustCompile(`(^|[^A-Za-z0-9_-])[A-Za-z0-9_-]{43}($|[^A-Za-z0-9_-])`), "$1…$2"}, // an id may begin or end in a dash
	{regexp.MustCompile(`(?m)\b([0-9a-f]{64}|[0-9a-f]{40})\b`), "…"},
	{regexp.MustCompile(`(?m) [0-9a-f]{12}$`), " …"},                                            // last in a table
	{regexp.MustCompile(`\b(bankid|buypass|idporten|maskinporten)\.yaml:\d+:\d+`), "$1.yaml:…"}, // shipped realms grow
	{regexp.MustCompile(`\bin \d+ chains\b`), "in … chains"},                                    // as many as processes wrote
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "2026-01-01T12:00:00Z"},
	{regexp.MustCompile(`\b1[78]\d{8}\b`), "1767268800"},
	{regexp.MustCompile(`\b[A-Z2-7]{4}(-[A-Z2-7]{4}){3}\b`), "…"},
	{regexp.MustCompile(`\b\d+ (bytes|audit records|records in)`), "… $1"},
	{regexp.MustCompile(`go1\.\d+(\.\d+)?`), "go1.26"},
}

// What docs/commands.md says a verb prints is what it prints.
func TestCommandsPage(t *testing.T) {
	path, err := filepath.Abs(commandsPage)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("JTI", keptToken(t, "data"))
	master, err := exec.Command("tillit", "key", "master").Output()
	if err != nil {
		t.Fatal(err)
	}
	write(t, "master.key", master)
	if err := os.CopyFS("realms", os.DirFS(filepath.Join(filepath.Dir(path), "../cmd/tillit/testdata/realms"))); err != nil {
		t.Fatal(err)
	}
	shown := block.ReplaceAllFunc(page, func(found []byte) []byte {
		part := block.FindSubmatch(found)
		if string(part[1]) != "console" {
			if len(part[2]) > 0 {
				write(t, string(part[2]), part[3])
			}
			return found
		}
		return []byte("```console\n" + played(t, string(part[3])) + "```")
	})
	if *update {
		write(t, path, shown)
		return
	}
	if string(shown) != string(page) {
		t.Errorf("docs/commands.md shows what is not printed any more (go test ./cmd/tillit -run CommandsPage -update):\n%s", firstDifference(string(page), string(shown)))
	}
}

// keptToken leaves a provider's data in a directory, and gives the jti of an
// access token it issued.
func keptToken(t *testing.T, directory string) string {
	t.Helper()
	base, ended := startInside(t, "dev", "--listen", "127.0.0.1:0", "--data", directory)
	env := (&facts.World{}).Env(t, &facts.Provider{Base: base, Client: http.DefaultClient}, "buypass")
	tokens := env.Machine("demo-service", "service-api")
	jti, _ := env.AccessClaims(tokens)["jti"].(string)
	if code := ended(); code != 0 {
		t.Fatalf("exit status %d; want 0", code)
	}
	return jti
}

// played runs every command of a block and gives the block as it should stand.
func played(t *testing.T, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		command, is := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !is {
			continue
		}
		b.WriteString(line)
		b.WriteString(printed(t, command))
	}
	return b.String()
}

func printed(t *testing.T, command string) string {
	words := strings.Fields(command)
	if (words[1] == "dev" || words[1] == "serve") && !strings.Contains(command, "--help") {
		args := words[1:]
		if words[1] == "dev" {
			args = append(args, "--listen", "127.0.0.1:0")
		}
		_, ended := startInside(t, args...)
		if code := ended(); code != 0 {
			t.Errorf("%s: exit status %d; want 0", command, code)
		}
		return "ready http://localhost:8080\n"
	}
	out, err := exec.Command("sh", "-c", command).CombinedOutput()
	if len(out) == 0 {
		t.Errorf("%s: %v, and prints nothing", command, err)
	}
	text := string(out)
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.stands)
	}
	return text
}

func firstDifference(a, b string) string {
	want, got := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return "  shown:   " + want[i] + "\n  printed: " + got[i]
		}
	}
	return "one is longer"
}
