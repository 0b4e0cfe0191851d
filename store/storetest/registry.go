package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// same compares what went in with what came out.
func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(tillit.Client{})); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func clients(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.Client(ctx, realm, "shop")
	wants(t, err, tillit.ErrNotFound)
	must(t, s.CreateClient(ctx, realm, client("shop"), nil))
	got, err := s.Client(ctx, realm, "shop")
	must(t, err)
	if got.Revision != 1 || !got.Has("openid") {
		t.Fatalf("client is %+v", got)
	}
	again, err := s.Client(ctx, realm, "shop")
	must(t, err)
	if again != got {
		t.Fatal("a client that did not change was read again")
	}
	_, err = s.Client(ctx, elsewhere, "shop")
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.CreateClient(ctx, realm, client("shop"), nil), tillit.ErrConflict)

	changed := client("shop")
	changed.Scopes = append(changed.Scopes, tillit.Provision{Scope: "profile", Notes: map[string]string{"purpose": "x"}})
	must(t, s.PutClient(ctx, realm, changed))
	must(t, s.PutClient(ctx, realm, changed)) // as it was: no new revision
	got, err = s.Client(ctx, realm, "shop")
	must(t, err)
	changed.Revision = 2
	same(t, got, changed)

	must(t, s.PutClient(ctx, realm, client("bank")))
	list, err := s.Clients(ctx, realm)
	must(t, err)
	if len(list) != 2 || list[0].ID != "bank" || list[1].Revision != 2 {
		t.Fatalf("clients are %v", list)
	}
	must(t, s.DeleteClient(ctx, realm, "shop"))
	_, err = s.Client(ctx, realm, "shop")
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.DeleteClient(ctx, realm, "shop"), tillit.ErrNotFound)
	wants(t, s.CreateClient(ctx, realm, client("shop"), nil), tillit.ErrConflict)
}

// clientsElsewhere plays another process by a poll that starts from before the
// change: the cache must let go of exactly what changed.
func clientsElsewhere(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutClient(ctx, realm, client("shop")))
	must(t, s.PutClient(ctx, realm, client("bank")))
	must(t, s.Poll(ctx))
	bank, err := s.Client(ctx, realm, "bank")
	must(t, err)
	changed := client("shop")
	changed.Active = false
	must(t, s.PutClient(ctx, realm, changed))
	must(t, s.Poll(ctx))
	shop, err := s.Client(ctx, realm, "shop")
	must(t, err)
	if shop.Active {
		t.Fatal("an old client was given after a poll")
	}
	again, err := s.Client(ctx, realm, "bank")
	must(t, err)
	if again != bank {
		t.Fatal("a poll dropped a client that had not changed")
	}
}

func organizations(t *testing.T, s *store.Store) {
	ctx := t.Context()
	o := tillit.Organization{Number: "310000004", Key: "shop", Title: tillit.Text{"nb": "Butikken"}, Operator: true, Prefixes: []string{"shop"}}
	must(t, s.PutOrganization(ctx, realm, o))
	o.Title["en"] = "The shop"
	must(t, s.PutOrganization(ctx, realm, o))
	got, err := s.Organization(ctx, realm, o.Number)
	must(t, err)
	same(t, got, &o)
	_, err = s.Organization(ctx, elsewhere, o.Number)
	wants(t, err, tillit.ErrNotFound)
	list, err := s.Organizations(ctx, realm)
	must(t, err)
	same(t, list, []tillit.Organization{o})

	var asked, let []tillit.ScopeName
	for i := range 20 { // more than one statement asks for
		name := tillit.ScopeName(fmt.Sprintf("shop:s%02d", i))
		asked = append(asked, name)
		if i%3 == 0 {
			let = append(let, name)
			must(t, s.PutAccess(ctx, realm, name, o.Number, true))
			must(t, s.PutAccess(ctx, realm, name, o.Number, true))
		}
	}
	access, err := s.Access(ctx, realm, o.Number, asked)
	must(t, err)
	same(t, access, let)
	must(t, s.PutAccess(ctx, realm, let[0], o.Number, false))
	access, err = s.Access(ctx, realm, o.Number, asked)
	must(t, err)
	same(t, access, let[1:])
	for _, other := range [...][2]string{{elsewhere, o.Number}, {realm, "310000012"}, {realm, ""}} {
		if access, err = s.Access(ctx, other[0], other[1], asked); err != nil || len(access) != 0 {
			t.Fatalf("access of %v is %v, %v", other, access, err)
		}
	}
}

func people(t *testing.T, s *store.Store) {
	ctx := t.Context()
	p := person("p1", "Åse", "s1")
	must(t, s.PutPerson(ctx, p))
	p.Disabled = true
	must(t, s.PutPerson(ctx, p))
	got, err := s.Person(ctx, realm, "p1")
	must(t, err)
	same(t, got, p)
	got, err = s.PersonBySubject(ctx, realm, "s1")
	must(t, err)
	same(t, got, p)
	for _, spelled := range []string{"åse", "ÅSE", "A\u030ase"} {
		if got, err = s.PersonByUsername(ctx, realm, spelled); err != nil || got.ID != "p1" {
			t.Fatalf("%q is %v, %v", spelled, got, err)
		}
	}
	_, err = s.Person(ctx, elsewhere, "p1")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.PersonBySubject(ctx, elsewhere, "s1")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.PersonByUsername(ctx, elsewhere, "åse")
	wants(t, err, tillit.ErrNotFound)
	for _, nobody := range []string{"", "a\x00b", "\xff"} { // also what is not text
		_, err = s.PersonByUsername(ctx, realm, nobody)
		wants(t, err, tillit.ErrNotFound)
		_, err = s.Person(ctx, nobody, "p1")
		wants(t, err, tillit.ErrNotFound)
	}
	wants(t, s.PutPerson(ctx, person("p2", "åSE", "s2")), tillit.ErrConflict)
	wants(t, s.PutPerson(ctx, person("p2", "ola", "s1")), tillit.ErrConflict)
	list, err := s.People(ctx, realm)
	must(t, err)
	same(t, list, []tillit.Person{*p})
	if list, err = s.People(ctx, elsewhere); err != nil || len(list) != 0 {
		t.Fatalf("people elsewhere are %v, %v", list, err)
	}
}

func subjects(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutPerson(ctx, person("p1", "kari", "s1")))
	must(t, s.PutPerson(ctx, person("p1", "kari", "s1b"))) // moved to a new subject
	wants(t, s.PutPerson(ctx, person("p2", "ola", "s1")), tillit.ErrConflict)
	must(t, s.RemovePerson(ctx, realm, "p1", nil))
	for _, subject := range []string{"s1", "s1b"} {
		wants(t, s.PutPerson(ctx, person("p2", "kari", subject)), tillit.ErrConflict)
		wants(t, s.PutPerson(ctx, person("p1", "kari", subject)), tillit.ErrConflict)
	}
	must(t, s.PutPerson(ctx, person("p2", "kari", "s2"))) // the name is free, the subject is not
}

func erasing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.PutPerson(ctx, person("p1", "kari", "s1")))
	pseudonym, err := s.Pseudonym(ctx, realm, "p1")
	must(t, err)
	must(t, s.SaveSession(ctx, session("c", "sid1"), nil))
	issue(t, s, "a")
	r := record("signed_in", now)
	r.Subject = pseudonym
	must(t, s.Record(ctx, r))
	wants(t, s.RemovePerson(ctx, elsewhere, "p1", nil), tillit.ErrNotFound)
	_, err = s.IssueCertificate(ctx, certificate("p1", 0, "11"))
	must(t, err)
	must(t, s.AddPasskey(ctx, passkey("p1", "a"), nil))
	signed := order("signed")
	signed.State, signed.Person = tillit.OrderCompleted, "p1"
	must(t, s.AddOrder(ctx, signed))
	must(t, s.AddContent(ctx, realm, "signed", 0, 0, []byte("loan"), now+90))
	must(t, s.AddTransaction(ctx, transaction("t1")))
	must(t, s.RemovePerson(ctx, realm, "p1", record("erased", now)))
	_, err = s.Transaction(ctx, realm, "t1")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.CertificateBySerial(ctx, realm, "11")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Passkey(ctx, realm, []byte("a"))
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Order(ctx, realm, "signed")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Content(ctx, realm, "signed", 0, 0)
	wants(t, err, tillit.ErrNotFound)
	wants(t, s.RemovePerson(ctx, realm, "p1", nil), tillit.ErrNotFound)
	_, err = s.Person(ctx, realm, "p1")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Session(ctx, realm, hash("c"), now)
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Grant(ctx, realm, "grant of a")
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Refresh(ctx, realm, hash("refresh of a"))
	wants(t, err, tillit.ErrNotFound)
	_, err = s.OpaqueToken(ctx, realm, hash("opaque of a"))
	wants(t, err, tillit.ErrNotFound)
	if records, err := s.SignIns(ctx, realm, "p1", 10); err != nil || len(records) != 0 {
		t.Fatalf("sign-ins of an erased person: %v, %v", records, err)
	}
	records, err := s.AuditRecords(ctx, store.AuditFilter{Realm: realm, Subject: pseudonym})
	must(t, err)
	if len(records) != 1 {
		t.Fatalf("audit has %d records of the pseudonym, want 1: it stays", len(records))
	}
	other, err := s.Pseudonym(ctx, realm, "p1")
	must(t, err)
	if other == pseudonym {
		t.Fatal("the pseudonym of an erased person came back")
	}
	report, err := s.VerifyAudit(ctx)
	must(t, err)
	if report.Broken != nil {
		t.Fatalf("erasing broke the audit: %+v", report.Broken)
	}
}
