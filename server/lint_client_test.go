package server

import (
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

// TestLintLooksAtWays: a client without a way to sign in that carries its scope is
// kept out, or warned where the scope can be had without a person.
func TestLintLooksAtWays(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		scope           string
		ways, grants    []string
		wrong, warnings int
	}{
		{"bankid_proof", []string{"BIS"}, []string{"authorization_code"}, 1, 0},
		{"bankid_proof", []string{"BIS", "BID"}, []string{"authorization_code"}, 0, 0},
		{"chgpwd", []string{"BIM", "BIS"}, []string{"authorization_code"}, 1, 0},
		{"aml_person/basic", []string{"BIS"}, []string{"authorization_code"}, 1, 0},
		{"aml_person/basic", []string{"BIS"}, []string{"authorization_code", "client_credentials"}, 0, 1},
		{"phone", []string{"BIS"}, []string{"authorization_code"}, 0, 0},
	} {
		wrong, warnings := LintClient(set.Catalog("bankid", ""), &tillit.Client{
			ID: "shop", Type: "merchant", Application: "web", AuthMethod: "client_secret_basic", GrantTypes: c.grants,
			RedirectURIs: []string{"https://shop.example/cb"}, Ways: c.ways, Scopes: []tillit.Provision{{Scope: tillit.ScopeName(c.scope)}},
		})
		count := func(all []Finding) (n int) {
			for _, f := range all {
				if strings.Contains(f.Message, "carries "+c.scope) {
					n++
				}
			}
			return n
		}
		if count(wrong) != c.wrong || count(warnings) != c.warnings {
			t.Errorf("%s by %v: wrong %v, warnings %v; want %d and %d", c.scope, c.ways, wrong, warnings, c.wrong, c.warnings)
		}
	}
}
