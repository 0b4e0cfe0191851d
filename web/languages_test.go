package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func newPages(t *testing.T) *Pages {
	t.Helper()
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// sentencesOf reads every language, and its templates, as the first who is answered
// in it would.
func sentencesOf(t *testing.T, pages *Pages) map[string]sentences {
	t.Helper()
	all := map[string]sentences{}
	for language, spoken := range pages.languages {
		said, err := spoken.read()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := spoken.pages(); err != nil {
			t.Fatalf("%s: %v", language, err)
		}
		all[language] = said
	}
	return all
}

var parameter = regexp.MustCompile(`\{[a-z]+\}`)

func TestLanguagesSayTheSame(t *testing.T) {
	pages := newPages(t)
	all := sentencesOf(t, pages)
	norwegian := all[fallback]
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, []string{"en", "nb", "nn"}) {
		t.Fatalf("languages: %v", got)
	}
	for language, said := range all {
		for key := range norwegian {
			if said[key] == "" {
				t.Errorf("%s has no sentence for %s", language, key)
			}
			got, want := parameter.FindAllString(said[key], -1), parameter.FindAllString(norwegian[key], -1)
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("%s: %s has the parameters %v, in nb %v", language, key, got, want)
			}
		}
		for key := range said {
			if norwegian[key] == "" {
				t.Errorf("%s has a sentence for %s, nb has not", language, key)
			}
		}
		if months := strings.Fields(said["date.months"]); len(months) != 12 {
			t.Errorf("%s has %d months", language, len(months))
		}
	}
}

// TestNorwegianLanguagesDiffer holds that nynorsk is no copy of bokmål: words
// that only bokmål has stay out of it, and the other way round.
func TestNorwegianLanguagesDiffer(t *testing.T) {
	pages := newPages(t)
	for language, foreign := range map[string]string{
		"nb": `ikkje|kva|kven|korleis|frå|eit|dei|opplysningar|noko|tenesta|vart|òg|difor`,
		"nn": `ikke|hva|hvem|hvordan|fra|et|de|opplysninger|noe|tjenesten|ble|også|derfor|jeg|hvis|fortsett`,
	} {
		words := regexp.MustCompile(`(?i)(^|[^\p{L}])(` + foreign + `)($|[^\p{L}])`)
		for key, sentence := range pages.said(language) {
			if words.MatchString(sentence) {
				t.Errorf("%s: %s says %q", language, key, sentence)
			}
		}
	}
}

// TestEveryReasonHasASentence reads the reasons where they are declared, so that
// none can be added without its sentences.
func TestEveryReasonHasASentence(t *testing.T) {
	pages := newPages(t)
	reasons := declaredReasons(t)
	if len(reasons) < 45 {
		t.Fatalf("only %d reasons found", len(reasons))
	}
	for _, reason := range reasons {
		for language, said := range sentencesOf(t, pages) {
			if said["reason."+reason] == "" {
				t.Errorf("%s has no sentence for reason.%s", language, reason)
			}
		}
	}
	for key := range pages.said(fallback) {
		if reason, found := strings.CutPrefix(key, "reason."); found && !slices.Contains(reasons, reason) {
			t.Errorf("%s is the sentence of no reason", key)
		}
	}
}

func declaredReasons(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || len(spec.Values) != 1 {
			return true
		}
		if literal, is := spec.Values[0].(*ast.BasicLit); is {
			reason, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, reason)
		}
		return true
	})
	return reasons
}

// told are the families whose keys the provider puts together: it names a
// reason, a refusal, an error, and the sentence follows.
var told = regexp.MustCompile(`^(reason|refused|error|own_error|why|told|duration|done|field|method|date|value)\.`)

func TestNoSentenceIsUnused(t *testing.T) {
	used := map[string]bool{}
	call := regexp.MustCompile(`\bt "([a-z_.-]+)"`)
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range call.FindAllStringSubmatch(string(content), -1) {
			used[found[1]] = true
		}
	}
	said := newPages(t).said(fallback)
	for key := range said {
		if !used[key] && !told.MatchString(key) {
			t.Errorf("no page says %s", key)
		}
	}
	for key := range used {
		if said[key] == "" {
			t.Errorf("a page says %s, which has no sentence", key)
		}
	}
}

// TestErrorsHaveTitleAndText: every error is a title and what to do about it.
func TestErrorsHaveTitleAndText(t *testing.T) {
	labels := []string{"error.code", "error.detail", "error.correlation", "error.help"}
	said := newPages(t).said(fallback)
	for key := range said {
		title := strings.HasPrefix(key, "error.") && !strings.HasSuffix(key, ".text")
		if title && !slices.Contains(labels, key) && said[key+".text"] == "" {
			t.Errorf("%s has a title and no text", key)
		}
	}
	for _, refused := range []string{"wrong_credentials", "throttled", "field_missing", "not_for_this_way"} {
		if said["refused."+refused] == "" {
			t.Errorf("no sentence for refused.%s", refused)
		}
	}
}

func TestSentenceWith(t *testing.T) {
	pages := newPages(t)
	for _, test := range []struct {
		language, key string
		args          map[string]string
		want          string
	}{
		{"nn", "why.agreed", map[string]string{"date": "1. mai 2026"}, "Du samtykte 1. mai 2026."},
		{"en", "why.any_client", map[string]string{"realm": "{date}", "date": "no"}, "Every service of {date} gets this."},
		{"en", "why.any_client", nil, "Every service of {realm} gets this."},
		{"de", "done.title", nil, "Ferdig"},
		{"en", "A finished sentence.", nil, "A finished sentence."},
	} {
		if got := pages.SentenceWith(test.language, test.key, test.args); got != test.want {
			t.Errorf("%s %s %v\n got %q\nwant %q", test.language, test.key, test.args, got, test.want)
		}
	}
}

func TestDate(t *testing.T) {
	pages := newPages(t)
	winter := time.Date(2026, 11, 20, 12, 5, 0, 0, time.UTC)
	summer := time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		language string
		at       time.Time
		want     string
	}{
		{"nb", winter, "20. november 2026 kl. 13.05"},
		{"nn", winter, "20. november 2026 kl. 13.05"},
		{"en", winter, "20 November 2026 at 13:05"},
		{"nb", summer, "1. juli 2026 kl. 00.30"},
	} {
		if got := pages.Date(test.language, test.at); got != test.want {
			t.Errorf("%s %v: %q, want %q", test.language, test.at, got, test.want)
		}
	}
}

func TestLanguage(t *testing.T) {
	pages := newPages(t)
	all := []string{"nb", "nn", "en"}
	for _, test := range []struct {
		name        string
		realm       []string
		preferences []string
		want        string
	}{
		{"no preference", all, nil, "nb"},
		{"empty preferences", all, []string{"", ""}, "nb"},
		{"ui_locales wins", all, []string{"en", "nn"}, "en"},
		{"ui_locales in order", all, []string{"fr nn en", ""}, "nn"},
		{"the old code of Norwegian", all, []string{"no"}, "nb"},
		{"Norwegian of Norway", all, []string{"no-NO"}, "nb"},
		{"Accept-Language", all, []string{"", "nn-NO,nn;q=0.9,no;q=0.8,en;q=0.5"}, "nn"},
		{"Accept-Language by weight", all, []string{"", "nb;q=0.1, en-GB;q=0.9"}, "en"},
		{"nynorsk where there is only bokmål", []string{"en", "nb"}, []string{"nn"}, "nb"},
		{"British English", all, []string{"en-GB"}, "en"},
		{"unknown to us, then known", all, []string{"zh", "en"}, "en"},
		{"nothing known", []string{"en", "nb"}, []string{"zh", "ja"}, "en"},
		{"not a language", all, []string{"'; drop table", "en"}, "en"},
		{"South Sami, which nothing is near to", all, []string{"sma"}, "nb"},
		{"too long", all, []string{strings.Repeat("x-", 10_000)}, "nb"},
		{"a realm without languages", nil, []string{"en"}, "nb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := pages.Language(test.realm, test.preferences...); got != test.want {
				t.Errorf("Language(%q, %.60q) = %q, want %q", test.realm, test.preferences, got, test.want)
			}
		})
	}
}
