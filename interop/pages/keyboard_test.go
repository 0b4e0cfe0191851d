package pages_test

import (
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestByKeyboardAlone goes from the playground to the tokens and takes access back,
// with the tab, space and enter keys and nothing else. Wherever the focus is, it
// is seen.
func TestByKeyboardAlone(t *testing.T) {
	w := newBrowser(t).window(t, 1280, "en")
	person := running.Realm(t, "bankid").Person(t, "kari")
	w.open(running.Base + "/?realm=bankid")
	w.tabTo(`input[name="scope"][value="nnin"]`)
	w.key(" ")
	w.tabTo(`form.ask button.primary`)
	w.enter()
	w.tabTo(wayButtons)
	w.enter()
	for _, field := range []struct{ name, value string }{{"username", person.Username}, {"password", person.Password}, {"otp", person.OTP}} {
		w.tabTo(`input[name="` + field.name + `"]`)
		w.key(field.value)
	}
	w.enter()
	w.tabTo(box("nnin"))
	before := evaluate[bool](w, "document.activeElement.checked")
	w.key(" ")
	if evaluate[bool](w, "document.activeElement.checked") == before {
		t.Error("the space key does not change a box")
	}
	if before {
		w.key(" ")
	}
	w.tabTo(allowButton)
	w.enter()
	w.demand("result", ".verdicts")
	w.tabTo(`main a[href*="/account"]`)
	w.enter()
	w.tabTo(wayButtons)
	w.enter()
	w.tabTo(`input[name="username"]`)
	w.key(person.Username + kb.Tab + person.Password + kb.Tab + person.OTP)
	w.enter()
	w.tabTo(`details.everything summary`)
	w.key(" ")
	w.tabTo(`button[value="revoke_all"]`)
	w.enter()
	w.demand("account, everything taken back", `[role="status"]`)
}

// furthest is how many presses of the tab key may lie between two things.
const furthest = 80

// unseen tells what is wrong with the focus where it is: it must be drawn, and
// within the window.
const unseen = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
	const ring = element => { const s = getComputedStyle(element); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; };
	if (!ring(e) && !(e.parentElement && ring(e.parentElement))) return "no ring around " + e.outerHTML.slice(0, 100);
	if (box.bottom < 0 || box.top > innerHeight) return "outside the window: " + e.outerHTML.slice(0, 100);
	return "";
})()`

// tabTo presses the tab key until the focus is there.
func (w *tab) tabTo(selector string) {
	w.Helper()
	w.demand("keyboard", selector)
	for range furthest {
		w.key(kb.Tab)
		if evaluate[bool](w, `document.activeElement === document.body`) {
			continue // round the end of the page
		}
		if fault := evaluate[string](w, unseen); fault != "" {
			w.Errorf("focus at %s: %s", w.where(), fault)
		}
		if evaluate[bool](w, `document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
	}
	w.Fatalf("the tab key does not reach %s at %s", selector, w.where())
}

func (w *tab) key(keys string) {
	w.Helper()
	run(w, chromedp.KeyEvent(keys))
}

// enter presses the enter key and waits for the page that follows.
func (w *tab) enter() {
	w.Helper()
	run(w, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(kb.Enter)))
}
