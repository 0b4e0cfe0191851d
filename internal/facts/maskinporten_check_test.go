package facts

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func machineLongLife(_ TB, e *Env) {
	lives := func(seconds int64) *Tokens {
		now := e.Now().Unix()
		return e.Asserted("demo-consumer", "skogdata:tresort", map[string]any{"iat": now, "exp": now + seconds})
	}
	e.Failed(lives(121), 400, "invalid_grant")
	e.Succeeded(lives(120))
}

func machineReplay(t TB, e *Env) {
	grant := e.Grant("demo-consumer", e.GrantClaims("demo-consumer", "skogdata:tresort", nil))
	e.Succeeded(e.Send("demo-consumer", grant))
	e.FailedAs(e.Send("demo-consumer", grant), 400, "invalid_grant", "MP-012")
	claims := e.GrantClaims("demo-consumer", "skogdata:tresort", map[string]any{"jti": nil})
	grant = e.Grant("demo-consumer", claims)
	e.Succeeded(e.Send("demo-consumer", grant))
	e.FailedAs(e.Send("demo-consumer", grant), 400, "invalid_grant", "MP-012")
}

func machineAhead(_ TB, e *Env) {
	ahead := func(seconds int64) *Tokens {
		at := e.Now().Unix() + seconds
		return e.Asserted("demo-consumer", "skogdata:tresort", map[string]any{"iat": at, "exp": at + 60})
	}
	e.Succeeded(ahead(8))
	refused := ahead(11)
	e.Failed(refused, 400, "invalid_grant")
	if !strings.Contains(refused.Text("error_description"), "Issue time is after now") {
		e.t.Errorf("description %q; want it to speak of the issue time", refused.Text("error_description"))
	}
}

func machineUnknownClaim(t TB, e *Env) {
	refused := e.Asserted("demo-consumer", "skogdata:tresort", map[string]any{"foo": "bar"})
	e.FailedAs(refused, 400, "invalid_request", "MP-011")
	if !strings.Contains(refused.Text("error_description"), "Invalid assertion") {
		t.Errorf("description %q; want it to say Invalid assertion", refused.Text("error_description"))
	}
}

func machineNotOnClient(_ TB, e *Env) {
	e.FailedAs(e.Asserted("demo-provider", "krr:global/digitalpost.read", nil), 400, "invalid_scope", "MP-200")
	e.FailedAs(e.Asserted("demo-provider", "skogdata:tresort no:such", nil), 400, "invalid_scope", "MP-200")
}

func machinePerson(_ TB, e *Env) {
	number := "14836804253"
	tokens := e.Succeeded(e.Asserted("demo-consumer", "skogdata:tresort", map[string]any{"pid": number}))
	e.Equal("access token: pid", e.AccessClaims(tokens)["pid"], number)
	e.Absent("access token without pid", e.AccessClaims(e.Succeeded(e.Asserted("demo-consumer", "skogdata:tresort", nil))), "pid", "sub", "acr")
	e.FailedAs(e.Asserted("demo-consumer", "skogdata:tresort", map[string]any{"pid": number[:10]}), 400, "invalid_request", "MP-011")
}

func machineConsumer(_ TB, e *Env) {
	claims := e.AccessClaims(e.Succeeded(e.Asserted("demo-consumer", "skogdata:tresort", nil)))
	organization := e.Client("demo-consumer").Organization
	e.Equal("access token: consumer", claims["consumer"], map[string]any{"authority": "iso6523-actorid-upis", "ID": "0192:" + organization})
	e.Equal("access token: client_amr", claims["client_amr"], "private_key_jwt")
	e.Equal("access token: token_type", claims["token_type"], "Bearer")
	e.Equal("access token: client_id", claims["client_id"], "demo-consumer")
	e.Absent("access token", claims, "supplier", "delegation_source", "sub", "acr")
}

// forOrganization is what a supplier sends to act for another organization.
func forOrganization(number string) map[string]any { return map[string]any{"consumer_org": number} }

func machineDelegable(_ TB, e *Env) {
	consumer := e.Client("demo-consumer").Organization
	refused := e.Asserted("demo-supplier", "idporten:scopes.read", forOrganization(consumer))
	e.Equal("a scope that cannot be delegated: status", refused.Status, 403)
	e.Absent("a scope that cannot be delegated", refused.Body, "access_token")
	e.Succeeded(e.Asserted("demo-supplier", "skogdata:hogstmelding", forOrganization(consumer)))
}

func machineDelegated(t TB, e *Env) {
	supplier := e.Client("demo-supplier").Organization
	stranger := e.Client("demo-provider").Organization
	refused := e.Asserted("demo-supplier", "skogdata:hogstmelding", forOrganization(stranger))
	e.FailedAs(refused, 403, "forbidden", "MP-251")
	for _, name := range []string{stranger, supplier, "skogdata:hogstmelding"} {
		if !strings.Contains(refused.Text("error_description"), name) {
			t.Errorf("description %q; want %s in it", refused.Text("error_description"), name)
		}
	}
	consumer := e.Client("demo-consumer").Organization
	claims := e.AccessClaims(e.Succeeded(e.Asserted("demo-supplier", "skogdata:hogstmelding", forOrganization(consumer))))
	e.Equal("consumer", Dig(claims, "consumer", "ID"), "0192:"+consumer)
	e.Equal("supplier", Dig(claims, "supplier", "ID"), "0192:"+supplier)
	e.Equal("delegation_source", claims["delegation_source"], "https://www.altinn.no/")
}

func machineForItself(_ TB, e *Env) {
	own := e.Client("demo-supplier").Organization
	e.Failed(e.Asserted("demo-supplier", "skogdata:hogstmelding", forOrganization(own)), 400, "invalid_request")
}

func machineDetails(_ TB, e *Env) {
	ask := func(client, scope string, detail map[string]any) *Tokens {
		return e.Asserted(client, scope, map[string]any{"authorization_details": []any{detail}})
	}
	user := map[string]any{
		"type":           "urn:altinn:systemuser",
		"systemuser_org": map[string]any{"authority": "iso6523-actorid-upis", "ID": "0192:" + e.Client("demo-consumer").Organization},
	}
	e.FailedAs(ask("demo-supplier", "idporten:scopes.read", map[string]any{"type": "urn:altinn:foo"}), 400, "invalid_authorization_details", "MP-301")
	tokens := e.Succeeded(ask("demo-supplier", "idporten:scopes.read", user))
	list, _ := e.AccessClaims(tokens)["authorization_details"].([]any)
	if len(list) != 1 {
		e.t.Fatalf("authorization_details %v; want one", list)
	}
	detail, _ := list[0].(map[string]any)
	e.Present("system user", detail, "systemuser_id", "systemuser_org", "system_id", "type")
	e.Equal("consumer of a system user's token", Dig(e.AccessClaims(tokens), "consumer", "ID"), "0192:"+e.Client("demo-supplier").Organization)
	e.Equal("a system user of nobody: status", ask("demo-provider", "skogdata:tresort", user).Status, 403)

	user["colour"] = "green"
	e.FailedAs(ask("demo-supplier", "idporten:scopes.read", user), 400, "invalid_authorization_details", "MP-302")
	consent := map[string]any{"type": "urn:altinn:consent", "id": "6c1f2b7a-30d4-4d0e-8f3b-5a9e7d2c4b16", "from": "urn:altinn:person:identifier-no:14836804253"}
	given := e.AccessClaims(e.Succeeded(ask("demo-provider", "skogdata:tresort", consent)))
	list, _ = given["authorization_details"].([]any)
	e.Present("consent", list[0].(map[string]any), "to", "consented", "validTo", "consentRights", "from", "id")
	consent["from"] = "somebody"
	e.FailedAs(ask("demo-provider", "skogdata:tresort", consent), 400, "invalid_authorization_details", "MP-303")
}

func machineWithdrawn(_ TB, e *Env) {
	asked := func() *Tokens { return e.Asserted("demo-consumer", "skogdata:hogstmelding", nil) }
	e.Equal("expires_in by the scope", e.Succeeded(asked()).Body["expires_in"], 300)
	consumer := e.Client("demo-consumer").Organization
	owner, path := e.owner(), "/scopes/access/"+consumer+scopeOf("skogdata:hogstmelding")
	e.Equal("state of what is withdrawn", owner.Call("scopes", http.MethodDelete, path, nil).Good().Object["state"], "DENIED")
	defer owner.Call("scopes", http.MethodPut, path, nil)
	e.FailedAs(asked(), 403, "forbidden", "MP-250")
	e.FailedAs(e.Asserted("demo-supplier", "skogdata:hogstmelding", forOrganization(consumer)), 403, "forbidden", "MP-250")
	owner.Call("scopes", http.MethodPut, path, nil).Good()
	e.Succeeded(asked())
}

func idPortenLowest(_ TB, e *Env) {
	both := e.With(Fault{Old: "format: opaque", New: "format: opaque\n    lifetime: {access_token: 60s}"})
	tokens := both.Login(Request{Scope: "openid skogdata:hogstmelding.write skogdata:helse", Manners: both.high()})
	e.Equal("expires_in with 300, 60 and none", tokens.Body["expires_in"], 60)
	one := e.Login(Request{Scope: "openid skogdata:hogstmelding.write", Manners: e.high()})
	e.Equal("expires_in with 300 above the client's own", one.Body["expires_in"], 120)
}

func idPortenGrantEnds(_ TB, e *Env) {
	short := e.With(Fault{Old: "grant: 86400s", New: "grant: 300s"})
	tokens := short.Login(Request{Scope: "openid skogdata:hogstmelding.write", Manners: short.high()})
	short.Advance(200 * time.Second)
	renewed := short.Succeeded(short.Renew("demo-web", tokens.Refresh(), ""))
	short.Advance(101 * time.Second)
	short.Failed(short.Renew("demo-web", renewed.Refresh(), ""), 400, "invalid_grant")
}

func machineKeys(_ TB, e *Env) {
	certificate := e.Key("demo-certificate")
	byCertificate := func(client string) *Tokens {
		claims := e.GrantClaims(client, "skogdata:tresort", nil)
		return e.Send(client, e.GrantSigned(certificate.Key, "RS256", map[string]any{"x5c": chainOf(certificate)}, claims))
	}
	claims := e.AccessClaims(e.Succeeded(byCertificate("demo-certificate")))
	e.Equal("client_amr of a client that signs by certificate", claims["client_amr"], "virksomhetssertifikat")
	e.FailedAs(byCertificate("demo-provider"), 400, "invalid_grant", "MP-123")
	own := e.Key("demo-provider")
	for _, header := range []map[string]any{{"kid": "no-such-key"}, {}, {"kid": own.KeyID, "x5c": chainOf(certificate)}} {
		claims := e.GrantClaims("demo-provider", "skogdata:tresort", nil)
		e.Failed(e.Send("demo-provider", e.GrantSigned(own.Key, "RS256", header, claims)), 400, "invalid_grant")
	}
}

// chainOf writes a chain as x5c has it (RFC 7515 §4.1.6).
func chainOf(key jose.JSONWebKey) []string {
	list := make([]string, len(key.Certificates))
	for i, c := range key.Certificates {
		list[i] = base64.StdEncoding.EncodeToString(c.Raw)
	}
	return list
}
