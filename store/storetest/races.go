package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// rounds is how often two that race each other are let go.
const rounds = 25

// against lets a redemption race something else, and says for each round whether
// the redemption came through.
func against(t *testing.T, s *store.Store, other func(n int) error, check func(n int, c *tillit.Code, redeemed bool)) {
	t.Helper()
	for n := range rounds {
		c := code(fmt.Sprint("raced ", n))
		must(t, s.FinishInteraction(t.Context(), begun(t, s, fmt.Sprint("raced ", n)), c, nil, nil, nil))
		var redeem, rival error
		var all sync.WaitGroup
		start := make(chan struct{})
		all.Go(func() {
			<-start
			redeem = s.RedeemCode(t.Context(), c, &c.Grant, refresh(fmt.Sprint("of ", n), c.Grant.ID), opaque(fmt.Sprint("of ", n), c.Grant.ID), record("issued", now))
		})
		all.Go(func() {
			<-start
			rival = other(n)
		})
		close(start)
		all.Wait()
		must(t, rival)
		if redeem != nil && !errors.Is(redeem, tillit.ErrSpent) {
			t.Fatal(redeem)
		}
		check(n, c, redeem == nil)
	}
}

// withdrawRace takes an item back while a code that has it is redeemed: either
// the code is spent, or the grant knows.
func withdrawRace(t *testing.T, s *store.Store) {
	against(t, s,
		func(int) error { return s.WithdrawItem(t.Context(), realm, "p1", "shop", "email", now, nil) },
		func(n int, c *tillit.Code, redeemed bool) {
			g, err := s.Grant(t.Context(), realm, c.Grant.ID)
			if !redeemed {
				wants(t, err, tillit.ErrNotFound)
				return
			}
			must(t, err)
			same(t, g.Withdrawn, []string{"email"})
		})
}

// endingRace ends everything of a client, or a session, while a code is redeemed:
// no grant outlives it.
func endingRace(t *testing.T, s *store.Store) {
	against(t, s,
		func(n int) error {
			if n%2 == 0 {
				return s.WithdrawClient(t.Context(), realm, "p1", "shop", now, nil)
			}
			return s.EndSession(t.Context(), realm, "sid1", now, nil)
		},
		func(n int, c *tillit.Code, redeemed bool) {
			if g, err := s.Grant(t.Context(), realm, c.Grant.ID); redeemed && (err != nil || g.Revoked == 0) {
				t.Fatalf("round %d: the grant is %+v, %v", n, g, err)
			}
		})
}

// erasingRace erases the person while a code is redeemed: nothing stays.
func erasingRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutPerson(ctx, person("p1", "kari", "s")))
	against(t, s,
		func(int) error { return s.RemovePerson(ctx, realm, "p1", nil) },
		func(n int, c *tillit.Code, redeemed bool) {
			_, err := s.Grant(ctx, realm, c.Grant.ID)
			wants(t, err, tillit.ErrNotFound)
			_, err = s.Refresh(ctx, realm, hash(fmt.Sprint("of ", n)))
			wants(t, err, tillit.ErrNotFound)
			_, err = s.OpaqueToken(ctx, realm, hash(fmt.Sprint("of ", n)))
			wants(t, err, tillit.ErrNotFound)
			must(t, s.PutPerson(ctx, person("p1", "kari", fmt.Sprint("s", n))))
		})
}

// rivals write rows that others write too, in another order, so that they get in
// each other's way: all come through.
func rivals(t *testing.T, s *store.Store) {
	ctx := t.Context()
	agreed(t, s)
	won := race(24, func(n int) error {
		switch n % 3 {
		case 0:
			return s.WithdrawClient(ctx, realm, "p1", "", now, record("withdrawn", now))
		case 1:
			return s.EndSession(ctx, realm, "sid1", now, record("ended", now))
		}
		return s.WithdrawItem(ctx, realm, "p1", "shop", fmt.Sprint("item", n), now, record("item", now))
	}, nil)
	if won != 24 {
		t.Fatalf("%d of 24 came through", won)
	}
	report, err := s.VerifyAudit(ctx)
	must(t, err)
	if report.Broken != nil || report.Records != 24 {
		t.Fatalf("audit is %+v", report)
	}
}
