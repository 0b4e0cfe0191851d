package tillit_test

import (
	"fmt"
	"testing"

	"github.com/tillit/tillit"
)

// large is a catalog of 10,000 scopes of 300 owners, each with a server, three
// claims and some conditions.
func large(tb testing.TB) *tillit.Catalog {
	tb.Helper()
	d := tillit.Definition{
		Realm: "large", Environment: tillit.Test,
		Settings:    tillit.Settings{UnknownScope: tillit.Drop, UnassignedScope: tillit.Drop, Audience: "servers", Resource: "registered"},
		ACR:         []tillit.ACR{{Value: "high", Level: 4}, {Value: "low", Level: 2}},
		Ways:        []tillit.Way{{Code: "card", ACR: []string{"high"}}, {Code: "mail", ACR: []string{"low"}}},
		ClientTypes: []tillit.ClientType{{Name: "plain", GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}}},
		Tokens:      map[string]tillit.TokenSpec{"id_token": {Lifetime: 300}, "access_token": {Lifetime: 300}},
	}
	d.Claims = append(d.Claims, tillit.Claim{Name: "number", Sinks: []tillit.Sink{tillit.SinkIDToken, tillit.SinkUserInfo}})
	d.Scopes = append(d.Scopes, tillit.Scope{Name: tillit.OpenID, At: tillit.AtAuthorization, Eligible: tillit.EligibleAny, Claims: []tillit.ClaimName{"number"}})
	for i := range 10_000 {
		owner := i % 300
		if i < 300 {
			d.Servers = append(d.Servers, tillit.Server{Name: fmt.Sprint("server", owner)})
		}
		scope := tillit.Scope{Name: tillit.ScopeName(fmt.Sprintf("owner%d:scope%d", owner, i)), At: tillit.AtAuthorization,
			Owner: fmt.Sprintf("3101%05d", owner), Eligible: tillit.EligibleGranted, Server: fmt.Sprint("server", owner), Types: []string{"plain"}}
		for k := range 3 {
			name := tillit.ClaimName(fmt.Sprintf("claim%d_%d", i, k))
			d.Claims = append(d.Claims, tillit.Claim{Name: name, Sinks: []tillit.Sink{tillit.SinkUserInfo}})
			scope.Claims = append(scope.Claims, name)
		}
		if i%3 == 0 {
			scope.Consent = tillit.ConsentOnce
		}
		d.Scopes = append(d.Scopes, scope)
	}
	c, faults := tillit.Compile(d)
	if faults != nil {
		tb.Fatal(faults)
	}
	return c
}

// question is one for ten scopes of a large catalog, all of which are given.
func question(c *tillit.Catalog) (*tillit.Client, *tillit.Ask, *tillit.Facts) {
	client := &tillit.Client{ID: "demo", Type: "plain", GrantTypes: []string{"authorization_code", "refresh_token"}, Organization: "310107549"}
	ask := &tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code", Scopes: []tillit.ScopeName{tillit.OpenID}}
	facts := &tillit.Facts{Now: 1000, SignIn: &tillit.SignIn{Way: "card", ACR: "high", Level: 4, Fresh: true, AuthTime: 990, Subject: "someone"}}
	for i := range c.Scopes {
		if i > 0 && i%50 == 0 { // two hundred scopes on the client
			client.Scopes = append(client.Scopes, tillit.Provision{Scope: c.Scopes[i].Name})
		}
	}
	for i := 1000; i < 10_000; i += 1000 {
		s := &c.Scopes[i]
		ask.Scopes = append(ask.Scopes, s.Name)
		facts.Access = append(facts.Access, s.Name)
		facts.Consent.Agreed = append(facts.Consent.Agreed, tillit.Agreement{Item: string(s.Name), Claims: s.Claims})
	}
	return client.Prepare(), ask, facts
}

// BenchmarkDecide asks for ten scopes of ten thousand.
func BenchmarkDecide(b *testing.B) {
	c := large(b)
	client, ask, facts := question(c)
	if d := tillit.Decide(c, client, ask, facts); d.Refused != nil || len(d.Needs) > 0 || len(d.Shape.Scopes) != 10 || len(d.Shape.For(tillit.SinkUserInfo)) != 28 {
		b.Fatalf("not everything is given:\n%s", &d)
	}
	b.ReportAllocs()
	for b.Loop() {
		tillit.Decide(c, client, ask, facts)
	}
}

// BenchmarkDecideAgain decides the same at refresh.
func BenchmarkDecideAgain(b *testing.B) {
	c := large(b)
	client, ask, facts := question(c)
	first := tillit.Decide(c, client, ask, facts)
	facts.Prior, facts.NoInteraction = &first.Shape, true
	b.ReportAllocs()
	for b.Loop() {
		tillit.Decide(c, client, ask, facts)
	}
}
