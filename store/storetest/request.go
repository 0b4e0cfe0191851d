package storetest

import (
	"encoding/json"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func interactions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	i := interaction("i1")
	must(t, s.SaveInteraction(ctx, i))
	wants(t, s.SaveInteraction(ctx, i), tillit.ErrConflict)
	got, err := s.Interaction(ctx, realm, "i1", now)
	must(t, err)
	same(t, got, i)
	_, err = s.Interaction(ctx, elsewhere, "i1", now)
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Interaction(ctx, realm, "i1", i.Expires)
	wants(t, err, tillit.ErrNotFound)

	slow, err := s.Interaction(ctx, realm, "i1", now)
	must(t, err)
	got.Person, got.Facts.SignIn = "p1", &tillit.SignIn{Way: "bid"}
	must(t, s.StepInteraction(ctx, got, record("signed_in", now)))
	if got.Step != 1 {
		t.Fatalf("step is %d, want 1", got.Step)
	}
	stored, err := s.Interaction(ctx, realm, "i1", now)
	must(t, err)
	same(t, stored, got)
	wants(t, s.StepInteraction(ctx, slow, record("signed_in", now)), tillit.ErrStale)
	wants(t, s.FinishInteraction(ctx, slow, nil, nil, nil, nil), tillit.ErrStale)
	if slow.Step != 0 {
		t.Fatal("a step that failed was counted")
	}
	stray := *got
	stray.Realm = elsewhere
	wants(t, s.StepInteraction(ctx, &stray, nil), tillit.ErrStale)
	must(t, s.StepInteraction(ctx, got, nil)) // goes on without reading again
	counts(t, s, "signed_in", 1)
}

func finishing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	i := interaction("i1")
	must(t, s.SaveInteraction(ctx, i))
	i.Answer, i.Done = json.RawMessage(`{"location":"x"}`), now+1
	consent := []tillit.Remembered{remembered("profile"), remembered("email")}
	won := race(8, func(n int) error {
		mine := *i
		name := string(rune('a' + n))
		return s.FinishInteraction(ctx, &mine, code(name), nil, consent, record("consented", now))
	}, tillit.ErrStale)
	if won != 1 {
		t.Fatalf("%d finished one interaction, want 1", won)
	}
	found := 0
	for n := range 8 {
		if _, err := s.Code(ctx, realm, hash(string(rune('a'+n)))); err == nil {
			found++
		}
	}
	if found != 1 {
		t.Fatalf("%d codes, want 1", found)
	}
	stored, err := s.Interaction(ctx, realm, "i1", now)
	must(t, err)
	if stored.Done != now+1 || string(stored.Answer) != `{"location":"x"}` {
		t.Fatalf("interaction is %+v", stored)
	}
	agreed, err := s.Remembered(ctx, realm, "p1", "shop")
	must(t, err)
	same(t, agreed, []tillit.Agreement{consent[1].Agreement, consent[0].Agreement})
	counts(t, s, "consented", 1)

	// Tokens issued at once leave a grant and no code; no Done is made up for.
	i2 := interaction("i2")
	must(t, s.SaveInteraction(ctx, i2))
	must(t, s.FinishInteraction(ctx, i2, nil, grant("at once"), nil, nil))
	_, err = s.Grant(ctx, realm, "at once")
	must(t, err)
	wants(t, s.StepInteraction(ctx, i2, nil), tillit.ErrStale)
}

func browsers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	open, done, other := interaction("open"), interaction("done"), interaction("other")
	other.Browser = hash("another cookie")
	for _, i := range []*tillit.Interaction{open, done, other} {
		must(t, s.SaveInteraction(ctx, i))
	}
	must(t, s.FinishInteraction(ctx, done, nil, nil, nil, nil))
	must(t, s.MoveBrowser(ctx, elsewhere, hash("cookie"), hash("stolen")))
	must(t, s.MoveBrowser(ctx, realm, hash("cookie"), hash("renewed")))
	for id, want := range map[string]string{"open": "renewed", "done": "cookie", "other": "another cookie"} {
		i, err := s.Interaction(ctx, realm, id, now)
		must(t, err)
		if string(i.Browser) != string(hash(want)) {
			t.Fatalf("%s does not belong to %q", id, want)
		}
	}
}

func sessions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := session("c1", "sid1")
	must(t, s.SaveSession(ctx, first, nil))
	got, err := s.Session(ctx, realm, first.Hash, now)
	must(t, err)
	same(t, got, first)
	_, err = s.Session(ctx, elsewhere, first.Hash, now)
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Session(ctx, realm, first.Hash, first.Expires)
	wants(t, err, tillit.ErrNotFound)
	must(t, s.TouchSession(ctx, realm, first.Hash, now+5, now+9000))
	wants(t, s.TouchSession(ctx, elsewhere, first.Hash, now+5, now+9000), tillit.ErrNotFound)
	got, err = s.Session(ctx, realm, first.Hash, now+8000)
	must(t, err)
	if got.LastSeen != now+5 || got.Expires != now+9000 {
		t.Fatalf("session is %+v", got)
	}

	issue(t, s, "a")
	must(t, s.SaveSession(ctx, session("c2", "sid1"), first.Hash))
	_, err = s.Session(ctx, realm, first.Hash, now)
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.TouchSession(ctx, realm, first.Hash, now, now+9000), tillit.ErrNotFound)
	if g, err := s.Grant(ctx, realm, "grant of a"); err != nil || g.Revoked != 0 {
		t.Fatalf("renewing a session ended its grant: %+v, %v", g, err)
	}
}

// somebodyElse signs in another person in the browser of a session.
func somebodyElse(t *testing.T, s *store.Store) {
	ctx := t.Context()
	former := session("c1", "sid1")
	must(t, s.SaveSession(ctx, former, nil))
	issue(t, s, "a")
	lasting := grant("lasting")
	lasting.Shape.Offline = true
	must(t, s.FinishInteraction(ctx, begun(t, s, "i1"), nil, lasting, nil, nil))
	must(t, s.FinishInteraction(ctx, begun(t, s, "i2"), code("under way"), nil, nil, nil))

	other := session("c2", "sid2")
	other.Person, other.Created, other.LastSeen = "somebody else", now+1, now+1
	must(t, s.SaveSession(ctx, other, former.Hash))
	_, err := s.Session(ctx, realm, former.Hash, now)
	wants(t, err, tillit.ErrNotFound)
	if g, err := s.Grant(ctx, realm, "grant of a"); err != nil || g.Revoked != now+1 {
		t.Fatalf("the grant of the former person is %+v, %v; want it revoked at %d", g, err, now+1)
	}
	if g, err := s.Grant(ctx, realm, "lasting"); err != nil || g.Revoked != 0 {
		t.Fatalf("a grant that outlives the session ended with it: %+v, %v", g, err)
	}
	late := code("under way")
	wants(t, s.RedeemCode(ctx, late, &late.Grant, nil, nil, record("issued", now+2)), tillit.ErrSpent)
}

func endingSession(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.SaveSession(ctx, session("c1", "sid1"), nil))
	issue(t, s, "a")
	lasting := grant("lasting")
	lasting.Shape.Offline = true
	must(t, s.FinishInteraction(ctx, begun(t, s, "i1"), nil, lasting, nil, nil))
	must(t, s.FinishInteraction(ctx, begun(t, s, "i2"), code("under way"), nil, nil, nil))

	wants(t, s.EndSession(ctx, realm, "", now+1, nil), tillit.ErrNotFound)
	must(t, s.EndSession(ctx, elsewhere, "sid1", now+1, nil))
	_, err := s.Session(ctx, realm, hash("c1"), now)
	must(t, err)
	must(t, s.EndSession(ctx, realm, "sid1", now+1, record("signed_out", now+1)))
	must(t, s.EndSession(ctx, realm, "sid1", now+2, nil))
	_, err = s.Session(ctx, realm, hash("c1"), now)
	wants(t, err, tillit.ErrNotFound)
	g, err := s.Grant(ctx, realm, "grant of a")
	must(t, err)
	if g.Revoked != now+1 {
		t.Fatalf("the grant of an ended session was revoked at %d, want %d", g.Revoked, now+1)
	}
	if g, err = s.Grant(ctx, realm, "lasting"); err != nil || g.Revoked != 0 {
		t.Fatalf("a grant that outlives the session ended with it: %+v, %v", g, err)
	}
	late := code("under way")
	wants(t, s.RedeemCode(ctx, late, &late.Grant, nil, nil, record("issued", now+2)), tillit.ErrSpent)
}

// begun saves an interaction and gives it.
func begun(t *testing.T, s *store.Store, id string) *tillit.Interaction {
	t.Helper()
	i := interaction(id)
	must(t, s.SaveInteraction(t.Context(), i))
	return i
}

// issue takes a code of that name all the way: grant, refresh and opaque token.
func issue(t *testing.T, s *store.Store, name string) *tillit.Grant {
	t.Helper()
	c := code(name)
	must(t, s.FinishInteraction(t.Context(), begun(t, s, "interaction of "+name), c, nil, nil, nil))
	must(t, s.RedeemCode(t.Context(), c, &c.Grant, refresh("refresh of "+name, c.Grant.ID), opaque("opaque of "+name, c.Grant.ID), record("issued", now)))
	return &c.Grant
}

// counts checks how many records of the event there are.
func counts(t *testing.T, s *store.Store, event string, want int) {
	t.Helper()
	records, err := s.AuditRecords(t.Context(), store.AuditFilter{Realm: realm, Event: event, Limit: 1000})
	must(t, err)
	if len(records) != want {
		t.Fatalf("%d records of %s, want %d", len(records), event, want)
	}
}
