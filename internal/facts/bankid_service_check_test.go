package facts

import (
	"encoding/json"
	"net/http"
	"time"
)

// The checks of this file are about what the resource servers of the realm
// bankid answer.

// asked calls an API with a bearer token and gives the status and the JSON.
func (e *Env) asked(api, path, bearer string) (int, map[string]any) {
	e.t.Helper()
	base := e.API(api)
	if base == "" {
		e.t.Fatalf("fixtures of %s: no API %s", e.realm.Name, api)
	}
	status, header, body := e.Get(base+path, bearer)
	if status == http.StatusForbidden && !challenges(header.Get("WWW-Authenticate"), "insufficient_scope") {
		e.t.Errorf("%s%s: WWW-Authenticate %q; want error insufficient_scope", api, path, header.Get("WWW-Authenticate"))
	}
	answer := map[string]any{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			e.t.Errorf("%s%s: %d %s; want JSON", api, path, status, body)
		}
	}
	return status, answer
}

const securityScope = "fraud-data-rs/GetSecurityData"

// transaction signs a person in with BankID and gives the transaction's number.
func (e *Env) transaction(client string, params map[string]string) string {
	e.t.Helper()
	tokens := e.Login(Request{Client: client, Scope: "openid", Params: params, Manners: Manners{Person: e.Person(nil, "nnin"), Way: "BID"}})
	tid, _ := e.IDClaims(tokens)["tid"].(string)
	if tid == "" {
		e.t.Fatalf("ID Token of %s: no tid", client)
	}
	return tid
}

func bankIDForeignTransaction(t TB, e *Env) {
	foreign := e.transaction("demo-web", map[string]string{"api_version": "3"}) // where every client learns it
	access := e.Succeeded(e.Machine("demo-bank", securityScope)).Access()
	for range 2 { // nothing was begun either
		status, answer := e.asked("fraud-data", "/securityData/"+foreign, access)
		e.Equal("of another client", status, 400)
		e.Absent("refusal", answer, "tid", "transaction_data", "derived_data")
	}
	status, _ := e.asked("fraud-data", "/securityData/"+e.transaction("demo-bank", nil), access)
	e.Equal("of its own", status, 202)
}

func bankIDSecurityData(t TB, e *Env) {
	tid := e.transaction("demo-bank", nil)
	access := e.Succeeded(e.Machine("demo-bank", securityScope)).Access()
	poll := func(what string, want int) map[string]any {
		t.Helper()
		status, answer := e.asked("fraud-data", "/securityData/"+tid, access)
		e.Equal(what, status, want)
		return answer
	}
	poll("the first time", 202)
	e.Advance(time.Second)
	poll("after a second", 204)
	e.Advance(time.Second)
	answer := poll("after two", 200)
	e.Equal("tid", answer["tid"], tid)
	told, _ := answer["transaction_data"].(map[string]any)
	e.Present("transaction data", told, "BankID_browserName", "BankID_timeZone", "BankID_osName", "BankID_osVersion", "BankID_userAgent", "BankID_language")
	derived, _ := answer["derived_data"].(map[string]any)
	e.Equal("address", derived["BankID_User_IP"], "127.0.0.1")
	if factor, ok := derived["BankID_fpf"].(float64); !ok || factor < 0 || factor > 1 {
		t.Errorf("factor %v; want a number from 0 to 1", derived["BankID_fpf"])
	}
	status, _ := e.asked("fraud-data", "/securityData/00000000-0000-4000-8000-000000000000", access)
	e.Equal("of no transaction", status, 404)
	other := e.Succeeded(e.Machine("demo-bank", "operational-status/read")).Access()
	status, _ = e.asked("fraud-data", "/securityData/"+tid, other)
	e.Equal("without the scope", status, 403)
	status, _ = e.asked("fraud-data", "/securityData/"+tid, "")
	e.Equal("without a token", status, 401)
	e.Advance(time.Hour)
	access = e.Succeeded(e.Machine("demo-bank", securityScope)).Access()
	answer = poll("after an hour", 410)
	e.Absent("what is over", answer, "transaction_data", "derived_data")
}

func bankIDSecurityDataPause(t TB, e *Env) {
	tid := e.transaction("demo-bank", nil)
	access := e.Succeeded(e.Machine("demo-bank", securityScope)).Access()
	address := e.API("fraud-data") + "/securityData/"
	poll := func(what, tid string, want int) http.Header {
		t.Helper()
		status, header, body := e.Get(address+tid, access)
		e.Equal(what, status, want)
		if want >= 400 {
			e.Present(what, e.object(what, body), "error", "error_description")
		}
		return header
	}
	poll("the first time", tid, 202)
	for range 3 { // asking does not make it longer either
		e.Equal("Retry-After", poll("at once again", tid, 429).Get("Retry-After"), "1")
	}
	poll("another transaction meanwhile", e.transaction("demo-bank", nil), 202)
	e.Advance(time.Second)
	poll("after a second", tid, 204)
	e.Advance(time.Second)
	poll("after two", tid, 200)
	poll("the data at once again", tid, 429)
	e.Advance(time.Second)
	poll("the data after a second", tid, 200)
}

func bankIDStatus(t TB, e *Env) {
	access := e.Succeeded(e.Machine("demo-bank", "operational-status/read")).Access()
	status, answer := e.asked("operational-status", "/status", access)
	e.Equal("with the scope", status, 200)
	parts, _ := answer["services"].([]any)
	seen := map[string]bool{}
	for _, part := range parts {
		id, _ := Dig(part, "id").(string)
		seen[id] = true
		e.Equal("status of "+id, Dig(part, "status"), "operational")
	}
	for _, id := range []string{"store", "token", "userinfo", "fraud-data", "operational-status"} {
		if !seen[id] {
			t.Errorf("no status of %s", id)
		}
	}
	without := e.Succeeded(e.Machine("demo-bank", securityScope)).Access()
	status, answer = e.asked("operational-status", "/status", without)
	e.Equal("without the scope", status, 403)
	e.Absent("refusal", answer, "services")
	status, _ = e.asked("operational-status", "/status", "")
	e.Equal("without a token", status, 401)
}

// bankIDScreens demands what the screening service answers about the person whom
// the token is about.
func (e *Env) bankIDScreens(person PersonFixture, access string) {
	e.t.Helper()
	status, answer := e.asked("aml", "/person?expands=identity", access)
	e.Equal("person of the token", status, 200)
	e.Equal("number", Dig(answer, "identity", "ssn"), person.Claims["nnin"])
	e.Equal("name", Dig(answer, "keyInformation", "name"), person.Claims["name"])
	e.Equal("lists without their scope", Dig(answer, "aml", "lists"), []any{})
	status, _ = e.asked("aml", "/person?firstName=Viktor&lastName=Granovskij&dateOfBirth=1961-03-04", access)
	e.Equal("somebody else than the token is about", status, 400)
	status, _ = e.asked("aml", "/organization?organizationNumber=310200107", access)
	e.Equal("organization without the scope", status, 403)
}

// bankIDSearches demands what a machine learns of a name that is spelled
// otherwise on a list.
func (e *Env) bankIDSearches(access string) {
	e.t.Helper()
	status, answer := e.asked("aml", "/person?firstName=Victor&lastName=Granovsky&dateOfBirth=1961-03-04", access)
	e.Equal("a name", status, 200)
	e.Equal("lists", Dig(answer, "aml", "lists"), []any{"OFAC"})
	sources, _ := Dig(answer, "aml", "sources").([]any)
	hits, _ := Dig(answer, "aml", "sanctions").([]any)
	if len(sources) != 1 || len(hits) != 1 {
		e.t.Fatalf("sources %v, hits %v; want one of each", sources, hits)
	}
	e.Present("source", sources[0].(map[string]any), "list", "version", "digest", "entries")
	e.Equal("entry", Dig(hits[0], "entry"), "101")
	e.Equal("birth", Dig(hits[0], "birth"), "same")
	e.Present("hit", hits[0].(map[string]any), "score", "parts", "list", "version")
	_, answer = e.asked("aml", "/person?firstName=Kari&lastName=Skogheim&dateOfBirth=1985-05-17", access)
	e.Equal("a name on no list", Dig(answer, "aml", "sanctions"), []any{})
	status, _ = e.asked("aml", "/person", access)
	e.Equal("nobody", status, 400)
}

// bankIDOrganizations demands what is answered about organizations.
func bankIDOrganizations(t TB, e *Env) {
	e.bankIDMachineToken("demo-bank", "aml_organization/basic aml_organization/monitor", "aml_organization", []string{"basic", "monitor"})
	access := e.Succeeded(e.Machine("demo-bank", "aml_organization/basic")).Access()
	number := e.Client("demo-bank").Organization
	status, answer := e.asked("aml", "/organization?organizationNumber="+number, access)
	e.Equal("an organization", status, 200)
	e.Equal("number", Dig(answer, "keyInformation", "organizationNumber"), number)
	e.Equal("lists", Dig(answer, "aml", "lists"), []any{"OFAC"})
	status, _ = e.asked("aml", "/organization?organizationNumber=999999999", access)
	e.Equal("no organization", status, 404)
	status, _ = e.asked("aml", "/person?firstName=Kari&lastName=Skogheim&dateOfBirth=1985-05-17", access)
	e.Equal("person without the scope", status, 403)
}
