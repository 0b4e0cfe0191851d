package facts

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The checks of this file are about people from other countries, what a client may
// opt out of, and the APIs about people.

var eidasCore = []string{"eidas_identifier", "eidas_firstname", "eidas_lastname", "eidas_date_of_birth"}

func idPortenForeign(_ TB, e *Env) {
	abroad := func(client, scope string) map[string]any {
		return e.IDClaims(e.Login(Request{Client: client, Scope: scope, Manners: Manners{Person: e.Named("lukas"), Way: "eIDAS"}}))
	}
	further := []string{"eidas_birthname", "eidas_placeofbirth", "eidas_currentaddress", "eidas_gender", "eidas_identitymatch"}
	with := abroad("demo-web", "openid eidas")
	e.Present("ID Token with eidas", with, append(further, eidasCore...)...)
	e.Absent("ID Token with eidas", with, "pid")
	e.Equal("acr", with["acr"], "eidas-loa-high")
	e.Equal("amr", with["amr"], []any{"eIDAS"})
	without := abroad("demo-web", "openid")
	e.Present("ID Token without eidas", without, eidasCore...)
	e.Absent("ID Token without eidas", without, further...)
	e.Absent("ID Token of somebody from here", e.IDClaims(e.Login(Request{Scope: "openid eidas", Manners: e.high()})), append(further, eidasCore...)...)

	core := []string{"eidas_personidentifier", "eidas_firstname", "eidas_familyname", "eidas_dateofbirth"}
	with = abroad("demo-legacy", "openid eidas")
	e.Present("legacy ID Token with eidas", with, core...)
	e.Equal("legacy acr", with["acr"], "Level4")
	e.Absent("legacy ID Token without eidas", abroad("demo-legacy", "openid"), core...)
}

// changed changes a demo client by the API, and gives what changes it back.
func (e *Env) changed(client string, members map[string]any) (back func()) {
	e.t.Helper()
	desk, path := e.keeper("demo-operator"), "/clients/"+e.N(client)
	before := desk.Call("clients", http.MethodGet, path, nil).Good().Object
	after := map[string]any{}
	for name, value := range before {
		after[name] = value
	}
	for name, value := range members {
		after[name] = value
	}
	desk.Call("clients", http.MethodPut, path, after).Good()
	return func() { desk.Call("clients", http.MethodPut, path, before).Good() }
}

func idPortenNoChallenge(t TB, e *Env) {
	without := Request{Client: "demo-basic", Scope: "openid", Manners: e.high(), Params: map[string]string{"code_challenge": "", "code_challenge_method": ""}}
	e.Refused(e.Authorize(without), "invalid_request")
	defer e.changed("demo-basic", map[string]any{"code_challenge_method": "none"})()
	a := e.Authorize(without)
	if a.Code() == "" {
		t.Fatalf("authorization of a client that opted out: no code, error %q", a.Error())
	}
	a.Verifier = ""
	e.Present("ID Token", e.IDClaims(e.Succeeded(e.Exchange(a))), "sub")
}

func idPortenFrontLogout(t TB, e *Env) {
	const address = "http://127.0.0.1/ut"
	defer e.changed("demo-basic", map[string]any{"frontchannel_logout_uri": address, "frontchannel_logout_session_required": true})()
	browser := e.NewBrowser()
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid", Browser: browser, Manners: e.high()})
	sid, _ := e.IDClaims(tokens)["sid"].(string)
	exit := e.Logout(browser, url.Values{"id_token_hint": {tokens.ID()}})
	if exit.Page == nil {
		t.Fatalf("sign-out: no page; want one that loads the client's address")
	}
	called := slices.ContainsFunc(exit.Page.Frames, func(frame string) bool {
		u, err := url.Parse(frame)
		return err == nil && strings.HasPrefix(frame, address+"?") && u.Query().Get("iss") == e.Issuer() && u.Query().Get("sid") == sid && sid != ""
	})
	if !called {
		t.Errorf("signed-out page loads %v; want %s with iss and sid", exit.Page.Frames, address)
	}
}

func idPortenAuthorizationEnded(t TB, e *Env) {
	const path = "/clients/authorizations"
	given := e.Login(Request{Scope: "openid skogdata:hogstmelding.write", Manners: e.high()})
	self := e.Login(Request{Scope: "openid profile idporten:authorizations", Manners: e.high()})
	list := e.call(self.Access(), "authorizations", http.MethodGet, path, nil)
	var ids []string
	for _, item := range list.Good().List {
		entry, _ := item.(map[string]any)
		scopes, _ := entry["scopes"].([]any)
		for _, item := range scopes {
			if scope, _ := item.(map[string]any); scope["name"] == "skogdata:hogstmelding.write" {
				e.Equal("requires_user_consent", scope["requires_user_consent"], true)
				e.Equal("consumer", Dig(entry, "consumer", "ID"), "0192:"+e.Client("demo-web").Organization)
				id, _ := entry["authorization_id"].(string)
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		t.Fatalf("GET %s: %v; want what was agreed to", path, list.List)
	}

	const ofOwner = "/api-provider/authorizations" // nothing that this organization's scopes are in
	e.Equal("authorizations to scopes of the consumer's", len(e.call(self.Access(), "authorizations", http.MethodGet, ofOwner, nil).Good().List), 0)

	other := e.Login(Request{Scope: "openid idporten:authorizations", Manners: Manners{Person: e.Named("henrik"), Way: "BankID"}})
	end := func(token, id string) *Answer {
		return e.call(token, "authorizations", http.MethodDelete, "/authorizations/"+id, nil)
	}
	reader := e.Login(Request{Scope: "openid idporten:authorizations.read", Manners: e.high()})
	for _, id := range ids {
		end(other.Access(), id).Bad(404, "authorization_unknown")
		end(reader.Access(), id).Bad(403, "insufficient_scope")
	}
	e.Equal("introspection before: active", e.Introspect("demo-web", given.Access())["active"], true)
	for _, id := range ids {
		end(self.Access(), id).Good()
		end(self.Access(), id).Bad(404, "authorization_unknown")
	}
	e.Equal("introspection after: active", e.Introspect("demo-web", given.Access())["active"], false)
	e.Failed(e.Renew("demo-web", given.Refresh(), ""), 400, "invalid_grant")

	pid := e.Named("berit").Claims["pid"]
	machine := e.At("maskinporten").Succeeded(e.At("maskinporten").Asserted("demo-consumer", "idporten:authorizations", nil))
	asked := e.call(machine.Access(), "authorizations", http.MethodPost, path+"?require_user_consent=false", map[string]any{"pid": pid})
	if asked.Good(); len(asked.List) == 0 {
		t.Errorf("POST %s: empty; want the person's sign-ins to the organization's clients", path)
	}
	e.Equal("a person's authorizations to scopes of the consumer's", len(e.call(machine.Access(), "authorizations", http.MethodPost, ofOwner, map[string]any{"pid": pid}).Good().List), 0)
	asked = e.call(self.Access(), "authorizations", http.MethodPost, path, map[string]any{"pid": pid})
	asked.Bad(403, "machine_wanted")
}

func registerMailboxAlone(t TB, e *Env) {
	people := e.At("idporten")
	email, mailbox := people.Named("berit").Claims["pid"], people.Named("henrik").Claims["pid"]
	entries := func(scope string) []map[string]any {
		token := e.Succeeded(e.Asserted("demo-consumer", scope, nil)).Access()
		a := e.call(token, "krr", http.MethodPost, "/rest/v1/personer", map[string]any{"personidentifikatorer": []any{email, mailbox, "01810099999"}})
		list, _ := a.Good().Object["personer"].([]any)
		if len(list) != 3 {
			t.Fatalf("personer: %v; want three", list)
		}
		var entries []map[string]any
		for _, item := range list {
			entry, _ := item.(map[string]any)
			entries = append(entries, entry)
		}
		return entries
	}
	post := entries("krr:global/digitalpost.read")
	token := e.Succeeded(e.Asserted("demo-consumer", "krr:global/digitalpost.read", nil)).Access()
	second := e.call(token, "krr", http.MethodPost, "/rest/v2/personer", map[string]any{"personidentifikatorer": []any{mailbox}}).Good()
	e.Equal("the same by the second version", second.Object["personer"], []any{plain(post[1])})
	for _, entry := range post {
		e.Equal("reservasjon", entry["reservasjon"], "NEI")
		e.Absent("entry with the mailbox scope", entry, "kontaktinformasjon", "spraak", "varslingsstatus")
	}
	e.Present("entry with a mailbox", post[1], "digital_post")
	e.Equal("status of somebody who is not there", post[2]["status"], "IKKE_REGISTRERT")
	all := entries("krr:global/digitalpost.read krr:global/kontaktinformasjon.read")
	e.Equal("e-mail address", Dig(all[0], "kontaktinformasjon", "epostadresse"), "berit.solbakken@example.no")
	e.Equal("varslingsstatus", all[0]["varslingsstatus"], "KAN_VARSLES")
	person := people.Login(Request{Scope: "openid krr:user/kontaktinformasjon.read", Manners: people.high()})
	refused := e.call(person.Access(), "krr", http.MethodPost, "/rest/v1/personer", map[string]any{"personidentifikatorer": []any{mailbox}})
	refused.Bad(403, "insufficient_scope")
}

func registerOwnEntry(_ TB, e *Env) {
	const path = "/rest/v1/person"
	reader := e.Login(Request{Scope: "openid profile krr:user/kontaktinformasjon.read", Manners: e.high()})
	entry := e.call(reader.Access(), "krr", http.MethodGet, path, nil)
	e.Equal("personidentifikator", entry.Good().Object["personidentifikator"], e.Named("berit").Claims["pid"])
	e.Present("entry", entry.Object, "reservasjon", "status", "varslingsstatus", "kontaktinformasjon", "spraak")
	e.Absent("entry without the mailbox scope", entry.Object, "digital_post")
	refused := e.call(reader.Access(), "krr", http.MethodPatch, path, map[string]any{"spraak": "nn"})
	refused.Bad(403, "insufficient_scope")
	none := e.call("", "krr", http.MethodGet, path, nil)
	e.Equal("without a token: status", none.Status, 401)

	writer := e.Login(Request{Scope: "openid krr:user/spraak.write krr:user/kontaktinformasjon.read", Manners: e.high()})
	change := func(language string) *Answer {
		return e.call(writer.Access(), "krr", http.MethodPatch, path, map[string]any{"spraak": language})
	}
	change("tlh").Bad(400, "invalid_value")
	for _, language := range []string{"nn", "nb"} {
		change(language).Good()
		again := e.call(reader.Access(), "krr", http.MethodGet, path, nil)
		e.Equal("spraak when read again", again.Good().Object["spraak"], language)
	}
	request := e.request(http.MethodGet, e.API("krr")+path, nil)
	request.Header.Set("Authorization", "Bearer "+reader.Access())
	request.Header.Set("Accept", "application/jose")
	_, header, body := e.send(request)
	e.Equal("signed entry: Content-Type", header.Get("Content-Type"), "application/jose")
	e.Equal("signed entry: personidentifikator", e.Decode(string(body))["personidentifikator"], e.Named("berit").Claims["pid"])
}

func userLogOwn(t TB, e *Env) {
	const path = "/innlogginger/logg/idporten?maxhits=2"
	browser, manners := e.NewBrowser(), Manners{Person: e.Named("astrid"), Way: "Minid-APP"}
	e.Login(Request{Scope: "openid", Browser: browser, Manners: manners})
	tokens := e.Login(Request{Scope: "openid idporten:user.log.read", Browser: browser, Manners: manners})
	log := e.call(tokens.Access(), "userlog", http.MethodGet, path, nil)
	if len(log.Good().List) != 2 {
		t.Fatalf("log: %v; want two lines", log.List)
	}
	for n, way := range []string{"Federated", "Minid-APP"} { // the newest first
		line, _ := log.List[n].(map[string]any)
		e.Equal("eid", line["eid"], way)
		e.Equal("orgno", line["orgno"], e.Client("demo-web").Organization)
		e.Equal("integrasjon_id", line["integrasjon_id"], "demo-web")
	}
	without := e.call(e.Login(Request{Scope: "openid profile", Manners: e.high()}).Access(), "userlog", http.MethodGet, path, nil)
	without.Bad(403, "insufficient_scope")
}

func levelReached(_ TB, e *Env) {
	people := e.At("idporten")
	people.Login(Request{Scope: "openid", Manners: people.high()})
	people.Login(Request{Scope: "openid", Manners: Manners{Person: people.Named("astrid"), Way: "Minid-APP"}})
	token := e.Succeeded(e.Asserted("demo-consumer", "global/idporten.authlevel.read", nil)).Access()
	ask := func(body map[string]any) *Answer {
		return e.call(token, "authlevel", http.MethodPost, "/authlevel/rest/v1/sikkerhetsnivaa", body)
	}
	high, low := people.Named("berit").Claims["pid"], people.Named("astrid").Claims["pid"]
	e.Equal("level 4 of who reached it", ask(map[string]any{"personidentifikator": high}).Good().Object["harbruktnivaa4"], true)
	e.Equal("level 4 of who never did", ask(map[string]any{"personidentifikator": low}).Good().Object["harbruktnivaa4"], false)
	tomorrow := e.Now().AddDate(0, 0, 1).Format("2006-01-02")
	e.Equal("level 4 since tomorrow", ask(map[string]any{"personidentifikator": high, "fraDato": tomorrow}).Good().Object["harbruktnivaa4"], false)
	ask(map[string]any{"personidentifikator": "123"}).Bad(400, "invalid_value")
	ask(map[string]any{"personidentifikator": "01810099999"}).Bad(404, "person_unknown")
}

func idPortenWays(_ TB, e *Env) {
	const high, substantial = "idporten-loa-high", "idporten-loa-substantial"
	for way, acr := range map[string]string{
		"BankID": high, "BankID Mobil": high, "Buypass": high, "Commfides": high, "TestID": high,
		"Minid-OTC": substantial, "Minid-APP": substantial, "Minid-TOTP": substantial, "Minid-WEBAUTHN": substantial,
	} {
		tokens := e.Login(Request{Scope: "openid", Manners: Manners{Person: e.Named("berit"), Way: way}})
		claims := e.IDClaims(tokens)
		e.Equal("acr by "+way, claims["acr"], acr)
		e.Equal("amr by "+way, claims["amr"], []any{way})
		e.Equal("acr of the access token by "+way, e.AccessClaims(tokens)["acr"], acr)
	}
	alone := Request{Scope: "openid profile", Manners: Manners{Person: e.Named("tuva"), Way: "Selfregistered-email"}, Params: map[string]string{"acr_values": "selfregistered-email"}}
	tokens := e.Login(alone)
	for where, claims := range e.everywhere(tokens) {
		e.Absent(where+" of an e-mail user", claims, "pid")
	}
	claims := e.IDClaims(tokens)
	e.Equal("email", claims["email"], "tuva@example.no")
	e.Equal("acr", claims["acr"], "selfregistered-email")
	e.Equal("amr", claims["amr"], []any{"Selfregistered-email"})
}

func idPortenApart(_ TB, e *Env) {
	defer e.changed("demo-basic", map[string]any{"sso_disabled": true})()
	browser := e.NewBrowser()
	var last, apart *Tokens
	signs := func(client string, want int, when string) *Tokens {
		before := browser.Met("sign_in")
		tokens := e.Login(Request{Client: client, Scope: "openid profile", Browser: browser, Manners: e.high()})
		e.Equal("sign-in pages "+when, browser.Met("sign_in")-before, want)
		return tokens
	}
	signs("demo-basic", 1, "at first")
	signs("demo-web", 1, "where only a client that keeps to itself had a sign-in")
	last = signs("demo-web", 0, "in the session that others share")
	apart = signs("demo-basic", 0, "in its own part")
	e.Logout(browser, url.Values{"id_token_hint": {apart.ID()}})
	e.Equal("introspection after signing out: active", e.Introspect("demo-web", last.Access())["active"], false)
	signs("demo-basic", 1, "after signing out")
	signs("demo-web", 1, "after signing out")
	signs("demo-basic", 0, "in its own part again")

	other := e.NewBrowser()
	browser = other
	signs("demo-web", 1, "in another browser")
	signs("demo-basic", 1, "of a client that keeps to itself, though others had one")
}
