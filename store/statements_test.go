package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/tillit/tillit/store/pgtest"
)

// refusedWords are refused by some engine that speaks PostgreSQL's protocol, or
// mean something else there, or hide the clock in a statement.
var refusedWords = regexp.MustCompile(`(?i)\b(SAVEPOINT|ADVISORY\w*|PG_\w+|(BIG|SMALL)?SERIAL|IDENTITY|GENERATED|SEQUENCE|NEXTVAL|SETVAL|CURRVAL|LASTVAL|` +
	`FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE|SKIP\s+LOCKED|LOCK|AUTOINCREMENT|TRUNCATE|NOTIFY|UNLISTEN|LISTEN|` +
	`CURRENT_TIME(STAMP)?|CURRENT_DATE|LOCALTIME(STAMP)?|CLOCK_TIMESTAMP|GEN_RANDOM_UUID|` +
	`GREATEST|LEAST|I?LIKE|SIMILAR|LOWER|UPPER|ARRAY|UNNEST|LATERAL|JSONB?(_\w+)?|MERGE|DISTINCT\s+ON|` +
	`TRIGGER|FUNCTION|PROCEDURE|EXTENSION|DEFERR\w+|TEMP|TEMPORARY|UNLOGGED|INHERITS|PARTITION|EXCLUDE|REFERENCES|TIMESTAMPTZ|` +
	`CREATE\s+TYPE|SET\s+(LOCAL|SESSION|TRANSACTION)|CURSOR|COPY|VACUUM|` +
	`LAST_INSERT_ROWID|INSERT\s+OR|REPLACE\s+INTO|PRAGMA|ROWID)\b|\b(NOW|RANDOM|ANY)\s*\(|\bDO\s+\$|\bSELECT\s+\*|->|::`)

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
		if strings.HasPrefix(name, "sqlite") || strings.HasSuffix(name, "_test.go") {
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
	for _, bad := range []string{"SAVEPOINT x", "SELECT pg_advisory_lock(1)", "x FOR  UPDATE", "id SERIAL", "TRUNCATE a", "SELECT now()", "a->>'b'",
		"a = ANY($1)", "SELECT * FROM a", "nextval('a')", "LOCK TABLE a", "x::text", "FOR UPDATE SKIP LOCKED", "jsonb_each(a)"} {
		if !refusedWords.MatchString(bad) {
			t.Errorf("%q is not found", bad)
		}
	}
	for _, step := range steps(t, "postgres") {
		if word := refusedWords.FindString(sqlComment.ReplaceAllString(step.statements, "")); word != "" {
			t.Errorf("%s: %q is not understood everywhere", step.name, word)
		}
	}
}

var sqlComment = regexp.MustCompile(`--.*`)

// TestStatementsRun runs every statement on both engines, with empty values of the
// types that PostgreSQL finds for its parameters, and takes each back.
func TestStatementsRun(t *testing.T) {
	postgres := opened(t, pgtest.URL(t), Options{}).engine.(*postgres).writes
	sqlite := opened(t, filepath.Join(t.TempDir(), "t.db"), Options{}).engine.(*sqliteDB).readers
	ran := 0
	eachText(t, func(where, text string) {
		if !statementStart.MatchString(text) {
			return
		}
		args, err := emptyValues(t.Context(), postgres, text)
		if err == nil {
			err = runAndUndo(t.Context(), postgres, text, args)
		}
		if err != nil {
			t.Errorf("%s: PostgreSQL: %v", where, err)
			return
		}
		if stmt, err := sqlite.PrepareContext(t.Context(), text); err != nil {
			t.Errorf("%s: SQLite: %v", where, err)
		} else if err := stmt.Close(); err != nil {
			t.Error(err)
		}
		ran++
	})
	if ran < 80 {
		t.Fatalf("only %d statements were run", ran)
	}
}

// emptyValues gives an argument for every parameter.
func emptyValues(ctx context.Context, db *sql.DB, text string) (args []any, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	empty := map[uint32]any{pgtype.TextOID: "", pgtype.Int8OID: int64(0), pgtype.ByteaOID: []byte{}, pgtype.BoolOID: false}
	return args, conn.Raw(func(driver any) error {
		prepared, err := driver.(*stdlib.Conn).Conn().Prepare(ctx, "", text)
		if err != nil {
			return err
		}
		for i, oid := range prepared.ParamOIDs {
			value, known := empty[oid]
			if !known {
				return fmt.Errorf("$%d is of type %d; right would be one that the columns have", i+1, oid)
			}
			args = append(args, value)
		}
		return nil
	})
}

func runAndUndo(ctx context.Context, db *sql.DB, text string, args []any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, text, args...)
	return errors.Join(err, tx.Rollback())
}
