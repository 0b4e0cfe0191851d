package facts

import "strings"

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
	e.Equal("access token: client_id", claims["client_id"], e.Client("demo-consumer").ID)
	e.Absent("access token", claims, "supplier", "delegation_source", "sub", "acr")
}
