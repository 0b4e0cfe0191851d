package web_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/web"
)

// -pages writes every page to a folder, to be looked at in a browser.
var pagesDir = flag.String("pages", "", "write the rendered pages and their assets to this folder")

func newPages(t *testing.T) *web.Pages {
	t.Helper()
	pages, err := web.New()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func render(t *testing.T, page string, frame, model any) *html.Node {
	t.Helper()
	var out bytes.Buffer
	if err := newPages(t).Render(&out, page, frame, model); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestEveryPage holds what is true of all pages, however much they show.
func TestEveryPage(t *testing.T) {
	for _, language := range languages {
		for _, s := range specimens {
			t.Run(language+"/"+s.name, func(t *testing.T) {
				root := render(t, s.page, frame(language), s.model)
				checkFrame(t, root, language)
				checkLabels(t, root)
				checkReferences(t, root)
				checkScripts(t, root, s.page)
				checkForms(t, root, s.page)
				if text := textOf(root); strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "<no value>") {
					t.Errorf("the page shows what a template could not say: %s", text)
				}
			})
		}
	}
}

func checkFrame(t *testing.T, root *html.Node, language string) {
	t.Helper()
	if got := get(find(root, "html")[0], "lang"); got != language {
		t.Errorf("lang = %q, want %q", got, language)
	}
	for _, element := range []string{"h1", "main", "header", "footer", "title"} {
		if n := len(find(root, element)); n != 1 {
			t.Errorf("%d <%s>, want one", n, element)
		}
	}
	if title := textOf(find(root, "title")[0]); strings.HasPrefix(title, " –") {
		t.Errorf("title %q has no page in it", title)
	}
	if get(find(root, "a")[0], "href") != "#main" {
		t.Error("the first link does not skip to the content")
	}
	if len(withClass(root, "test-banner")) != 1 {
		t.Error("a test realm does not say so")
	}
}

func checkLabels(t *testing.T, root *html.Node) {
	t.Helper()
	labelled := map[string]bool{}
	for _, label := range find(root, "label") {
		labelled[get(label, "for")] = textOf(label) != ""
	}
	for _, input := range find(root, "input") {
		if get(input, "type") != "hidden" && !labelled[get(input, "id")] {
			t.Errorf("input %q has no label", get(input, "name"))
		}
	}
	for _, button := range find(root, "button") {
		if textOf(button) == "" {
			t.Errorf("button %q says nothing", get(button, "value"))
		}
	}
}

// checkReferences holds that ids are unique and everything referred to is there.
func checkReferences(t *testing.T, root *html.Node) {
	t.Helper()
	ids := map[string]bool{}
	walk(root, func(n *html.Node) {
		if id := get(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %q is there twice", id)
			}
			ids[id] = true
		}
	})
	walk(root, func(n *html.Node) {
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby"} {
			if id := get(n, name); id != "" && !ids[id] {
				t.Errorf("%s=%q refers to nothing", name, id)
			}
		}
	})
}

// checkScripts holds what the content security policy allows: no style
// attribute, no event handler, and one script with its nonce, on form_post and
// where a key is asked for.
func checkScripts(t *testing.T, root *html.Node, page string) {
	t.Helper()
	walk(root, func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has the attribute %s", n.Data, a.Key)
			}
		}
	})
	scripts := find(root, "script")
	keys := len(match(root, func(n *html.Node) bool { return has(n, "data-asks") || has(n, "data-offers") })) > 0
	if want := map[bool]int{true: 1}[page == "form_post" || keys]; len(scripts) != want {
		t.Fatalf("%d scripts, want %d", len(scripts), want)
	}
	for _, script := range scripts {
		if get(script, "nonce") != nonce {
			t.Errorf("a script has the nonce %q", get(script, "nonce"))
		}
	}
	if len(find(root, "style")) > 0 {
		t.Error("the page has a style element")
	}
}

func checkForms(t *testing.T, root *html.Node, page string) {
	t.Helper()
	hidden := map[string]string{"account": "token", "form_post": ""}
	name, special := hidden[page]
	if !special {
		name = "step"
	}
	for _, f := range find(root, "form") {
		if get(f, "method") != "post" {
			t.Errorf("a form is sent by %q", get(f, "method"))
		}
		if name != "" && len(inputs(f, name)) != 1 {
			t.Errorf("a form lacks the hidden field %s", name)
		}
		if len(find(f, "button")) == 0 {
			t.Error("a form has no button")
		}
	}
	if final := page == "done" || page == "error"; final && len(find(root, "form")) > 0 {
		t.Error("a final page has a form")
	}
}

// TestForms holds the names that programs rely on.
func TestForms(t *testing.T) {
	for _, test := range []struct {
		specimen string
		want     []string // name=value, "" where the person types
	}{
		{"choose", []string{"step=3", "idp=BID", "idp=BIM", "idp=password", "idp=Selfregistered-email", "action=cancel"}},
		{"sign-in", []string{"step=3", "username=kari", "password=", "otp=", "pin=", "=", "action=other", "action=cancel"}},
		{"sign-in-account", []string{"step=3", "username=", "password=", "=", "action=cancel"}},
		{"passkey", []string{"step=3", "passkey=", "=", "action=other", "action=cancel"}},
		{"passkey-minimal", []string{"step=0", "passkey=", "action=cancel"}},
		{"consent", []string{"step=3", "consent=email", "consent=address", "consent=aml_person/basic", "action=allow", "action=deny"}},
		{"sign-text", []string{"step=3", "password=", "action=sign", "action=cancel"}},
		{"sign-minimal", []string{"step=0", "action=sign", "action=cancel"}},
		{"logout", []string{"step=3", "action=logout", "action=cancel"}},
		{"form-post", []string{"code=c0de", "state=xyz", "="}},
		{"account", []string{
			"token=t0ken", "action=logout",
			"token=t0ken", "grant=g1", "action=revoke",
			"token=t0ken", "client=bank", "item=email", "action=withdraw",
			"token=t0ken", "grant=g2", "action=revoke",
			"token=t0ken", "client=doctor", "item=phone", "action=withdraw",
			"token=t0ken", "client=bank", "action=revoke_client",
			"token=t0ken", "client=bank", "item=email", "action=withdraw",
			"token=t0ken", "edit=register.phone", "number=12", "action=edit",
			"token=t0ken", "edit=register.address", "street=Lillegata", "code=", "action=edit",
			"token=t0ken", "passkey=a2V5", "action=remove_passkey",
			"token=t0ken", "passkey=a2V6", "action=remove_passkey",
			"token=t0ken", "action=add_passkey", "at=1790000000", "passkey=", "title=", "=",
			"token=t0ken", "action=revoke_all",
		}},
	} {
		t.Run(test.specimen, func(t *testing.T) {
			s := specimenOf(t, test.specimen)
			var got []string
			walk(render(t, s.page, frame("nb"), s.model), func(n *html.Node) {
				if n.Data == "input" || n.Data == "button" {
					got = append(got, get(n, "name")+"="+get(n, "value"))
				}
			})
			if g, w := strings.Join(got, " "), strings.Join(test.want, " "); g != w {
				t.Errorf("fields\n got %s\nwant %s", g, w)
			}
		})
	}
}

func TestConsentBoxes(t *testing.T) {
	s := specimenOf(t, "consent")
	root := render(t, s.page, frame("nb"), s.model)
	if len(find(root, "fieldset")) != 1 || len(find(root, "legend")) != 1 {
		t.Error("the boxes are not one group with a legend")
	}
	for _, box := range inputs(root, "consent") {
		if get(box, "type") != "checkbox" {
			t.Errorf("consent %q is no checkbox", get(box, "value"))
		}
		if want := get(box, "value") != "aml_person/basic"; has(box, "checked") != want {
			t.Errorf("consent %q: checked is not %v", get(box, "value"), want)
		}
	}
	text := textOf(root)
	for _, want := range []string{"Fjordbanken Sparing ASA", "Kari Solbakken", "kari.solbakken@epost.example", "Ikke registrert",
		"Du blir spurt hver gang.", "Svaret huskes", "Under utprøving", "Må deles", "12848712345"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestConsentWithoutChoice(t *testing.T) {
	s := specimenOf(t, "consent-required")
	root := render(t, s.page, frame("nb"), s.model)
	if len(inputs(root, "consent")) > 0 {
		t.Error("what the client requires has a box")
	}
	if text := textOf(root); strings.Contains(text, "krysset av") || !strings.Contains(text, "Dette må deles") {
		t.Error("the page offers a choice that is not there")
	}
}

func TestErrorsAreAlerts(t *testing.T) {
	for name, want := range map[string]string{
		"sign-in-refused": "stemmer ikke", "consent-error": "allerede svart", "error": "Adressen stemmer ikke",
		"error-told": "resource is malformed", "error-minimal": "Noe gikk galt hos oss",
	} {
		s := specimenOf(t, name)
		root := render(t, s.page, frame("nb"), s.model)
		alerts := withAttribute(root, "role", "alert")
		if len(alerts) != 1 || !strings.Contains(textOf(alerts[0]), want) {
			t.Errorf("%s: no alert that says %q", name, want)
		}
	}
	root := render(t, "error", frame("nb"), server.ErrorPage{Code: "unknown_client"})
	if len(withAttribute(root, "data-error", "unknown_client")) != 1 {
		t.Error("the error page does not carry its code")
	}
	s := specimenOf(t, "sign-in-refused")
	if focused := withAttribute(render(t, s.page, frame("nb"), s.model), "autofocus", ""); len(focused) != 1 || get(focused[0], "name") != "password" {
		t.Error("after a refusal the password is not where one types")
	}
}

func TestCancelNeedsNoFields(t *testing.T) {
	s := specimenOf(t, "sign-in")
	for _, button := range find(render(t, s.page, frame("nb"), s.model), "button") {
		if leaves := get(button, "name") == "action"; has(button, "formnovalidate") != leaves {
			t.Errorf("button %q: formnovalidate is not %v", get(button, "value"), leaves)
		}
	}
}

func TestHostileNames(t *testing.T) {
	const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	hostile := server.ClientCard{ID: attack, Name: attack, Organization: attack, URI: "javascript:alert(3)", LogoURI: "javascript:alert(4)"}
	bad := server.Form{Action: "javascript:alert(5)", Error: attack}
	item := server.ConsentItem{Name: attack, Title: attack, Longer: attack, Claims: []server.ConsentClaim{{Title: attack, Value: attack}}}
	for page, model := range map[string]any{
		"choose":          server.Choose{Form: bad, Client: hostile, Ways: []server.WayCard{{Code: attack, Title: attack, Method: attack}}},
		"sign_in":         server.SignIn{Form: bad, Client: hostile, Username: attack, Fields: []server.Field{{Name: "otp", Label: attack, Value: attack}}},
		"passkey":         server.Passkey{Form: bad, Client: hostile, Ask: attack},
		"change_password": server.ChangePassword{Form: bad, Client: hostile},
		"consent":         server.Consent{Form: bad, Client: hostile, Person: attack, Items: []server.ConsentItem{item}},
		"sign": server.Sign{Form: bad, Client: hostile, Person: attack, Name: attack, Documents: []server.SignDocument{
			{Title: attack, Text: attack}, {Title: attack, URL: "javascript:alert(9)", Type: attack},
		}},
		"logout": server.Logout{Form: bad, Client: hostile},
		"done":   server.Done{Title: attack, Text: attack, Link: "javascript:alert(6)", LinkText: attack},
		"error":  server.ErrorPage{Code: attack, Title: attack, Description: attack, Correlation: attack},
		"account": server.Account{Action: "javascript:alert(7)", Token: attack, Person: attack, Told: attack,
			Passkeys: &server.AccountPasskeys{Offer: attack, Keys: []server.AccountPasskey{{ID: attack, Title: attack}}},
			Grants:   []server.AccountGrant{{ID: attack, Client: hostile, Items: []server.AccountItem{{Name: attack, Title: attack, Why: attack, Claims: []string{attack}, Withdraws: true}}}}},
		"form_post": server.FormPost{Action: "javascript:alert(8)", Fields: []server.HiddenField{{Name: "state", Value: attack}}},
	} {
		t.Run(page, func(t *testing.T) {
			around := frame("nb")
			around.Title = attack
			root := render(t, page, around, model)
			checkScripts(t, root, page)
			if len(find(root, "img")) > 0 {
				t.Error("a name became an element")
			}
			for _, name := range []string{"href", "action", "data"} {
				walk(root, func(n *html.Node) {
					if strings.HasPrefix(get(n, name), "javascript:") {
						t.Errorf("%s=%q", name, get(n, name))
					}
				})
			}
		})
	}
}

func TestFormPostToNativeApplication(t *testing.T) {
	root := render(t, "form_post", frame("nb"), server.FormPost{Action: "no.example.app:/callback"})
	if got := get(find(root, "form")[0], "action"); got != "no.example.app:/callback" {
		t.Errorf("action = %q", got)
	}
}

func TestProductionRealmHasNoBanner(t *testing.T) {
	around := frame("nb")
	around.Test = false
	if len(withClass(render(t, "done", around, server.Done{}), "test-banner")) > 0 {
		t.Error("a production realm says it is a test")
	}
}

func TestUnknownPage(t *testing.T) {
	var out bytes.Buffer
	err := newPages(t).Render(&out, "layout", frame("nb"), nil)
	if err == nil || out.Len() > 0 {
		t.Errorf("err = %v, %d bytes written", err, out.Len())
	}
}

// TestLookAt writes the pages for a browser, when asked to.
func TestLookAt(t *testing.T) {
	if *pagesDir == "" {
		t.Skip("no folder given: go test ./web -pages DIR writes the pages there")
	}
	pages := newPages(t)
	for _, s := range specimens {
		for _, language := range languages {
			around := frame(language)
			around.Assets = "."
			var out bytes.Buffer
			if err := pages.Render(&out, s.page, around, s.model); err != nil {
				t.Fatal(err)
			}
			write(t, s.name+"."+language+".html", out.Bytes())
		}
	}
	content, err := os.ReadFile("assets/tillit.css")
	if err != nil {
		t.Fatal(err)
	}
	write(t, pages.Stylesheet(), content)
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(*pagesDir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
