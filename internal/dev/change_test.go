package dev

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// A changer notes what it is told, and knows one realm.
type changer struct{ told []string }

func (c *changer) note(realm, format string, args ...any) error {
	if realm != "hytta" {
		return fmt.Errorf("realm %s: %w", realm, tillit.ErrNotFound)
	}
	c.told = append(c.told, fmt.Sprintf(format, args...))
	return nil
}

func (c *changer) PutDemoPerson(_ context.Context, realm string, p demo.Person) error {
	return c.note(realm, "person %s %v", p.Username, p.Attributes)
}

func (c *changer) RemoveDemoPerson(_ context.Context, realm, username string) error {
	return c.note(realm, "without person %s", username)
}

func (c *changer) PutDemoClient(_ context.Context, realm string, id tillit.ClientID, d demo.Client) (demo.FixtureClient, error) {
	return demo.FixtureClient{ID: id, Secret: "s"}, c.note(realm, "client %s %v", id, d.Scopes)
}

func (c *changer) RemoveDemoClient(_ context.Context, realm string, id tillit.ClientID) error {
	return c.note(realm, "without client %s", id)
}

func TestChanges(t *testing.T) {
	told := &changer{}
	h, err := Handler(Config{
		Base: "http://localhost:8080", Change: told, HTTP: http.DefaultClient, Random: rand.Reader, Now: time.Now,
		Fixtures: func() (demo.Fixtures, error) { return demo.Fixtures{}, nil }, Catalog: func(string) *tillit.Catalog { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		told               string
	}{
		{"PUT", "/dev/realms/hytta/people/ada", `{"name":"Ada","attributes":{"keys":3}}`, 200, "person ada map[keys:3]"},
		{"PUT", "/dev/realms/hytta/people/ada", `{"attribute":{}}`, 400, ""},
		{"PUT", "/dev/realms/hytta/people/ada", `name: Ada`, 400, ""},
		{"PUT", "/dev/realms/hytta/people/ada", `{"name":"` + strings.Repeat("a", maxChange) + `"}`, 400, ""},
		{"PUT", "/dev/realms/nowhere/people/ada", `{}`, 404, ""},
		{"DELETE", "/dev/realms/hytta/people/ada", "", 204, "without person ada"},
		{"PUT", "/dev/realms/hytta/clients/shop", `{"type":"web","scopes":["openid"]}`, 200, "client shop [openid]"},
		{"DELETE", "/dev/realms/hytta/clients/shop", "", 204, "without client shop"},
	} {
		told.told = nil
		w := send(h, test.method, "http://localhost:8080"+test.path, test.body)
		if got := strings.Join(told.told, "; "); w.Code != test.status || got != test.told {
			t.Errorf("%s %s %.40s: %d %s, told %q; want %d and %q", test.method, test.path, test.body, w.Code, w.Body, got, test.status, test.told)
		}
	}
	told.told = nil
	if w := send(h, "DELETE", "http://localhost:8080/dev/realms/hytta/people/ada", "", "Origin", "https://evil.example"); w.Code != http.StatusForbidden || told.told != nil {
		t.Errorf("from another origin: %d %v; want it refused", w.Code, told.told)
	}
}

// What a realm offers is a page and a picture; of an unknown realm neither is.
func TestReference(t *testing.T) {
	catalog, faults := tillit.Compile(tillit.Definition{
		Realm: "hytta", Registry: "hytta", Title: tillit.Text{"en": "Hytta"},
		Claims: []tillit.Claim{{Name: "keys", Type: tillit.TypeInteger, Sinks: []tillit.Sink{tillit.SinkUserInfo}}},
		Scopes: []tillit.Scope{{Name: "keys", Title: tillit.Text{"en": "Your keys"}, At: tillit.AtAuthorization, Claims: []tillit.ClaimName{"keys"}, Consent: tillit.ConsentOnce}},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	h, err := Handler(Config{
		Base: "http://localhost:8080", HTTP: http.DefaultClient, Random: rand.Reader, Now: time.Now,
		Fixtures: func() (demo.Fixtures, error) { return demo.Fixtures{}, nil },
		Catalog: func(realm string) *tillit.Catalog {
			if realm == "hytta" {
				return catalog
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path   string
		status int
		says   string
	}{
		{"/dev/reference/hytta", 200, "<code>keys</code> → userinfo"},
		{"/dev/reference/hytta/graph.svg", 200, "<svg "},
		{"/dev/reference/nowhere", 404, "Unknown realm"},
		{"/dev/reference/nowhere/graph.svg", 404, "Unknown realm"},
	} {
		if w := send(h, "GET", "http://localhost:8080"+test.path, ""); w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %.300s; want %d and %q", test.path, w.Code, w.Body, test.status, test.says)
		}
	}
}
