package facts

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

var agreementFenced = regexp.MustCompile("(?ms)^```(http|json|login|refresh) ?([^\n]*)\n(.*?)^```$")

// TestGuideOfAgreements sends every request of the guide, in its order, and demands
// that the answers hold what the guide shows.
func TestGuideOfAgreements(t *testing.T) {
	page, err := os.ReadFile("../../docs/guides/see-what-you-agreed-to.md")
	if err != nil {
		t.Fatal(err)
	}
	e := openRealm(t, "idporten")
	tokens := map[string]*Tokens{}
	var last any
	id, blocks := "", 0
	for _, found := range agreementFenced.FindAllStringSubmatch(string(page), -1) {
		blocks++
		words, text := strings.Fields(found[2]), strings.ReplaceAll(strings.TrimSpace(found[3]), "$ID", id)
		switch found[1] {
		case "login":
			manners := Manners{Person: e.Named(words[0]), Way: words[1]}
			tokens[words[2]] = e.Login(Request{Scope: text, Manners: manners})
			last = map[string]any(tokens[words[2]].Body)
		case "http":
			method, path, _ := strings.Cut(text, " ")
			a := e.call(tokens[words[0]].Access(), words[1], method, path, nil)
			a.Good()
			if last = a.Object; a.Object == nil && len(a.List) > 0 {
				last = a.List[0]
				entry, _ := last.(map[string]any)
				id, _ = entry["authorization_id"].(string)
			}
		case "refresh":
			last = map[string]any(e.Renew("demo-web", tokens[words[0]].Refresh(), "").Body)
		case "json":
			var want any
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if missing := lacks(want, last, ""); missing != "" {
				t.Errorf("the guide shows otherwise than is answered: %s", missing)
			}
		}
	}
	if blocks != 9 {
		t.Errorf("%d blocks; want 9", blocks)
	}
}
