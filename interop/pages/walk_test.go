package pages_test

import (
	"testing"

	"github.com/tillit/tillit/interop/house"
)

// What people press.
const (
	wayButtons  = `button[name="idp"]`
	signButton  = `form button.primary`
	allowButton = `button[name="action"][value="allow"]`
	denyButton  = `button[name="action"][value="deny"]`
)

// signIn fills the form of the way in and sends it.
func (w *tab) signIn(p *house.Person) {
	w.Helper()
	w.demand("sign-in", `input[name="username"]`)
	w.fill(map[string]string{"username": p.Username, "password": p.Password, "otp": p.OTP, "pin": p.PIN})
	w.press(signButton)
}

// box is the checkbox of one thing to agree to.
func box(item string) string { return `input[name="consent"][value="` + item + `"]` }

// tick sets a box by a click where it is not as wanted.
func (w *tab) tick(item string, wanted bool) {
	w.Helper()
	w.demand("consent", box(item))
	if evaluate[bool](w, `document.querySelector(`+quote(box(item))+`).checked`) != wanted {
		w.click(box(item))
	}
}

// TestSignInAndConsent is the main job: what is asked, the person, their consent,
// the answer.
func TestSignInAndConsent(t *testing.T) {
	w := newBrowser(t).window(t, 390, "nb")
	s := newSite(t, "bankid", "demo-web")
	a := s.ask("openid profile nnin")
	w.open(a.address)
	w.demand("choose", wayButtons)
	w.press(wayButtons)
	w.signIn(s.realm.Person(t, "kari"))
	w.tick("nnin", true)
	w.press(allowButton)
	if scope := a.redeem(); scope != "openid profile nnin" {
		t.Errorf("scope %q; want openid profile nnin", scope)
	}
}
