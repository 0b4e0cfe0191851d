package pages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPages goes the way of a newcomer: from the playground through sign-in and
// consent to the tokens, then to the account page to take everything back. Every
// page on the way is looked at.
func TestPages(t *testing.T) {
	e := newEye(t)
	b := newBrowser(t)
	for _, width := range []int64{390, 1280} {
		for _, language := range []string{"nb", "en"} {
			t.Run(fmt.Sprintf("%d-%s", width, language), func(t *testing.T) {
				w := b.window(t, width, language)
				e.tourThrough(w)
				e.tourActs(w)
				e.tourAccount(w)
				e.tourAside(w)
			})
		}
	}
}

// TestEyeSees: what finds nothing on any page finds what is wrong on a bad one.
func TestEyeSees(t *testing.T) {
	e := newEye(t)
	w := newBrowser(t).window(t, 390, "en")
	w.open("data:text/html,<html><body><main style='width:800px'><img src='x'><button style='height:20px'></button></main>")
	if len(evaluate[[]string](w, unfit)) < 2 {
		t.Error("a page that is too wide, with a button that is too low, is taken for fit")
	}
	evaluate[chromedp.Void](w, e.axe)
	found := strings.Join(run(w, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise)), "\n")
	for _, rule := range []string{"image-alt", "button-name", "html-has-lang", "document-title"} {
		if !strings.Contains(found, rule) {
			t.Errorf("axe-core does not find %s: %s", rule, found)
		}
	}
}

// tourThrough ends with tokens and the reason of everything.
func (e *eye) tourThrough(w *tab) {
	w.Helper()
	person := running.Realm(w, "bankid").Person(w, "kari")
	w.open(running.Base + "/?realm=bankid")
	e.at(w, "playground", "en")
	for _, scope := range []string{"openid", "profile", "nnin", "phone", "address"} {
		pick := `input[name="scope"][value="` + scope + `"]`
		w.demand("playground", pick)
		if !evaluate[bool](w, `document.querySelector(`+quote(pick)+`).checked`) {
			w.click(pick)
		}
	}
	w.press(`form.ask button.primary`)
	w.demand("choose", wayButtons)
	e.at(w, "choose", w.language)
	w.press(wayButtons)
	e.at(w, "sign_in", w.language)
	wrong := *person
	wrong.Password = "not this one"
	w.signIn(&wrong)
	w.demand("wrong password", `[role="alert"]`)
	e.at(w, "sign_in-wrong", w.language)
	w.signIn(person)
	w.tick("phone", false)
	w.tick("nnin", true)
	w.tick("address", true)
	e.at(w, "consent", w.language)
	w.press(allowButton)
	w.demand("result", ".verdicts")
	e.at(w, "result", "en")
}

// tourAccount signs in to the account page and takes back one thing, one client,
// everything.
func (e *eye) tourAccount(w *tab) {
	w.Helper()
	realm := running.Realm(w, "buypass")
	for _, client := range []string{"demo-web", "demo-post"} {
		w.agree(newSite(w.T, "buypass", client).ask("openid profile email offline_access", "prompt", "login consent"), "mats")
	}
	w.forget()
	w.open(realm.APIs["account"])
	w.press(wayButtons)
	e.at(w, "account-sign_in", w.language)
	w.signIn(realm.Person(w, "mats"))
	e.at(w, "account", w.language)
	for _, action := range []string{"withdraw", "revoke_client", "revoke"} {
		button := `button[name="action"][value="` + action + `"]`
		if action != "revoke" || w.has(button) {
			w.demand("account", button)
			w.press(button)
			w.demand("account, told of "+action, `[role="status"]`)
		}
		if action == "withdraw" {
			e.at(w, "account-withdrawn", w.language)
		}
	}
	w.agree(newSite(w.T, "buypass", "demo-web").ask("openid profile email offline_access", "prompt", "login consent"), "mats")
	w.open(realm.APIs["account"])
	w.click(`details.everything summary`)
	w.press(`button[name="action"][value="revoke_all"]`)
	w.demand("account, everything taken back", `[role="status"]`)
	if w.has(`button[value="revoke"]`) || w.has(`button[value="revoke_client"]`) {
		w.Errorf("everything was taken back, and something is left: %s", w.text("main"))
	}
	e.at(w, "account-empty", w.language)
}

// tourAside meets the pages that are not on the way: signing out, and what must
// not be redirected.
func (e *eye) tourAside(w *tab) {
	w.Helper()
	s := newSite(w.T, "buypass", "demo-web")
	w.agree(s.ask("openid"), "eli")
	w.open(s.realm.Issuer + "/logout")
	w.demand("logout", `button[value="logout"]`)
	e.at(w, "logout", w.language)
	w.press(`button[value="logout"]`)
	e.at(w, "signed_out", w.language)
	w.open(s.realm.Issuer + "/authorize?client_id=nobody&response_type=code&scope=openid&redirect_uri=http://127.0.0.1/callback")
	w.demand("error", `[data-error]`)
	e.at(w, "error", w.language)
}

// agree goes through a request and agrees to everything.
func (w *tab) agree(a *asking, username string) {
	w.Helper()
	w.open(a.address)
	if w.has(wayButtons) {
		w.press(wayButtons)
	}
	if w.has(`input[name="username"]`) {
		w.signIn(a.site.realm.Person(w, username))
	}
	if w.has(allowButton) {
		for i := range evaluate[int](w, `document.querySelectorAll('input[name="consent"]').length`) {
			box := fmt.Sprintf(`document.querySelectorAll('input[name="consent"]')[%d]`, i)
			if !evaluate[bool](w, box+".checked") {
				evaluate[any](w, box+".click()")
			}
		}
		w.press(allowButton)
	}
	a.redeem()
}
