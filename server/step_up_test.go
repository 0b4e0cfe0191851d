package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/realms"
)

// TestUserInfoDemandsASignIn: a realm or a scope may want a better or more recent
// sign-in than the token rests on; the client learns which, asks for it, and is
// let in (RFC 9470).
func TestUserInfoDemandsASignIn(t *testing.T) {
	for name, c := range map[string]struct {
		old, new  string
		scope     string
		low       map[string]string // parameters of the sign-in that falls short
		wait      time.Duration
		challenge []string
		high      map[string]string
	}{
		"an acr, by the realm": {
			old: "  userinfo:                               # fact 8\n    requires: profile\n", new: "  userinfo:\n    requires: profile\n    step_up: {acr: idporten-loa-high}\n",
			scope: "openid profile", low: map[string]string{"acr_values": "idporten-loa-substantial"},
			challenge: []string{`acr_values="idporten-loa-high"`}, high: map[string]string{"acr_values": "idporten-loa-high"},
		},
		"an age, by a scope": {
			old: "    claims: [locale, given_name, family_name]\n", new: "    claims: [locale, given_name, family_name]\n    sign_in: {max_age: 60s}\n",
			scope: "openid profile", wait: 61 * time.Second,
			challenge: []string{`max_age="60"`}, high: map[string]string{"max_age": "60"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			edited, err := facts.Edit(realms.Files(), "idporten", withoutRemarks(c.old), c.new, false)
			if err != nil {
				t.Fatal(err)
			}
			o := openRealms(t, "idporten", edited)
			browser := o.NewBrowser()
			way := func(code string) facts.Manners { return facts.Manners{Way: code, Person: o.Named("berit")} }
			short := o.Login(facts.Request{Scope: c.scope, Params: c.low, Browser: browser, Manners: way("Minid-OTC")})
			if c.wait > 0 {
				if got := o.UserInfo(short.Access()); got.Status != http.StatusOK {
					t.Fatalf("UserInfo right after the sign-in: %d; want 200", got.Status)
				}
				o.Advance(c.wait)
			}
			got := o.UserInfo(short.Access())
			told := got.Challenge
			if got.Status != http.StatusUnauthorized || !strings.Contains(told, `error="insufficient_user_authentication"`) {
				t.Fatalf("UserInfo: %d %s; want 401 insufficient_user_authentication", got.Status, told)
			}
			for _, part := range c.challenge {
				if !strings.Contains(told, part) {
					t.Errorf("challenge %s; want %s in it", told, part)
				}
			}
			better := o.Login(facts.Request{Scope: c.scope, Params: c.high, Browser: browser, Manners: way("BankID")})
			if got := o.UserInfo(better.Access()); got.Status != http.StatusOK {
				t.Errorf("UserInfo after stepping up: %d; want 200", got.Status)
			}
			if got := o.UserInfo(short.Access()); c.wait > 0 && got.Status == http.StatusOK {
				t.Errorf("the old token opens UserInfo after another's sign-in")
			}
		})
	}
}

// withoutRemarks is the text as [facts.Edit] sees it.
func withoutRemarks(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		before, _, _ := strings.Cut(line, "#")
		lines[i] = strings.TrimRight(before, " ")
	}
	return strings.Join(lines, "\n")
}
