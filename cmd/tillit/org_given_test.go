package main

import (
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

// TestCompletionIsOfTheRequest: what the command stores is found by a request for
// the same detail, whatever the order of its members, and by no other; and what no
// request can ask for is refused.
func TestCompletionIsOfTheRequest(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	c := set.Catalog("maskinporten", "")
	command := orgCompleteCommand{Realm: "maskinporten", Detail: `{"type": "urn:altinn:systemuser", "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": "0192:310107549"}}`}
	kind, key, err := command.detail(c)
	if err != nil {
		t.Fatal(err)
	}
	for request, same := range map[string]bool{
		`[{"systemuser_org": {"ID":"0192:310107549","authority":"iso6523-actorid-upis"}, "type":"urn:altinn:systemuser"}]`:                     true,
		`[{"systemuser_org": {"ID":"0192:310103772","authority":"iso6523-actorid-upis"}, "type":"urn:altinn:systemuser"}]`:                     false,
		`[{"systemuser_org": {"ID":"0192:310107549","authority":"iso6523-actorid-upis"}, "externalRef": "x", "type":"urn:altinn:systemuser"}]`: false,
	} {
		details, err := tillit.ParseDetails(request)
		if err != nil {
			t.Fatal(err)
		}
		if found := kind.Key(&details[0]) == key; found != same {
			t.Errorf("%s: found %v; want %v", request, found, same)
		}
	}
	for _, wrong := range []string{
		`{"type": "urn:altinn:systemuser"}`, `{"type": "urn:altinn:systemuser", "systemuser_org": "x"}`, `{"type": "other"}`, `{}`, `[`, ``,
		`{"type": "urn:altinn:systemuser", "systemuser_org": {}, "colour": "green"}`, `{"type": "urn:altinn:systemuser", "systemuser_org": {}}, {"type": "urn:altinn:systemuser", "systemuser_org": {}}`,
	} {
		command.Detail = wrong
		if _, _, err := command.detail(c); err == nil {
			t.Errorf("%s: taken; want a refusal", wrong)
		}
	}
	for adds, good := range map[string]bool{`{"system_id": "x"}`: true, `{"sub": "x"}`: false, `[]`: false, ``: false, `null`: false} {
		command.Adds = adds
		if _, err := command.adds(kind); (err == nil) != good {
			t.Errorf("--adds %s: %v", adds, err)
		}
	}
}
