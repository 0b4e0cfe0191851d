package store

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store/pgtest"
)

// emptyDatabases are one of each engine, by url.
func emptyDatabases(t *testing.T) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.db")
	if err := touchFile(path, true); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"sqlite": path, "postgres": pgtest.URL(t)}
}

func steps(t *testing.T, engine string) []step {
	t.Helper()
	steps, err := readSteps(migrations, engine)
	if err != nil || len(steps) == 0 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	return steps
}

// columns lists table, column, type, whether it may be NULL, and its place in the
// primary key.
func columns(t *testing.T, url, query string) []string {
	t.Helper()
	db, _, err := openToMigrate(url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all []string
	eachRow(t, db, query, func(row []any) { all = append(all, fmt.Sprint(row...)) })
	slices.Sort(all)
	return all
}

// TestSchemasAreAlike compares what the steps of both engines lead to.
func TestSchemasAreAlike(t *testing.T) {
	urls := emptyDatabases(t)
	for engine, url := range urls {
		if _, err := Migrate(t.Context(), url); err != nil {
			t.Fatalf("%s: %v", engine, err)
		}
	}
	sqlite := columns(t, urls["sqlite"], `SELECT s.name || ' ' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk
FROM sqlite_schema s JOIN pragma_table_info(s.name) c WHERE s.type = 'table'`)
	postgres := columns(t, urls["postgres"], `SELECT c.table_name || ' ' || c.column_name || ' ' ||
CASE c.data_type WHEN 'bytea' THEN 'BLOB' ELSE UPPER(c.data_type) END || ' ' || CASE c.is_nullable WHEN 'NO' THEN 1 ELSE 0 END || ' ' ||
COALESCE((SELECT k.ordinal_position FROM information_schema.key_column_usage k JOIN information_schema.table_constraints p ON p.constraint_name = k.constraint_name
AND p.constraint_type = 'PRIMARY KEY' WHERE k.table_name = c.table_name AND k.column_name = c.column_name), 0)
FROM information_schema.columns c WHERE c.table_schema = 'public'`)
	if len(sqlite) < 100 {
		t.Fatalf("only %d columns were found", len(sqlite))
	}
	if diff := cmp.Diff(sqlite, postgres); diff != "" {
		t.Errorf("columns (-sqlite +postgres)\n%s", diff)
	}
	indexes := columns(t, urls["sqlite"], `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)
	others := columns(t, urls["postgres"], `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\_pkey'`)
	if diff := cmp.Diff(indexes, others); diff != "" {
		t.Errorf("indexes (-sqlite +postgres)\n%s", diff)
	}
}

// contracting finds what takes away, or asks of the version before, something
// that it does not know.
var contracting = regexp.MustCompile(`(?i)\b(DROP|RENAME|SET\s+NOT\s+NULL|ALTER\s+COLUMN)\b|\bADD\s+(COLUMN\s+)?\w+\s+\w+\s+NOT\s+NULL\s*($|[,;]|CHECK)|\bADD\s+CONSTRAINT\b|\bCREATE\s+UNIQUE\b`)

var ofNewTable = regexp.MustCompile(`(?m)^CREATE UNIQUE INDEX \w+ ON (\w+) .*$`)

var numbered = regexp.MustCompile(`^[0-9]{4}_[a-z_]+\.sql$`)

func TestStepsExpand(t *testing.T) {
	var names [2][]string
	for i, engine := range []string{"sqlite", "postgres"} {
		for n, step := range steps(t, engine) {
			names[i] = append(names[i], step.name)
			if !numbered.MatchString(step.name) || n > 0 && step.name[:4] <= names[i][n-1][:4] {
				t.Errorf("step %d of %s is named %s; right would be a number of its own, NNNN_what.sql", n+1, engine, step.name)
			}
			// On a table that the same step makes, nobody of the version before writes.
			statements := ofNewTable.ReplaceAllStringFunc(step.statements, func(index string) string {
				if strings.Contains(step.statements, "CREATE TABLE "+ofNewTable.FindStringSubmatch(index)[1]+" (") {
					return ""
				}
				return index
			})
			if found := contracting.FindString(statements); n > 0 && found != "" {
				t.Errorf("%s of %s: %q breaks processes of the version before", step.name, engine, found)
			}
		}
	}
	if diff := cmp.Diff(names[0], names[1]); diff != "" {
		t.Errorf("steps (-sqlite +postgres)\n%s", diff)
	}
	for _, bad := range []string{"ALTER TABLE a DROP COLUMN b", "ALTER TABLE a RENAME TO b", "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;", "CREATE UNIQUE INDEX a ON b (c)"} {
		if !contracting.MatchString(bad) {
			t.Errorf("%q is not found", bad)
		}
	}
	if good := "ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT ''; CREATE TABLE c (d TEXT NOT NULL); CREATE INDEX e ON c (d)"; contracting.MatchString(good) {
		t.Errorf("%q is found", good)
	}
}

func TestOpenAsksForMigrate(t *testing.T) {
	for engine, url := range emptyDatabases(t) {
		t.Run(engine, func(t *testing.T) {
			refuses := func(what string) {
				t.Helper()
				if _, err := Open(t.Context(), url, Options{Stamp: StampServe}); err == nil || !strings.Contains(err.Error(), what) {
					t.Fatalf("error is %v, want %q in it", err, what)
				}
			}
			refuses("there is no schema in the database; run tillit migrate")
			taken, err := Migrate(t.Context(), url)
			if err != nil || len(taken) != len(steps(t, engine)) {
				t.Fatalf("took %v, %v", taken, err)
			}
			if taken, err = Migrate(t.Context(), url); err != nil || len(taken) != 0 {
				t.Fatalf("took %v the second time, %v", taken, err)
			}
			s, err := Open(t.Context(), url, Options{Stamp: StampServe})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			db, _, err := openToMigrate(url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for _, c := range [...]struct{ statement, what string }{
				{`INSERT INTO schema_version (version, name, checksum) VALUES (9999, '9999_later.sql', 'x')`, "from step"},
				{`UPDATE schema_version SET version = (SELECT MAX(v.version) + 1 FROM schema_version v WHERE v.version < 9999) WHERE version = 9999`, "9999_later.sql, newer than this program"},
				{`UPDATE schema_version SET checksum = 'feedbeef' WHERE version = 1`, "0001_begin.sql was edited"},
			} {
				if _, err := db.ExecContext(t.Context(), c.statement); err != nil {
					t.Fatal(err)
				}
				refuses(c.what)
				if _, err := Migrate(t.Context(), url); err == nil || !strings.Contains(err.Error(), c.what) {
					t.Fatalf("migrate said %v, want %q in it", err, c.what)
				}
			}
		})
	}
}

// TestMigratingAtOnce lets several processes begin together: each step is taken
// once, and nobody fails.
func TestMigratingAtOnce(t *testing.T) {
	urls := emptyDatabases(t)
	urls["serializable"] = pgtest.URL(t, "default_transaction_isolation=serializable")
	for engine, url := range urls {
		t.Run(engine, func(t *testing.T) {
			var all sync.WaitGroup
			var mu sync.Mutex
			var taken []string
			for range 8 {
				all.Go(func() {
					names, err := Migrate(context.Background(), url)
					mu.Lock()
					defer mu.Unlock()
					taken = append(taken, names...)
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if len(taken) != len(steps(t, "postgres")) {
				t.Errorf("steps taken: %v", taken)
			}
		})
	}
}

// TestAStepUnderARunningProcess takes a step that expands while a process of the
// version before runs. That one goes on; a program that knows the step, and is
// not told to migrate, asks for it before.
func TestAStepUnderARunningProcess(t *testing.T) {
	for engine, url := range emptyDatabases(t) {
		t.Run(engine, func(t *testing.T) {
			s := opened(t, url, Options{})
			use := func() {
				t.Helper()
				if err := s.PutClient(t.Context(), "here", &tillit.Client{ID: "shop"}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Client(t.Context(), "here", "shop"); err != nil {
					t.Fatal(err)
				}
				if err := redeemOne(s, fmt.Sprint("at step ", taken(t, url))); err != nil {
					t.Fatal(err)
				}
			}
			use()
			db, d, err := openToMigrate(url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			known := steps(t, engine)
			later := append(known, step{"9998_more.sql", "x", `ALTER TABLE clients ADD COLUMN note TEXT NOT NULL DEFAULT ''; CREATE INDEX clients_note ON clients (note)`})
			err = prepareSteps(t.Context(), db, d, later, Options{Stamp: StampServe, Create: true})
			if want := "the schema is at " + known[len(known)-1].name + " and this program needs 9998_more.sql; run tillit migrate"; err == nil || err.Error() != want {
				t.Fatalf("error is %v, want %s", err, want)
			}
			if err := prepareSteps(t.Context(), db, d, later, Options{Stamp: StampDev}); err != nil {
				t.Fatal(err)
			}
			use()
		})
	}
}

// taken counts the steps that a database is at.
func taken(t *testing.T, url string) (n int) {
	t.Helper()
	db, _, err := openToMigrate(url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM schema_version`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A step that fails leaves nothing of itself.
func TestAStepFailsWhole(t *testing.T) {
	for engine, url := range emptyDatabases(t) {
		t.Run(engine, func(t *testing.T) {
			db, d, err := openToMigrate(url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			bad := []step{{"0001_good.sql", "x", `CREATE TABLE good (a TEXT)`}, {"0002_bad.sql", "x", `CREATE TABLE half (a TEXT); CREATE TABLE half (a TEXT)`}}
			names, err := migrateTo(t.Context(), db, d, bad)
			if err == nil || !strings.Contains(err.Error(), "migrate 0002_bad.sql") || len(names) != 1 {
				t.Fatalf("took %v, %v", names, err)
			}
			var n int
			if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM half`).Scan(&n); err == nil || !d.absent(err) {
				t.Fatalf("half a step was taken: %v", err)
			}
			if at := taken(t, url); at != 1 {
				t.Errorf("the schema is at step %d, want 1", at)
			}
		})
	}
}
