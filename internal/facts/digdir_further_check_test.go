package facts

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The checks of this file are about the tokens of the realms idporten and
// maskinporten: how they are renewed, bound, read and ended.

func idPortenRefreshUsage(t TB, e *Env) {
	login := func() *Tokens {
		return e.Login(Request{Client: "demo-basic", Scope: "openid profile", Manners: e.high()})
	}
	renew := func(refresh string) *Tokens { return e.Renew("demo-basic", refresh, "") }
	back := e.changed("demo-basic", map[string]any{"refresh_token_usage": "ONETIME"})
	first := login()
	second := e.Succeeded(renew(first.Refresh()))
	if second.Refresh() == "" || second.Refresh() == first.Refresh() {
		t.Errorf("ONETIME: the refresh token after a use is the former one, or none")
	}
	third := e.Succeeded(renew(second.Refresh()))
	e.Failed(renew(first.Refresh()), 400, "invalid_grant")
	e.Failed(renew(third.Refresh()), 400, "invalid_grant")
	e.Equal("access token after a replay: active", e.Introspect("demo-basic", third.Access())["active"], false)
	back()

	defer e.changed("demo-basic", map[string]any{"refresh_token_usage": "REUSE"})()
	kept := login()
	for range 3 {
		renewed := e.Succeeded(renew(kept.Refresh()))
		if again := renewed.Refresh(); again != "" && again != kept.Refresh() {
			t.Errorf("REUSE: another refresh token after a use")
		}
		e.Equal("REUSE: access token active", e.Introspect("demo-basic", renewed.Access())["active"], true)
	}
}

func idPortenProof(t TB, e *Env) {
	if list, _ := e.Metadata()["dpop_signing_alg_values_supported"].([]any); !slices.Contains(list, any("ES256")) {
		t.Errorf("discovery: dpop_signing_alg_values_supported %v; want ES256 among it", list)
	}
	prover, other := e.NewProver(), e.NewProver()
	bound := func(client string) *Tokens {
		a := e.Authorize(Request{Client: client, Scope: "openid profile", Manners: e.high()})
		return e.Succeeded(e.TokenProved(client, a.Redemption(), prover))
	}
	tokens := bound("demo-web")
	e.Equal("token_type", tokens.Body["token_type"], "DPoP")
	e.Equal("cnf", e.AccessClaims(tokens)["cnf"], map[string]any{"jkt": prover.Thumbprint()})
	proved := func(scheme string, by *Prover) *UserInfo {
		proof := ""
		if by != nil {
			proof = by.Proof(http.MethodGet, e.Endpoint("userinfo_endpoint"), tokens.Access(), nil)
		}
		return e.UserInfoBy(scheme, tokens.Access(), proof)
	}
	e.Equal("UserInfo with a proof: status", proved("DPoP", prover).Status, 200)
	for what, answer := range map[string]*UserInfo{"as a bearer token": proved("Bearer", nil), "by another key": proved("DPoP", other)} {
		e.Equal("UserInfo "+what+": status", answer.Status, 401)
		if !strings.Contains(answer.Challenge, `error="invalid_`) {
			t.Errorf("UserInfo %s: challenge %q; want an error", what, answer.Challenge)
		}
	}
	e.Equal("a confidential client renews without a proof: token_type", e.Succeeded(e.Renew("demo-web", tokens.Refresh(), "")).Body["token_type"], "Bearer")

	public := bound("demo-spa")
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {public.Refresh()}}
	e.Failed(e.Token("demo-spa", cloned(form)), 400, "invalid_dpop_proof")
	e.Equal("a public client renews with its key: token_type", e.Succeeded(e.TokenProved("demo-spa", cloned(form), prover)).Body["token_type"], "DPoP")
}

func idPortenClientMethod(_ TB, e *Env) {
	by := func(env *Env, client, want string) {
		tokens := env.Login(Request{Client: client, Scope: "openid", Manners: env.high()})
		e.Equal("client_amr of "+want, env.AccessClaims(tokens)["client_amr"], want)
	}
	by(e, "demo-web", "client_secret_basic")
	by(e, "demo-spa", "none")
	const before = "    type: idporten\n    organization: \"310107549\"\n    auth: client_secret_basic\n"
	for method, more := range map[string]string{"client_secret_post": "", "private_key_jwt": "    keys: RS256\n"} {
		after := strings.ReplaceAll(before, "client_secret_basic", method) + more
		by(e.With(Fault{Demo: true, Old: before, New: after}), "demo-basic", method)
	}
}

func idPortenIntrospectors(_ TB, e *Env) {
	declared := e.Login(Request{Scope: "openid skogdata:helse", Manners: e.high()})
	active := func(what string, answer map[string]any, want bool) {
		e.t.Helper()
		e.Equal("introspection by "+what+": active", answer["active"], want)
	}
	active("the client itself", e.Introspect("demo-web", declared.Access()), true)
	active("the owner's resource server", e.IntrospectAs("demo-api", declared.Access()), true)
	active("a client that is not listed", e.Introspect("demo-basic", declared.Access()), false)
	listing := e.With(Fault{Old: "introspected_by: [demo-helse]", New: "introspected_by: [demo-helse, demo-legacy]"})
	listed := listing.Login(Request{Scope: "openid skogdata:helse", Manners: listing.high()})
	active("a client that is listed", listing.Introspect("demo-legacy", listed.Access()), true)
	without := listing.Login(Request{Scope: "openid profile", Manners: listing.high()})
	active("a listed client, of a token without the scope", listing.Introspect("demo-legacy", without.Access()), false)
	active("the owner's resource server, of a token without its scopes", listing.IntrospectAs("demo-api", without.Access()), false)
}

func idPortenOwnersIntrospect(_ TB, e *Env) {
	const before = "    organization: \"310107549\"\n    auth: client_secret_basic\n    grant_types: [authorization_code, refresh_token]\n"
	owners := strings.ReplaceAll(before, "310107549", "310103772")
	token := func(env *Env) string {
		return env.Login(Request{Scope: "openid skogdata:hogstmelding.write", Manners: env.high()}).Access()
	}
	legacy := e.With(Fault{Demo: true, Old: before + "    dialect: legacy\n", New: owners + "    dialect: legacy\n"})
	current := e.With(Fault{Demo: true, Old: before + "    scopes: basic\n", New: owners + "    scopes: basic\n"})
	e.Equal("introspection by a legacy client of the owner's: active", legacy.Introspect("demo-legacy", token(legacy))["active"], true)
	plain := legacy.Login(Request{Scope: "openid", Manners: legacy.high()}).Access()
	e.Equal("introspection by it of a token without the owner's scopes: active", legacy.Introspect("demo-legacy", plain)["active"], false)
	e.Equal("introspection by a legacy client of another organization: active", e.Introspect("demo-legacy", token(e))["active"], false)
	e.Equal("introspection by a current client of the owner's: active", current.Introspect("demo-basic", token(current))["active"], false)
}

func idPortenBackLogout(t TB, e *Env) {
	told := make(chan string, 4)
	client := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.FormValue("logout_token") }))
	t.Cleanup(client.Close)
	defer e.changed("demo-basic", map[string]any{"backchannel_logout_uri": client.URL + "/ut"})()
	browser := e.NewBrowser()
	first := e.Login(Request{Client: "demo-web", Scope: "openid", Browser: browser, Manners: e.high()})
	other := e.IDClaims(e.Login(Request{Client: "demo-basic", Scope: "openid", Browser: browser, Manners: e.high()}))
	e.Present("ID Token", other, "sid")
	e.Logout(browser, url.Values{"id_token_hint": {first.ID()}})
	select {
	case text := <-told:
		claims, header := e.DecodeWith(text)
		e.Equal("logout token: typ", header.ExtraHeaders["typ"], "logout+jwt")
		for name, want := range map[string]any{"iss": e.Issuer(), "aud": "demo-basic", "sub": other["sub"], "sid": other["sid"]} {
			e.Equal("logout token: "+name, claims[name], want)
		}
		e.Present("logout token", claims, "iat", "exp", "jti", "events")
		e.Absent("logout token", claims, "nonce", "pid")
	case <-time.After(20 * time.Second):
		t.Errorf("the client of the session was not told")
	}
}

func machineLifetimes(_ TB, e *Env) {
	owner, consumer := e.owner(), e.keeper("demo-consumer")
	scope := func(seconds int) string {
		return owner.registered(map[string]any{"accessible_for_all": true, "allowed_integration_types": []string{"maskinporten"}, "at_max_age": seconds})
	}
	long, short, none := scope(1000), scope(30), scope(0)
	client := consumer.machine(long, short, none)
	lives := func(what, scope string, want int) {
		e.t.Helper()
		e.Equal("expires_in "+what, e.Succeeded(client.ask(scope)).Body["expires_in"], want)
	}
	lives("with a bound above the realm's", long, 1000)
	lives("with two bounds", long+" "+short, 30)
	lives("without a bound", none, 120)
	path := "/clients/" + client.id
	registration := consumer.Call("clients", http.MethodGet, path, nil).Good().Object
	registration["access_token_lifetime"] = 45
	consumer.Call("clients", http.MethodPut, path, registration).Good()
	lives("without a bound, by the client", none, 45)
	lives("with a bound above the client's", long, 1000)
	lives("with a bound below the client's", short, 30)
}

// detailed asks for a token with authorization_details.
func (e *Env) detailed(client, scope string, details ...any) *Tokens {
	e.t.Helper()
	return e.Asserted(client, scope, map[string]any{"authorization_details": details})
}

// detail gives the only element of a token's authorization_details.
func (e *Env) detail(tokens *Tokens) map[string]any {
	e.t.Helper()
	list, _ := e.AccessClaims(e.Succeeded(tokens))["authorization_details"].([]any)
	if len(list) != 1 {
		e.t.Fatalf("authorization_details %v; want one", list)
	}
	detail, _ := list[0].(map[string]any)
	return detail
}

func systemUserOf(organization string) map[string]any {
	return map[string]any{
		"type":           "urn:altinn:systemuser",
		"systemuser_org": map[string]any{"authority": "iso6523-actorid-upis", "ID": "0192:" + organization},
	}
}

func consentOf(person string) map[string]any {
	return map[string]any{"type": "urn:altinn:consent", "id": "6c1f2b7a-30d4-4d0e-8f3b-5a9e7d2c4b16", "from": "urn:altinn:person:identifier-no:" + person}
}

func machineSystemUser(_ TB, e *Env) {
	customer, supplier := e.Client("demo-consumer").Organization, e.Client("demo-supplier").Organization
	tokens := e.detailed("demo-supplier", "idporten:scopes.read", systemUserOf(customer))
	detail := e.detail(tokens)
	e.Equal("type", detail["type"], "urn:altinn:systemuser")
	e.Equal("systemuser_org", Dig(detail, "systemuser_org", "ID"), "0192:"+customer)
	e.Equal("systemuser_id", detail["systemuser_id"], []any{"a4f3c7de-41c8-4a52-9b0e-2f6d1c9b7e10"})
	e.Equal("system_id", detail["system_id"], "310111317_fagsystem")
	claims := e.AccessClaims(tokens)
	e.Equal("consumer", Dig(claims, "consumer", "ID"), "0192:"+supplier)
	e.Absent("a system user's token", claims, "supplier", "delegation_source")
	for what, refused := range map[string]*Tokens{
		"a system user of another organization": e.detailed("demo-supplier", "idporten:scopes.read", systemUserOf(e.Client("demo-operator").Organization)),
		"another supplier's system user":        e.detailed("demo-provider", "skogdata:tresort", systemUserOf(customer)),
	} {
		e.Equal(what+": status", refused.Status, 403)
		e.Absent(what, refused.Body, "access_token")
	}
}

func machineConsent(_ TB, e *Env) {
	detail := e.detail(e.detailed("demo-provider", "skogdata:tresort", consentOf("14836804253")))
	e.Equal("to", Dig(detail, "to", "ID"), "0192:"+e.Client("demo-provider").Organization)
	e.Present("consent", detail, "id", "from", "consented", "validTo", "consentRights")
	rights, _ := detail["consentRights"].([]any)
	if len(rights) == 0 {
		e.t.Fatalf("consentRights: %v; want what was agreed to", detail["consentRights"])
	}
	right, _ := rights[0].(map[string]any)
	e.Equal("action", right["action"], []any{"read"})
	e.Equal("consent given to somebody else: status", e.detailed("demo-consumer", "skogdata:tresort", consentOf("14836804253")).Status, 403)
	e.Equal("consent of somebody else: status", e.detailed("demo-provider", "skogdata:tresort", consentOf("28828804660")).Status, 403)
}

func machineDetailValues(_ TB, e *Env) {
	wrong := func(what string, details ...any) {
		e.t.Helper()
		refused := e.detailed("demo-supplier", "idporten:scopes.read", details...)
		if refused.Status != 400 {
			e.t.Errorf("%s: %d; want 400", what, refused.Status)
		}
		e.FailedAs(refused, 400, "invalid_authorization_details", "MP-303")
	}
	wrong("a person with ten digits", consentOf("1483680425"))
	short := consentOf("14836804253")
	short["id"] = "6c1f2b7a"
	wrong("an id that is no UUID", short)
	wrong("no organization", map[string]any{"type": "urn:altinn:systemuser"})
	wrong("another type of value", map[string]any{"type": "urn:altinn:systemuser", "systemuser_org": "310107549"})
	wrong("two kinds at once", systemUserOf(e.Client("demo-consumer").Organization), consentOf("14836804253"))
}
