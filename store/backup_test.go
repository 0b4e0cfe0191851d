package store

import (
	stdbytes "bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tillit/tillit"
)

// What was acknowledged before a backup began is in it, while others write on;
// and what is in it has whole audit chains.
func TestBackupWhileWriting(t *testing.T) {
	ctx, directory := t.Context(), t.TempDir()
	s, err := Open(ctx, filepath.Join(directory, "a.db"), Options{Create: true, Stamp: StampServe})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	record := func(ctx context.Context, at int64) error {
		return s.Record(ctx, &tillit.AuditRecord{Realm: "harbour", Time: at, Event: "happened"})
	}
	for at := range int64(50) {
		if err := record(ctx, at); err != nil {
			t.Fatal(err)
		}
	}
	writing, stop := context.WithCancel(ctx)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for at := int64(50); writing.Err() == nil; at++ {
				if err := record(context.WithoutCancel(writing), at); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	file := filepath.Join(directory, "backup")
	err = Backup(ctx, filepath.Join(directory, "a.db"), file)
	stop()
	writers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v; want readable by its owner alone", info.Mode(), err)
	}
	target := filepath.Join(directory, "elsewhere", "b.db")
	report, err := Restore(ctx, file, target)
	if err != nil {
		t.Fatal(err)
	}
	if report.Records < 50 || report.Chains != 1 {
		t.Errorf("%d records in %d chains; want at least 50 in 1", report.Records, report.Chains)
	}
	left, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v are left; want the store alone", left, err)
	}
	again, err := Open(ctx, target, Options{Stamp: StampServe})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Record(ctx, &tillit.AuditRecord{Realm: "harbour", Event: "happened"}); err != nil {
		t.Error(err)
	}
}

func TestBackupRefuses(t *testing.T) {
	ctx, directory := t.Context(), t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	s, err := Open(ctx, in("a.db"), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for at := range int64(3) {
		if err := s.Record(ctx, &tillit.AuditRecord{Realm: "harbour", Time: at, Event: "happened"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Backup(ctx, in("a.db"), in("backup")); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(in("backup"))
	if err != nil {
		t.Fatal(err)
	}
	edited := stdbytes.Replace(good, []byte(`"event":"happened"`), []byte(`"event":"hoppened"`), 1)
	torn := stdbytes.Clone(good)
	for i := len(torn) / 2; i < len(torn)/2+8000 && i < len(torn); i++ {
		torn[i] ^= 0x55
	}
	for name, content := range map[string][]byte{"edited": edited, "torn": torn, "cut": good[:len(good)/2], "text": []byte("no store"), "empty": nil} {
		if err := os.WriteFile(in(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, want string }{
		{"edited", ": the record was edited"},
		{"torn", ""}, {"cut", ""}, {"text", "no store"}, {"empty", "no schema"}, {"nowhere", "no such file"},
	} {
		_, err := Restore(ctx, in(c.name), in("r.db"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("restore of %s: %v; want %q", c.name, err, c.want)
		}
		if left, _ := filepath.Glob(in("r.db*")); len(left) > 0 {
			t.Errorf("restore of %s leaves %v", c.name, left)
		}
	}
	for what, err := range map[string]error{
		"a file that is there": Backup(ctx, in("a.db"), in("backup")),
		"no store":             Backup(ctx, in("none.db"), in("other")),
		"memory":               Backup(ctx, ":memory:", in("other")),
		"postgres":             Backup(ctx, "postgres://localhost/x", in("other")),
	} {
		if err == nil {
			t.Errorf("backup of %s: no error", what)
		}
	}
	if _, err := Restore(ctx, in("backup"), in("a.db")); err == nil || !strings.Contains(err.Error(), "is there") {
		t.Errorf("restore over a store: %v; want a refusal", err)
	}
	if _, err := Restore(ctx, in("backup"), "postgres://localhost/x"); err == nil {
		t.Error("restore to PostgreSQL: no error")
	}
}
