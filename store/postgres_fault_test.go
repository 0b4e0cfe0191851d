package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store/pgtest"
)

// A faultyServer lets statements and commits fail as the test says.
type faultyServer struct {
	driver.Connector
	statement func() error
	// before and after a commit: an error before means that it was not made.
	before, after func() error
}

func nothing() error { return nil }

func (s *faultyServer) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultySession{conn.(*stdlib.Conn), s}, nil
}

type faultySession struct {
	*stdlib.Conn
	server *faultyServer
}

func (c *faultySession) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.server.statement(); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

func (c *faultySession) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.server.statement(); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, args)
}

func (c *faultySession) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, options)
	return faultyTx{tx, c.server}, err
}

type faultyTx struct {
	driver.Tx
	server *faultyServer
}

func (t faultyTx) Commit() error {
	if err := t.server.before(); err != nil {
		return errors.Join(err, t.Rollback())
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.server.after()
}

func openFaulty(t *testing.T) (*faultyServer, *Store) {
	t.Helper()
	connector, err := postgresConnector(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	server := &faultyServer{connector, nothing, nothing, nothing}
	s, err := openPostgres(t.Context(), server, Options{Create: true}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, s
}

func refusal(code string) error { return &pgconn.PgError{Severity: "ERROR", Code: code} }

// times gives a fault that happens n times.
func times(n int64, err error) func() error {
	var left atomic.Int64
	left.Store(n)
	return func() error {
		if left.Add(-1) >= 0 {
			return err
		}
		return nil
	}
}

func whole(t *testing.T, s *Store, records int64) AuditReport {
	t.Helper()
	report, err := s.VerifyAudit(t.Context())
	if err != nil || report.Broken != nil || report.Records != records {
		t.Fatalf("audit is %+v, %+v, %v, want %d records", report, report.Broken, err, records)
	}
	return report
}

// TestRefusedIsTriedAgain lets statements and commits be refused ever more often:
// up to five times nobody notices, and beyond it the store is busy.
func TestRefusedIsTriedAgain(t *testing.T) {
	server, s := openFaulty(t)
	record := &tillit.AuditRecord{Realm: "here", Time: 1, Event: "issued"}
	records := int64(0)
	for _, err := range []error{refusal("40001"), refusal("40P01"), refusal("57P01"), io.ErrUnexpectedEOF} {
		for n := range int64(tries + 1) {
			for place, set := range map[string]*func() error{"statement": &server.statement, "commit": &server.before} {
				if place == "commit" && !errors.As(err, new(*pgconn.PgError)) {
					continue // whether it was stored is unknown then
				}
				*set = times(n, err)
				got := s.Record(t.Context(), record)
				*set = nothing
				if n < tries && got != nil || n == tries && !errors.Is(got, tillit.ErrBusy) {
					t.Fatalf("%v at %d times a %s came back as %v", err, n, place, got)
				}
				if got == nil {
					records++
				}
			}
		}
	}
	if whole(t, s, records).Chains != 1 {
		t.Error("a refused write cost a chain")
	}
	// What is wrong with the write itself is not tried again.
	server.statement = times(1, refusal("42703"))
	if err := s.Record(t.Context(), record); err == nil || errors.Is(err, tillit.ErrBusy) {
		t.Fatalf("a statement that is wrong came back as %v", err)
	}
}

// TestCommitOfUnknownOutcome loses the connection while commits are made or not:
// the caller hears that nobody knows, the chain is whole either way, and nothing
// is done twice.
func TestCommitOfUnknownOutcome(t *testing.T) {
	server, s := openFaulty(t)
	records := int64(0)
	record := func() error {
		return s.Record(t.Context(), &tillit.AuditRecord{Realm: "here", Time: 1, Event: "issued"})
	}
	for n := range 4 {
		if err := record(); err != nil {
			t.Fatal(err)
		}
		records++
		made := n%2 == 0
		place := &server.before
		if made {
			place = &server.after
			records++
		}
		*place = times(1, io.ErrUnexpectedEOF)
		err := record()
		*place = nothing
		if !errors.Is(err, errUnknown) {
			t.Fatalf("round %d came back as %v", n, err)
		}
		whole(t, s, records)
	}
	if err := record(); err != nil {
		t.Fatal(err)
	}
	if report := whole(t, s, records+1); report.Chains != 5 {
		t.Errorf("%d chains, want one more with each connection that was lost", report.Chains)
	}
	heads, err := s.Heads(t.Context())
	if err != nil || len(heads) != 5 {
		t.Errorf("%d heads need a checkpoint, %v; want 5", len(heads), err)
	}
}

// TestAJobThatFailsLeavesNothing takes a verb down at each of its statements.
func TestAJobThatFailsLeavesNothing(t *testing.T) {
	server, s := openFaulty(t)
	if err := s.SaveInteraction(t.Context(), &tillit.Interaction{Realm: "here", ID: "i", Expires: 100}); err != nil {
		t.Fatal(err)
	}
	code := namedCode("c")
	if err := s.FinishInteraction(t.Context(), &tillit.Interaction{Realm: "here", ID: "i", Expires: 100}, code, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	redeem := func() error {
		return s.RedeemCode(t.Context(), code, &code.Grant, &tillit.Refresh{Realm: "here", Hash: []byte("r"), Grant: "c", Expires: 100},
			&tillit.OpaqueToken{Realm: "here", Hash: []byte("o"), Grant: "c", JTI: "j"}, &tillit.AuditRecord{Realm: "here", Time: 1, Event: "issued", JTI: []string{"j"}})
	}
	failures := 0
	for ; ; failures++ {
		var n atomic.Int64
		server.statement = func() error {
			if n.Add(1) == int64(failures+1) {
				return refusal("XX000")
			}
			return nil
		}
		err := redeem()
		server.statement = nothing
		if err == nil {
			break
		}
		if _, err := s.Grant(t.Context(), "here", "c"); !errors.Is(err, tillit.ErrNotFound) {
			t.Fatalf("fault %d left a grant: %v", failures, err)
		}
		if c, err := s.Code(t.Context(), "here", []byte("c")); err != nil || c.Spent != 0 {
			t.Fatalf("fault %d left the code %+v, %v", failures, c, err)
		}
		whole(t, s, 0)
	}
	if failures < 7 { // spend, grant, refresh, opaque, audit, its jti, its head
		t.Errorf("it failed %d times only", failures)
	}
	whole(t, s, 1)
	if err := redeem(); !errors.Is(err, tillit.ErrSpent) {
		t.Error(fmt.Errorf("a second redemption: %w", err))
	}
}
