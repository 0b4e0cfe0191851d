package facts

import (
	"net/http"
	"strings"
)

// The checks of this file are about what organizations register: scopes, and who
// is let in.

const (
	scopesWrite = "idporten:scopes.write"
	scopesRead  = "idporten:scopes.read"
)

// owner is an organization that owns scopes, consumer one that does not.
func (e *Env) owner() *Desk    { return e.At("maskinporten").Desk("demo-provider", scopesWrite) }
func (e *Env) consumer() *Desk { return e.At("maskinporten").Desk("demo-consumer", scopesWrite) }

// registered registers a scope that is let through, and gives its name.
func (d *Desk) registered(members map[string]any) string {
	d.e.t.Helper()
	name, _ := d.Register(fresh("sti"), members).Good().Object["name"].(string)
	return name
}

func registryPublicList(t TB, e *Env) {
	list := e.call("", "scopes", http.MethodGet, "/scopes/all", nil).Good()
	if len(list.List) == 0 {
		t.Fatalf("GET /scopes/all: empty")
	}
	for _, item := range list.List {
		scope, _ := item.(map[string]any)
		if _, ok := scope["allowed_integration_types"].([]any); !ok {
			t.Errorf("%v: no list of integration types", scope["name"])
		}
	}
	e.Equal("types of skogdata:tresort", list.Find("name", "skogdata:tresort")["allowed_integration_types"], []any{"maskinporten"})
	for query, there := range map[string]bool{"?prefix=skogdata": true, "?prefix=nav": false, "?accessible_for_all=true": true, "?delegated_sources=true": false, "?integration_type=API_KLIENT": false, "?integration_type=maskinporten": true} {
		found := e.call("", "scopes", http.MethodGet, "/scopes/all"+query, nil).Good().Find("name", "skogdata:tresort") != nil
		e.Equal("skogdata:tresort in the list with "+query, found, there)
	}
}

func registryTwoPrefixes(_ TB, e *Env) {
	owner := e.owner()
	subscope := fresh("adresse")
	first := owner.Register(subscope, nil).Good()
	second := owner.Register(subscope, map[string]any{"prefix": owner.Organization}).Good()
	e.Equal("first name", first.Object["name"], "skogdata:"+subscope)
	e.Equal("second name", second.Object["name"], owner.Organization+":"+subscope)
	list := owner.Call("scopes", http.MethodGet, "/scopes", nil).Good()
	for _, name := range []string{"skogdata:" + subscope, owner.Organization + ":" + subscope} {
		if list.Find("name", name) == nil {
			e.t.Errorf("own scopes: no %s", name)
		}
	}
}

func registryForeignPrefix(_ TB, e *Env) {
	e.owner().Register(fresh("x"), map[string]any{"prefix": "idporten"}).Bad(403, "prefix_not_owned")
	e.consumer().Register(fresh("x"), nil).Bad(403, "prefix_not_owned")
}

func registryNoPrefixes(t TB, e *Env) {
	owner := e.owner()
	before := owner.Call("scopes", http.MethodGet, "/prefix", nil).Good()
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		for _, path := range []string{"/prefix", "/prefix/all", "/prefix/nav", "/scope_prefix"} {
			body := map[string]any{"prefix": "nav", "owner_orgno": owner.Organization}
			if status := owner.Call("scopes", method, path, body).Status; status < 400 || status >= 500 {
				t.Errorf("%s %s: %d; want no such operation", method, path, status)
			}
		}
	}
	after := owner.Call("scopes", http.MethodGet, "/prefix", nil).Good()
	e.Equal("own prefixes", len(after.List), len(before.List))
	owner.Register(fresh("x"), map[string]any{"prefix": "krr"}).Bad(403, "prefix_not_owned")
}

func registryColon(_ TB, e *Env) {
	owner := e.owner()
	owner.Call("scopes", http.MethodPost, "/scopes", map[string]any{"name": fresh("utenkolon"), "subscope": fresh("x"), "description": "Uten kolon"}).Bad(400, "")
	owner.Register(fresh("x"), map[string]any{"name": fresh("utenkolon")}).Bad(400, "invalid_name")
}

func registrySplit(_ TB, e *Env) {
	owner := e.owner()
	for _, subscope := range []string{fresh("eier") + "/instanser.read", fresh("a") + ":b"} {
		got := owner.Register(subscope, nil).Good().Object
		e.Equal("prefix", got["prefix"], "skogdata")
		e.Equal("subscope", got["subscope"], subscope)
		again := owner.Call("scopes", http.MethodGet, "/scopes/scope"+scopeOf("skogdata:"+subscope), nil).Good().Object
		e.Equal("subscope when read again", again["subscope"], subscope)
	}
}

func registryWriteAdvice(t TB, e *Env) {
	owner := e.owner()
	both := map[string]any{"operations": []string{"read", "write"}}
	name := fresh("trygd")
	advice := strings.Join(owner.Register(name, both).Good().Warnings("L-04"), " ")
	if !strings.Contains(advice, name+".write") {
		t.Errorf("advice on what reads and writes: %q; want it to name %s.write", advice, name)
	}
	written := owner.Register(name+".write", both).Good()
	e.Equal("advice on .write", len(written.Warnings("L-04"))+len(written.Warnings("L-05")), 0)
}

func registryAPIAdvice(t TB, e *Env) {
	owner := e.owner()
	for _, subscope := range []string{fresh("x") + "/person.v2", fresh("x") + "/personapi"} {
		if len(owner.Register(subscope, nil).Good().Warnings("L-03")) == 0 {
			t.Errorf("%s: no advice to name the resource", subscope)
		}
	}
	e.Equal("advice on a resource", len(owner.Register(fresh("person"), nil).Good().Warnings("L-03")), 0)
}

func registryNumberAsPrefix(_ TB, e *Env) {
	owner := e.owner()
	got := owner.Register(fresh("adresse"), map[string]any{"prefix": owner.Organization}).Good()
	e.Equal("advice on the prefix", len(got.Warnings("L-01")), 0)
}

func registryNamesStay(_ TB, e *Env) {
	owner := e.owner()
	name := owner.registered(nil)
	owner.Call("scopes", http.MethodPut, "/scopes"+scopeOf(name), map[string]any{"subscope": fresh("annet"), "description": "Et annet"}).Bad(400, "immutable_field")
	again := owner.Call("scopes", http.MethodGet, "/scopes/scope"+scopeOf(name), nil).Good().Object
	e.Equal("name", again["name"], name)
	e.Equal("description", again["description"], "Lese noe i skogen")
}

func registryNoRevival(_ TB, e *Env) {
	owner := e.owner()
	subscope := fresh("sti")
	name, _ := owner.Register(subscope, nil).Good().Object["name"].(string)
	owner.Register(subscope, nil).Bad(409, "scope_exists")
	e.Equal("active after DELETE", owner.Call("scopes", http.MethodDelete, "/scopes"+scopeOf(name), nil).Good().Object["active"], false)
	owner.Register(subscope, nil).Bad(409, "scope_exists")
	e.Equal("active after POST", owner.Call("scopes", http.MethodGet, "/scopes/scope"+scopeOf(name), nil).Good().Object["active"], false)
}

func registryHidesInactive(t TB, e *Env) {
	owner := e.owner()
	name := owner.registered(nil)
	owner.Call("scopes", http.MethodDelete, "/scopes"+scopeOf(name), nil).Good()
	if owner.Call("scopes", http.MethodGet, "/scopes", nil).Good().Find("name", name) != nil {
		t.Errorf("own scopes: %s is listed though it is switched off", name)
	}
	e.Equal("active with inactive=true", owner.Call("scopes", http.MethodGet, "/scopes?inactive=true", nil).Good().Find("name", name)["active"], false)
	for path, there := range map[string]bool{"/scopes/all": false, "/scopes/all?inactive=true": true} {
		e.Equal(path+" has it", e.call("", "scopes", http.MethodGet, path, nil).Good().Find("name", name) != nil, there)
	}
}

// granted registers a scope, lets the consumer in, and gives a machine client of
// the consumer's with a key: what asks for tokens.
func (e *Env) granted(owner *Desk) (scope string, client *machine) {
	e.t.Helper()
	scope = owner.registered(map[string]any{"allowed_integration_types": []string{"maskinporten"}})
	consumer := e.keeper("demo-consumer")
	owner.Call("scopes", http.MethodPut, "/scopes/access/"+consumer.Organization+scopeOf(scope), nil).Good()
	return scope, consumer.machine(scope)
}

func registryAccessOutlivesSwitch(_ TB, e *Env) {
	owner := e.owner()
	scope, client := e.granted(owner)
	e.Succeeded(client.ask(scope))
	owner.Call("scopes", http.MethodDelete, "/scopes"+scopeOf(scope), nil).Good()
	e.Failed(client.ask(scope), 400, "invalid_scope")
	owner.Call("scopes", http.MethodPut, "/scopes"+scopeOf(scope), map[string]any{"active": true, "description": "Lese noe i skogen"}).Good()
	e.Succeeded(client.ask(scope))
	e.Equal("state of the access", owner.Call("scopes", http.MethodGet, "/scopes/access"+scopeOf(scope), nil).Good().Find("consumer_orgno", client.desk.Organization)["state"], "APPROVED")
}

func registrySwitchedOff(_ TB, e *Env) {
	owner := e.owner()
	scope, client := e.granted(owner)
	owner.Call("scopes", http.MethodDelete, "/scopes"+scopeOf(scope), nil).Good()
	e.Failed(client.ask(scope), 400, "invalid_scope")
	e.Equal("scopes of the client", client.desk.Call("clients", http.MethodGet, "/clients/"+client.id, nil).Good().Object["scopes"], []any{scope})
}

func registryPrivate(t TB, e *Env) {
	owner := e.owner()
	name := owner.registered(map[string]any{"visibility": "PRIVATE"})
	if e.call("", "scopes", http.MethodGet, "/scopes/all", nil).Good().Find("name", name) != nil {
		t.Errorf("public list: %s is there though it is private", name)
	}
	e.Equal("visibility in the owner's list", owner.Call("scopes", http.MethodGet, "/scopes", nil).Good().Find("name", name)["visibility"], "PRIVATE")
}

func registryAccessStates(_ TB, e *Env) {
	owner := e.owner()
	scope, client := e.granted(owner)
	path := "/scopes/access/" + client.desk.Organization + scopeOf(scope)
	first := owner.Call("scopes", http.MethodPut, path, nil).Good().Object
	e.Equal("state", first["state"], "APPROVED")
	e.Equal("the same again", owner.Call("scopes", http.MethodPut, path, nil).Good().Object, first)
	e.Succeeded(client.ask(scope))
	e.Equal("state after DELETE", owner.Call("scopes", http.MethodDelete, path, nil).Good().Object["state"], "DENIED")
	e.FailedAs(client.ask(scope), 403, "forbidden", "MP-250")
	e.Equal("state after PUT", owner.Call("scopes", http.MethodPut, path, nil).Good().Object["state"], "APPROVED")
	e.Succeeded(client.ask(scope))
	owner.Call("scopes", http.MethodPut, "/scopes/access/123456789"+scopeOf(scope), nil).Bad(400, "invalid_orgno")
}

func registryAccessHad(_ TB, e *Env) {
	owner, consumer := e.owner(), e.consumer()
	scope := owner.registered(nil)
	owner.Call("scopes", http.MethodPut, "/scopes/access/"+consumer.Organization+scopeOf(scope), nil).Good()
	list := consumer.Call("scopes", http.MethodGet, "/scopes/access/all", nil).Good()
	for _, name := range []string{scope, "skogdata:hogstmelding"} {
		e.Equal("owner of "+name, list.Find("scope", name)["owner_orgno"], owner.Organization)
	}
	e.Equal("what the owner was let in to", owner.Call("scopes", http.MethodGet, "/scopes/access/all", nil).Good().Find("scope", scope) == nil, true)
}

func registryReadersOnlyRead(_ TB, e *Env) {
	reader := e.At("maskinporten").Desk("demo-provider", scopesRead)
	reader.Call("scopes", http.MethodGet, "/scopes", nil).Good()
	reader.Register(fresh("x"), nil).Bad(403, "insufficient_scope")
}
