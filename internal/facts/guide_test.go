package facts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// fenced is a fenced block of a guide: what it is, and its text.
var fenced = regexp.MustCompile("(?ms)^```(http|json|token|claims|delegate) ?([^\n]*)\n(.*?)^```$")

// TestGuideOfScopes sends every request of the guide, in its order, and demands
// that the answers hold what the guide shows.
func TestGuideOfScopes(t *testing.T) { tryGuide(t, "own-a-scope.md", 17) }

// TestGuideOfSuppliers does the same with what a supplier does for others.
func TestGuideOfSuppliers(t *testing.T) { tryGuide(t, "act-for-another.md", 33) }

// TestGuideOfConsumers does the same with what a consumer does.
func TestGuideOfConsumers(t *testing.T) { tryGuide(t, "call-an-api.md", 29) }

// A guide is one on its way: what was answered last, and what was found in it.
type guide struct {
	e     *Env
	key   *jose.JSONWebKey
	desks map[string]*Desk
	last  any
	token *Tokens
}

func tryGuide(t *testing.T, name string, blocks int) {
	t.Helper()
	page, err := os.ReadFile("../../docs/guides/" + name)
	if err != nil {
		t.Fatal(err)
	}
	e := openRealm(t, "maskinporten")
	all := "idporten:scopes.write idporten:dcr.write"
	g := &guide{e: e, key: newKey(t, "k1"), desks: map[string]*Desk{
		"owner": e.Desk("demo-provider", all), "consumer": e.Desk("demo-consumer", all),
		"supplier": e.Desk("demo-supplier", all+" idporten:dcr.supplier"), "anybody": {e: e},
	}}
	found := fenced.FindAllStringSubmatch(string(page), -1)
	for _, block := range found {
		g.try(t, block[1], strings.Fields(block[2]), block[3])
	}
	if len(found) != blocks {
		t.Errorf("%d blocks; want %d", len(found), blocks)
	}
}

// try does what a block says, or compares the last answer with it.
func (g *guide) try(t *testing.T, kind string, words []string, text string) {
	t.Helper()
	switch kind {
	case "http": // who asks which API
		first, body, _ := strings.Cut(text, "\n")
		method, path, _ := strings.Cut(first, " ")
		public, err := json.Marshal(g.key.Public())
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if body = strings.ReplaceAll(body, "$KEY", string(public)); strings.TrimSpace(body) != "" {
			if err := json.Unmarshal([]byte(body), &value); err != nil {
				t.Fatalf("%s: %v", first, err)
			}
		}
		answer := g.desks[words[0]].Call(words[1], method, path, value)
		g.last = answer.Object
		if answer.Object == nil {
			if g.last = answer.List; answer.Status != http.StatusOK || len(answer.List) == 0 {
				t.Errorf("%s: %d %v", first, answer.Status, answer.List)
			}
		}
	case "token": // which client asks for a scope, and what else its grant says
		scope, more, _ := strings.Cut(text, "\n")
		client := &machine{e: g.e, id: words[0], key: g.key}
		claims := map[string]any{}
		if strings.TrimSpace(more) != "" {
			if err := json.Unmarshal([]byte(more), &claims); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		g.token = client.asked(strings.TrimSpace(scope), claims)
		g.last = map[string]any(g.token.Body)
	case "claims": // of the access token that came last
		g.last = g.e.AccessClaims(g.token)
		g.shows(t, text)
	case "delegate": // a form as the page of delegations sends it
		form, err := url.ParseQuery(strings.TrimSpace(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if status, _, body := g.e.PostForm(g.e.Base()+"/dev/delegations", form, nil); status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", text, status, body)
		}
	case "json":
		g.shows(t, text)
	}
}

// shows demands that the last answer holds what a block shows. Of a list one
// element may stand for all.
func (g *guide) shows(t *testing.T, text string) {
	t.Helper()
	var want any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got := g.last
	if list, ok := got.([]any); ok {
		if _, one := want.(map[string]any); one {
			i := slices.IndexFunc(list, func(item any) bool { return lacks(want, item, "") == "" })
			if i < 0 {
				t.Errorf("the guide shows what no element of the answer is: %s in %v", text, list)
				return
			}
			got = list[i]
		}
	}
	if missing := lacks(want, got, ""); missing != "" {
		t.Errorf("the guide shows otherwise than is answered: %s", missing)
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
