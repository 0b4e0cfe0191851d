package tillit_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
)

// elsewhere are reasons that are found when values are fetched, which is not for
// Decide to know.
var elsewhere = map[tillit.Reason]bool{tillit.NoValue: true, tillit.ValueMismatch: true, tillit.ValueError: true}

// effects of reasons that stand in no table of rules.
var effects = map[tillit.Reason]string{
	tillit.Given:            "given",
	tillit.SignInUnsuitable: "left out; a scope with a page of its own: refused, `access_denied`",
	tillit.SignInMissing:    "the sign-in page; with `prompt=none` `login_required`",
	tillit.ActMissing:       "its page; with `prompt=none` `interaction_required`",
	tillit.ActDeclined:      "refused: `access_denied`",
	tillit.ConsentDeclined:  "left out; `openid`, or what the client requires: refused, `access_denied`",
	tillit.ConsentMissing:   "the consent page; with `prompt=none` `consent_required`",
	tillit.NotInGrant:       "left out; asked for at refresh: refused, `invalid_scope`",
	tillit.NotAskedNow:      "left out of this answer; the grant keeps it",

	tillit.UnknownClaim: "left out", tillit.ClaimInactive: "left out", tillit.ScopeNotGiven: "left out",
	tillit.WrongSink: "left out", tillit.Withheld: "left out", tillit.NoValue: "left out",
	tillit.ValueMismatch: "left out", tillit.ValueError: "left out, or as the source's `on_error` says",

	tillit.UnknownResource:      "refused: `invalid_target`",
	tillit.ResourceNotPermitted: "refused: `invalid_target`",
	tillit.AudienceConflict:     "refused: `invalid_target`",

	tillit.UnknownDetailsType:  "refused: `invalid_authorization_details`",
	tillit.UnknownDetailsField: "refused: `invalid_authorization_details`",
	tillit.MissingDetailsField: "refused: `invalid_authorization_details`",
	tillit.BadDetailsValue:     "refused: `invalid_authorization_details`",
	tillit.DetailsNotPermitted: "refused: `invalid_authorization_details`",
	tillit.DetailsNotPushed:    "refused: `invalid_authorization_details`",
	tillit.DetailsNotAlone:     "refused: `invalid_authorization_details`",
	tillit.DetailsNotGranted:   "refused: `invalid_authorization_details`",

	tillit.ScopeMissing:   "refused: `invalid_scope`",
	tillit.NothingLeft:    "refused: `invalid_scope`; after the person declined everything `access_denied`",
	tillit.ACRUnmet:       "refused: `unmet_authentication_requirements`",
	tillit.WrongPerson:    "refused: `login_required`",
	tillit.ConsumerIsSelf: "refused: `invalid_request`",
	tillit.GrantEnded:     "refused: `invalid_grant`",
}

type layer struct {
	title   string
	reasons []tillit.Reason
}

// layers reads the constants of reason.go; the comment above a group is its title.
func layers(t *testing.T) []layer {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var list []layer
	for _, declared := range file.Decls {
		group, ok := declared.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		l := layer{title: strings.Join(strings.Fields(group.Doc.Text()), " ")}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit)
			code, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			l.reasons = append(l.reasons, tillit.Reason(code))
		}
		if len(l.reasons) == 1 {
			l.title = "Given"
		}
		list = append(list, l)
	}
	return list
}

// TestReasonsStay keeps the codes that programs outside have learned.
func TestReasonsStay(t *testing.T) {
	var b strings.Builder
	for _, l := range layers(t) {
		for _, reason := range l.reasons {
			fmt.Fprintln(&b, reason)
		}
	}
	golden(t, "testdata/reasons.txt", b.String())
}

// TestReasonsAreDocumented keeps docs/reasons.md what the code says.
func TestReasonsAreDocumented(t *testing.T) {
	sentences := readSentences(t)
	rules := tillit.RuleEffects()
	var b strings.Builder
	b.WriteString("# Reasons\n\nEvery verdict has one reason. The codes never change; the sentences may. At redemption and refresh nothing of\nwhat a rule objects to refuses any more: it is left out.\n\nGenerated from `reason.go`, `rules.go` and `web/languages/en.yaml` by `go test . -run Reasons -update`.\n")
	for _, l := range layers(t) {
		fmt.Fprintf(&b, "\n## %s\n\n| reason | says | effect |\n|---|---|---|\n", strings.TrimSuffix(l.title, "."))
		for _, reason := range l.reasons {
			effect := rules[reason]
			if effect == "" {
				effect = effects[reason]
			}
			if effect == "" || sentences[reason] == "" {
				t.Errorf("%s has no effect or no sentence: %q, %q", reason, effect, sentences[reason])
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", reason, sentences[reason], effect)
		}
	}
	golden(t, "docs/reasons.md", b.String())
}

func readSentences(t *testing.T) map[tillit.Reason]string {
	t.Helper()
	data, err := os.ReadFile("web/languages/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sentences := map[tillit.Reason]string{}
	for _, line := range strings.Split(string(data), "\n") {
		if code, found := strings.CutPrefix(line, "reason."); found {
			code, sentence, _ := strings.Cut(code, ": ")
			sentences[tillit.Reason(code)] = strings.Trim(sentence, `"' `)
		}
	}
	return sentences
}

// TestEveryReasonIsTold: a reason that no story tells is a rule that nobody has
// seen bite; a rule that never lets its scope pass is no rule.
func TestEveryReasonIsTold(t *testing.T) {
	told := map[tillit.Reason]bool{}
	bitten := map[tillit.Reason][]tillit.ScopeName{}
	given := map[tillit.ScopeName]bool{}
	for _, s := range readStories(t) {
		for _, part := range tell(t, s) {
			d := part.Decision
			if d.Refused != nil {
				told[d.Refused.Reason] = true
			}
			for _, v := range d.Scopes {
				told[v.Reason] = true
				bitten[v.Reason] = append(bitten[v.Reason], v.Scope)
				given[v.Scope] = given[v.Scope] || v.Reason == tillit.Given && d.Refused == nil
			}
			for _, v := range d.Claims {
				told[v.Reason] = true
			}
			for _, v := range d.Resources {
				told[v.Reason] = true
			}
			for _, v := range d.Details {
				told[v.Reason] = true
			}
		}
	}
	for _, l := range layers(t) {
		for _, reason := range l.reasons {
			if !told[reason] && !elsewhere[reason] {
				t.Errorf("no story tells %s", reason)
			}
		}
	}
	for reason := range tillit.RuleEffects() {
		passes := reason == tillit.UnknownScope // there is nothing to give
		for _, name := range bitten[reason] {
			passes = passes || given[name]
		}
		if !passes {
			t.Errorf("no story gives a scope that %s takes away in another", reason)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); -update writes it:\n%s", name, diff)
	}
}
