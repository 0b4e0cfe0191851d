package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store/pgtest"
)

const (
	benchRealm = "here"
	benchAt    = int64(1_800_000_000)
)

var benchView = json.RawMessage(`{"scopes":[{"scope":"openid","reason":"given"},{"scope":"profile","reason":"given"}]}`)

// onEngines runs a benchmark on a file and on PostgreSQL, both flushing each
// commit to disk, from 32 goroutines.
func onEngines(b *testing.B, prepare func(*testing.B, *Store) (each func(n int64) error)) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			url := filepath.Join(b.TempDir(), "bench.db")
			if engine == "postgres" {
				url = pgtest.URL(b)
				pgtest.Durable(b, url)
			}
			from32(b, prepare(b, opened(b, url, Options{})))
		})
	}
}

// from32 reports this process's CPU time beside the time that passes, which on a
// machine with other work says little.
func from32(b *testing.B, each func(n int64) error) {
	b.Helper()
	var next atomic.Int64
	before := ownCPU(b)
	b.SetParallelism((32 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := each(next.Add(1) - 1); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64((ownCPU(b)-before).Microseconds())/float64(b.N), "own-µs/op")
}

func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func benchHash(kind string, n int64) []byte {
	sum := sha256.Sum256(fmt.Append(nil, kind, n))
	return sum[:]
}

func benchCode(n int64) *tillit.Code {
	return &tillit.Code{Realm: benchRealm, Hash: benchHash("code", n), Client: "shop", Expires: benchAt + 60, Grant: tillit.Grant{
		Realm: benchRealm, ID: fmt.Sprintf("%x", benchHash("grant", n)[:16]), Client: "shop", Person: "p1", Session: "sid", Created: benchAt, Expires: benchAt + 1000,
		Ask: tillit.Ask{Scopes: []tillit.ScopeName{"openid", "profile"}}, Shape: tillit.Shape{Scopes: []tillit.ScopeName{"openid", "profile"}}}}
}

func benchRefresh(kind string, n int64, grant string) *tillit.Refresh {
	return &tillit.Refresh{Realm: benchRealm, Hash: benchHash(kind, n), Grant: grant, Client: "shop", Created: benchAt, Expires: benchAt + 500}
}

func benchRecord(event, grant string, n int64) *tillit.AuditRecord {
	return &tillit.AuditRecord{Realm: benchRealm, Time: benchAt, Event: event, Client: "shop", Subject: "x", JTI: []string{fmt.Sprint(event, grant, n)}, Grant: grant, View: benchView}
}

func benchRedeem(s *Store, n int64) error {
	c := benchCode(n)
	opaque := &tillit.OpaqueToken{Realm: benchRealm, Hash: benchHash("opaque", n), Grant: c.Grant.ID, JTI: c.Grant.ID, Claims: json.RawMessage(`{"scope":"openid"}`), Expires: benchAt + 60}
	return s.RedeemCode(context.Background(), c, &c.Grant, benchRefresh("refresh", n, c.Grant.ID), opaque, benchRecord("issued", c.Grant.ID, n))
}

// BenchmarkRedeemCode redeems codes: code spent, grant, refresh token, opaque
// token and audit record in one durable commit.
func BenchmarkRedeemCode(b *testing.B) {
	onEngines(b, func(b *testing.B, s *Store) func(int64) error {
		if err := finishAll(s, b.N, benchCode); err != nil {
			b.Fatal(err)
		}
		return func(n int64) error { return benchRedeem(s, n) }
	})
}

// BenchmarkRotate rotates refresh tokens: the old one spent, its successor, an
// opaque token and the audit record in one durable commit.
func BenchmarkRotate(b *testing.B) {
	onEngines(b, func(b *testing.B, s *Store) func(int64) error {
		if err := finishAll(s, b.N, benchCode); err != nil {
			b.Fatal(err)
		}
		var all sync.WaitGroup
		for worker := range int64(64) {
			all.Go(func() {
				for n := worker; n < int64(b.N); n += 64 {
					if err := benchRedeem(s, n); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		return func(n int64) error {
			grant := benchCode(n).Grant.ID
			opaque := &tillit.OpaqueToken{Realm: benchRealm, Hash: benchHash("second", n), Grant: grant, JTI: "second " + grant, Claims: json.RawMessage(`{"scope":"openid"}`), Expires: benchAt + 60}
			return s.Rotate(context.Background(), benchRefresh("refresh", n, grant), benchRefresh("next", n, grant), opaque, nil, benchRecord("refreshed", grant, n))
		}
	})
}

// BenchmarkRecord stores what a token of a grant without a person leaves: the
// audit record and its jti.
func BenchmarkRecord(b *testing.B) {
	onEngines(b, func(b *testing.B, s *Store) func(int64) error {
		return func(n int64) error { return s.SaveToken(context.Background(), nil, nil, benchRecord("issued", "", n)) }
	})
}

// BenchmarkWriters redeems on PostgreSQL with ever more connections that write;
// one is what a single audit chain for the process would leave.
func BenchmarkWriters(b *testing.B) {
	for _, writers := range []int{1, 2, 4, 8, 16, 32} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			url := pgtest.URL(b)
			pgtest.Durable(b, url)
			s := opened(b, url, Options{Writers: writers})
			if err := finishAll(s, b.N, benchCode); err != nil {
				b.Fatal(err)
			}
			from32(b, func(n int64) error { return benchRedeem(s, n) })
		})
	}
}

// finishAll makes the codes, many to a commit.
func finishAll(s *Store, n int, code func(int64) *tillit.Code) error {
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for worker := range 64 {
		all.Go(func() {
			for i := worker; i < n; i += 64 {
				row, err := encodeCode(code(int64(i)))
				if err == nil {
					err = s.write(context.Background(), "code", row.add)
				}
				if err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// BenchmarkClient reads a client that is in memory.
func BenchmarkClient(b *testing.B) {
	s := opened(b, ":memory:", Options{})
	if err := s.PutClient(b.Context(), "here", &tillit.Client{ID: "shop"}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Client(b.Context(), "here", "shop"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpaqueToken is the read behind introspection: a token whose grant and
// jti are looked at in the same statement, by a caller that may go away.
func BenchmarkOpaqueToken(b *testing.B) {
	s := opened(b, filepath.Join(b.TempDir(), "bench.db"), Options{})
	grant := &tillit.Grant{Realm: "here", ID: "g", Client: "shop", Person: "p1"}
	row, err := encodeGrant(grant)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.write(b.Context(), "grant", row.save); err != nil {
		b.Fatal(err)
	}
	token := &tillit.OpaqueToken{Realm: "here", Hash: make([]byte, 32), Grant: "g", JTI: "j", Claims: json.RawMessage(`{"scope":"openid"}`)}
	if err := s.SaveToken(b.Context(), nil, token, nil); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.OpaqueToken(ctx, "here", token.Hash); err != nil {
				b.Error(err)
			}
		}
	})
}
