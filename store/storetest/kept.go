package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func key(id string, activates int64) tillit.SigningKey {
	return tillit.SigningKey{Realm: realm, ID: id, Algorithm: "ES256", Private: []byte("encrypted"), Created: now, Activates: activates}
}

func keys(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutKey(ctx, key("b", now+10)))
	must(t, s.PutKey(ctx, key("a", now)))
	retired := key("a", now)
	retired.Retires, retired.Expires = now+10, now+20
	must(t, s.PutKey(ctx, retired))
	got, err := s.Keys(ctx, realm)
	must(t, err)
	same(t, got, []tillit.SigningKey{retired, key("b", now+10)})
	if got, err = s.Keys(ctx, elsewhere); err != nil || len(got) != 0 {
		t.Fatalf("keys elsewhere are %v, %v", got, err)
	}
}

func keyRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	made := race(8, func(n int) error {
		made, err := s.CreateKeyIfNone(ctx, realm, "ES256", key(fmt.Sprint(n), now))
		if err == nil && !made {
			return tillit.ErrConflict
		}
		return err
	}, tillit.ErrConflict)
	got, err := s.Keys(ctx, realm)
	must(t, err)
	if made != 1 || len(got) != 1 {
		t.Fatalf("%d made a key, %d keys are there, want 1", made, len(got))
	}
	for _, other := range [...][2]string{{realm, "RS256"}, {elsewhere, "ES256"}} {
		if made, err := s.CreateKeyIfNone(ctx, other[0], other[1], key("x", now)); err != nil || !made {
			t.Fatalf("key of %v: %v, %v", other, made, err)
		}
	}
}

func secrets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			value, err := s.Secret(ctx, realm, "salt", func() []byte { return []byte{byte(i), 1} })
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprint(value, err)] = true
		})
	}
	all.Wait()
	if len(seen) != 1 {
		t.Fatalf("one secret has the values %v", seen)
	}
	value, err := s.Secret(ctx, elsewhere, "salt", func() []byte { return []byte("another") })
	must(t, err)
	same(t, value, []byte("another"))
	if _, err := s.Secret(ctx, realm, "none", func() []byte { return nil }); err == nil {
		t.Fatal("an empty secret was kept")
	}
}

func attempts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for want := 1; want <= 3; want++ {
		if n, err := s.Fail(ctx, realm, "password", hash("kari"), now+int64(want), 60); err != nil || n != want {
			t.Fatalf("attempt %d counted as %d, %v", want, n, err)
		}
	}
	if n, until, err := s.Attempts(ctx, realm, "password", hash("kari"), now+5); err != nil || n != 3 || until != now+61 {
		t.Fatalf("attempts are %d until %d, %v", n, until, err)
	}
	for _, other := range [...][2]string{{elsewhere, "password"}, {realm, "code"}} {
		if n, _, err := s.Attempts(ctx, other[0], other[1], hash("kari"), now); err != nil || n != 0 {
			t.Fatalf("attempts of %v are %d, %v", other, n, err)
		}
	}
	if n, _, err := s.Attempts(ctx, realm, "password", hash("kari"), now+61); err != nil || n != 0 {
		t.Fatalf("attempts after the window are %d, %v", n, err)
	}
	if n, err := s.Fail(ctx, realm, "password", hash("kari"), now+61, 60); err != nil || n != 1 {
		t.Fatalf("the first of a new window counted as %d, %v", n, err)
	}
	must(t, s.ClearAttempts(ctx, realm, "password", hash("kari")))
	if n, _, err := s.Attempts(ctx, realm, "password", hash("kari"), now+62); err != nil || n != 0 {
		t.Fatalf("attempts after success are %d, %v", n, err)
	}
}

func catalogs(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.CatalogVersion(ctx, "v1")
	wants(t, err, tillit.ErrNotFound)
	must(t, s.PutCatalogVersion(ctx, "v1", []byte("document")))
	must(t, s.PutCatalogVersion(ctx, "v1", []byte("document")))
	document, err := s.CatalogVersion(ctx, "v1")
	must(t, err)
	same(t, document, []byte("document"))
}

func meta(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.Ready(ctx))
	_, err := s.Meta(ctx, "x")
	wants(t, err, tillit.ErrNotFound)
	must(t, s.SetMeta(ctx, "x", "1"))
	must(t, s.SetMeta(ctx, "x", "2"))
	value, err := s.Meta(ctx, "x")
	must(t, err)
	same(t, value, "2")
}

// year is long after everything here has ended.
const year = 365 * 86400

func sweeping(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for n := range 5 {
		issue(t, s, fmt.Sprint(n))
	}
	must(t, s.SaveSession(ctx, session("c", "sid"), nil))
	must(t, s.RevokeToken(ctx, realm, "j", now+5, nil))
	_, err := s.Fail(ctx, realm, "password", hash("kari"), now, 60)
	must(t, err)
	must(t, s.WithdrawItem(ctx, realm, "p1", "shop", "email", now, nil))
	if n, err := s.Sweep(ctx, now, 100); err != nil || n != 0 {
		t.Fatalf("%d living rows were swept, %v", n, err)
	}
	// A code is known for a while after its end, so that reuse is seen.
	if _, err := s.Sweep(ctx, now+61, 100); err != nil {
		t.Fatal(err)
	}
	_, err = s.Code(ctx, realm, hash("0"))
	must(t, err)
	total := 0
	for {
		n, err := s.Sweep(ctx, now+year, 2)
		must(t, err)
		if n == 0 {
			break
		}
		total += n
	}
	// Of five: interaction, code, refresh, opaque, grant and what was withdrawn;
	// and one session. The attempts and the revoked token went before.
	if want := 5*6 + 1; total != want {
		t.Fatalf("%d rows were swept, want %d", total, want)
	}
	_, err = s.Code(ctx, realm, hash("0"))
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Grant(ctx, realm, "grant of 0")
	wants(t, err, tillit.ErrNotFound)
	counts(t, s, "issued", 5) // audit stays
}

// sweepRace renews a token again and again while a sweep at its very edge runs:
// it must never be lost, nor come back.
func sweepRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	g := issue(t, s, "a")
	g.Expires = 0
	r := refresh("refresh of a", g.ID)
	var all sync.WaitGroup
	stop := make(chan struct{})
	var at = now
	edge := make(chan int64, 1)
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			case until := <-edge:
				if _, err := s.Sweep(ctx, until-1, 10); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 50 {
		select {
		case edge <- r.Expires:
		default:
		}
		at = r.Expires - 1
		next := *r
		next.Expires = at + 500
		if err := s.Rotate(ctx, &next, nil, nil, nil, record("refreshed", at)); err != nil {
			t.Fatalf("a living token was swept: %v", err)
		}
		r = &next
	}
	close(stop)
	all.Wait()
	if _, err := s.Sweep(ctx, r.Expires, 10); err != nil {
		t.Fatal(err)
	}
	err := s.Rotate(ctx, r, nil, nil, nil, record("refreshed", at))
	if !errors.Is(err, tillit.ErrSpent) {
		t.Fatalf("a swept token was renewed: %v", err)
	}
}

func audit(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for n := range 5 {
		r := record("issued", now+int64(n))
		r.Client, r.Grant, r.JTI = "shop", fmt.Sprint("g", n), []string{fmt.Sprint("access", n), fmt.Sprint("id", n)}
		r.View = []byte(`{"scopes": ["openid"]}`)
		must(t, s.Record(ctx, r))
	}
	r, err := s.AuditByJTI(ctx, realm, "id3")
	must(t, err)
	if r.Grant != "g3" || string(r.View) != `{"scopes":["openid"]}` {
		t.Fatalf("record is %+v", r)
	}
	_, err = s.AuditByJTI(ctx, elsewhere, "id3")
	wants(t, err, tillit.ErrNotFound)

	// A later record that names the token does not hide its issuance.
	later := record("revoked", now+100)
	later.JTI = []string{"id3"}
	must(t, s.Record(ctx, later))
	if r, err = s.AuditByJTI(ctx, realm, "id3"); err != nil || r.Event != "issued" {
		t.Fatalf("record is %+v, %v", r, err)
	}
	for filter, want := range map[store.AuditFilter]string{
		{Realm: realm, Event: "issued"}:            "g4 g3 g2 g1 g0",
		{Realm: realm, Client: "shop", Limit: 2}:   "g4 g3",
		{Realm: realm, From: now + 1, To: now + 2}: "g2 g1",
		{Realm: realm, Grant: "g1"}:                "g1",
		{Realm: realm, Subject: "nobody"}:          "",
		{Realm: elsewhere}:                         "",
	} {
		records, err := s.AuditRecords(ctx, filter)
		must(t, err)
		var grants []string
		for _, r := range records {
			grants = append(grants, r.Grant)
		}
		if got := strings.Join(grants, " "); got != want {
			t.Errorf("%+v gives %q, want %q", filter, got, want)
		}
	}
	report, err := s.VerifyAudit(ctx)
	must(t, err)
	same(t, report, store.AuditReport{Chains: 1, Records: 6})
}

func signIns(t *testing.T, s *store.Store) {
	ctx := t.Context()
	pseudonym, err := s.Pseudonym(ctx, realm, "p1")
	must(t, err)
	for n := range 4 {
		r := record("signed_in", now+int64(n))
		r.Subject = pseudonym
		must(t, s.Record(ctx, r))
	}
	other := record("issued", now+9)
	other.Subject = pseudonym
	must(t, s.Record(ctx, other))
	records, err := s.SignIns(ctx, realm, "p1", 3)
	must(t, err)
	if len(records) != 3 || records[0].Time != now+3 || records[2].Time != now+1 {
		t.Fatalf("sign-ins are %+v", records)
	}
	for _, who := range [...][2]string{{elsewhere, "p1"}, {realm, "p2"}} {
		if records, err = s.SignIns(ctx, who[0], who[1], 3); err != nil || len(records) != 0 {
			t.Fatalf("sign-ins of %v are %v, %v", who, records, err)
		}
	}
	for n := range 3 {
		r := record("decided", now+20+int64(n))
		r.Subject = pseudonym
		must(t, s.Record(ctx, r))
	}
	records, err = s.Answered(ctx, realm, "p1", 2)
	must(t, err)
	if len(records) != 2 || records[0].Time != now+22 || records[1].Time != now+21 {
		t.Fatalf("answered are %+v", records)
	}
	if records, err = s.Answered(ctx, realm, "p2", 2); err != nil || len(records) != 0 {
		t.Fatalf("answered for another are %v, %v", records, err)
	}
}

func pseudonyms(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			p, err := s.Pseudonym(ctx, realm, "p1")
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprint(p, err)] = true
		})
	}
	all.Wait()
	if len(seen) != 1 {
		t.Fatalf("one person has the pseudonyms %v", seen)
	}
	here, err := s.Pseudonym(ctx, realm, "p1")
	must(t, err)
	there, err := s.Pseudonym(ctx, elsewhere, "p1")
	must(t, err)
	if here == there || here == "p1" {
		t.Fatalf("pseudonyms are %q and %q", here, there)
	}
}

func checkpoints(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if seq, hash, err := s.Head(ctx); err != nil || seq != 0 || hash != nil {
		t.Fatalf("head before the first record is %d, %x, %v", seq, hash, err)
	}
	must(t, s.Record(ctx, record("issued", now)))
	seq, head, err := s.Head(ctx)
	must(t, err)
	heads, err := s.Heads(ctx)
	must(t, err)
	same(t, heads, []store.Checkpoint{{Chain: s.Chain(), Seq: 1, Hash: head}})
	must(t, s.PutCheckpoint(ctx, s.Chain(), seq, head, "a.b.c"))
	if heads, err = s.Heads(ctx); err != nil || len(heads) != 0 {
		t.Fatalf("heads that have a checkpoint are %v, %v", heads, err)
	}
	list, err := s.Checkpoints(ctx)
	must(t, err)
	same(t, list, []store.Checkpoint{{Chain: s.Chain(), Seq: 1, Hash: head, JWS: "a.b.c"}})
	report, err := s.VerifyAudit(ctx)
	must(t, err)
	same(t, report, store.AuditReport{Chains: 1, Records: 1, Checkpoints: 1})
	must(t, s.PutCheckpoint(ctx, s.Chain(), 2, head, "d.e.f")) // of a record that is not there
	if report, err = s.VerifyAudit(ctx); err != nil || report.Broken == nil || report.Broken.Seq != 2 {
		t.Fatalf("report is %+v, %v", report, err)
	}
}

// failingAlone mixes writes that fail with writes that do not, at once, so that
// they share commits: the ones must not harm the others.
func failingAlone(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.SaveInteraction(ctx, interaction("taken")))
	won := race(64, func(n int) error {
		if n%3 == 0 {
			return s.SaveInteraction(ctx, interaction("taken"))
		}
		return s.Record(ctx, record("issued", now))
	}, tillit.ErrConflict)
	if want := 64 - 22; won != want {
		t.Fatalf("%d writes succeeded, want %d", won, want)
	}
	counts(t, s, "issued", won)
	report, err := s.VerifyAudit(ctx)
	must(t, err)
	if report.Broken != nil {
		t.Fatalf("audit is broken: %+v", report.Broken)
	}
}
