package storetest

import (
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func transaction(id string) *tillit.Transaction {
	return &tillit.Transaction{
		Realm: realm, ID: id, Client: "bank", Person: "p1", ACR: "high",
		Signals: tillit.Signals{Address: "192.0.2.1", UserAgent: "browser"}, Began: now, Expires: now + 3600,
	}
}

func transactions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := transaction("t1")
	must(t, s.AddTransaction(ctx, first))
	wants(t, s.AddTransaction(ctx, first), tillit.ErrConflict)
	later := transaction("t2")
	later.Began++
	must(t, s.AddTransaction(ctx, later))
	got, err := s.Transaction(ctx, realm, "t1")
	must(t, err)
	same(t, got, first)
	_, err = s.Transaction(ctx, elsewhere, "t1")
	wants(t, err, tillit.ErrNotFound)
	list, err := s.TransactionsOf(ctx, realm, "p1", now)
	must(t, err)
	same(t, list, []tillit.Transaction{*later, *first})

	asks := race(16, func(int) error {
		first, err := s.AskAbout(ctx, realm, "t1", now+5, record("asked", now))
		if err == nil && !first {
			err = tillit.ErrStale
		}
		return err
	}, tillit.ErrStale)
	if asks != 1 {
		t.Fatalf("%d of 16 asked first, want 1", asks)
	}
	counts(t, s, "asked", 1)
	if first, err := s.AskAbout(ctx, realm, "t2", now+3600, nil); err != nil || first {
		t.Fatalf("asked about what is over: %v, %v", first, err)
	}

	_, err = s.Sweep(ctx, now+3600, 100)
	must(t, err)
	got, err = s.Transaction(ctx, realm, "t1")
	must(t, err)
	if got.Signals != (tillit.Signals{}) || got.Person != "" || got.Client != "bank" || got.Asked != now+5 {
		t.Fatalf("after its end the transaction is %+v", got)
	}
	_, err = s.Sweep(ctx, now+3600+86400, 100)
	must(t, err)
	_, err = s.Transaction(ctx, realm, "t1")
	wants(t, err, tillit.ErrNotFound)
}
