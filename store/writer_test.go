package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit"
)

func opened(t testing.TB, path string, options Options) *Store {
	t.Helper()
	options.Create = true
	s, err := Open(context.Background(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// held stops the writer before its next commit until release is called.
func held(s *Store) (release func()) {
	alone := &s.engine.(*sqliteDB).alone
	alone.Lock()
	return alone.Unlock
}

func TestAFullQueueIsBusy(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "t.db"), Options{Queue: 2})
	ctx := context.Background()
	var all sync.WaitGroup
	started, release := make(chan struct{}), make(chan struct{})
	errs := make([]error, 3)
	all.Go(func() {
		errs[0] = s.write(ctx, "slow", func(tx *tx) error {
			close(started)
			<-release
			_, err := tx.exec(sqlSetMeta, "slow", "1")
			return err
		})
	})
	<-started // the writer has its batch, and takes no more
	for n := 1; n < 3; n++ {
		all.Go(func() { errs[n] = s.SetMeta(ctx, "waiting", "1") })
	}
	for queue := s.engine.(*sqliteDB).writer.queue; len(queue) < cap(queue); {
		time.Sleep(time.Millisecond)
	}
	if err := s.SetMeta(ctx, "refused", "1"); !errors.Is(err, tillit.ErrBusy) {
		t.Errorf("a full queue said %v", err)
	}
	close(release)
	all.Wait()
	for n, err := range errs {
		if err != nil {
			t.Errorf("write %d, which had its place, said %v", n, err)
		}
	}
	if _, err := s.Meta(ctx, "refused"); !errors.Is(err, tillit.ErrNotFound) {
		t.Errorf("a refused write was made: %v", err)
	}
}

func TestADeadlineEndsWaiting(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "t.db"), Options{Wait: 20 * time.Millisecond})
	release := held(s)
	err := s.SetMeta(context.Background(), "late", "1")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want the deadline's", err)
	}
	release()
	if err := s.SetMeta(context.Background(), "next", "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Meta(context.Background(), "late"); !errors.Is(err, tillit.ErrNotFound) {
		t.Fatalf("a write that was given up was made: %v", err)
	}
}

// A deadline that passes inside a job ends it between two statements, and the
// jobs beside it are stored.
func TestADeadlineInsideAJobFailsItAlone(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "t.db"), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	err := s.write(ctx, "slow", func(tx *tx) error {
		if _, err := tx.exec(sqlSetMeta, "slow", "1"); err != nil {
			return err
		}
		cancel()
		_, err := tx.exec(sqlSetMeta, "slow", "2")
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	if _, err := s.Meta(context.Background(), "slow"); !errors.Is(err, tillit.ErrNotFound) {
		t.Fatalf("half a job was stored: %v", err)
	}
}

func TestAPanicFailsItsJobAlone(t *testing.T) {
	s := opened(t, ":memory:", Options{})
	release := held(s)
	var all sync.WaitGroup
	errs := make([]error, 3)
	for n := range errs {
		all.Go(func() {
			errs[n] = s.write(context.Background(), "write", func(tx *tx) error {
				if _, err := tx.exec(sqlSetMeta, string(rune('a'+n)), "1"); err != nil {
					return err
				}
				if n == 1 {
					panic("out of order")
				}
				return nil
			})
		})
	}
	release()
	all.Wait()
	if errs[0] != nil || errs[2] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "out of order") {
		t.Fatalf("errors are %v", errs)
	}
	for name, there := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, err := s.Meta(context.Background(), name); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCloseStoresWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s := opened(t, path, Options{})
	var all sync.WaitGroup
	errs := make([]error, 50)
	for n := range errs {
		all.Go(func() { errs[n] = s.Record(context.Background(), &tillit.AuditRecord{Realm: "here", Event: "x"}) })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	acknowledged := 0
	for _, err := range errs {
		switch {
		case err == nil:
			acknowledged++
		case !errors.Is(err, ErrClosed):
			t.Errorf("a write during Close said %v", err)
		}
	}
	records, err := opened(t, path, Options{}).AuditRecords(context.Background(), AuditFilter{Realm: "here", Limit: 1000})
	if err != nil || len(records) != acknowledged {
		t.Fatalf("%d records, %v; %d were acknowledged", len(records), err, acknowledged)
	}
}

// The driver binds $N by its number; one that binds by first appearance would do
// too, because the statements are numbered so (TestStatements).
func TestParametersAreNumbered(t *testing.T) {
	s := opened(t, ":memory:", Options{})
	var first, second string
	if err := s.row(t.Context(), "self-test", `SELECT $2, $1`, []any{"one", "two"}, &first, &second); err != nil {
		t.Fatal(err)
	}
	if first != "two" || second != "one" {
		t.Fatalf("SELECT $2, $1 gives %s, %s", first, second)
	}
}

func TestClientsKeptAreBounded(t *testing.T) {
	s := opened(t, ":memory:", Options{Clients: 3})
	for _, id := range []tillit.ClientID{"a", "b", "c", "d", "e"} {
		if err := s.PutClient(t.Context(), "here", &tillit.Client{ID: id}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Client(t.Context(), "here", id); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.clients.clients); n != 3 {
		t.Fatalf("%d clients are kept, want 3", n)
	}
}

// A client that was read before a change and is kept after it would be old for
// good.
func TestAClientReadBeforeAChangeIsNotKept(t *testing.T) {
	c := newClientCache(10)
	key := clientKey{"here", "shop"}
	_, drops := c.get(key)
	c.drop(key)
	c.keep(key, &tillit.Client{ID: "shop"}, drops)
	if client, _ := c.get(key); client != nil {
		t.Fatal("an old client was kept")
	}
}
