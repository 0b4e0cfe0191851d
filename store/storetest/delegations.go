package storetest

import (
	"encoding/json"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func delegations(t *testing.T, s *store.Store) {
	ctx := t.Context()
	of := func(scope, consumer, supplier string) *tillit.Delegation {
		return &tillit.Delegation{Registry: realm, Source: "https://source.example/", Scope: tillit.ScopeName(scope), Consumer: consumer, Supplier: supplier, Created: now}
	}
	first, second := of("a:x", "1", "2"), of("a:y", "1", "2")
	for _, d := range []*tillit.Delegation{first, second, first, of("a:x", "3", "1")} {
		must(t, s.PutDelegation(ctx, d, true, record("delegated", now)))
	}
	asked := []tillit.ScopeName{"b:none", "a:y", "a:x", "a:y"}
	given := func(registry, source, consumer, supplier string, want ...tillit.ScopeName) {
		t.Helper()
		got, err := s.Delegated(ctx, registry, source, consumer, supplier, asked)
		must(t, err)
		same(t, got, want)
	}
	given(realm, first.Source, "1", "2", "a:y", "a:x", "a:y")
	given(realm, first.Source, "2", "1")
	given(realm, "https://other.example/", "1", "2")
	given(elsewhere, first.Source, "1", "2")

	list, err := s.Delegations(ctx, realm, first.Source, "1")
	must(t, err)
	same(t, list, []tillit.Delegation{*first, *second, *of("a:x", "3", "1")})
	must(t, s.PutDelegation(ctx, second, false, record("undelegated", now)))
	must(t, s.PutDelegation(ctx, second, false, nil))
	given(realm, first.Source, "1", "2", "a:x")
}

func completions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := &tillit.Completion{
		Registry: realm, Source: "consent", Organization: "1", Key: "k1", Adds: json.RawMessage(`{"consented":"2026-01-01"}`), Created: now, Expires: now + 10,
	}
	must(t, s.PutCompletion(ctx, c, record("completed", now)))
	c.Adds = json.RawMessage(`{"consented":"2026-01-02"}`)
	must(t, s.PutCompletion(ctx, c, nil))
	open := *c
	open.Key, open.Expires = "k2", 0
	must(t, s.PutCompletion(ctx, &open, nil))
	found, err := s.Completion(ctx, realm, "consent", "1", "k1")
	must(t, err)
	same(t, found, c)
	for _, at := range [][4]string{{elsewhere, "consent", "1", "k1"}, {realm, "other", "1", "k1"}, {realm, "consent", "2", "k1"}, {realm, "consent", "1", "k3"}} {
		_, err := s.Completion(ctx, at[0], at[1], at[2], at[3])
		wants(t, err, tillit.ErrNotFound)
	}
	list, err := s.Completions(ctx, realm, "consent", "1")
	must(t, err)
	same(t, list, []tillit.Completion{*c, open})

	_, err = s.Sweep(ctx, now+11, 100)
	must(t, err)
	list, err = s.Completions(ctx, realm, "consent", "1")
	must(t, err)
	same(t, list, []tillit.Completion{open})
	must(t, s.TakeCompletion(ctx, realm, "consent", "1", "k2", record("taken back", now)))
	must(t, s.TakeCompletion(ctx, realm, "consent", "1", "k2", nil))
	_, err = s.Completion(ctx, realm, "consent", "1", "k2")
	wants(t, err, tillit.ErrNotFound)
}
