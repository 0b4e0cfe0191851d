package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// refusedWords are refused by some engine that speaks PostgreSQL's protocol, or
// hide the clock in a statement.
var refusedWords = regexp.MustCompile(`(?i)\b(SAVEPOINT|ADVISORY\w*|PG_\w+|SERIAL|BIGSERIAL|FOR\s+UPDATE|FOR\s+SHARE|AUTOINCREMENT|TRUNCATE|NOTIFY|LISTEN|NOW\s*\(|CURRENT_TIMESTAMP|GREATEST|LEAST|ILIKE|ANY\s*\(|JSONB?_\w+|LAST_INSERT_ROWID|INSERT\s+OR|REPLACE\s+INTO|PRAGMA|ROWID)|->`)

var statementStart = regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|WITH)\b`)

var placeholder = regexp.MustCompile(`\$(\d+)`)

// eachText calls do with every string of the package's code that is not SQLite's own.
func eachText(t *testing.T, do func(where, text string)) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if name == "sqlite.go" || name == "sqlite_writer.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				do(set.Position(lit.Pos()).String(), text)
			}
			return true
		})
	}
}

// TestStatements holds every statement to what SQLite, PostgreSQL and the engines
// that speak its protocol understand alike, with parameters numbered in the order
// in which they first appear.
func TestStatements(t *testing.T) {
	statements := 0
	eachText(t, func(where, text string) {
		if !statementStart.MatchString(text) {
			return
		}
		statements++
		if word := refusedWords.FindString(text); word != "" {
			t.Errorf("%s: %q is not understood everywhere", where, word)
		}
		next := 1
		for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
			n, err := strconv.Atoi(match[1])
			if err != nil || n > next {
				t.Errorf("%s: $%s appears before $%d", where, match[1], next)
			}
			if n == next {
				next++
			}
		}
	})
	if statements < 80 {
		t.Fatalf("only %d statements were found: is the test looking at the right place?", statements)
	}
	for _, bad := range []string{"SAVEPOINT x", "SELECT pg_advisory_lock(1)", "x FOR  UPDATE", "id SERIAL", "TRUNCATE a", "SELECT now()", "a->>'b'"} {
		if !refusedWords.MatchString(bad) {
			t.Errorf("%q is not found", bad)
		}
	}
}
