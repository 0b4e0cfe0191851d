package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

const at = int64(1_800_000_000)

// refused opens a store that must not be opened and checks why.
func refused(t *testing.T, path string, options store.Options, why string) {
	t.Helper()
	s, err := store.Open(t.Context(), path, options)
	if err == nil {
		s.Close()
		t.Fatalf("the store was opened, want an error with %q", why)
	}
	if !strings.Contains(err.Error(), why) {
		t.Fatalf("error is %q, want %q in it", err, why)
	}
}

func closed(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// alter changes the file behind the store's back.
func alter(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.ExecContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed nothing (%v)", statement, err)
	}
}

func TestDevAndServeDoNotShareAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tillit.db")
	closed(t, open(t, path, store.Options{Create: true})) // a verb of no stamp may come first
	closed(t, open(t, path, store.Options{Stamp: store.StampDev}))
	refused(t, path, store.Options{Stamp: store.StampServe}, `made by "dev" and cannot be used by "serve"`)
	closed(t, open(t, path, store.Options{Stamp: store.StampDev}))
	closed(t, open(t, path, store.Options{}))
	refused(t, path, store.Options{Stamp: "test"}, `no stamp "test"`)
}

func TestOpenMakesNothingUnlessTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "tillit 100%?#.db")
	refused(t, path, store.Options{}, "no such file")
	closed(t, open(t, path, store.Options{Create: true}))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("mode is %v, want only the owner's", info.Mode())
	}
	refused(t, "mysql://host/name", store.Options{}, "no engine for mysql://")
}

func TestEditedOrNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tillit.db")
	closed(t, open(t, path, store.Options{Create: true}))
	alter(t, path, `INSERT INTO schema_version (version, name, checksum) SELECT MAX(version) + 1, '9999_later.sql', 'x' FROM schema_version`)
	refused(t, path, store.Options{}, "9999_later.sql, newer than this program")
	alter(t, path, `DELETE FROM schema_version WHERE name = '9999_later.sql'`)
	closed(t, open(t, path, store.Options{}))
	alter(t, path, `UPDATE schema_version SET checksum = 'feedbeef' WHERE version = 1`)
	refused(t, path, store.Options{}, "0001_begin.sql was edited")
	alter(t, path, `UPDATE schema_version SET version = version + 50`)
	refused(t, path, store.Options{}, "from step 0 to 51")
}

func TestWhatWasAcknowledgedIsThereAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tillit.db")
	s := open(t, path, store.Options{Create: true})
	if err := s.SetMeta(t.Context(), "x", "1"); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	closed(t, s) // twice is no error
	if err := s.SetMeta(t.Context(), "x", "2"); !strings.Contains(err.Error(), store.ErrClosed.Error()) {
		t.Fatalf("a closed store said %v", err)
	}
	s = open(t, path, store.Options{})
	if value, err := s.Meta(t.Context(), "x"); err != nil || value != "1" {
		t.Fatalf("value is %q, %v", value, err)
	}
}

func TestAnotherProcessChangesAClient(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tillit.db")
	serve := open(t, path, store.Options{Create: true})
	command := open(t, path, store.Options{})
	shop := &tillit.Client{ID: "shop", Active: true}
	if err := command.PutClient(ctx, "here", shop); err != nil {
		t.Fatal(err)
	}
	active := func(want bool) {
		t.Helper()
		if client, err := serve.Client(ctx, "here", "shop"); err != nil || client.Active != want {
			t.Fatalf("client is %+v, %v", client, err)
		}
	}
	active(true)
	shop.Active = false
	if err := command.PutClient(ctx, "here", shop); err != nil {
		t.Fatal(err)
	}
	active(true) // until the next poll
	if err := serve.Poll(ctx); err != nil {
		t.Fatal(err)
	}
	active(false)
}

func TestTamperingIsFound(t *testing.T) {
	ctx := context.Background()
	for _, c := range [...]struct{ name, statement, what string }{
		{"edited", `UPDATE audit SET record = '{"realm":"here","time":1,"event":"nothing"}' WHERE seq = 3`, "edited"},
		{"filed elsewhere", `UPDATE audit SET subject = 'somebody' WHERE seq = 3`, "filed under something else"},
		{"removed", `DELETE FROM audit WHERE seq = 3`, "missing"},
		{"removed at the end", `DELETE FROM audit WHERE seq = 5`, "missing"},
		{"removed whole", `DELETE FROM audit`, "missing"},
		{"moved", `UPDATE audit SET record = (SELECT b.record FROM audit b WHERE b.chain = audit.chain AND b.seq = 7 - audit.seq) WHERE seq IN (3, 4)`, "edited"},
		{"hash made to fit", `UPDATE audit SET hash = zeroblob(32) WHERE seq = 3`, "edited"},
		{"added", `INSERT INTO audit SELECT chain, 6, hash, hash, realm, time, event, client, subject, grant_id, record FROM audit WHERE seq = 5`, "added"},
		{"end forgotten", `UPDATE audit_chains SET seq = 4`, "does not end as noted"},
		{"beginning forgotten", `DELETE FROM audit_chains`, "nobody began"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tillit.db")
			s := open(t, path, store.Options{Create: true})
			for n := range 5 {
				if err := s.Record(ctx, &tillit.AuditRecord{Realm: "here", Time: at + int64(n), Event: "issued"}); err != nil {
					t.Fatal(err)
				}
			}
			alter(t, path, c.statement)
			report, err := s.VerifyAudit(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if report.Broken == nil || !strings.Contains(report.Broken.What, c.what) {
				t.Fatalf("report is %+v, want a record that is %s", report.Broken, c.what)
			}
		})
	}
}

// A process's chain hangs on the one before it, so that a whole chain cannot go.
func TestAWholeChainCannotGo(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tillit.db")
	var first string
	for n := range 3 {
		s := open(t, path, store.Options{Create: true})
		if n == 0 {
			first = s.Chain()
		}
		if err := s.Record(ctx, &tillit.AuditRecord{Realm: "here", Time: at, Event: "issued"}); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
	}
	s := open(t, path, store.Options{})
	report, err := s.VerifyAudit(ctx)
	if err != nil || report.Broken != nil || report.Chains != 3 || report.Records != 3 {
		t.Fatalf("report is %+v, %v", report, err)
	}
	alter(t, path, `DELETE FROM audit WHERE chain = ?`, first)
	alter(t, path, `DELETE FROM audit_chains WHERE chain = ?`, first)
	report, err = s.VerifyAudit(ctx)
	if err != nil || report.Broken == nil || report.Broken.Chain != first {
		t.Fatalf("report is %+v, %v", report.Broken, err)
	}
}
