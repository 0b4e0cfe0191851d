package facts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// fenced is a fenced block of a guide: what it is, and its text.
var fenced = regexp.MustCompile("(?ms)^```(http|json|token) ?([^\n]*)\n(.*?)^```$")

// TestGuideOfScopes sends every request of the guide, in its order, and demands
// that the answers hold what the guide shows.
func TestGuideOfScopes(t *testing.T) {
	page, err := os.ReadFile("../../docs/guides/own-a-scope.md")
	if err != nil {
		t.Fatal(err)
	}
	world := &World{Starter: house{}}
	provider, err := world.Start(t)
	if err != nil {
		t.Fatal(err)
	}
	e := world.Env(t, provider, "maskinporten")
	key := newKey(t, "k1")
	public, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	all := "idporten:scopes.write idporten:dcr.write"
	desks := map[string]*Desk{"owner": e.Desk("demo-provider", all), "consumer": e.Desk("demo-consumer", all), "anybody": {e: e}}
	var last map[string]any
	blocks := 0
	for _, found := range fenced.FindAllStringSubmatch(string(page), -1) {
		blocks++
		kind, words, text := found[1], strings.Fields(found[2]), found[3]
		switch kind {
		case "http":
			first, body, _ := strings.Cut(text, "\n")
			method, path, _ := strings.Cut(first, " ")
			var value any
			if body = strings.ReplaceAll(body, "$KEY", string(public)); strings.TrimSpace(body) != "" {
				if err := json.Unmarshal([]byte(body), &value); err != nil {
					t.Fatalf("%s: %v", first, err)
				}
			}
			answer := desks[words[0]].Call(words[1], method, path, value)
			if last = answer.Object; last == nil && (answer.Status != http.StatusOK || len(answer.List) == 0) {
				t.Errorf("%s: %d %v", first, answer.Status, answer.List)
			}
		case "token":
			client := &machine{e: e, id: words[0], key: key}
			last = client.ask(strings.TrimSpace(text)).Body
		case "json":
			var want any
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if missing := lacks(want, any(last), ""); missing != "" {
				t.Errorf("the guide shows otherwise than is answered: %s", missing)
			}
		}
	}
	if blocks < 15 {
		t.Fatalf("%d blocks are in the guide; some of it was not read", blocks)
	}
}

// lacks says what of wanted is not in the answer, "" for nothing.
func lacks(wanted, got any, at string) string {
	switch want := wanted.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		for name, value := range want {
			if missing := lacks(value, object[name], at+"."+name); missing != "" {
				return missing
			}
		}
		return ""
	case []any:
		list, _ := got.([]any)
		if len(list) != len(want) {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for i := range want {
			if missing := lacks(want[i], list[i], fmt.Sprintf("%s[%d]", at, i)); missing != "" {
				return missing
			}
		}
		return ""
	}
	if fmt.Sprint(wanted) != fmt.Sprint(got) {
		return fmt.Sprintf("%s is %v; shown is %v", at, got, wanted)
	}
	return ""
}
