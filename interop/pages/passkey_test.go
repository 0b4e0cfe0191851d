package pages_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"
)

const (
	passkeyButton = `button[name="idp"][value="passkey"]`
	addButton     = `form[data-offers] button`
	askButton     = `form[data-asks] button.primary`
)

// authenticator gives the window an authenticator that keeps keys and says that
// its holder is there.
func (w *tab) authenticator() webauthn.AuthenticatorID {
	w.Helper()
	run(w, command(webauthn.Enable, webauthn.EnableParams{}))
	return run(w, func(ctx context.Context, target *chromedp.Target) (webauthn.AuthenticatorID, error) {
		added, err := cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
			},
		})
		return added.AuthenticatorID, err
	})
}

// verified says whether the authenticator knows its holder.
func (w *tab) verified(id webauthn.AuthenticatorID, is bool) {
	w.Helper()
	run(w, command(webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: is}))
}

// TestPasskey adds a key on the account page, signs out, and signs in with it: to
// a client and to the account page.
func TestPasskey(t *testing.T) {
	b := newBrowser(t)
	w := b.window(t, 390, "nb")
	device := w.authenticator()
	s := newSite(t, "buypass", "demo-web")
	account := s.realm.APIs["account"]
	w.open(account)
	w.press(wayButtons)
	w.signIn(s.realm.Person(t, "eli"))
	w.demand("account", addButton)
	w.fill(map[string]string{"title": "Telefonen min"})
	w.press(addButton)
	w.demand("account, told", `[role="status"]`)
	if list := w.text("#passkeys ~ *") + w.text("main"); !strings.Contains(list, "Telefonen min") {
		t.Fatalf("the key is not listed: %s", list)
	}
	w.click(addButton) // the device has a key already: its answer is an error, said on the page
	w.await(`form[data-offers] [role="alert"]`)
	w.press(`button[value="logout"]`)
	w.demand("signed out", `.done-mark`)

	a := s.ask("openid", "prompt", "login")
	w.open(a.address)
	w.press(passkeyButton)
	w.verified(device, false)
	w.click(askButton)
	w.await(`form[data-asks] [role="alert"]`)
	w.verified(device, true)
	w.press(askButton)
	claims := a.identified()
	if amr, _ := json.Marshal(claims["amr"]); string(amr) != `["pop","user","mfa"]` || claims["acr"] != "substantial" {
		t.Errorf("amr %s, acr %v; want pop, user and mfa at substantial", amr, claims["acr"])
	}

	w.forget()
	w.open(account)
	w.press(passkeyButton)
	w.press(askButton)
	w.demand("account", `button[value="remove_passkey"]`)
	w.press(`button[value="remove_passkey"]`)
	if strings.Contains(w.text("main"), "Telefonen min") {
		t.Error("the key is still listed")
	}
	w.forget()
	w.open(account)
	w.press(passkeyButton)
	w.press(askButton)
	w.demand("a key that was removed", `[role="alert"]`)
}

// TestPasskeyWithoutScripts: the page says what it takes, and another way is open.
func TestPasskeyWithoutScripts(t *testing.T) {
	w := newBrowser(t).window(t, 390, "en")
	w.withoutScripts()
	s := newSite(t, "buypass", "demo-web")
	a := s.ask("openid")
	w.open(a.address)
	w.press(passkeyButton)
	if text := w.text("main"); !strings.Contains(text, "JavaScript") {
		t.Errorf("nothing says what a passkey takes: %s", text)
	}
	w.press(askButton)
	w.demand("no key", `[role="alert"]`)
	w.press(`button[name="action"][value="other"]`)
	w.press(wayButtons)
	w.signIn(s.realm.Person(t, "eli"))
	a.redeem()
}

// await waits until the page has an element.
func (w *tab) await(selector string) {
	w.Helper()
	run(w, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// identified exchanges the code of the answer and gives the claims of the ID
// Token.
func (a *asking) identified() map[string]any {
	t := a.site.t
	t.Helper()
	token, err := a.site.config.Exchange(t.Context(), a.answer().Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		t.Fatalf("token request: %v", err)
	}
	text, _ := token.Extra("id_token").(string)
	parts := strings.Split(text, ".")
	var claims map[string]any
	if len(parts) != 3 {
		t.Fatalf("no ID Token: %q", text)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		t.Fatalf("no ID Token: %q", text)
	}
	return claims
}
