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
	"testing"

	"github.com/tillit/tillit"
)

// BenchmarkRedeemCode redeems codes from 32 goroutines: code spent, grant,
// refresh token, opaque token and audit record in one durable commit.
func BenchmarkRedeemCode(b *testing.B) {
	const realm, at = "here", int64(1_800_000_000)
	s := opened(b, filepath.Join(b.TempDir(), "bench.db"), Options{})
	view := json.RawMessage(`{"scopes":[{"scope":"openid","reason":"given"},{"scope":"profile","reason":"given"}]}`)
	hash := func(kind string, n int64) []byte {
		sum := sha256.Sum256(fmt.Append(nil, kind, n))
		return sum[:]
	}
	code := func(n int64) *tillit.Code {
		return &tillit.Code{Realm: realm, Hash: hash("code", n), Client: "shop", Expires: at + 60, Grant: tillit.Grant{
			Realm: realm, ID: fmt.Sprintf("%x", hash("grant", n)[:16]), Client: "shop", Person: "p1", Session: "sid", Created: at, Expires: at + 1000,
			Ask: tillit.Ask{Scopes: []tillit.ScopeName{"openid", "profile"}}, Shape: tillit.Shape{Scopes: []tillit.ScopeName{"openid", "profile"}}}}
	}
	if err := finishAll(s, b.N, code); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.SetParallelism((32 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1) - 1
			c := code(n)
			refresh := &tillit.Refresh{Realm: realm, Hash: hash("refresh", n), Grant: c.Grant.ID, Client: "shop", Created: at, Expires: at + 500}
			opaque := &tillit.OpaqueToken{Realm: realm, Hash: hash("opaque", n), Grant: c.Grant.ID, JTI: c.Grant.ID, Claims: json.RawMessage(`{"scope":"openid"}`), Expires: at + 60}
			record := &tillit.AuditRecord{Realm: realm, Time: at, Event: "issued", Client: "shop", Subject: "x", JTI: []string{c.Grant.ID}, Grant: c.Grant.ID, View: view}
			if err := s.RedeemCode(b.Context(), c, &c.Grant, refresh, opaque, record); err != nil {
				b.Error(err)
			}
		}
	})
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
	if err := s.SaveToken(b.Context(), token, nil); err != nil {
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

// BenchmarkRecord stores what a token of a grant without a person leaves, from 32
// goroutines: the audit record and its jti.
func BenchmarkRecord(b *testing.B) {
	s := opened(b, filepath.Join(b.TempDir(), "bench.db"), Options{})
	view := json.RawMessage(`{"scopes":[{"scope":"a:b","reason":"given"}]}`)
	var next atomic.Int64
	b.SetParallelism((32 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			sum := sha256.Sum256(fmt.Append(nil, next.Add(1)))
			record := &tillit.AuditRecord{Realm: "here", Time: 1_800_000_000, Event: "issued", Client: "shop", JTI: []string{fmt.Sprintf("%x", sum[:16])}, View: view}
			if err := s.SaveToken(b.Context(), nil, record); err != nil {
				b.Error(err)
			}
		}
	})
}
