package pages_test

import "github.com/chromedp/chromedp"

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
