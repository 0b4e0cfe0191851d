package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

const payment = `{"amount":{"currency":"NOK","value":"12.00"},"creditor":"Kiosken","type":"payment"}`
const secondPayment = `{"amount":{"currency":"NOK","value":"99.00"},"creditor":"Blomster","type":"payment"}`

// toldDetails writes what a token or answer says of authorization_details.
func toldDetails(claims map[string]any) string {
	if claims["authorization_details"] == nil {
		return ""
	}
	text, _ := json.Marshal(claims["authorization_details"])
	return string(text)
}

// TestDetailsOfAGrant: a detail that was agreed to is told by the token response,
// the token, introspection and after a refresh; one that was declined by none.
func TestDetailsOfAGrant(t *testing.T) {
	o := open(t, "buypass")
	request := facts.Request{
		Scope: "openid", Params: map[string]string{"authorization_details": "[" + payment + "," + secondPayment + "]"},
		Manners: facts.Manners{Decline: []string{"authorization_details[1]"}},
	}
	tokens := o.Login(request)
	want := "[" + payment + "]"
	if got := toldDetails(tokens.Body); got != want {
		t.Errorf("token response: %s; want %s", got, want)
	}
	if got := toldDetails(o.AccessClaims(tokens)); got != want {
		t.Errorf("access token: %s; want %s", got, want)
	}
	if got := toldDetails(o.Introspect("demo-web", tokens.Access())); got != want {
		t.Errorf("introspection: %s; want %s", got, want)
	}
	renewed := o.Renew("demo-web", tokens.Refresh(), "")
	if got := toldDetails(renewed.Body); got != want {
		t.Errorf("refresh: %s; want %s", got, want)
	}
	if got := toldDetails(o.AccessClaims(renewed)); got != want {
		t.Errorf("access token after refresh: %s; want %s", got, want)
	}
}

// TestDetailsOnTheConsentPage: the sentence has the detail's own values, as text
// and nothing else, and is asked again the next time.
func TestDetailsOnTheConsentPage(t *testing.T) {
	o := open(t, "buypass")
	b := o.NewBrowser()
	tricky := strings.Replace(payment, "Kiosken", `<b>{reference}\u202e\u0007`, 1)
	o.Login(facts.Request{Scope: "openid", Browser: b, Params: map[string]string{"authorization_details": "[" + payment + "]", "ui_locales": "en"}})
	exit := o.Authorize(facts.Request{
		Scope: "openid", Browser: b, Manners: facts.Manners{Until: "consent"},
		Params: map[string]string{"authorization_details": "[" + tricky + "]", "ui_locales": "en"},
	})
	if exit.Exit == nil || exit.Exit.Page == nil || exit.Exit.Page.Kind != "consent" {
		t.Fatalf("no consent page the second time: %+v", exit)
	}
	v := o.visitor()
	u, err := url.Parse(o.base)
	if err != nil {
		t.Fatal(err)
	}
	v.jar.SetCookies(u, b.Cookies(u))
	page := v.do(http.MethodGet, strings.TrimPrefix(exit.Exit.Page.URL.Path, "/"+o.realm), "")
	if want := "Pay 12.00 NOK to &lt;b&gt;{reference} . Reference: –"; !strings.Contains(page.body, want) {
		t.Errorf("the page does not say %q:\n%s", want, page.body)
	}
}

// TestDetailsRefused: each reason of a type with a schema, told as the standard
// wants it.
func TestDetailsRefused(t *testing.T) {
	o := open(t, "buypass")
	for sent, what := range map[string]string{
		`[{"type":"payment","amount":{"value":"12","currency":"NOK"}}]`:                        "missing_details_field",
		`[{"type":"payment","amount":{"value":"12","currency":"NOK"},"creditor":"K","tip":1}]`: "unknown_details_field",
		`[{"type":"payment","amount":{"value":"12","currency":"NOK","tip":1},"creditor":"K"}]`: "unknown_details_field",
		`[{"type":"payment","amount":{"value":"12"},"creditor":"K"}]`:                          "missing_details_field",
		`[{"type":"payment","amount":{"value":"twelve","currency":"NOK"},"creditor":"K"}]`:     "bad_details_value",
		`[{"type":"payment","amount":12,"creditor":"K"}]`:                                      "bad_details_value",
		`[{"type":"gift"}]`: "unknown_details_type",
		`[{"type":"payment","locations":["https://a"],"amount":{"value":"1","currency":"NOK"},"creditor":"K"}]`: "",
	} {
		a := o.Authorize(facts.Request{Scope: "openid", Params: map[string]string{"authorization_details": sent}})
		want := "invalid_authorization_details"
		if what == "" {
			want = ""
		}
		if a.Error() != want {
			t.Errorf("%s: %q; want %q", sent, a.Error(), want)
		}
		if what != "" && !strings.Contains(o.log.String(), "reason="+what) {
			t.Errorf("%s: the reason %s was never told in the log", sent, what)
		}
	}
}
