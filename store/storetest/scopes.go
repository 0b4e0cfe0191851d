package storetest

import (
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

const (
	owner    = "310000004"
	consumer = "310000012"
)

func registeredScope(name string) *tillit.RegisteredScope {
	prefix, subscope, _ := tillit.SplitScope(tillit.ScopeName(name))
	return &tillit.RegisteredScope{Name: tillit.ScopeName(name), Prefix: prefix, Subscope: subscope, Owner: owner, Active: true, Description: tillit.Text{"nb": "Lese"}}
}

func prefixes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.LinkPrefix(ctx, realm, "shop", owner, 7, record("prefix_linked", 1)))
	must(t, s.LinkPrefix(ctx, realm, "shop", owner, 8, nil)) // as it was
	wants(t, s.LinkPrefix(ctx, realm, "shop", consumer, 9, nil), tillit.ErrConflict)
	must(t, s.LinkPrefix(ctx, elsewhere, "shop", consumer, 9, nil))
	held, err := s.Prefixes(ctx, realm, owner)
	must(t, err)
	same(t, held, []tillit.Prefix{{Prefix: "shop", Organization: owner, Created: 7, Updated: 7}})
	must(t, s.LinkPrefix(ctx, realm, "a", consumer, 9, nil))
	held, err = s.Prefixes(ctx, realm, "")
	must(t, err)
	if len(held) != 2 || held[0].Prefix != "a" {
		t.Fatalf("prefixes are %v", held)
	}
	wants(t, s.UnlinkPrefix(ctx, realm, "shop", consumer, nil), tillit.ErrNotFound)
	must(t, s.CreateScope(ctx, realm, registeredScope("shop:x"), nil))
	wants(t, s.UnlinkPrefix(ctx, realm, "shop", owner, nil), tillit.ErrConflict)
	must(t, s.UnlinkPrefix(ctx, realm, "a", consumer, nil))
	wants(t, s.UnlinkPrefix(ctx, realm, "a", consumer, nil), tillit.ErrNotFound)
}

func scopes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	changes, revision, err := s.ScopesSince(ctx, 0)
	must(t, err)
	if len(changes) != 0 || revision != 0 {
		t.Fatalf("changes are %v at %d before there was any", changes, revision)
	}
	wants(t, s.CreateScope(ctx, realm, registeredScope("shop:x"), nil), tillit.ErrNotFound)
	must(t, s.LinkPrefix(ctx, realm, "shop", owner, 1, nil))
	must(t, s.CreateScope(ctx, realm, registeredScope("shop:x"), record("scope_registered", 1)))
	wants(t, s.CreateScope(ctx, realm, registeredScope("shop:x"), nil), tillit.ErrConflict)
	got, first, err := s.RegisteredScope(ctx, realm, "shop:x")
	must(t, err)
	same(t, got, registeredScope("shop:x"))
	_, _, err = s.RegisteredScope(ctx, elsewhere, "shop:x")
	wants(t, err, tillit.ErrNotFound)

	off := registeredScope("shop:x")
	off.Active = false
	must(t, s.ChangeScope(ctx, realm, off, first, nil))
	wants(t, s.ChangeScope(ctx, realm, registeredScope("shop:x"), first, nil), tillit.ErrStale)
	must(t, s.CreateScope(ctx, realm, registeredScope("shop:y"), nil))
	changes, revision, err = s.ScopesSince(ctx, first)
	must(t, err)
	if len(changes) != 1 || len(changes[realm]) != 2 || changes[realm][0].Active || changes[realm][1].Name != "shop:y" {
		t.Fatalf("changes since %d are %v", first, changes)
	}
	changes, again, err := s.ScopesSince(ctx, revision)
	must(t, err)
	if len(changes) != 0 || again != revision {
		t.Fatalf("changes are %v at %d when there was none", changes, again)
	}
	for at, active := range map[int64]bool{first: true, revision: false} {
		was, err := s.ScopeAt(ctx, realm, "shop:x", at)
		must(t, err)
		if was.Active != active {
			t.Fatalf("at %d the scope is %+v", at, was)
		}
	}
	_, err = s.ScopeAt(ctx, realm, "shop:x", first-1)
	wants(t, err, tillit.ErrNotFound)
}

func accessRecords(t *testing.T, s *store.Store) {
	ctx := t.Context()
	let := func() bool {
		access, err := s.Access(ctx, realm, consumer, []tillit.ScopeName{"shop:x"})
		must(t, err)
		return len(access) == 1
	}
	_, err := s.TakeAccess(ctx, realm, "shop:x", consumer, 1, nil)
	wants(t, err, tillit.ErrNotFound)
	a, err := s.GiveAccess(ctx, realm, "shop:x", consumer, 2, record("access_given", 1))
	must(t, err)
	same(t, a, tillit.AccessRecord{Scope: "shop:x", Consumer: consumer, Created: 2, Updated: 2})
	again, err := s.GiveAccess(ctx, realm, "shop:x", consumer, 3, nil)
	must(t, err)
	same(t, again, a)
	if !let() {
		t.Fatal("not let in")
	}
	a, err = s.TakeAccess(ctx, realm, "shop:x", consumer, 4, nil)
	must(t, err)
	same(t, a, tillit.AccessRecord{Scope: "shop:x", Consumer: consumer, Denied: true, Created: 2, Updated: 4})
	if let() {
		t.Fatal("still let in")
	}
	must(t, s.BeginAccess(ctx, realm, "shop:x", consumer))
	if let() {
		t.Fatal("what an owner took back was declared again")
	}
	must(t, s.BeginAccess(ctx, realm, "shop:y", consumer))
	_, err = s.GiveAccess(ctx, realm, "shop:x", consumer, 5, nil)
	must(t, err)
	if !let() {
		t.Fatal("not let in again")
	}
	for _, list := range []func() ([]tillit.AccessRecord, error){
		func() ([]tillit.AccessRecord, error) { return s.AccessOf(ctx, realm, consumer) },
		func() ([]tillit.AccessRecord, error) {
			return s.AccessToScopes(ctx, realm, "shop:x", "shop:y", "shop:none")
		},
	} {
		records, err := list()
		must(t, err)
		if len(records) == 0 || records[0].Scope != "shop:x" || records[0].Updated != 5 {
			t.Fatalf("records are %v", records)
		}
	}
	records, err := s.AccessOf(ctx, elsewhere, consumer)
	must(t, err)
	if len(records) != 0 {
		t.Fatalf("records elsewhere are %v", records)
	}
}

func clientsOfOrganizations(t *testing.T, s *store.Store) {
	ctx := t.Context()
	own, run, other := client("own"), client("run"), client("other")
	own.Organization, run.Organization, run.Supplier, other.Organization = owner, consumer, owner, consumer
	for _, c := range []*tillit.Client{own, run, other} {
		must(t, s.CreateClient(ctx, realm, c, nil))
	}
	list, err := s.ClientsOf(ctx, realm, owner)
	must(t, err)
	if len(list) != 2 {
		t.Fatalf("clients of the owner are %v", list)
	}
	run = list[1]
	if run.ID == "own" {
		run = list[0]
	}
	handed := *run
	handed.Supplier = ""
	must(t, s.ReplaceClient(ctx, realm, &handed, nil))
	if list, err = s.ClientsOf(ctx, realm, owner); err != nil || len(list) != 1 {
		t.Fatalf("clients of the owner are %v, %v", list, err)
	}
	if list, err = s.ClientsOf(ctx, elsewhere, owner); err != nil || len(list) != 0 {
		t.Fatalf("clients elsewhere are %v, %v", list, err)
	}
}
