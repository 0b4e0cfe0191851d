package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tillit/tillit"
)

var errDisk = errors.New("the disk is gone")

// A faultyDriver lets the n-th statement from now fail.
type faultyDriver struct {
	driver.Driver
	left *atomic.Int64 // statements until the fault; below 0: none
	also func() bool   // whether statements after the fault fail too
}

func (d faultyDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return faultyConn{conn, d}, nil
}

func (d faultyDriver) fail() error {
	if left := d.left.Load(); left < 0 {
		return nil
	}
	if d.left.Add(-1) >= 0 {
		return nil
	}
	if d.also() {
		d.left.Store(0)
	}
	return errDisk
}

type faultyConn struct {
	driver.Conn
	d faultyDriver
}

func (c faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c faultyConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

func (c faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return faultyStmt{stmt, c.d}, nil
}

type faultyStmt struct {
	driver.Stmt
	d faultyDriver
}

func (s faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.d.fail(); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.d.fail(); err != nil {
		return nil, err
	}
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// everything writes down all that the file holds.
func everything(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables []string
	eachRow(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`, func(row []any) { tables = append(tables, row[0].(string)) })
	var all strings.Builder
	for _, table := range tables {
		eachRow(t, db, `SELECT * FROM `+table+` ORDER BY 1, 2`, func(row []any) { fmt.Fprintln(&all, table, row) })
	}
	return all.String()
}

func eachRow(t *testing.T, db *sql.DB, query string, do func([]any)) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		do(values)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestEveryStatementFails fails the first, second, third … statement of each verb until the
// verb succeeds. After every failure the file holds exactly what it held before,
// and the audit chain is whole.
func TestEveryStatementFails(t *testing.T) {
	const realm, at = "here", int64(1_800_000_000)
	grant := tillit.Grant{Realm: realm, ID: "g", Client: "shop", Person: "p1", Session: "sid", Created: at, Expires: at + 1000,
		Facts: tillit.Facts{Consent: tillit.Consent{Agreed: []tillit.Agreement{{Item: "profile"}}}}}
	code := &tillit.Code{Realm: realm, Hash: []byte("code"), Client: "shop", Grant: grant, Expires: at + 60}
	token := func(name string) *tillit.Refresh {
		return &tillit.Refresh{Realm: realm, Hash: []byte(name), Grant: "g", Client: "shop", Created: at, Expires: at + 500}
	}
	opaque := func(name string) *tillit.OpaqueToken {
		return &tillit.OpaqueToken{Realm: realm, Hash: []byte(name), Grant: "g", JTI: name, Claims: json.RawMessage(`{}`), Expires: at + 50}
	}
	record := func(event string) *tillit.AuditRecord {
		return &tillit.AuditRecord{Realm: realm, Time: at, Event: event, JTI: []string{event}}
	}
	remembered := []tillit.Remembered{{Realm: realm, Person: "p1", Client: "shop", Agreement: tillit.Agreement{Item: "profile"}}}
	interaction := func() *tillit.Interaction {
		return &tillit.Interaction{Realm: realm, ID: "i", Created: at, Expires: at + 60}
	}
	flow := []struct {
		verb string
		do   func(context.Context, *Store) error
	}{
		{"PutPerson", func(ctx context.Context, s *Store) error {
			return s.PutPerson(ctx, &tillit.Person{Realm: realm, ID: "p1", Username: "kari", Subject: "s1"})
		}},
		{"PutClient", func(ctx context.Context, s *Store) error { return s.PutClient(ctx, realm, &tillit.Client{ID: "shop"}) }},
		{"SaveInteraction", func(ctx context.Context, s *Store) error { return s.SaveInteraction(ctx, interaction()) }},
		{"FinishInteraction", func(ctx context.Context, s *Store) error {
			return s.FinishInteraction(ctx, interaction(), code, nil, remembered, record("consented"))
		}},
		{"RedeemCode", func(ctx context.Context, s *Store) error {
			return s.RedeemCode(ctx, code, &grant, token("r1"), opaque("o1"), record("issued"))
		}},
		{"Rotate", func(ctx context.Context, s *Store) error {
			return s.Rotate(ctx, token("r1"), token("r2"), opaque("o2"), &grant, record("refreshed"))
		}},
		{"Replace", func(ctx context.Context, s *Store) error {
			return s.Replace(ctx, token("r1"), token("r3"), opaque("o3"), record("replaced"))
		}},
		{"WithdrawItem", func(ctx context.Context, s *Store) error {
			return s.WithdrawItem(ctx, realm, "p1", "shop", "email", at, record("item"))
		}},
		{"CreateKeyIfNone", func(ctx context.Context, s *Store) error {
			_, err := s.CreateKeyIfNone(ctx, realm, "ES256", tillit.SigningKey{ID: "k"})
			return err
		}},
		{"EndSession", func(ctx context.Context, s *Store) error { return s.EndSession(ctx, realm, "sid", at, record("ended")) }},
		{"WithdrawGrant", func(ctx context.Context, s *Store) error {
			return s.WithdrawGrant(ctx, realm, "p1", "g", at, record("withdrawn"))
		}},
		{"RemovePerson", func(ctx context.Context, s *Store) error { return s.RemovePerson(ctx, realm, "p1", record("erased")) }},
	}
	for _, lasting := range []bool{false, true} {
		t.Run(fmt.Sprint("lasting ", lasting), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.db")
			faulty := faultyDriver{sqliteDriver(), new(atomic.Int64), func() bool { return lasting }}
			faulty.left.Store(-1)
			s, err := openSQLite(t.Context(), faulty, path, Options{Create: true}.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, step := range flow {
				failures := failUntilDone(t, s, path, faulty.left, step.do)
				if failures < 4 { // begin, savepoint, something, release, commit
					t.Errorf("%s failed %d times only", step.verb, failures)
				}
			}
		})
	}
}

// failUntilDone runs a verb with a fault ever later, and gives how often it failed.
func failUntilDone(t *testing.T, s *Store, path string, left *atomic.Int64, do func(context.Context, *Store) error) (failures int) {
	t.Helper()
	before := everything(t, path)
	for n := range int64(100) {
		left.Store(n)
		err := do(t.Context(), s)
		left.Store(-1)
		if err == nil {
			if everything(t, path) == before {
				t.Fatal("the verb succeeded and changed nothing")
			}
			return failures
		}
		if !errors.Is(err, errDisk) {
			t.Fatalf("fault %d came back as %v", n, err)
		}
		failures++
		if after := everything(t, path); after != before {
			t.Fatalf("fault %d left something behind:\n%s\nbefore:\n%s", n, after, before)
		}
		report, err := s.VerifyAudit(t.Context())
		if err != nil || report.Broken != nil {
			t.Fatalf("audit after fault %d: %+v, %v", n, report.Broken, err)
		}
	}
	t.Fatal("the verb never succeeded")
	return failures
}
