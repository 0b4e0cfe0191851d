package storetest

import (
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// agreed has a person with two grants of one client, one of another, what was
// agreed to, and a code under way.
func agreed(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	first, second, other := grant("first"), grant("second"), grant("other")
	second.Created = now + 1
	other.Client, other.Created = "bank", now+2
	bank := remembered("profile")
	bank.Client = "bank"
	must(t, s.FinishInteraction(ctx, begun(t, s, "i1"), nil, first, []tillit.Remembered{remembered("profile"), remembered("email")}, nil))
	must(t, s.FinishInteraction(ctx, begun(t, s, "i2"), nil, second, nil, nil))
	must(t, s.FinishInteraction(ctx, begun(t, s, "i3"), nil, other, []tillit.Remembered{bank}, nil))
	must(t, s.FinishInteraction(ctx, begun(t, s, "i4"), code("under way"), nil, nil, nil))
}

// remembers checks the items that are remembered for a client.
func remembers(t *testing.T, s *store.Store, client tillit.ClientID, want ...string) {
	t.Helper()
	agreements, err := s.Remembered(t.Context(), realm, "p1", client)
	must(t, err)
	var items []string
	for _, a := range agreements {
		items = append(items, a.Item)
	}
	same(t, items, want)
}

// lives checks the person's living grants, newest first.
func lives(t *testing.T, s *store.Store, want ...string) []tillit.Grant {
	t.Helper()
	grants, err := s.Grants(t.Context(), realm, "p1", now)
	must(t, err)
	var ids []string
	for _, g := range grants {
		ids = append(ids, g.ID)
	}
	same(t, ids, want)
	return grants
}

// spoiled checks that the code under way can no longer be redeemed.
func spoiled(t *testing.T, s *store.Store) {
	t.Helper()
	c := code("under way")
	wants(t, s.RedeemCode(t.Context(), c, &c.Grant, nil, nil, record("issued", now)), tillit.ErrSpent)
}

func withdrawingItem(t *testing.T, s *store.Store) {
	ctx := t.Context()
	agreed(t, s)
	must(t, s.WithdrawItem(ctx, elsewhere, "p1", "shop", "email", now, nil))
	must(t, s.WithdrawItem(ctx, realm, "somebody else", "shop", "email", now, nil))
	remembers(t, s, "shop", "email", "profile")
	bank := remembered("profile")
	bank.Client = "bank"
	all, err := s.AllRemembered(ctx, realm, "p1")
	must(t, err)
	same(t, all, []tillit.Remembered{bank, remembered("email"), remembered("profile")})
	for _, who := range [...][2]string{{elsewhere, "p1"}, {realm, "somebody else"}} {
		if all, err = s.AllRemembered(ctx, who[0], who[1]); err != nil || len(all) != 0 {
			t.Fatalf("remembered of %v is %v, %v", who, all, err)
		}
	}
	must(t, s.WithdrawItem(ctx, realm, "p1", "shop", "email", now, record("withdrawn", now)))
	must(t, s.WithdrawItem(ctx, realm, "p1", "shop", "email", now, nil))
	must(t, s.WithdrawItem(ctx, realm, "p1", "shop", "address", now, nil))
	remembers(t, s, "shop", "profile")
	remembers(t, s, "bank", "profile")
	grants := lives(t, s, "other", "second", "first")
	for i, want := range [][]string{nil, {"address", "email"}, {"address", "email"}} {
		same(t, grants[i].Withdrawn, want)
	}
	one, err := s.Grant(ctx, realm, "first")
	must(t, err)
	same(t, one, &grants[2])
	spoiled(t, s)
	counts(t, s, "withdrawn", 1)
}

func withdrawingGrant(t *testing.T, s *store.Store) {
	ctx := t.Context()
	agreed(t, s)
	wants(t, s.WithdrawGrant(ctx, elsewhere, "p1", "first", now, nil), tillit.ErrNotFound)
	wants(t, s.WithdrawGrant(ctx, realm, "somebody else", "first", now, nil), tillit.ErrNotFound)
	must(t, s.WithdrawGrant(ctx, realm, "p1", "first", now, record("withdrawn", now)))
	must(t, s.WithdrawGrant(ctx, realm, "p1", "first", now+1, nil))
	lives(t, s, "other", "second")
	remembers(t, s, "shop", "email") // the grant rested on profile alone
	remembers(t, s, "bank", "profile")
	g, err := s.Grant(ctx, realm, "first")
	must(t, err)
	if g.Revoked != now {
		t.Fatalf("revoked at %d, want %d", g.Revoked, now)
	}
}

func withdrawingClient(t *testing.T, s *store.Store) {
	ctx := t.Context()
	agreed(t, s)
	must(t, s.WithdrawClient(ctx, elsewhere, "p1", "shop", now, nil))
	must(t, s.WithdrawClient(ctx, realm, "somebody else", "", now, nil))
	wants(t, s.WithdrawClient(ctx, realm, "", "", now, nil), tillit.ErrNotFound)
	lives(t, s, "other", "second", "first")
	must(t, s.WithdrawClient(ctx, realm, "p1", "shop", now, record("withdrawn", now)))
	lives(t, s, "other")
	remembers(t, s, "shop")
	remembers(t, s, "bank", "profile")
	spoiled(t, s)
	must(t, s.WithdrawClient(ctx, realm, "p1", "", now, nil))
	lives(t, s)
	remembers(t, s, "bank")
}
