package facts

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRulesCiteWhatExists keeps docs/rules.md honest: every rule has its line,
// every file it names is there, every fact it cites is in a table.
func TestRulesCiteWhatExists(t *testing.T) {
	text, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) > 4 {
			lines[strings.TrimSpace(cells[1])] = line
		}
	}
	known := map[string]bool{}
	for _, table := range tables {
		for i := range table.facts {
			known[table.facts[i].ID] = true
		}
	}
	cited := regexp.MustCompile(`\b(bankid|buypass|standards|digdir)/[0-9]+\b`)
	for _, kind := range []string{"SC", "CL"} {
		for n := 1; n <= 23; n++ {
			rule := fmt.Sprintf("%s-%d", kind, n)
			line, ok := lines[rule]
			if !ok {
				t.Errorf("docs/rules.md: no line for %s", rule)
				continue
			}
			for _, id := range cited.FindAllString(line, -1) {
				if !known[id] {
					t.Errorf("docs/rules.md: %s cites %s, which is no fact", rule, id)
				}
			}
			cells := strings.Split(line, "|")
			for _, file := range regexp.MustCompile("`[^`]+`").FindAllString(cells[3], -1) {
				if _, err := os.Stat("../../" + strings.Trim(file, "`")); err != nil {
					t.Errorf("docs/rules.md: %s names %s, which is not there", rule, file)
				}
			}
		}
	}
}

// TestDependenciesAreNamed: a module joins go.mod with a line in the document.
func TestDependenciesAreNamed(t *testing.T) {
	modules, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^\t(\S+) v`).FindAllSubmatch(modules, -1) {
		if module := string(found[1]); !strings.Contains(string(document), "`"+module+"`") {
			t.Errorf("docs/dependencies.md: no line for %s", module)
		}
	}
}
