package facts

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Desk is a demo client at the APIs by which organizations keep what is theirs.
type Desk struct {
	e              *Env // of the realm that its tokens are of
	client, scopes string
	token          string
	until          time.Time // the token is renewed then
	Organization   string
}

// Desk signs a demo client of the machines' realm in for the scopes.
func (e *Env) Desk(client, scopes string) *Desk {
	e.t.Helper()
	d := &Desk{e: e, client: client, scopes: scopes, Organization: e.Client(client).Organization}
	d.sign()
	return d
}

// sign gets a token, which lives two minutes.
func (d *Desk) sign() {
	d.e.t.Helper()
	d.token, d.until = d.e.Succeeded(d.e.Asserted(d.client, d.scopes, nil)).Access(), time.Now().Add(time.Minute)
}

// An Answer is what an API says: an object or a list.
type Answer struct {
	e      *Env
	what   string
	Status int
	Object map[string]any
	List   []any
}

// Call asks an API. Its answer must be as its own description says.
func (d *Desk) Call(api, method, path string, body any) *Answer {
	d.e.t.Helper()
	if d.client != "" && time.Now().After(d.until) {
		d.sign()
	}
	return d.e.call(d.token, api, method, path, body)
}

func (e *Env) call(token, api, method, path string, body any) *Answer {
	e.t.Helper()
	var text []byte
	var sent any
	if body != nil {
		var err error
		if text, err = json.Marshal(e.names.Values(plain(body), e.N)); err == nil {
			err = json.Unmarshal(text, &sent)
		}
		if err != nil {
			e.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	r := e.request(method, e.API(api)+e.names.ThereQuery(path), bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	status, header, answer := e.send(r)
	a := &Answer{e: e, what: method + " " + path, Status: status}
	var told any
	if len(bytes.TrimSpace(answer)) > 0 && strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(answer, &told); err != nil {
			e.t.Fatalf("%s: %v", a.what, err)
		}
		value := e.names.Values(told, e.names.Back)
		a.Object, _ = value.(map[string]any)
		a.List, _ = value.([]any)
	}
	e.described(api, method, path, sent, status, told)
	return a
}

// Good demands a 200.
func (a *Answer) Good() *Answer {
	a.e.t.Helper()
	if a.Status != http.StatusOK {
		a.e.t.Fatalf("%s: %d %v; want 200", a.what, a.Status, a.Object)
	}
	return a
}

// Bad demands a status and, among the faults, a code; "" is any.
func (a *Answer) Bad(status int, code string) *Answer {
	a.e.t.Helper()
	if a.Status != status {
		a.e.t.Errorf("%s: %d %v; want %d", a.what, a.Status, a.Object, status)
		return a
	}
	faults, _ := a.Object["errors"].([]any)
	for _, fault := range faults {
		if member, _ := fault.(map[string]any); code == "" || member["code"] == code {
			return a
		}
	}
	a.e.t.Errorf("%s: %v; want the code %s", a.what, a.Object, code)
	return a
}

// Find gives the element of a list whose member has the value, or nil.
func (a *Answer) Find(member, value string) map[string]any {
	a.e.t.Helper()
	for _, item := range a.List {
		if object, _ := item.(map[string]any); object[member] == value {
			return object
		}
	}
	return nil
}

// Warnings gives the messages of the linter that bear the code.
func (a *Answer) Warnings(code string) []string {
	var messages []string
	list, _ := a.Object["warnings"].([]any)
	for _, item := range list {
		if object, _ := item.(map[string]any); object["code"] == code {
			message, _ := object["message"].(string)
			messages = append(messages, message)
		}
	}
	return messages
}

// fresh makes a name that no other check has.
func fresh(name string) string {
	return name + strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(random()))
}

// scopeOf gives the address of a scope at its API.
func scopeOf(name string) string { return "?scope=" + url.QueryEscape(name) }

// Register registers a scope with the members, below the first prefix.
func (d *Desk) Register(subscope string, members map[string]any) *Answer {
	d.e.t.Helper()
	body := map[string]any{"prefix": "skogdata", "subscope": subscope, "description": "Lese noe i skogen"}
	for name, value := range members {
		body[name] = value
	}
	return d.Call("scopes", http.MethodPost, "/scopes", body)
}

// Client registers a client of the type with the scopes.
func (d *Desk) Client(kind string, members map[string]any, scopes ...string) *Answer {
	d.e.t.Helper()
	body := map[string]any{"integration_type": kind, "client_name": "Prøveklient", "description": "En klient å prøve med", "scopes": scopes}
	if kind == "idporten" || kind == "api_klient" {
		body["redirect_uris"] = []string{"https://skog.example/cb"}
		body["token_endpoint_auth_method"] = "client_secret_basic"
	}
	for name, value := range members {
		body[name] = value
	}
	return d.Call("clients", http.MethodPost, "/clients", body)
}
