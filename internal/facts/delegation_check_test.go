package facts

import "net/http"

// The checks of this file are about delegations, as the source of them is used.

const (
	delegationsRead  = "altinn:maskinporten/delegations.read"
	delegationsWrite = "altinn:maskinporten/delegations.write"
	delegable        = "skogdata:hogstmelding"
)

func (d *Desk) delegate(supplier string) *Answer {
	d.e.t.Helper()
	return d.Call("delegations", http.MethodPost, "/delegations", map[string]any{"scope": delegable, "supplier_orgno": supplier})
}

func (d *Desk) withdraw(supplier string) *Answer {
	d.e.t.Helper()
	return d.Call("delegations", http.MethodDelete, "/delegations"+scopeOf(delegable)+"&supplier_orgno="+supplier, nil)
}

func delegationGiven(_ TB, e *Env) {
	consumer, supplier := e.Desk("demo-provider", delegationsWrite), e.Desk("demo-supplier", delegationsRead)
	asked := func() *Tokens {
		return e.Asserted("demo-supplier", delegable, forOrganization(consumer.Organization))
	}
	e.FailedAs(asked(), 403, "forbidden", "MP-251")
	told := consumer.delegate(supplier.Organization).Good().Object
	e.Equal("who delegated", told["consumer_orgno"], consumer.Organization)
	e.Equal("the source", told["delegation_source"], "https://www.altinn.no/")
	defer consumer.withdraw(supplier.Organization)
	consumer.delegate(supplier.Organization).Good() // twice is once
	for _, desk := range []*Desk{consumer, supplier} {
		list := desk.Call("delegations", http.MethodGet, "/delegations"+scopeOf(delegable)+"&consumer_orgno="+consumer.Organization, nil).Good().List
		e.Equal("delegations of "+desk.client, len(list), 1)
	}
	claims := e.AccessClaims(e.Succeeded(asked()))
	e.Equal("consumer", Dig(claims, "consumer", "ID"), "0192:"+consumer.Organization)
	e.Equal("supplier", Dig(claims, "supplier", "ID"), "0192:"+supplier.Organization)
	supplier.withdraw(consumer.Organization).Bad(403, "insufficient_scope")
	e.Equal("state", consumer.withdraw(supplier.Organization).Good().Object["state"], "WITHDRAWN")
	e.FailedAs(asked(), 403, "forbidden", "MP-251")
	consumer.withdraw(supplier.Organization).Bad(404, "delegation_unknown")
}

func delegationOwn(_ TB, e *Env) {
	provider, consumer, supplier := e.Desk("demo-provider", delegationsWrite), e.Desk("demo-consumer", delegationsWrite), e.Desk("demo-supplier", delegationsWrite)
	give := func(desk *Desk, members map[string]any) *Answer {
		return desk.Call("delegations", http.MethodPost, "/delegations", members)
	}
	provider.delegate(provider.Organization).Bad(400, "invalid_orgno")
	provider.delegate("310115010").Bad(400, "invalid_orgno")
	give(provider, map[string]any{"scope": delegable, "supplier_orgno": supplier.Organization, "consumer_orgno": consumer.Organization}).Bad(400, "invalid_value")
	give(provider, map[string]any{"scope": "skogdata:tresort", "supplier_orgno": supplier.Organization}).Bad(400, "scope_not_delegable")
	give(provider, map[string]any{"scope": 1}).Bad(400, "invalid_type")
	e.Equal("without a token", e.call("", "delegations", http.MethodGet, "/delegations", nil).Status, 401)

	// What the demo data delegated is between two; the third sees nothing of it and
	// cannot take it back.
	e.Equal("seen by a stranger", len(provider.Call("delegations", http.MethodGet, "/delegations?consumer_orgno="+consumer.Organization, nil).Good().List), 0)
	provider.withdraw(supplier.Organization).Bad(404, "delegation_unknown")
	e.Succeeded(e.Asserted("demo-supplier", delegable, forOrganization(consumer.Organization)))

	// A supplier may run a client for a customer, and that client's token is for the
	// customer: with it the supplier would give to itself whatever it likes.
	runs := e.Desk("demo-supplier", clientsWrite+" idporten:dcr.supplier")
	made, _ := runs.Client("maskinporten", map[string]any{"client_orgno": provider.Organization}, delegationsWrite).Good().Object["client_id"].(string)
	m := &machine{e: e, desk: runs, id: made, key: newKey(e.t, "k1")}
	runs.Call("clients", http.MethodPost, "/clients/"+made+"/jwks", map[string]any{"keys": []any{m.key.Public()}}).Good()
	token := e.Succeeded(m.ask(delegationsWrite)).Access()
	body := map[string]any{"scope": delegable, "supplier_orgno": supplier.Organization}
	e.call(token, "delegations", http.MethodPost, "/delegations", body).Bad(403, "supplier_acts")
	e.Failed(e.Asserted("demo-supplier", delegable, forOrganization(provider.Organization)), 403, "forbidden")
}
