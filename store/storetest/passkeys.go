package storetest

import (
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func passkey(person, id string) *tillit.Passkey {
	return &tillit.Passkey{
		Realm: realm, ID: []byte(id), Person: person, Key: []byte("key of " + id), Flags: 0x45, Count: 3, Title: "Phone " + id, Created: now,
	}
}

func passkeys(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutPerson(ctx, person("p1", "kari", "s1")))
	must(t, s.PutPerson(ctx, person("p2", "ola", "s2")))
	first, second := passkey("p1", "a"), passkey("p1", "b")
	second.Created, second.Count = now+1, 0
	for _, k := range []*tillit.Passkey{second, first, passkey("p2", "c")} {
		must(t, s.AddPasskey(ctx, k, record("passkey_added", now)))
	}
	counts(t, s, "passkey_added", 3)
	got, err := s.Passkey(ctx, realm, []byte("a"))
	must(t, err)
	same(t, got, first)
	list, err := s.Passkeys(ctx, realm, "p1")
	must(t, err)
	same(t, list, []tillit.Passkey{*first, *second})

	wants(t, s.AddPasskey(ctx, passkey("p2", "a"), nil), tillit.ErrConflict)
	wants(t, s.AddPasskey(ctx, passkey("nobody", "d"), nil), tillit.ErrNotFound)
	for _, missing := range []func() error{
		func() error { _, err := s.Passkey(ctx, elsewhere, []byte("a")); return err },
		func() error { _, err := s.Passkey(ctx, realm, []byte("A")); return err },
		func() error { return s.RemovePasskey(ctx, elsewhere, "p1", []byte("a"), nil) },
		func() error { return s.RemovePasskey(ctx, realm, "p2", []byte("a"), record("passkey_removed", now)) },
	} {
		wants(t, missing(), tillit.ErrNotFound)
	}
	counts(t, s, "passkey_removed", 0)

	// Who counts goes on counting; who does not never begins to look like a copy.
	must(t, s.UsePasskey(ctx, realm, []byte("a"), 7, 0x05, now+9))
	for _, count := range []int64{7, 6, 0} {
		wants(t, s.UsePasskey(ctx, realm, []byte("a"), count, 0x05, now+10), tillit.ErrStale)
	}
	wants(t, s.UsePasskey(ctx, elsewhere, []byte("a"), 8, 0x05, now+10), tillit.ErrStale)
	first.Count, first.Flags, first.Used = 7, 0x05, now+9
	got, err = s.Passkey(ctx, realm, []byte("a"))
	must(t, err)
	same(t, got, first)
	must(t, s.UsePasskey(ctx, realm, []byte("b"), 0, 0x45, now+9))
	must(t, s.UsePasskey(ctx, realm, []byte("b"), 0, 0x45, now+10))

	must(t, s.RemovePasskey(ctx, realm, "p1", []byte("a"), record("passkey_removed", now)))
	counts(t, s, "passkey_removed", 1)
	wants(t, s.RemovePasskey(ctx, realm, "p1", []byte("a"), nil), tillit.ErrNotFound)
	wants(t, s.UsePasskey(ctx, realm, []byte("a"), 9, 0x05, now+11), tillit.ErrStale)
}

// passkeyRace uses one signature's count many times at once: it counts once.
func passkeyRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutPerson(ctx, person("p1", "kari", "s1")))
	must(t, s.AddPasskey(ctx, passkey("p1", "a"), nil))
	won := race(16, func(int) error { return s.UsePasskey(ctx, realm, []byte("a"), 4, 0x05, now) }, tillit.ErrStale)
	if won != 1 {
		t.Fatalf("one signature was good %d times", won)
	}
}
