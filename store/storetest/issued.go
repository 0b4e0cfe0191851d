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

// race runs n at once and gives how many won. Who lost must have got lost;
// anything else counts as many wins, so that no test passes over it.
func race(n int, run func(int) error, lost error) (won int) {
	var count atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			switch err := run(i); {
			case err == nil:
				count.Add(1)
			case !errors.Is(err, lost):
				count.Add(1000)
			}
		})
	}
	close(start)
	all.Wait()
	return int(count.Load())
}

func codes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := code("a")
	must(t, s.FinishInteraction(ctx, begun(t, s, "i"), c, nil, nil, nil))
	got, err := s.Code(ctx, realm, c.Hash)
	must(t, err)
	same(t, got, c)
	_, err = s.Code(ctx, elsewhere, c.Hash)
	wants(t, err, tillit.ErrNotFound)

	stray := *c
	stray.Realm = elsewhere
	wants(t, s.RedeemCode(ctx, &stray, nil, nil, nil, nil), tillit.ErrSpent)
	if err := s.RedeemCode(ctx, c, &c.Grant, &tillit.Refresh{Realm: elsewhere}, nil, record("issued", now)); err == nil {
		t.Fatal("a code of one realm gave a refresh token of another")
	}
	wants(t, s.RedeemCode(ctx, c, &c.Grant, nil, nil, record("issued", c.Expires)), tillit.ErrSpent)
	_, err = s.Grant(ctx, realm, c.Grant.ID)
	wants(t, err, tillit.ErrNotFound)
	counts(t, s, "issued", 0)

	must(t, s.RedeemCode(ctx, c, &c.Grant, refresh("r", c.Grant.ID), opaque("o", c.Grant.ID), record("issued", now+1)))
	got, err = s.Code(ctx, realm, c.Hash)
	must(t, err)
	if got.Spent != now+1 || got.Grant.ID != c.Grant.ID {
		t.Fatalf("code is %+v", got)
	}
	g, err := s.Grant(ctx, realm, c.Grant.ID)
	must(t, err)
	same(t, g, &c.Grant)
	_, err = s.Grant(ctx, elsewhere, c.Grant.ID)
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.RedeemCode(ctx, c, &c.Grant, nil, nil, record("issued", now+1)), tillit.ErrSpent)
	counts(t, s, "issued", 1)
}

func redeemRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	c := code("a")
	must(t, s.FinishInteraction(ctx, begun(t, s, "i"), c, nil, nil, nil))
	won := race(64, func(n int) error {
		err := s.RedeemCode(ctx, c, &c.Grant, refresh(fmt.Sprint("r", n), c.Grant.ID), opaque(fmt.Sprint("o", n), c.Grant.ID), record("issued", now))
		if errors.Is(err, tillit.ErrSpent) { // what the provider does then
			if err := s.RevokeGrant(ctx, realm, c.Grant.ID, now, record("reuse", now)); err != nil {
				return err
			}
		}
		return err
	}, tillit.ErrSpent)
	if won != 1 {
		t.Fatalf("%d redeemed one code, want 1", won)
	}
	g, err := s.Grant(ctx, realm, c.Grant.ID)
	must(t, err)
	if g.Revoked == 0 {
		t.Fatal("the grant of a code redeemed twice lives")
	}
	for n := range 64 {
		_, err := s.Refresh(ctx, realm, hash(fmt.Sprint("r", n)))
		wants(t, err, tillit.ErrNotFound)
		_, err = s.OpaqueToken(ctx, realm, hash(fmt.Sprint("o", n)))
		wants(t, err, tillit.ErrNotFound)
	}
	counts(t, s, "issued", 1)
	counts(t, s, "reuse", 63)
	report, err := s.VerifyAudit(ctx)
	must(t, err)
	if report.Broken != nil || report.Records != 64 {
		t.Fatalf("audit is %+v", report)
	}
}

func revivingGrant(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := grant("g")
	c := code("a")
	c.Grant = *g
	must(t, s.FinishInteraction(ctx, begun(t, s, "i"), c, g, nil, nil)) // hybrid: a grant and a code
	must(t, s.RevokeGrant(ctx, realm, "g", now, nil))
	must(t, s.RevokeGrant(ctx, realm, "g", now+9, nil))
	wants(t, s.RedeemCode(ctx, c, g, nil, nil, record("issued", now)), tillit.ErrSpent)
	got, err := s.Grant(ctx, realm, "g")
	must(t, err)
	if got.Revoked != now {
		t.Fatalf("revoked at %d, want %d", got.Revoked, now)
	}
	unspent, err := s.Code(ctx, realm, c.Hash)
	must(t, err)
	if unspent.Spent != 0 {
		t.Fatal("a redemption that failed left the code spent")
	}
	must(t, s.RevokeGrant(ctx, elsewhere, "g", now, nil))
	must(t, s.RevokeGrant(ctx, realm, "nobody's", now, nil))
}

func refreshTokens(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := issue(t, s, "a")
	old, err := s.Refresh(ctx, realm, hash("refresh of a"))
	must(t, err)
	same(t, old, refresh("refresh of a", g.ID))
	_, err = s.Refresh(ctx, elsewhere, hash("refresh of a"))
	wants(t, err, tillit.ErrNotFound)

	stray := *old
	stray.Realm = elsewhere
	next := refresh("b", g.ID)
	next.Realm = elsewhere
	wants(t, s.Rotate(ctx, &stray, next, nil, nil, nil), tillit.ErrSpent)
	if err := s.Rotate(ctx, old, next, nil, nil, record("refreshed", now)); err == nil {
		t.Fatal("a token of one realm became one of another")
	}
	wants(t, s.Rotate(ctx, old, refresh("b", g.ID), nil, nil, record("refreshed", old.Expires)), tillit.ErrSpent)
	if err := s.Rotate(ctx, old, refresh("b", "another grant"), nil, nil, record("refreshed", now)); err == nil {
		t.Fatal("a token of one grant became one of another")
	}
	narrowed := *g
	narrowed.Shape.Scopes = narrowed.Shape.Scopes[:1]
	must(t, s.Rotate(ctx, old, refresh("b", g.ID), opaque("ob", g.ID), &narrowed, record("refreshed", now+1)))
	spent, err := s.Refresh(ctx, realm, old.Hash)
	must(t, err)
	if spent.Spent != now+1 || string(spent.Successor) != string(hash("b")) {
		t.Fatalf("spent token is %+v", spent)
	}
	got, err := s.Grant(ctx, realm, g.ID)
	must(t, err)
	same(t, got, &narrowed)
	_, err = s.OpaqueToken(ctx, realm, hash("ob"))
	must(t, err)

	must(t, s.RevokeGrant(ctx, realm, g.ID, now+2, nil))
	_, err = s.Refresh(ctx, realm, hash("b"))
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.Rotate(ctx, refresh("b", g.ID), refresh("c", g.ID), nil, nil, record("refreshed", now+2)), tillit.ErrSpent)
	counts(t, s, "refreshed", 1)
}

func rotateRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := issue(t, s, "a")
	old := refresh("refresh of a", g.ID)
	won := race(64, func(n int) error {
		return s.Rotate(ctx, old, refresh(fmt.Sprint("next", n), g.ID), nil, nil, record("refreshed", now))
	}, tillit.ErrSpent)
	if won != 1 {
		t.Fatalf("%d rotated one refresh token, want 1", won)
	}
	living(t, s, "next", 64, 1)
}

// living checks how many of the tokens named name0, name1, … can be used.
func living(t *testing.T, s *store.Store, name string, of, want int) {
	t.Helper()
	n := 0
	for i := range of {
		r, err := s.Refresh(t.Context(), realm, hash(fmt.Sprint(name, i)))
		if err == nil && r.Spent == 0 {
			n++
		}
	}
	if n != want {
		t.Fatalf("%d refresh tokens live, want %d", n, want)
	}
}

func replacing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := issue(t, s, "a")
	old := refresh("refresh of a", g.ID)
	wants(t, s.Replace(ctx, old, refresh("x", g.ID), nil, record("refreshed", now)), tillit.ErrSpent) // not even spent
	must(t, s.Rotate(ctx, old, refresh("lost", g.ID), nil, nil, record("refreshed", now)))
	stray := *old
	stray.Realm = elsewhere
	foreign := refresh("x", g.ID)
	foreign.Realm = elsewhere
	wants(t, s.Replace(ctx, &stray, foreign, nil, nil), tillit.ErrSpent)
	must(t, s.Replace(ctx, old, refresh("got", g.ID), opaque("o", g.ID), record("refreshed", now+1)))
	lost, err := s.Refresh(ctx, realm, hash("lost"))
	must(t, err)
	if lost.Spent == 0 {
		t.Fatal("the lost successor lives beside its replacement")
	}
	wants(t, s.Replace(ctx, lost, refresh("x", g.ID), nil, record("refreshed", now+1)), tillit.ErrSpent)
	must(t, s.Rotate(ctx, refresh("got", g.ID), refresh("next", g.ID), nil, nil, record("refreshed", now+2)))
	wants(t, s.Replace(ctx, old, refresh("x", g.ID), nil, record("refreshed", now+2)), tillit.ErrSpent) // its successor was used
	must(t, s.RevokeGrant(ctx, realm, g.ID, now+3, nil))
	wants(t, s.Replace(ctx, refresh("got", g.ID), refresh("x", g.ID), nil, record("refreshed", now+3)), tillit.ErrSpent)
	counts(t, s, "refreshed", 3)
}

func replaceRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := issue(t, s, "a")
	old := refresh("refresh of a", g.ID)
	must(t, s.Rotate(ctx, old, refresh("lost", g.ID), nil, nil, record("refreshed", now)))
	if won := race(64, func(n int) error {
		return s.Replace(ctx, old, refresh(fmt.Sprint("next", n), g.ID), nil, record("refreshed", now))
	}, tillit.ErrSpent); won == 0 || won > 64 {
		t.Fatalf("%d replaced a lost successor", won)
	}
	living(t, s, "next", 64, 1)
	if lost, err := s.Refresh(ctx, realm, hash("lost")); err != nil || lost.Spent == 0 {
		t.Fatalf("the lost successor is %+v, %v", lost, err)
	}
}

func reusing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := issue(t, s, "a")
	old := refresh("refresh of a", g.ID)
	old.Expires = now + 7000
	must(t, s.Rotate(ctx, old, nil, opaque("o", g.ID), nil, record("refreshed", now)))
	got, err := s.Refresh(ctx, realm, old.Hash)
	must(t, err)
	if got.Spent != 0 || got.Expires != now+7000 {
		t.Fatalf("token is %+v", got)
	}
	must(t, s.Rotate(ctx, old, nil, nil, nil, record("refreshed", now+6000)))
	wants(t, s.Rotate(ctx, old, nil, nil, nil, record("refreshed", now+7000)), tillit.ErrSpent)
	must(t, s.RevokeGrant(ctx, realm, g.ID, now, nil))
	wants(t, s.Rotate(ctx, old, nil, nil, nil, record("refreshed", now+1)), tillit.ErrSpent)
}

func opaqueTokens(t *testing.T, s *store.Store) {
	ctx := t.Context()
	o := opaque("o", "")
	must(t, s.SaveToken(ctx, nil, o, record("issued", now)))
	must(t, s.SaveToken(ctx, nil, nil, record("issued", now)))
	got, err := s.OpaqueToken(ctx, realm, o.Hash)
	must(t, err)
	same(t, got, o)
	_, err = s.OpaqueToken(ctx, elsewhere, o.Hash)
	wants(t, err, tillit.ErrNotFound)
	must(t, s.RevokeToken(ctx, realm, o.JTI, o.Expires, nil))
	_, err = s.OpaqueToken(ctx, realm, o.Hash)
	wants(t, err, tillit.ErrNotFound)
	must(t, s.SaveToken(ctx, nil, opaque("of nothing", "no such grant"), nil))
	_, err = s.OpaqueToken(ctx, realm, hash("of nothing"))
	wants(t, err, tillit.ErrNotFound)
	counts(t, s, "issued", 2)
}

func revokedTokens(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.RevokeToken(ctx, realm, "j", now+5, record("revoked", now)))
	must(t, s.RevokeToken(ctx, realm, "j", now+5, nil))
	for where, want := range map[string]bool{realm: true, elsewhere: false} {
		if revoked, err := s.TokenRevoked(ctx, where, "j"); err != nil || revoked != want {
			t.Fatalf("revoked %s: %v, %v", where, revoked, err)
		}
	}
	if revoked, err := s.TokenRevoked(ctx, realm, "k"); err != nil || revoked {
		t.Fatalf("another token: %v, %v", revoked, err)
	}
	must(t, s.FinishInteraction(ctx, begun(t, s, "i"), nil, grant("g"), nil, nil))
	got, err := s.GrantOfToken(ctx, realm, "g", "k")
	must(t, err)
	same(t, got, grant("g"))
	_, err = s.GrantOfToken(ctx, realm, "g", "j")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.GrantOfToken(ctx, elsewhere, "g", "k")
	wants(t, err, tillit.ErrNotFound)
	must(t, s.RevokeGrant(ctx, realm, "g", now, nil))
	got, err = s.GrantOfToken(ctx, realm, "g", "k")
	must(t, err)
	if got.Revoked == 0 {
		t.Fatal("a grant that was revoked is read as living")
	}
}
