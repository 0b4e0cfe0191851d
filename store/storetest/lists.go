package storetest

import (
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func lists(t *testing.T, s *store.Store) {
	ctx := t.Context()
	old := &tillit.ScreeningList{Realm: realm, Name: "sanctions", Version: "1", Digest: "aa", Entries: 1}
	entries := []tillit.ListEntry{{Number: "7", Kind: "person", Name: "SKOG, Kari", Births: []string{"1970"}}, {Number: "8", Kind: "vessel", Name: "ELG"}}
	begin := func(l *tillit.ScreeningList, want int64) {
		t.Helper()
		stored, err := s.BeginList(ctx, l)
		must(t, err)
		same(t, stored, want)
	}
	begin(old, 0)
	must(t, s.AddEntries(ctx, old, 0, entries[:1]))
	must(t, s.UseList(ctx, old, now, record("list", now)))
	must(t, s.UseList(ctx, old, now+1, nil)) // in use already

	next := &tillit.ScreeningList{Realm: realm, Name: "sanctions", Version: "2", Digest: "bb", Entries: 2}
	begin(next, 0)
	must(t, s.AddEntries(ctx, next, 0, entries[:1]))
	wants(t, s.AddEntries(ctx, next, 0, entries[:1]), tillit.ErrStale)
	wants(t, s.UseList(ctx, next, now, nil), tillit.ErrStale)
	begin(next, 1) // goes on after an interruption
	must(t, s.AddEntries(ctx, next, 1, entries[1:]))
	kept, err := s.Entries(ctx, old)
	must(t, err)
	same(t, kept, entries[:1])
	must(t, s.UseList(ctx, next, now+2, nil))
	got, err := s.Lists(ctx, realm)
	must(t, err)
	next.Stored, next.Current, next.Changed = 2, true, now+2
	same(t, got, []tillit.ScreeningList{*next})
	kept, err = s.Entries(ctx, next)
	must(t, err)
	same(t, kept, entries)
	kept, err = s.Entries(ctx, old)
	must(t, err)
	same(t, len(kept), 0)
	got, err = s.Lists(ctx, elsewhere)
	must(t, err)
	same(t, len(got), 0)
}
