package pages_test

import (
	"encoding/base64"

	"github.com/chromedp/chromedp"
)

// tourActs meets the pages on which something is done: a PDF is signed, a password
// is changed, contact details are.
func (e *eye) tourActs(w *tab) {
	w.Helper()
	w.forget()
	bank := newSite(w.T, "bankid", "demo-bank")
	kari := bank.realm.Person(w, "kari")
	w.open(bank.ask("openid sign", "sign_id", bank.order("/signdoc/pades", letter("Loan agreement"))).address)
	w.signIn(kari)
	w.seesDocument(0)
	e.at(w, "sign", w.language)
	w.press(`button[value="cancel"]`)
	w.forget()
	web := newSite(w.T, "bankid", "demo-web")
	text := base64.StdEncoding.EncodeToString([]byte("I owe Granlund Savings Bank 4711 kroner."))
	w.open(web.ask("openid sign", "sign_txt", text, "login_hint", "BID").address)
	w.signIn(kari)
	w.demand("sign a text", ".document pre")
	e.at(w, "sign-text", w.language)
	w.press(`button[value="cancel"]`)
	w.forget()
	w.open(web.ask("openid", "claims", `{"userinfo": {"phone_number": null}}`, "login_hint", "BID").address)
	w.signIn(kari)
	w.tick("phone_number", true)
	e.at(w, "consent-claim", w.language)
	w.press(denyButton)
	w.forget()
	// Before dialect 4 a number could stand in the address itself.
	w.open(web.ask("openid", "login_hint", "BID:17858504325", "api_version", "3").address)
	w.demand("sign-in of who is named", `button[value="somebody_else"]`)
	e.at(w, "sign_in-named", w.language)
	w.press(`button[value="somebody_else"]`)
	w.signIn(kari)
	w.forget()
	w.open(newSite(w.T, "bankid", "demo-web").ask("openid chgpwd").address)
	w.signIn(kari)
	w.demand("change_password", `input[name="new_password"]`)
	e.at(w, "change_password", w.language)
	w.forget()
	w.open(bank.realm.Issuer + "/account")
	w.press(wayButtons)
	w.signIn(kari)
	w.demand("contact details", `input[name="edit"][value="tinfo.phone"]`)
	evaluate[chromedp.Void](w, `document.querySelector('input[name="postal_code"]').value = "95"`)
	w.press(`form:has(input[value="tinfo.address"]) button[value="edit"]`)
	w.demand("what is wrong with a postal code", `[role="alert"]`)
	e.at(w, "contact", w.language)
}
