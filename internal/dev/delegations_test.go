package dev

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// kept is a source with a memory.
type kept map[tillit.ScopeName]bool

func (k kept) Delegations(context.Context, string, string, string) ([]tillit.Delegation, error) {
	return nil, nil
}

func (k kept) PutDelegation(_ context.Context, d *tillit.Delegation, given bool, _ *tillit.AuditRecord) error {
	k[d.Scope] = given
	return nil
}

func TestDelegationsAreGivenAndWithdrawn(t *testing.T) {
	catalog, faults := tillit.Compile(tillit.Definition{
		Realm: "forest", Registry: "forest", Languages: []string{"nb"}, Assertion: &tillit.AssertionSettings{},
		Scopes: []tillit.Scope{{Name: "f:felling", At: tillit.AtToken, Delegation: "https://source.example/"}, {Name: "f:other", At: tillit.AtToken}},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	source := kept{}
	handler, err := Handler(Config{
		Base: "http://localhost:8080", Now: time.Now, HTTP: http.DefaultClient, Delegated: source,
		Fixtures: func() (demo.Fixtures, error) { return demo.Fixtures{}, nil },
		Catalog: func(realm string) *tillit.Catalog {
			if realm == "forest" {
				return catalog
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change map[string]string
		status int
		given  bool
	}{
		{nil, http.StatusSeeOther, true},
		{map[string]string{"action": "withdraw"}, http.StatusSeeOther, false},
		{map[string]string{"action": "lend"}, http.StatusBadRequest, false},
		{map[string]string{"scope": "f:other"}, http.StatusBadRequest, false},
		{map[string]string{"realm": "sea"}, http.StatusBadRequest, false},
		{map[string]string{"supplier_orgno": "310107549"}, http.StatusBadRequest, false},
		{map[string]string{"consumer_orgno": "1"}, http.StatusBadRequest, false},
	} {
		form := url.Values{"realm": {"forest"}, "scope": {"f:felling"}, "consumer_orgno": {"310107549"}, "supplier_orgno": {"310111317"}, "action": {"give"}}
		for name, value := range c.change {
			form.Set(name, value)
		}
		got := send(handler, http.MethodPost, "http://localhost:8080/dev/delegations", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		if got.Code != c.status || source["f:felling"] != c.given {
			t.Errorf("%v: %d, delegated %v; want %d, %v", c.change, got.Code, source["f:felling"], c.status, c.given)
		}
	}
}
