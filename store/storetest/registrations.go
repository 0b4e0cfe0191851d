package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func registration(id tillit.ClientID) *tillit.Registration {
	return &tillit.Registration{Client: id, Realm: realm, Hash: hash("of " + string(id)), Created: now}
}

func registrations(t *testing.T, s *store.Store) {
	ctx := t.Context()
	register := func(id tillit.ClientID, token string) error {
		return s.RegisterClient(ctx, realm, client(string(id)), registration(id), hash(token), record("client_registered", now))
	}
	wants(t, s.InitialToken(ctx, realm, hash("t"), now), tillit.ErrNotFound)
	must(t, s.SaveInitialToken(ctx, realm, hash("t"), 2, now+10))
	must(t, s.InitialToken(ctx, realm, hash("t"), now))
	wants(t, s.InitialToken(ctx, elsewhere, hash("t"), now), tillit.ErrNotFound)
	wants(t, s.InitialToken(ctx, realm, hash("t"), now+10), tillit.ErrNotFound)
	wants(t, register("a", "of nobody"), tillit.ErrSpent)
	must(t, register("a", "t"))
	wants(t, register("a", "t"), tillit.ErrConflict) // and the use is not gone
	must(t, register("b", "t"))
	wants(t, register("c", "t"), tillit.ErrSpent)
	wants(t, s.InitialToken(ctx, realm, hash("t"), now), tillit.ErrNotFound)
	_, err := s.Client(ctx, realm, "c")
	wants(t, err, tillit.ErrNotFound)
	counts(t, s, "client_registered", 2)

	r, err := s.Registration(ctx, realm, realm, "a")
	must(t, err)
	same(t, r, registration("a"))
	_, err = s.Registration(ctx, elsewhere, realm, "a")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Registration(ctx, realm, elsewhere, "a")
	wants(t, err, tillit.ErrNotFound)

	got, err := s.Client(ctx, realm, "a")
	must(t, err)
	changed := *got
	changed.LogoURI = "https://shop.example/logo"
	must(t, s.ReplaceClient(ctx, realm, &changed, record("client_changed", now)))
	wants(t, s.ReplaceClient(ctx, realm, &changed, record("client_changed", now)), tillit.ErrStale)
	got, err = s.Client(ctx, realm, "a")
	must(t, err)
	if got.LogoURI != changed.LogoURI || got.Revision != changed.Revision+1 {
		t.Fatalf("client is %+v", got)
	}
	counts(t, s, "client_changed", 1)

	wants(t, s.RemoveRegistered(ctx, elsewhere, "a", nil), tillit.ErrNotFound)
	must(t, s.RemoveRegistered(ctx, realm, "a", record("client_removed", now)))
	wants(t, s.RemoveRegistered(ctx, realm, "a", nil), tillit.ErrNotFound)
	_, err = s.Registration(ctx, realm, realm, "a")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Client(ctx, realm, "a")
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.ReplaceClient(ctx, realm, got, nil), tillit.ErrStale)

	must(t, s.SaveInitialToken(ctx, realm, hash("u"), 1, now+10))
	wants(t, register("a", "u"), tillit.ErrConflict) // the id stays taken
	n, err := s.Sweep(ctx, now+10, 10)
	must(t, err)
	if n != 2 {
		t.Fatalf("%d initial tokens were swept; want 2", n)
	}
}

func initialRace(t *testing.T, s *store.Store) {
	must(t, s.SaveInitialToken(t.Context(), realm, hash("t"), 3, now+10))
	var registered atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			id := tillit.ClientID(fmt.Sprint("c", i))
			err := s.RegisterClient(t.Context(), realm, client(string(id)), registration(id), hash("t"), nil)
			if err == nil {
				registered.Add(1)
			} else if !errors.Is(err, tillit.ErrSpent) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if registered.Load() != 3 {
		t.Fatalf("%d were registered with a token for 3", registered.Load())
	}
}
