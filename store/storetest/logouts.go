package storetest

import (
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// taken takes what is due and wants so many.
func taken(t *testing.T, s *store.Store, at int64, want int) []tillit.Logout {
	t.Helper()
	list, err := s.TakeLogouts(t.Context(), at, at+60, 10)
	must(t, err)
	if len(list) != want {
		t.Fatalf("%d logouts are due, want %d: %+v", len(list), want, list)
	}
	return list
}

func tellingLogouts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	issue(t, s, "a")
	issue(t, s, "b")
	other := grant("of another client")
	other.Client = "bank"
	must(t, s.FinishInteraction(ctx, begun(t, s, "i1"), nil, other, nil, nil))
	taken(t, s, now, 0)
	must(t, s.EndSession(ctx, realm, "sid1", now, nil))
	list := taken(t, s, now, 2) // once for each client, whatever it was given
	for _, l := range list {
		if l.Realm != realm || l.Session != "sid1" || l.Grant == "" || l.Tries != 1 {
			t.Fatalf("taken: %+v", l)
		}
	}
	taken(t, s, now+59, 0) // nobody else, for so long
	again := taken(t, s, now+60, 2)
	if again[0].Tries != 2 {
		t.Fatalf("taken twice, counted %d", again[0].Tries)
	}
	must(t, s.LogoutDone(ctx, again[0], now+61))
	must(t, s.DelayLogout(ctx, list[1], now+61)) // whose lease is over
	taken(t, s, now+61, 0)
	must(t, s.DelayLogout(ctx, again[1], now+62))
	last := taken(t, s, now+62, 1)
	must(t, s.LogoutDone(ctx, last[0], now+62))
	must(t, s.EndSession(ctx, realm, "sid1", now+63, nil))
	taken(t, s, now+year, 0) // told once
}

func tellingFormer(t *testing.T, s *store.Store) {
	ctx := t.Context()
	former := session("c1", "sid1")
	must(t, s.SaveSession(ctx, former, nil))
	issue(t, s, "a")
	again := session("c2", "sid1")
	must(t, s.SaveSession(ctx, again, former.Hash))
	taken(t, s, now+1, 0) // the same person in a new cookie
	other := session("c3", "sid2")
	other.Person, other.Created, other.LastSeen = "somebody else", now+1, now+1
	must(t, s.SaveSession(ctx, other, again.Hash))
	if list := taken(t, s, now+1, 1); list[0].Session != "sid1" || list[0].Client != "shop" {
		t.Fatalf("taken: %+v", list)
	}
}

// takeRace: of many processes each client is told by one.
func takeRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for _, client := range []tillit.ClientID{"a", "b", "c", "d", "e"} {
		g := grant("of " + string(client))
		g.Client = client
		must(t, s.FinishInteraction(ctx, begun(t, s, "i "+string(client)), nil, g, nil, nil))
	}
	must(t, s.EndSession(ctx, realm, "sid1", now, nil))
	var all sync.WaitGroup
	var mu sync.Mutex
	told := map[tillit.ClientID]int{}
	for range 32 {
		all.Go(func() {
			list, err := s.TakeLogouts(ctx, now, now+60, 2)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, l := range list {
				told[l.Client]++
			}
		})
	}
	all.Wait()
	for client, n := range told {
		if n != 1 {
			t.Errorf("%s would be told %d times", client, n)
		}
	}
	if len(told) != 5 {
		t.Errorf("%d clients would be told, want 5", len(told))
	}
}

func sessionsOfPerson(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.SaveSession(ctx, session("c1", "sid1"), nil))
	later := session("c2", "sid2")
	later.LastSeen, later.Account = now+5, false
	must(t, s.SaveSession(ctx, later, nil))
	others := session("c3", "sid3")
	others.Person = "p2"
	must(t, s.SaveSession(ctx, others, nil))
	issue(t, s, "a")
	list, err := s.Sessions(ctx, realm, "p1", now)
	must(t, err)
	if len(list) != 2 || list[0].ID != "sid2" || list[1].ID != "sid1" || list[0].SignIn.Way != "bid" || list[0].Account || !list[1].Account {
		t.Fatalf("sessions: %+v", list)
	}
	clients, err := s.SessionClients(ctx, realm, "sid1")
	must(t, err)
	same(t, clients, []tillit.ClientID{"shop"})
	must(t, s.EndSession(ctx, realm, "sid2", now+6, nil))
	if list, err = s.Sessions(ctx, realm, "p1", now+6); err != nil || len(list) != 1 {
		t.Fatalf("sessions after one ended: %+v, %v", list, err)
	}
}
