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

	polls := race(16, func(int) error {
		wait, err := s.PollTransaction(ctx, realm, "t1", now*1000, 1000)
		if err == nil && wait > 0 {
			err = tillit.ErrStale
		}
		return err
	}, tillit.ErrStale)
	if polls != 1 {
		t.Fatalf("%d of 16 polled at once, want 1", polls)
	}
	for _, poll := range []struct{ after, wait int64 }{{0, 1000}, {400, 600}, {999, 1}, {1000, 0}, {1001, 999}, {-5000, 1000}} {
		wait, err := s.PollTransaction(ctx, realm, "t1", now*1000+poll.after, 1000)
		must(t, err)
		same(t, wait, poll.wait)
	}
	_, err = s.PollTransaction(ctx, elsewhere, "t1", now*1000, 1000)
	wants(t, err, tillit.ErrNotFound)

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
