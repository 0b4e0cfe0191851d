package storetest

import (
	"encoding/json"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func order(id string) *tillit.Order {
	return &tillit.Order{
		Realm: realm, ID: id, Server: "signing", Client: "shop", Kind: "pades", Name: "loan", State: tillit.OrderReceived,
		Documents: []tillit.OrderDocument{{Description: "loan - 1", Type: "application/pdf", Size: 3, SHA256: hash("abc"), Alone: true}},
		Wanted:    []string{"documentHash"}, Timeout: 1800, Created: now, Deadline: now + 90,
	}
}

func orders(t *testing.T, s *store.Store) {
	ctx := t.Context()
	o := order("o1")
	must(t, s.AddOrder(ctx, o))
	wants(t, s.AddOrder(ctx, o), tillit.ErrConflict)
	for at, want := range map[int64]int{o.Deadline - 1: 1, o.Deadline: 0} {
		if open, err := s.OpenOrders(ctx, o.Realm, o.Client, at); err != nil || open != want {
			t.Errorf("open orders at %d: %d, %v; want %d", at, open, err, want)
		}
	}
	if open, err := s.OpenOrders(ctx, o.Realm, "another", o.Deadline-1); err != nil || open != 0 {
		t.Errorf("open orders of another client: %d, %v; want none", open, err)
	}
	got, err := s.Order(ctx, realm, "o1")
	must(t, err)
	same(t, got, o)
	_, err = s.Order(ctx, elsewhere, "o1")
	wants(t, err, tillit.ErrNotFound)

	wants(t, s.ClaimOrder(ctx, elsewhere, "o1", "shop", "i1", now, now+1800), tillit.ErrStale)
	wants(t, s.ClaimOrder(ctx, realm, "o1", "other", "i1", now, now+1800), tillit.ErrStale)
	wants(t, s.ClaimOrder(ctx, realm, "o1", "shop", "i1", now+90, now+1800), tillit.ErrStale)
	wants(t, s.EndOrder(ctx, realm, "o1", "i1", tillit.OrderCompleted, "p1", nil, now, now+90), tillit.ErrStale)
	must(t, s.ClaimOrder(ctx, realm, "o1", "shop", "i1", now, now+1800))
	must(t, s.ClaimOrder(ctx, realm, "o1", "shop", "i1", now+1, now+1801)) // a reload
	wants(t, s.ClaimOrder(ctx, realm, "o1", "shop", "i2", now, now+1800), tillit.ErrStale)
	wants(t, s.RemoveOrder(ctx, realm, "o1", tillit.OrderReceived), tillit.ErrStale)
	wants(t, s.EndOrder(ctx, realm, "o1", "i2", tillit.OrderCompleted, "p1", nil, now, now+90), tillit.ErrStale)
	wants(t, s.EndOrder(ctx, realm, "o1", "i1", tillit.OrderCompleted, "p1", nil, now+1800, now+1890), tillit.ErrStale)
	must(t, s.EndOrder(ctx, realm, "o1", "i1", tillit.OrderCompleted, "p1", json.RawMessage(`{"a":1}`), now+5, now+95))
	wants(t, s.EndOrder(ctx, realm, "o1", "i1", tillit.OrderCancelled, "", nil, now+6, now+96), tillit.ErrStale)
	got, err = s.Order(ctx, realm, "o1")
	must(t, err)
	if got.State != tillit.OrderCompleted || got.Person != "p1" || string(got.Result) != `{"a":1}` || got.Deadline != now+95 {
		t.Fatalf("order is %+v", got)
	}
	if got.At(now+94) != tillit.OrderCompleted || got.At(now+95) != tillit.OrderExpired {
		t.Fatalf("at its end the order is %s, then %s", got.At(now+94), got.At(now+95))
	}
}

func orderRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.AddOrder(ctx, order("o1")))
	claimed := race(64, func(n int) error {
		return s.ClaimOrder(ctx, realm, "o1", "shop", "i"+string(rune('0'+n%8)), now, now+1800)
	}, tillit.ErrStale)
	o, err := s.Order(ctx, realm, "o1")
	must(t, err)
	if claimed != 8 { // the one interaction that has it, each time
		t.Fatalf("%d of 64 claims in 8 interactions succeeded, want 8", claimed)
	}
	ended := race(64, func(int) error {
		return s.EndOrder(ctx, realm, "o1", o.Interaction, tillit.OrderCompleted, "p1", json.RawMessage(`{}`), now, now+90)
	}, tillit.ErrStale)
	if ended != 1 {
		t.Fatalf("%d signed one order, want 1", ended)
	}
}

func contents(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.AddContent(ctx, realm, "o1", 0, 0, []byte("abc"), now+10))
	must(t, s.AddContent(ctx, realm, "o1", 0, 1, []byte("d"), now+10))
	must(t, s.AddContent(ctx, realm, "o2", 0, 0, []byte("x"), now+10))
	wants(t, s.AddContent(ctx, realm, "o1", 0, 1, []byte("e"), now+10), tillit.ErrConflict)
	body, err := s.Content(ctx, realm, "o1", 0, 1)
	must(t, err)
	same(t, body, []byte("d"))
	_, err = s.Content(ctx, elsewhere, "o1", 0, 1)
	wants(t, err, tillit.ErrNotFound)
	must(t, s.AddOrder(ctx, order("o1")))
	must(t, s.RemoveOrder(ctx, realm, "o1", tillit.OrderReceived))
	_, err = s.Content(ctx, realm, "o1", 0, 0)
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Order(ctx, realm, "o1")
	wants(t, err, tillit.ErrNotFound)
	must(t, s.RemoveContents(ctx, elsewhere, "o2"))
	_, err = s.Content(ctx, realm, "o2", 0, 0)
	must(t, err)
	must(t, s.RemoveContents(ctx, realm, "o2"))

	first, err := s.KeepAct(ctx, realm, "i1", "sign", "p1", json.RawMessage(`{"n":1}`), now+10)
	must(t, err)
	second, err := s.KeepAct(ctx, realm, "i1", "sign", "p1", json.RawMessage(`{"n":2}`), now+10)
	must(t, err)
	if string(first) != `{"n":1}` || string(second) != `{"n":1}` {
		t.Fatalf("kept %s, then %s; want the first both times", first, second)
	}
	kept, err := s.Act(ctx, realm, "i1", "sign")
	must(t, err)
	same(t, kept, first)
	_, err = s.Act(ctx, elsewhere, "i1", "sign")
	wants(t, err, tillit.ErrNotFound)
	if _, err := s.Sweep(ctx, now+10, 100); err != nil {
		t.Fatal(err)
	}
	_, err = s.Act(ctx, realm, "i1", "sign")
	wants(t, err, tillit.ErrNotFound)
}
