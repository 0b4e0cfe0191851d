package facts

import (
	"encoding/json"
	"net/url"
)

const (
	granted3  = `{"type":"documents","folder":"invoices","actions":["read","write","delete"]}`
	granted1  = `{"type":"documents","folder":"letters","actions":["read"],"locations":["https://service.example/api/letters","https://myservice.example/api"]}`
	grantedPB = `{"type":"payment","amount":{"value":"12.00","currency":"NOK"},"creditor":"Kiosken"}`
)

// detailsAre compares what a token, response or introspection has of
// authorization_details, "" for none.
func (e *Env) detailsAre(what string, claims map[string]any, want ...string) {
	e.t.Helper()
	var list []any
	for _, text := range want {
		var detail any
		if err := json.Unmarshal([]byte(text), &detail); err != nil {
			e.t.Fatalf("%s: %v", text, err)
		}
		list = append(list, detail)
	}
	got, _ := claims["authorization_details"].([]any)
	e.Equal(what+": authorization_details", got, list)
}

// refreshed uses a refresh token with further parameters.
func (e *Env) refreshed(tokens *Tokens, params map[string]string) *Tokens {
	e.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh()}}
	for name, value := range params {
		form.Set(name, value)
	}
	return e.Token(tokens.Client, form)
}

func standardsDetailsNarrow(t TB, e *Env) {
	a := e.Authorize(Request{Scope: "openid", Params: map[string]string{"authorization_details": "[" + granted3 + "," + granted1 + "," + grantedPB + "]"}})
	redeem := func(details string) *Tokens {
		form := a.Redemption()
		form.Set("authorization_details", details)
		tokens := e.Token(a.client, form)
		tokens.Authorization = a
		return tokens
	}
	const reads = `{"actions":["read"],"type":"documents","folder":"invoices"}` // in another order
	for what, wider := range map[string]string{
		"an action more":          `[{"type":"documents","folder":"letters","actions":["read","write"],"locations":["https://myservice.example/api"]}]`,
		"another folder":          `[{"type":"documents","folder":"secrets","actions":["read"]}]`,
		"no action at all":        `[{"type":"documents","folder":"invoices","actions":[]}]`,
		"a member less":           `[{"type":"documents","actions":["read"]}]`,
		"a member more":           `[{"type":"payment","amount":{"value":"12.00","currency":"NOK"},"creditor":"Kiosken","reference":"1"}]`,
		"another amount":          `[{"type":"payment","amount":{"value":"13.00","currency":"NOK"},"creditor":"Kiosken"}]`,
		"another location":        `[{"type":"documents","folder":"letters","actions":["read"],"locations":["https://thief.example"]}]`,
		"what was granted, twice": "[" + grantedPB + "," + grantedPB + "]",
		"an unknown type":         `[{"type":"gift"}]`,
		"no list":                 `{}`,
	} {
		if refused := redeem(wider); refused.Status != 400 || refused.Text("error") != "invalid_authorization_details" {
			t.Errorf("%s: %d %v; want 400 invalid_authorization_details", what, refused.Status, refused.Body)
		}
	}
	tokens := e.Succeeded(redeem("[" + reads + "]"))
	e.detailsAre("token response", tokens.Body, reads)
	e.detailsAre("access token", e.AccessClaims(tokens), reads)
	e.detailsAre("introspection", e.Introspect(a.client, tokens.Access()), reads)
	all := e.Succeeded(e.refreshed(tokens, nil))
	e.detailsAre("access token after a refresh", e.AccessClaims(all), granted3, granted1, grantedPB)
	e.Failed(e.refreshed(all, map[string]string{"authorization_details": `[{"type":"gift"}]`}), 400, "invalid_authorization_details")
	one := e.Succeeded(e.refreshed(all, map[string]string{"authorization_details": "[" + grantedPB + "," + reads + "]"}))
	e.detailsAre("access token after a narrower refresh", e.AccessClaims(one), reads, grantedPB)
	none := e.Succeeded(e.refreshed(one, map[string]string{"authorization_details": "[]"}))
	e.Absent("token response to []", none.Body, "authorization_details")
	either := `{"type":"documents","folder":"notes","actions":["read",`
	two := e.Login(Request{Scope: "openid", Params: map[string]string{"authorization_details": "[" + either + `"write"]},` + either + `"delete"]}]`}})
	split := `{"type":"documents","folder":"notes","actions":["read"]}`
	last := `{"type":"documents","folder":"notes","actions":["write"]}`
	// The first would fit both that were granted; it makes room for the second.
	e.detailsAre("one of each", e.Succeeded(e.refreshed(two, map[string]string{"authorization_details": "[" + split + "," + last + "]"})).Body, last, split)
	e.Absent("introspection of it", e.Introspect(a.client, none.Access()), "authorization_details")
}

func standardsDetailsOfResource(t TB, e *Env) {
	const mine, other = "https://myservice.example/api", "https://service.example/api"
	e = e.With(Fault{Old: "    at: [token]\n    server: service", New: "    at: [authorization, token]\n    server: service"})
	tokens := e.Login(Request{
		Scope:  "openid myservice.data_read service-api",
		Params: map[string]string{"authorization_details": "[" + granted3 + "," + granted1 + "," + grantedPB + "]"},
	})
	e.detailsAre("introspection by the client", e.Introspect(tokens.Client, tokens.Access()), granted3, granted1, grantedPB)
	e.detailsAre("introspection by myservice", e.IntrospectAs("myservice", tokens.Access()), granted3, granted1, grantedPB)
	e.detailsAre("introspection by service", e.IntrospectAs("service", tokens.Access()), granted1, grantedPB)
	narrow := e.Succeeded(e.refreshed(tokens, map[string]string{"resource": other}))
	e.detailsAre("access token for service", e.AccessClaims(narrow), granted1, grantedPB)
	e.detailsAre("the response that brought it", narrow.Body, granted1, grantedPB)
	back := e.Succeeded(e.refreshed(narrow, map[string]string{"resource": mine}))
	e.detailsAre("access token for myservice", e.AccessClaims(back), granted3, granted1, grantedPB)
}
