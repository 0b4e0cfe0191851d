package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// listNames are those that the monitors of these tests compare with.
var listNames = []string{"sanctions"}

// imported makes a list of one entry current and gives the state of the lists.
func imported(t *testing.T, s *store.Store, digest string) string {
	t.Helper()
	ctx := t.Context()
	l := &tillit.ScreeningList{Realm: realm, Name: "sanctions", Version: digest, Digest: digest, Entries: 1}
	_, err := s.BeginList(ctx, l)
	must(t, err)
	must(t, s.AddEntries(ctx, l, 0, []tillit.ListEntry{{Number: "7", Kind: "person", Name: "SKOG, Kari"}}))
	must(t, s.UseList(ctx, l, now, nil))
	all, err := s.Lists(ctx, realm)
	must(t, err)
	return tillit.ListState(all, listNames)
}

// monitor makes one that watches so many people.
func monitor(t *testing.T, s *store.Store, id string, people int) *tillit.Monitor {
	t.Helper()
	m := &tillit.Monitor{Realm: realm, Server: "screening", ID: id, Client: "bank", Template: "all", Document: []byte("sealed " + id), Created: now}
	must(t, s.AddMonitor(t.Context(), m, 5, record("monitor_created", now)))
	watch := make([]tillit.Watched, people)
	for i := range watch {
		watch[i] = tillit.Watched{ID: fmt.Sprint("w", i), Kind: "person", Document: []byte{1, byte(i)}}
	}
	if people > 0 {
		must(t, s.Watch(t.Context(), m, watch, 10))
	}
	m, err := s.Monitor(t.Context(), realm, "screening", id)
	must(t, err)
	return m
}

// toCompare takes the monitors that are due and wants so many.
func toCompare(t *testing.T, s *store.Store, state string, at int64, want int) []tillit.Monitor {
	t.Helper()
	list, err := s.TakeMonitors(t.Context(), realm, "screening", "all", state, at, at+60, 10)
	must(t, err)
	if len(list) != want {
		t.Fatalf("%d monitors are due, want %d: %+v", len(list), want, list)
	}
	return list
}

// found is what comes of comparing with an alert each.
func found(list []tillit.Watched) []tillit.Compared {
	all := make([]tillit.Compared, len(list))
	for i, w := range list {
		w.Hits = []byte("hits")
		all[i] = tillit.Compared{Watched: w, Before: w.State, Alerts: []tillit.Alert{{ID: "a " + w.ID, Watched: w.ID, Document: []byte("alert"), Created: now, Expires: now + 100}}}
	}
	return all
}

func told(t *testing.T, s *store.Store, at int64, want int) []tillit.Notice {
	t.Helper()
	list, err := s.TakeNotices(t.Context(), realm, "screening", at, at+60, 10)
	must(t, err)
	if len(list) != want {
		t.Fatalf("%d notices are due, want %d: %+v", len(list), want, list)
	}
	return list
}

func monitors(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 5 {
		monitor(t, s, fmt.Sprint("m", i), 0)
	}
	sixth := &tillit.Monitor{Realm: realm, Server: "screening", ID: "m6", Client: "bank", Template: "all", Created: now}
	wants(t, s.AddMonitor(ctx, sixth, 5, record("never", now)), tillit.ErrConflict)
	_, err := s.Monitor(ctx, realm, "screening", "m6")
	wants(t, err, tillit.ErrNotFound)
	counts(t, s, "never", 0)
	counts(t, s, "monitor_created", 5)
	sixth.Client = "other"
	must(t, s.AddMonitor(ctx, sixth, 5, nil))
	clients, err := s.MonitoringClients(ctx, realm, "screening")
	must(t, err)
	same(t, clients, []tillit.ClientID{"bank", "other"})
	list, err := s.Monitors(ctx, realm, "screening", "bank")
	must(t, err)
	if len(list) != 5 || list[0].ID != "m0" || string(list[0].Document) != "sealed m0" || list[0].Client != "bank" {
		t.Fatalf("monitors: %+v", list)
	}
	_, err = s.Monitor(ctx, elsewhere, "screening", "m0")
	wants(t, err, tillit.ErrNotFound)

	m := &list[0]
	people := func(n int) []tillit.Watched {
		all := make([]tillit.Watched, n)
		for i := range all {
			all[i] = tillit.Watched{ID: fmt.Sprint("p", i), Kind: "person", Document: []byte("sealed")}
		}
		return all
	}
	must(t, s.Watch(ctx, m, people(3), 3))
	wants(t, s.Watch(ctx, m, []tillit.Watched{{ID: "p9", Kind: "person"}}, 3), tillit.ErrConflict)
	wants(t, s.Watch(ctx, &tillit.Monitor{Realm: realm, Server: "screening", ID: "none"}, people(1), 3), tillit.ErrNotFound)
	wants(t, s.Unwatch(ctx, m, "person", []string{"p0", "p7"}), tillit.ErrNotFound)
	wants(t, s.Unwatch(ctx, m, "organization", []string{"p0"}), tillit.ErrNotFound)
	left, err := s.Uncompared(ctx, m, "x", 10)
	must(t, err)
	same(t, len(left), 3)
	must(t, s.Unwatch(ctx, m, "person", []string{"p0", "p1"}))
	got, err := s.Monitor(ctx, realm, "screening", "m0")
	must(t, err)
	same(t, []int64{got.Watched, got.Revision}, []int64{1, 1})

	must(t, s.RemoveMonitor(ctx, realm, "screening", "m0", record("monitor_removed", now)))
	wants(t, s.RemoveMonitor(ctx, realm, "screening", "m0", nil), tillit.ErrNotFound)
	left, err = s.Uncompared(ctx, m, "x", 10)
	must(t, err)
	same(t, len(left), 0)
	must(t, s.RemoveMonitors(ctx, realm, "screening", "bank"))
	must(t, s.RemoveMonitors(ctx, realm, "screening", "bank"))
	clients, err = s.MonitoringClients(ctx, realm, "screening")
	must(t, err)
	same(t, clients, []tillit.ClientID{"other"})
}

func comparing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	state := imported(t, s, "aa")
	monitor(t, s, "m", 3)
	m := &toCompare(t, s, state, now, 1)[0]
	toCompare(t, s, state, now+59, 0) // nobody else, for so long
	must(t, s.ReleaseMonitor(ctx, m))
	toCompare(t, s, state, now, 1)
	list, err := s.Uncompared(ctx, m, state, 2)
	must(t, err)
	same(t, len(list), 2)
	must(t, s.KeepCompared(ctx, m, listNames, state, found(list), now+90))
	must(t, s.KeepCompared(ctx, m, listNames, state, found(list), now+90)) // somebody else was faster: no alert twice
	must(t, s.FinishComparing(ctx, m, state, "n1", now))                   // one is left
	told(t, s, now, 0)
	m = &toCompare(t, s, state, now, 1)[0]
	if list, err = s.Uncompared(ctx, m, state, 5); err != nil || len(list) != 1 {
		t.Fatalf("left are %+v, %v", list, err)
	}
	must(t, s.KeepCompared(ctx, m, listNames, state, found(list), now+90))
	must(t, s.Watch(ctx, m, []tillit.Watched{{ID: "late", Kind: "person"}}, 10))
	must(t, s.KeepCompared(ctx, m, listNames, state, []tillit.Compared{{Watched: tillit.Watched{ID: "late"}}}, now+90))
	must(t, s.FinishComparing(ctx, m, state, "n1", now)) // not of what was there when it was taken
	told(t, s, now, 0)
	m = &toCompare(t, s, state, now, 1)[0]
	must(t, s.FinishComparing(ctx, m, state, "n2", now))
	toCompare(t, s, state, now+year, 0)

	alerts, open, err := s.Alerts(ctx, m, 2)
	must(t, err)
	same(t, open, int64(3))
	same(t, alerts[0], tillit.Alert{ID: "a w0", Watched: "w0", Document: []byte("alert"), Created: now, Expires: now + 100})
	wants(t, s.ReceiveAlert(ctx, m, "none", now), tillit.ErrNotFound)
	must(t, s.ReceiveAlert(ctx, m, "a w0", now))
	must(t, s.ReceiveAlert(ctx, m, "a w0", now+1))
	must(t, s.Unwatch(ctx, m, "person", []string{"w1"}))
	alerts, open, err = s.Alerts(ctx, m, 10)
	must(t, err)
	same(t, []int{int(open), len(alerts)}, []int{1, 1})

	notice := told(t, s, now, 1)[0]
	same(t, notice, tillit.Notice{Realm: realm, Server: "screening", Monitor: "m", ID: "n2", Tries: 1})
	told(t, s, now+59, 0)
	again := told(t, s, now+60, 1)[0]
	same(t, again.Tries, int64(2))
	must(t, s.DelayNotice(ctx, notice, now+61)) // whose lease is over
	told(t, s, now+61, 0)
	must(t, s.DelayNotice(ctx, again, now+62))

	next := imported(t, s, "bb") // the list changes before anybody was told
	m = &toCompare(t, s, next, now+61, 1)[0]
	list, err = s.Uncompared(ctx, m, next, 10)
	must(t, err)
	if len(list) != 3 || string(list[1].Hits) != "hits" || list[1].State != state {
		t.Fatalf("to be compared anew: %+v", list)
	}
	wants(t, s.KeepCompared(ctx, m, listNames, state, found(list), now+90), tillit.ErrStale) // by lists that were current before
	some := found(list[:1])
	some[0].Alerts[0].ID = "another"
	must(t, s.KeepCompared(ctx, m, listNames, next, some, now+90))
	rest := found(list[1:])
	for i := range rest {
		rest[i].Alerts = nil
	}
	must(t, s.KeepCompared(ctx, m, listNames, next, rest, now+90))
	must(t, s.FinishComparing(ctx, m, next, "n3", now+61))
	last := told(t, s, now+62, 1)[0] // one notice for both
	same(t, []any{last.ID, last.Tries}, []any{"n3", int64(1)})
	must(t, s.NoticeDone(ctx, again)) // of the one before: this one stays
	told(t, s, now+122, 1)
	must(t, s.NoticeDone(ctx, last))
	told(t, s, now+year, 0)

	_, err = s.Sweep(ctx, now+100, 100) // open alerts are over too
	must(t, err)
	_, open, err = s.Alerts(ctx, m, 10)
	must(t, err)
	same(t, open, int64(0))
	must(t, s.ReceiveAlert(ctx, m, "a w0", now)) // still known
	must(t, s.RemoveMonitor(ctx, realm, "screening", "m", nil))
	wants(t, s.KeepCompared(ctx, m, listNames, next, nil, now), tillit.ErrNotFound)
	wants(t, s.ReceiveAlert(ctx, m, "a w0", now), tillit.ErrNotFound)
}

// noticeRace: of many processes each monitor is compared by one and its client is
// told by one.
func noticeRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	state := imported(t, s, "aa")
	for i := range 4 {
		monitor(t, s, fmt.Sprint("m", i), 2)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	compared, sent := map[string]int{}, map[string]int{}
	for range 16 {
		all.Go(func() {
			list, err := s.TakeMonitors(ctx, realm, "screening", "all", state, now, now+60, 2)
			for i := range list {
				left, err := s.Uncompared(ctx, &list[i], state, 10)
				if err == nil {
					err = s.KeepCompared(ctx, &list[i], listNames, state, found(left), now+60)
				}
				if err == nil {
					err = s.FinishComparing(ctx, &list[i], state, "n", now)
				}
				if err != nil {
					t.Error(err)
				}
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range list {
				compared[list[i].ID]++
			}
		})
	}
	all.Wait()
	for range 16 {
		all.Go(func() {
			list, err := s.TakeNotices(ctx, realm, "screening", now, now+60, 2)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, n := range list {
				sent[n.Monitor]++
			}
		})
	}
	all.Wait()
	want := map[string]int{"m0": 1, "m1": 1, "m2": 1, "m3": 1}
	same(t, compared, want)
	same(t, sent, want)
}
