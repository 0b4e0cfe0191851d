package store

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tillit/tillit"
)

var update = flag.Bool("update", false, "make testdata/first.db anew, with the schema and the documents of today")

// firstPath is a store as the first version left it. It is made anew only until
// that version is released; afterwards it is what operators have.
var firstPath = filepath.Join("testdata", "first.db")

const (
	firstRealm = "here"
	firstAt    = int64(1_800_000_000)
)

var firstClient = tillit.Client{ID: "shop", Active: true, Type: "merchant", Organization: "310000004", AuthMethod: "client_secret_basic",
	Scopes: []tillit.Provision{{Scope: "openid"}, {Scope: "profile"}}}

func firstGrant() *tillit.Grant {
	return &tillit.Grant{Realm: firstRealm, ID: "g", Client: "shop", Person: "p1", Subject: "s1", Session: "sid", Created: firstAt, Expires: firstAt + 1000,
		Ask:   tillit.Ask{Scopes: []tillit.ScopeName{"openid", "profile"}},
		Facts: tillit.Facts{Now: firstAt, Consent: tillit.Consent{Agreed: []tillit.Agreement{{Item: "profile", Claims: []tillit.ClaimName{"name"}, At: firstAt}}}},
		Shape: tillit.Shape{Scopes: []tillit.ScopeName{"openid", "profile"}, IDToken: true, Refresh: true}}
}

func firstRefresh(name string) *tillit.Refresh {
	return &tillit.Refresh{Realm: firstRealm, Hash: []byte(name), Grant: "g", Client: "shop", Created: firstAt, Expires: firstAt + 500}
}

// makeFirst fills a store with one of everything that outlives an upgrade.
func makeFirst(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	code := &tillit.Code{Realm: firstRealm, Hash: []byte("code"), Client: "shop", Grant: *firstGrant(), Expires: firstAt + 60}
	i := &tillit.Interaction{Realm: firstRealm, ID: "i", Client: "shop", Created: firstAt, Expires: firstAt + 60}
	remembered := tillit.Remembered{Realm: firstRealm, Person: "p1", Client: "shop", Language: "nb", Agreement: firstGrant().Facts.Consent.Agreed[0]}
	issued := &tillit.AuditRecord{Realm: firstRealm, Time: firstAt, Event: "issued", Client: "shop", Grant: "g", JTI: []string{"j"}}
	for what, do := range [...]func() error{
		0: func() error { return s.PutClient(ctx, firstRealm, &firstClient) },
		1: func() error {
			return s.PutPerson(ctx, &tillit.Person{Realm: firstRealm, ID: "p1", Username: "Åse", Subject: "s1", Attributes: json.RawMessage(`{"given_name":"Åse"}`)})
		},
		2: func() error {
			return s.PutOrganization(ctx, firstRealm, tillit.Organization{Number: "310000004", Key: "shop", Title: tillit.Text{"nb": "Butikken"}})
		},
		3: func() error { return s.PutAccess(ctx, firstRealm, "shop:read", "310000004", true) },
		4: func() error {
			return s.PutKey(ctx, tillit.SigningKey{Realm: firstRealm, ID: "k", Algorithm: "ES256", Private: []byte("sealed"), Created: firstAt})
		},
		5: func() error {
			_, err := s.Secret(ctx, firstRealm, "salt", func() []byte { return []byte("grain") })
			return err
		},
		6: func() error {
			return s.SaveSession(ctx, &tillit.Session{Realm: firstRealm, Hash: []byte("cookie"), ID: "sid", Person: "p1", Created: firstAt, Expires: firstAt + 600}, nil)
		},
	} {
		if err := do(); err != nil {
			t.Fatal(what, err)
		}
	}
	if err := s.SaveInteraction(ctx, i); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishInteraction(ctx, i, code, nil, []tillit.Remembered{remembered}, nil); err != nil {
		t.Fatal(err)
	}
	opaque := &tillit.OpaqueToken{Realm: firstRealm, Hash: []byte("opaque"), Grant: "g", JTI: "j", Claims: json.RawMessage(`{"scope":"openid profile"}`), Expires: firstAt + 100}
	if err := s.RedeemCode(ctx, code, firstGrant(), firstRefresh("refresh"), opaque, issued); err != nil {
		t.Fatal(err)
	}
}

// TestFirstStoreIsReadable brings the store of the first version up to date and
// works with what is in it.
func TestFirstStoreIsReadable(t *testing.T) {
	if *update {
		if err := os.Remove(firstPath); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), firstPath, Options{Create: true, Stamp: StampServe})
		if err != nil {
			t.Fatal(err)
		}
		makeFirst(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "first.db")
	copyFile(t, firstPath, path)
	if _, err := Migrate(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path, Options{Stamp: StampServe})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	checkFirst(t, s)
}

func checkFirst(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	if client, err := s.Client(ctx, firstRealm, "shop"); err != nil || !client.Active || !client.Has("profile") {
		t.Errorf("client is %+v, %v", client, err)
	}
	if person, err := s.PersonByUsername(ctx, firstRealm, "åse"); err != nil || person.Subject != "s1" {
		t.Errorf("person is %+v, %v", person, err)
	}
	if let, err := s.Access(ctx, firstRealm, "310000004", []tillit.ScopeName{"shop:read"}); err != nil || len(let) != 1 {
		t.Errorf("access is %v, %v", let, err)
	}
	if keys, err := s.Keys(ctx, firstRealm); err != nil || len(keys) != 1 || string(keys[0].Private) != "sealed" {
		t.Errorf("keys are %v, %v", keys, err)
	}
	if secret, err := s.Secret(ctx, firstRealm, "salt", func() []byte { return []byte("another") }); err != nil || string(secret) != "grain" {
		t.Errorf("secret is %q, %v", secret, err)
	}
	if session, err := s.Session(ctx, firstRealm, []byte("cookie"), firstAt); err != nil || session.Person != "p1" {
		t.Errorf("session is %+v, %v", session, err)
	}
	if agreed, err := s.Remembered(ctx, firstRealm, "p1", "shop"); err != nil || len(agreed) != 1 || agreed[0].Item != "profile" {
		t.Errorf("consent is %v, %v", agreed, err)
	}
	if opaque, err := s.OpaqueToken(ctx, firstRealm, []byte("opaque")); err != nil || opaque.JTI != "j" {
		t.Errorf("opaque token is %+v, %v", opaque, err)
	}
	grant, err := s.Grant(ctx, firstRealm, "g")
	if err != nil || len(grant.Shape.Scopes) != 2 || len(grant.Facts.Consent.Agreed) != 1 {
		t.Fatalf("grant is %+v, %v", grant, err)
	}
	refreshed := &tillit.AuditRecord{Realm: firstRealm, Time: firstAt + 1, Event: "refreshed", Grant: "g"}
	if err := s.Rotate(ctx, firstRefresh("refresh"), firstRefresh("next"), nil, grant, refreshed); err != nil {
		t.Errorf("the refresh token does not work: %v", err)
	}
	report, err := s.VerifyAudit(ctx)
	if err != nil || report.Broken != nil || report.Chains != 2 || report.Records != 2 {
		t.Errorf("audit is %+v, %+v, %v", report, report.Broken, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
