package facts

import (
	"context"
	"io/fs"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRecordKeepsFailures(t *testing.T) {
	cleaned := false
	got := Record(context.Background(), func(t TB) {
		t.Cleanup(func() { cleaned = true })
		t.Errorf("one")
		t.Fatalf("two")
		t.Errorf("never reached")
	})
	if want := []string{"one", "two"}; !reflect.DeepEqual(got, want) || !cleaned {
		t.Errorf("failures %v, cleaned %v; want %v, true", got, cleaned, want)
	}
}

func TestEditHitsOnce(t *testing.T) {
	realms := fstest.MapFS{
		"one.yaml": {Data: []byte("a: x\nb: x\nc: y\n")},
		"two.yaml": {Data: []byte("c: y\n")},
	}
	if _, err := Edit(realms, "one", "x", "z", false); err == nil {
		t.Errorf("two places: no error; want one")
	}
	if _, err := Edit(realms, "one", "nowhere", "z", false); err == nil {
		t.Errorf("no place: no error; want one")
	}
	edited, err := Edit(realms, "one", "c: y", "c: z", false)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"one.yaml": "a: x\nb: x\nc: z\n", "two.yaml": "c: y\n"} {
		if got, err := fs.ReadFile(edited, name); err != nil || string(got) != want {
			t.Errorf("%s: %q %v; want %q", name, got, err, want)
		}
	}
}

func TestNamesThereAndBack(t *testing.T) {
	names := NewNames(map[string]string{"nnin": "q7", "profile": "q8", "demo-web": "q9"})
	if got := names.ThereWords("openid nnin profile"); got != "openid q7 q8" {
		t.Errorf("there: %q", got)
	}
	got := names.BackJSON(map[string]any{"q7": "1", "nnin": "2", "scope": "openid q8", "aud": []any{"q9"}, "n": 3.0})
	want := map[string]any{"nnin": "1", "!nnin": "2", "scope": "openid profile", "aud": []any{"demo-web"}, "n": 3.0}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("back: %v; want %v", got, want)
	}
	if got := names.ThereJSON(`{"userinfo":{"nnin#nb":null}}`); got != `{"userinfo":{"q7#nb":null}}` {
		t.Errorf("claims parameter: %s", got)
	}
}

func TestPageKinds(t *testing.T) {
	here, err := url.Parse("http://op.example/realm/i/1")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{
		"sign_in":   `<form method="post"><input name="username"><input name="password" type="password"><button name="action" value="cancel">x</button></form>`,
		"choose":    `<form method="post"><button name="idp" value="A">A</button></form>`,
		"consent":   `<form method="post"><input type="checkbox" name="consent" value="phone" checked><button name="action" value="allow">ok</button></form>`,
		"logout":    `<form method="post"><button name="action" value="logout">out</button></form>`,
		"form_post": `<form method="post" action="http://client.example/cb"><input type="hidden" name="code" value="c"></form>`,
		"error":     `<main data-error="invalid_request"><p role="alert">no</p></main>`,
		"final":     `<p>done</p>`,
	}
	for want, text := range pages {
		page, err := parsePage([]byte(text), here, 200, "http://op.example")
		if err != nil || page.Kind != want {
			t.Errorf("page %s: taken for %s, %v", want, page.Kind, err)
		}
	}
}

func TestTextsHoldNoPersonalValue(t *testing.T) {
	for _, table := range tables {
		for i := range table.facts {
			if strings.ContainsAny(table.facts[i].Text, "@") {
				t.Errorf("%s: an address in the text", table.facts[i].ID)
			}
		}
	}
}
