package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// OpenSeveral gives so many stores on one empty database.
type OpenSeveral func(t *testing.T, n int) []*store.Store

// RunReplicas runs what must hold across processes that share a database, with
// two and with three.
func RunReplicas(t *testing.T, open OpenSeveral) {
	for _, c := range [...]struct {
		name string
		run  func(*testing.T, []*store.Store)
	}{
		{"codes are redeemed once", redeemAcross},
		{"refresh tokens are rotated once", rotateAcross},
		{"lost answers leave one line", replaceAcross},
		{"interactions are finished once", finishAcross},
		{"what is revoked is revoked for all", revokeAcross},
		{"attempts are counted together", attemptsAcross},
		{"keys and secrets are made once", keysAcross},
		{"client changes are seen", clientsAcross},
		{"client changes are seen in time", clientsInTime},
		{"the audit is whole", auditAcross},
	} {
		for n := 2; n <= 3; n++ {
			t.Run(fmt.Sprintf("%s by %d", c.name, n), func(t *testing.T) { c.run(t, open(t, n)) })
		}
	}
}

// of spreads what races over the replicas.
func of(replicas []*store.Store, n int) *store.Store { return replicas[n%len(replicas)] }

func redeemAcross(t *testing.T, replicas []*store.Store) {
	ctx := t.Context()
	for round := range 5 {
		name := fmt.Sprint("code ", round)
		c := code(name)
		must(t, of(replicas, round).FinishInteraction(ctx, begun(t, replicas[0], name), c, nil, nil, nil))
		won := race(64, func(n int) error {
			return of(replicas, n).RedeemCode(ctx, c, &c.Grant, refresh(fmt.Sprint(name, n), c.Grant.ID), nil, record("issued", now))
		}, tillit.ErrSpent)
		if won != 1 {
			t.Fatalf("%d redeemed one code, want 1", won)
		}
	}
	counts(t, replicas[0], "issued", 5)
}

func rotateAcross(t *testing.T, replicas []*store.Store) {
	g := issue(t, replicas[0], "a")
	old := refresh("refresh of a", g.ID)
	won := race(64, func(n int) error {
		return of(replicas, n).Rotate(t.Context(), old, refresh(fmt.Sprint("next", n), g.ID), nil, nil, record("refreshed", now))
	}, tillit.ErrSpent)
	if won != 1 {
		t.Fatalf("%d rotated one refresh token, want 1", won)
	}
	living(t, replicas[1], "next", 64, 1)
}

func replaceAcross(t *testing.T, replicas []*store.Store) {
	ctx := t.Context()
	g := issue(t, replicas[0], "a")
	old := refresh("refresh of a", g.ID)
	must(t, replicas[1].Rotate(ctx, old, refresh("lost", g.ID), nil, nil, record("refreshed", now)))
	if won := race(64, func(n int) error {
		return of(replicas, n).Replace(ctx, old, refresh(fmt.Sprint("next", n), g.ID), nil, record("refreshed", now))
	}, tillit.ErrSpent); won == 0 || won > 64 {
		t.Fatalf("%d replaced a lost successor", won)
	}
	living(t, replicas[0], "next", 64, 1)
}

func finishAcross(t *testing.T, replicas []*store.Store) {
	i := begun(t, replicas[0], "i")
	won := race(64, func(n int) error {
		mine := *i
		return of(replicas, n).FinishInteraction(t.Context(), &mine, code(fmt.Sprint("c", n)), nil, nil, record("consented", now))
	}, tillit.ErrStale)
	if won != 1 {
		t.Fatalf("%d finished one interaction, want 1", won)
	}
	counts(t, replicas[1], "consented", 1)
}

// revokeAcross has nothing to wait for: what a replica was told is so for all.
func revokeAcross(t *testing.T, replicas []*store.Store) {
	ctx := t.Context()
	for n, s := range replicas {
		other := of(replicas, n+1)
		g := issue(t, s, fmt.Sprint("grant ", n))
		must(t, other.RevokeGrant(ctx, realm, g.ID, now, nil))
		_, err := s.Refresh(ctx, realm, hash(fmt.Sprint("refresh of grant ", n)))
		wants(t, err, tillit.ErrNotFound)
		_, err = s.OpaqueToken(ctx, realm, hash(fmt.Sprint("opaque of grant ", n)))
		wants(t, err, tillit.ErrNotFound)
		jti := fmt.Sprint("jti ", n)
		must(t, other.RevokeToken(ctx, realm, jti, now+5, nil))
		if revoked, err := s.TokenRevoked(ctx, realm, jti); err != nil || !revoked {
			t.Fatalf("a token that another revoked: %v, %v", revoked, err)
		}
		must(t, s.SaveSession(ctx, session(fmt.Sprint("cookie ", n), fmt.Sprint("sid ", n)), nil))
		must(t, other.EndSession(ctx, realm, fmt.Sprint("sid ", n), now, nil))
		_, err = s.Session(ctx, realm, hash(fmt.Sprint("cookie ", n)), now)
		wants(t, err, tillit.ErrNotFound)
	}
}

func attemptsAcross(t *testing.T, replicas []*store.Store) {
	const tried = 48
	var mu sync.Mutex
	var counted []int
	if won := race(tried, func(n int) error {
		count, err := of(replicas, n).Fail(t.Context(), realm, "password", hash("kari"), now, 60)
		mu.Lock()
		defer mu.Unlock()
		counted = append(counted, count)
		return err
	}, nil); won != tried {
		t.Fatalf("%d of %d attempts were counted", won, tried)
	}
	slices.Sort(counted)
	for i, count := range counted { // a limit is passed by one attempt, and not by two
		if count != i+1 {
			t.Fatalf("the counts are %v", counted)
		}
	}
	for _, s := range replicas {
		if n, _, err := s.Attempts(t.Context(), realm, "password", hash("kari"), now); err != nil || n != tried {
			t.Fatalf("%d attempts are seen, %v", n, err)
		}
	}
}

func keysAcross(t *testing.T, replicas []*store.Store) {
	ctx := t.Context()
	won := race(24, func(n int) error {
		made, err := of(replicas, n).CreateKeyIfNone(ctx, realm, "ES256", key(fmt.Sprint(n), now))
		if err == nil && !made {
			return tillit.ErrConflict
		}
		return err
	}, tillit.ErrConflict)
	if won != 1 {
		t.Fatalf("%d made the first key, want 1", won)
	}
	var mu sync.Mutex
	seen := map[string]bool{}
	race(24, func(n int) error {
		value, err := of(replicas, n).Secret(ctx, realm, "salt", func() []byte { return []byte(fmt.Sprint(n)) })
		name, nameErr := of(replicas, n).Pseudonym(ctx, realm, "p1")
		keys, keysErr := of(replicas, n).Keys(ctx, realm)
		mu.Lock()
		defer mu.Unlock()
		seen[fmt.Sprint(string(value), err, name, nameErr, len(keys), keysErr)] = true
		return nil
	}, nil)
	if len(seen) != 1 {
		t.Fatalf("secret, pseudonym and keys are %v", seen)
	}
}

func clientsAcross(t *testing.T, replicas []*store.Store) {
	ctx := t.Context()
	shop := client("shop")
	for round := range 4 {
		shop.Active = round%2 == 0
		must(t, of(replicas, round).PutClient(ctx, realm, shop))
		for _, s := range replicas {
			fresh, err := s.FreshClient(ctx, realm, "shop") // before any poll
			must(t, err)
			if fresh.Active != shop.Active || fresh.Revision != int64(round+1) {
				t.Fatalf("after round %d the client, read anew, is %+v", round, fresh)
			}
			must(t, s.Poll(ctx))
			got, err := s.Client(ctx, realm, "shop")
			must(t, err)
			if got.Active != shop.Active || got.Revision != int64(round+1) {
				t.Fatalf("after round %d the client is %+v", round, got)
			}
		}
	}
	must(t, replicas[0].DeleteClient(ctx, realm, "shop"))
	for _, s := range replicas[1:] {
		_, err := s.FreshClient(ctx, realm, "shop")
		wants(t, err, tillit.ErrNotFound)
		must(t, s.Poll(ctx))
		_, err = s.Client(ctx, realm, "shop")
		wants(t, err, tillit.ErrNotFound)
	}
	// Changes at once lose none: each has a revision of its own.
	race(24, func(n int) error { return of(replicas, n).PutClient(ctx, realm, client(fmt.Sprint("c", n))) }, nil)
	for _, s := range replicas {
		must(t, s.Poll(ctx))
		list, err := s.Clients(ctx, realm)
		must(t, err)
		if len(list) != 24 {
			t.Fatalf("%d clients are seen, want 24", len(list))
		}
	}
}

// clientsInTime polls every second, as a running process does.
func clientsInTime(t *testing.T, replicas []*store.Store) {
	ctx := t.Context()
	reader, writer := replicas[0], replicas[1]
	shop := client("shop")
	must(t, writer.PutClient(ctx, realm, shop))
	_, err := reader.Client(ctx, realm, "shop")
	must(t, err)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	shop.Active = false
	must(t, writer.PutClient(ctx, realm, shop))
	for changed := time.Now(); ; {
		if got, err := reader.Client(ctx, realm, "shop"); err != nil || !got.Active {
			must(t, err)
			return
		}
		if time.Since(changed) > 2*time.Second {
			t.Fatal("a change was not seen within two seconds")
		}
		<-tick.C
		must(t, reader.Poll(ctx))
	}
}

// auditAcross has all write at once, each its own chains: all whole, all anchored.
func auditAcross(t *testing.T, replicas []*store.Store) {
	const each = 40
	if won := race(each*len(replicas), func(n int) error {
		return of(replicas, n).Record(t.Context(), record("issued", now+int64(n)))
	}, nil); won != each*len(replicas) {
		t.Fatalf("%d records were written", won)
	}
	heads := 0
	for _, s := range replicas {
		own, err := s.Heads(t.Context())
		must(t, err)
		var records int64
		for _, head := range own {
			records += head.Seq
		}
		if records != each {
			t.Fatalf("the chains of one process have %d records, want %d", records, each)
		}
		heads += len(own)
	}
	report, err := replicas[0].VerifyAudit(t.Context())
	must(t, err)
	if report.Broken != nil || report.Records != int64(each*len(replicas)) || report.Chains < heads {
		t.Fatalf("audit is %+v, %+v", report, report.Broken)
	}
}
