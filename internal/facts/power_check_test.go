package facts

import (
	"encoding/json"
	"net/url"
	"strings"
)

// The checks of this file are about acting for others at the realm idporten.

// power asks for a power of attorney in one of the roles.
func (e *Env) power(roles any, more ...map[string]any) map[string]string {
	e.t.Helper()
	details := []map[string]any{{"type": e.N("idporten:fullmakt"), "permission_roles": roles}}
	text, err := json.Marshal(append(details, more...))
	if err != nil {
		e.t.Fatalf("authorization details: %v", err)
	}
	return map[string]string{"authorization_details": string(text)}
}

// For is the same person, who chooses whom to act for.
func (m Manners) actingFor(name string) Manners {
	m.For = name
	return m
}

func powerChosen(t TB, e *Env) {
	browser := e.NewBrowser()
	ask := Request{Scope: "openid", Browser: browser, Manners: e.high().actingFor("Torleif Elvestad"), Params: e.power([]string{"skatt", "helse"})}
	tokens := e.Login(ask)
	for where, claims := range map[string]map[string]any{
		"ID Token": e.IDClaims(tokens), "access token": e.AccessClaims(tokens), "token response": tokens.Body,
		"introspection": e.Introspect("demo-web", tokens.Access()),
	} {
		details, _ := claims["authorization_details"].([]any)
		if len(details) != 1 {
			t.Errorf("%s: authorization_details %v; want one", where, claims["authorization_details"])
			continue
		}
		e.Equal(where+": authorization_details", details[0], map[string]any{
			"type": "idporten:fullmakt", "permission_roles": []any{"skatt", "helse"},
			"authorizer":                map[string]any{"name": "Torleif Elvestad", "pid": "03914621444"},
			"authorized_representative": map[string]any{"name": "Berit Solbakken", "pid": e.Named("berit").Claims["pid"]},
			"permissions":               []any{map[string]any{"owner": "skatteetaten", "role": "skatt"}},
		})
	}
	e.Equal("ID Token: pid", e.IDClaims(tokens)["pid"], e.Named("berit").Claims["pid"])

	refreshed := e.Token("demo-web", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}})
	e.Equal("refreshed: authorization_details", refreshed.Body["authorization_details"], tokens.Body["authorization_details"])

	// The session is nobody else's: the next request chooses anew, and one without
	// the detail has none.
	ask.Params, ask.For = e.power([]string{"skatt", "helse"}), "Alva Solbakken"
	again := e.Login(ask)
	e.Equal("second choice: who", e.details(again.Body)["authorizer"].(map[string]any)["name"], "Alva Solbakken")
	e.Absent("without the detail", e.Login(Request{Scope: "openid", Browser: browser, Manners: e.high()}).Body, "authorization_details")
}

// details gives the one authorization detail.
func (e *Env) details(body map[string]any) map[string]any {
	e.t.Helper()
	list, _ := body["authorization_details"].([]any)
	if len(list) != 1 {
		e.t.Fatalf("authorization_details: %v; want one", body["authorization_details"])
	}
	detail, _ := list[0].(map[string]any)
	return detail
}

func powerAsked(t TB, e *Env) {
	long := make([]string, 21)
	for i := range long {
		long[i] = strings.Repeat("r", i+1)
	}
	two := e.power([]string{"skatt"}, map[string]any{"type": e.N("idporten:fullmakt"), "permission_roles": []string{"helse"}})
	for _, params := range []map[string]string{
		e.power(nil), e.power("skatt"), e.power([]int{1}), e.power([]string{}), e.power([]string{""}), e.power(long), two,
		e.power([]string{"skatt"}, map[string]any{"type": "other"}),
	} {
		e.Refused(e.Authorize(Request{Scope: "openid", Manners: e.high(), Params: params}), "invalid_authorization_details")
	}
	e.Refused(e.Authorize(Request{Scope: "openid", Manners: e.high(), Params: e.power([]string{"skatt"}, map[string]any{"type": e.N("idporten:fullmakt")})}), "invalid_authorization_details")
}

func powerOfNobody(t TB, e *Env) {
	browser := e.NewBrowser()
	manners := e.high()
	manners.Until = "choose_principal"
	ask := Request{Scope: "openid", Browser: browser, Manners: manners, Params: e.power([]string{"skatt"})}
	page := e.Authorize(ask).Page
	e.Equal("page", page.Kind, "choose_principal")
	e.Equal("who can be chosen, and the person alone", len(page.Radios), 3)
	for _, r := range page.Radios {
		if r.Label == "Gunnvor Lien" || strings.Contains(r.Value, "0391") {
			t.Errorf("page: %q with the value %q can be chosen", r.Label, r.Value)
		}
	}
	if wrong := browser.Again(page, e.high()); wrong.Params.Get("code") == "" {
		t.Errorf("choosing: %v; want a code", wrong.Params)
	}

	// A choice that the page did not offer is none.
	page = e.Authorize(ask).Page
	exit := browser.Continue(browser.Press(page, "action", "choose", map[string][]string{"principal": {"03914621444"}}), manners)
	if exit.Page == nil || exit.Page.Alert == "" {
		t.Errorf("choosing what was not offered: %v; want the page again", exit.Params)
	}
	exit = browser.Continue(browser.Press(page, "action", "cancel", nil), manners)
	e.Equal("cancelled: error", exit.Params.Get("error"), "access_denied")

	ask.Params = e.power([]string{"bostoette"})
	page = e.Authorize(ask).Page
	e.Equal("who can be chosen in a role of nobody's", len(page.Radios), 0)
	exit = browser.Continue(browser.Press(page, "action", "cancel", nil), manners)
	e.Equal("going back: error", exit.Params.Get("error"), "access_denied")
	alone := e.Authorize(ask)
	alone.Exit = browser.Continue(browser.Press(alone.Page, "action", "choose", nil), manners)
	tokens := e.Exchange(alone)
	e.Equal("going on alone: authorization_details", tokens.Body["authorization_details"], []any{})
	e.Equal("going on alone: ID Token", e.IDClaims(tokens)["authorization_details"], []any{})
}

func powerPseudonymous(t TB, e *Env) {
	pseudonymous := e.With(Fault{Demo: true, Old: "scopes: basic", New: "scopes: [openid, profile, no_pid]"})
	tokens := pseudonymous.Login(Request{
		Scope: "openid profile", Client: "demo-basic", Manners: e.high().actingFor("Torleif Elvestad"), Params: e.power([]string{"skatt"}),
	})
	for where, claims := range pseudonymous.everywhere(tokens) {
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if strings.Contains(string(text), "03914621444") || strings.Contains(string(text), e.Named("berit").Claims["pid"].(string)) {
			t.Errorf("%s: a national identity number stands in it", where)
		}
	}
	e.Equal("who", e.details(tokens.Body)["authorizer"], map[string]any{"name": "Torleif Elvestad"})
	text, err := json.Marshal(tokens.Body["authorization_details"])
	if err != nil || strings.Contains(string(text), "03914621444") {
		t.Errorf("token response: a national identity number stands in it")
	}
}
