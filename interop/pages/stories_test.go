package pages_test

import (
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestWithoutScripts goes the whole way with the scripts of pages switched off,
// the account page and signing out included.
func TestWithoutScripts(t *testing.T) {
	w := newBrowser(t).window(t, 390, "nb")
	w.withoutScripts()
	s := newSite(t, "bankid", "demo-web")
	person := s.realm.Person(t, "kari")
	a := s.ask("openid profile nnin phone")
	w.open(a.address)
	w.press(wayButtons)
	w.signIn(person)
	w.tick("nnin", true)
	w.tick("phone", false)
	w.press(allowButton)
	if scope := a.redeem(); scope != "openid profile nnin" {
		t.Errorf("scope %q; want openid profile nnin", scope)
	}
	w.open(s.realm.APIs["account"])
	w.press(wayButtons)
	w.signIn(person)
	w.demand("account", `button[value="revoke"]`)
	w.press(`button[value="revoke"]`)
	w.demand("account, told", `[role="status"]`)
	w.press(`button[value="logout"]`)
	w.demand("signed out", `.done-mark`)
}

// TestPlaygroundWithoutScripts: what scripts add there is copying, nothing else.
func TestPlaygroundWithoutScripts(t *testing.T) {
	w := newBrowser(t).window(t, 1280, "en")
	w.withoutScripts()
	w.open(running.Base + "/?realm=buypass")
	w.press(`form.ask button.primary`)
	w.press(wayButtons)
	w.signIn(running.Realm(t, "buypass").Person(t, "eli"))
	w.press(allowButton)
	w.demand("result", ".verdicts")
	if w.has("button.copy") {
		t.Error("a button that only a script makes work is there without scripts")
	}
}

// TestFormPost: the answer goes by itself where scripts run, and by a button where
// they do not.
func TestFormPost(t *testing.T) {
	b := newBrowser(t)
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			w := b.window(t, 390, "en")
			if !scripts {
				w.withoutScripts()
			}
			s := newSite(t, "buypass", "demo-web")
			a := s.ask("openid", "response_mode", "form_post")
			w.open(a.address)
			w.press(wayButtons)
			w.signIn(s.realm.Person(t, "eli"))
			if w.has(allowButton) {
				w.press(allowButton)
			}
			if !scripts {
				w.demand("form_post", "#response button")
				w.press("#response button")
			}
			if scope := a.redeem(); scope != "openid" {
				t.Errorf("scope %q; want openid", scope)
			}
			run(w, chromedp.WaitReady(chromedp.CSS("#answered")))
			if method := w.text("#answered"); method != "POST" {
				t.Errorf("the site was answered by %s; want POST", method)
			}
		})
	}
}

// TestTwoTabs: each tab has its own request, and both finish, whichever order the
// pages are answered in.
func TestTwoTabs(t *testing.T) {
	for _, realm := range []struct{ name, username string }{{"bankid", "kari"}, {"buypass", "eli"}} {
		t.Run(realm.name, func(t *testing.T) {
			first := newBrowser(t).window(t, 1280, "en")
			second := first.another()
			one, two := newSite(t, realm.name, "demo-web"), newSite(t, realm.name, "demo-basic")
			a, b := one.ask("openid profile", "prompt", "consent"), two.ask("openid")
			person := one.realm.Person(t, realm.username)
			first.open(a.address)
			second.open(b.address)
			first.press(wayButtons)
			second.press(wayButtons)
			first.signIn(person)
			second.signIn(person)
			if second.has(allowButton) {
				second.press(allowButton)
			}
			b.redeem()
			first.press(allowButton)
			a.redeem()
		})
	}
}

// TestBackAndReload: going back and loading again show where the request stands,
// and never answer it twice.
func TestBackAndReload(t *testing.T) {
	w := newBrowser(t).window(t, 390, "nb")
	s := newSite(t, "bankid", "demo-web")
	a := s.ask("openid profile nnin")
	w.open(a.address)
	w.press(wayButtons)
	w.reload()
	w.demand("sign-in, loaded again", `input[name="username"]`)
	w.signIn(s.realm.Person(t, "kari"))
	w.reload()
	w.demand("consent, loaded again", box("nnin"))
	w.back()
	w.demand("back from consent", "main form")
	w.open(a.address)
	w.demand("the same request anew", wayButtons)
	w.press(wayButtons)
	w.signIn(s.realm.Person(t, "kari"))
	w.tick("nnin", true)
	w.press(allowButton)
	if scope := a.redeem(); scope != "openid profile nnin" {
		t.Errorf("scope %q; want openid profile nnin", scope)
	}
	w.back()
	if w.has(`[data-error="server_error"]`) {
		t.Errorf("going back after the answer: %s", w.text("main"))
	}
}

// TestSentTwice: a form pressed twice counts once; the second answer leads to
// where the first one did.
func TestSentTwice(t *testing.T) {
	w := newBrowser(t).window(t, 390, "en")
	s := newSite(t, "bankid", "demo-web")
	a := s.ask("openid profile nnin")
	w.open(a.address)
	w.press(wayButtons)
	person := s.realm.Person(t, "kari")
	w.demand("sign-in", `input[name="username"]`)
	w.fill(map[string]string{"username": person.Username, "password": person.Password, "otp": person.OTP})
	// The second click cancels the first one's navigation and sends the form again.
	run(w, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.DoubleClick(chromedp.CSS(signButton))))
	run(w, chromedp.WaitReady(chromedp.CSS(allowButton)))
	w.tick("nnin", true)
	run(w, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.DoubleClick(chromedp.CSS(allowButton))))
	if scope := a.redeem(); scope != "openid profile nnin" {
		t.Errorf("scope %q; want openid profile nnin", scope)
	}
}

// TestChosenLanguageStays: a language picked on a page holds for the pages after
// it, on the way to a client and on the account page.
func TestChosenLanguageStays(t *testing.T) {
	w := newBrowser(t).window(t, 1280, "nb")
	s := newSite(t, "bankid", "demo-web")
	a := s.ask("openid profile nnin")
	speaks := func(language, where string) {
		t.Helper()
		if got := evaluate[string](w, "document.documentElement.lang"); got != language {
			t.Errorf("%s is in %q; want %s", where, got, language)
		}
	}
	w.open(a.address)
	speaks("nb", "choose")
	w.press(`a[hreflang="en"]`)
	speaks("en", "choose, after picking English")
	w.press(wayButtons)
	speaks("en", "sign-in")
	w.signIn(s.realm.Person(t, "kari"))
	speaks("en", "consent")
	w.press(allowButton)
	a.redeem()
	w.open(s.realm.APIs["account"] + "?ui_locales=en")
	w.press(wayButtons)
	w.signIn(s.realm.Person(t, "kari"))
	speaks("en", "account")
	w.press(`button[value="revoke"]`)
	speaks("en", "account, told what was done")
}

// TestDenied: who leaves the consent page or cancels is sent back with nothing.
func TestDenied(t *testing.T) {
	b := newBrowser(t)
	for name, leave := range map[string]func(w *tab, s *site){
		"consent": func(w *tab, s *site) {
			w.press(wayButtons)
			w.signIn(s.realm.Person(t, "kari"))
			w.press(denyButton)
		},
		"sign-in": func(w *tab, _ *site) {
			w.press(wayButtons)
			w.press(`button[value="cancel"]`)
		},
		"choose": func(w *tab, _ *site) { w.press(`button[value="cancel"]`) },
	} {
		t.Run(name, func(t *testing.T) {
			w := b.window(t, 390, "nb")
			s := newSite(t, "bankid", "demo-web")
			a := s.ask("openid nnin")
			w.open(a.address)
			leave(w, s)
			if code := a.answer().Get("error"); code != "access_denied" {
				t.Errorf("error %q; want access_denied", code)
			}
		})
	}
}

func (w *tab) reload() {
	w.Helper()
	run(w, chromedp.Reload())
}

func (w *tab) back() {
	w.Helper()
	run(w, chromedp.NavigateBack())
}
