package facts

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The checks of this file are about the clients that organizations keep.

const clientsWrite = "idporten:dcr.write"

// keeper is a demo client at the clients API.
func (e *Env) keeper(client string) *Desk { return e.At("maskinporten").Desk(client, clientsWrite) }

// A machine is a client that was registered with a key, and can ask for tokens.
type machine struct {
	e    *Env
	desk *Desk
	id   string
	key  *jose.JSONWebKey
}

// machine registers a client for machines with the scopes and gives it a key.
func (d *Desk) machine(scopes ...string) *machine {
	d.e.t.Helper()
	id, _ := d.Client("maskinporten", nil, scopes...).Good().Object["client_id"].(string)
	m := &machine{e: d.e, desk: d, id: id, key: newKey(d.e.t, "k1")}
	d.Call("clients", http.MethodPost, "/clients/"+id+"/jwks", map[string]any{"keys": []any{m.key.Public()}}).Good()
	return m
}

// keys that checks register; making one takes a while.
var madeKey *rsa.PrivateKey

func newKey(t TB, kid string) *jose.JSONWebKey {
	t.Helper()
	if madeKey == nil {
		var err error
		if madeKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatalf("key: %v", err)
		}
	}
	return &jose.JSONWebKey{Key: madeKey, KeyID: kid, Algorithm: "RS256", Use: "sig"}
}

// ask asks for a token as the client.
func (m *machine) ask(scope string) *Tokens {
	m.e.t.Helper()
	return m.asked(scope, nil)
}

// asked does so with further claims in the grant.
func (m *machine) asked(scope string, further map[string]any) *Tokens {
	m.e.t.Helper()
	now := m.e.Now().Unix()
	claims := map[string]any{"iss": m.id, "aud": m.e.Issuer(), "scope": m.e.names.ThereWords(scope), "jti": random(), "iat": now, "exp": now + 60}
	maps.Copy(claims, further)
	return m.e.Send(m.id, m.e.Signed(*m.key, "JWT", claims))
}

func clientsOfEveryType(_ TB, e *Env) {
	scope := e.owner().registered(map[string]any{"accessible_for_all": true})
	for _, kind := range []string{"api_klient", "maskinporten"} {
		e.keeper("demo-consumer").Client(kind, nil, scope).Good()
	}
}

// conflicting tries a client that cannot be, and looks whether it is there.
func (e *Env) conflicting(kind, scope string, status int, code string) {
	e.t.Helper()
	desk, id := e.keeper("demo-consumer"), fresh("c")
	desk.Client(kind, map[string]any{"client_id": id}, scope).Bad(status, code)
	desk.Call("clients", http.MethodGet, "/clients/"+id, nil).Bad(404, "client_unknown")
}

func clientsMachineScope(_ TB, e *Env) {
	scope := e.owner().registered(map[string]any{"accessible_for_all": true, "allowed_integration_types": []string{"maskinporten"}})
	e.conflicting("api_klient", scope, 400, "scope_integration_type_conflict")
}

func clientsPersonScope(_ TB, e *Env) {
	scope := e.owner().registered(map[string]any{"accessible_for_all": true, "allowed_integration_types": []string{"api_klient"}})
	e.conflicting("maskinporten", scope, 400, "scope_integration_type_conflict")
}

func clientsEitherType(_ TB, e *Env) {
	scope := e.owner().registered(map[string]any{"accessible_for_all": true, "allowed_integration_types": []string{"maskinporten", "api_klient"}})
	desk := e.keeper("demo-consumer")
	desk.Client("api_klient", nil, scope).Good()
	desk.Client("maskinporten", nil, scope).Good()
	desk.Client("idporten", nil, scope).Bad(400, "scope_not_allowed_for_client_type")
}

func clientsReserved(_ TB, e *Env) {
	got := e.keeper("demo-consumer").Client("idporten", nil, "openid", "profile", "no_pid", "eidas").Good().Object
	e.Equal("scopes", got["scopes"], []any{"openid", "profile", "no_pid", "eidas"})
}

func clientsNoOpenID(_ TB, e *Env) {
	e.conflicting("maskinporten", "openid", 400, "scope_integration_type_conflict")
}

func clientsRegisterScopes(_ TB, e *Env) {
	desk := e.keeper("demo-consumer")
	desk.Client("maskinporten", nil, "krr:global/kontaktinformasjon.read").Good()
	desk.Client("krr", nil, "krr:global/kontaktinformasjon.read", "krr:global/digitalpost.read").Good()
	e.conflicting("api_klient", "krr:global/kontaktinformasjon.read", 400, "scope_integration_type_conflict")
}

func clientsUserRegister(_ TB, e *Env) {
	e.keeper("demo-consumer").Client("api_klient", nil, "openid", "krr:user/kontaktinformasjon.read").Good()
	e.conflicting("maskinporten", "krr:user/kontaktinformasjon.read", 400, "scope_integration_type_conflict")
}

func clientsOperatorAdds(_ TB, e *Env) {
	desk := e.keeper("demo-consumer")
	made := desk.Client("maskinporten", nil, "krr:global/digitalpost.read").Good().Object
	for _, scope := range []string{"idporten:dcr.read", "idporten:scopes.write"} {
		made["scopes"] = []string{"krr:global/digitalpost.read", scope}
		path := "/clients/" + made["client_id"].(string)
		desk.Call("clients", http.MethodPut, path, made).Bad(403, "scope_operator_only")
		got := e.keeper("demo-operator").Call("clients", http.MethodPut, path, made).Good().Object
		e.Equal("scopes after the operator", got["scopes"], []any{"krr:global/digitalpost.read", scope})
		desk.Call("clients", http.MethodPut, path, got).Good() // its own again
		made["scopes"] = []string{"krr:global/digitalpost.read"}
		desk.Call("clients", http.MethodPut, path, made).Good()
	}
}

func clientsOperatorOnly(_ TB, e *Env) {
	for scope, kind := range map[string]string{"idporten:authorizations": "api_klient", "idporten:user.log.read": "api_klient", "global/idporten.authlevel.read": "maskinporten"} {
		e.conflicting(kind, scope, 403, "scope_operator_only")
	}
}

func clientsLogIsForPeople(_ TB, e *Env) {
	e.keeper("demo-operator").Client("maskinporten", nil, "idporten:user.log.read").Bad(400, "scope_integration_type_conflict")
}

func clientsWithoutAccess(_ TB, e *Env) {
	e.conflicting("maskinporten", e.owner().registered(nil), 403, "scope_access_missing")
}

func clientsOpenScope(_ TB, e *Env) {
	desk := e.keeper("demo-supplier")
	desk.Client("maskinporten", nil, "skogdata:tresort").Good()
	scope := e.owner().registered(map[string]any{"accessible_for_all": true})
	e.Succeeded(desk.machine(scope).ask(scope))
}

func clientsKeys(_ TB, e *Env) {
	desk := e.keeper("demo-consumer")
	m := desk.machine("skogdata:tresort")
	keys := []any{}
	for _, kid := range []string{"k1", "k2", "k3", "k4", "k5"} {
		keys = append(keys, newKey(e.t, kid).Public())
	}
	path := "/clients/" + m.id + "/jwks"
	desk.Call("clients", http.MethodPost, path, map[string]any{"keys": keys}).Good()
	desk.Call("clients", http.MethodPost, path, map[string]any{"keys": append(keys, newKey(e.t, "k6").Public())}).Bad(400, "too_many_keys")
	desk.Call("clients", http.MethodPut, path+"/k6", newKey(e.t, "k6").Public()).Bad(400, "too_many_keys")
	desk.Call("clients", http.MethodPost, path, map[string]any{"keys": []any{newKey(e.t, "k1")}}).Bad(400, "private_key")
	e.Succeeded(m.ask("skogdata:tresort"))
	later := e.With()
	old := later.keeper("demo-consumer").machine("skogdata:tresort")
	later.Advance(366 * 24 * time.Hour)
	e.FailedAs(old.ask("skogdata:tresort"), 400, "invalid_grant", "MP-121")
}

func clientsTypesStay(_ TB, e *Env) {
	desk := e.keeper("demo-consumer")
	made := desk.Client("maskinporten", nil, "skogdata:tresort").Good().Object
	path := "/clients/" + made["client_id"].(string)
	made["integration_type"], made["redirect_uris"] = "api_klient", []string{"https://skog.example/cb"}
	made["grant_types"], made["scopes"] = []string{"authorization_code"}, []string{"openid"}
	desk.Call("clients", http.MethodPut, path, made).Bad(400, "immutable_field")
	e.Equal("type", desk.Call("clients", http.MethodGet, path, nil).Good().Object["integration_type"], "maskinporten")
}

func clientsOfOthers(_ TB, e *Env) {
	e = e.At("maskinporten")
	customer := e.Client("demo-consumer").Organization
	e.keeper("demo-supplier").Client("maskinporten", map[string]any{"client_orgno": customer}, "skogdata:tresort").Bad(403, "insufficient_scope")
	supplier := e.Desk("demo-supplier", clientsWrite+" idporten:dcr.supplier")
	made := supplier.Client("maskinporten", map[string]any{"client_orgno": customer}, "skogdata:tresort").Good().Object
	e.Equal("client_orgno", made["client_orgno"], customer)
	e.Equal("supplier_orgno", made["supplier_orgno"], supplier.Organization)
}

func clientsRegisterType(_ TB, e *Env) {
	desk := e.keeper("demo-consumer")
	made := desk.Client("krr", nil, "krr:global/kontaktinformasjon.read").Good().Object
	made["scopes"] = []string{"krr:global/kontaktinformasjon.read", "skogdata:tresort"}
	desk.Call("clients", http.MethodPut, "/clients/"+made["client_id"].(string), made).Bad(400, "scope_not_allowed_for_client_type")
}

func clientsOldSecret(_ TB, e *Env) {
	desk := e.keeper("demo-consumer")
	made := desk.Client("api_klient", map[string]any{"token_endpoint_auth_method": "client_secret_post"}, "openid").Good().Object
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	people := e.At("idporten")
	refused := func(form url.Values) string {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", "none")
		_, _, body := people.PostForm(people.Endpoint("token_endpoint"), form, nil)
		code, _ := people.object("token endpoint", body)["error"].(string)
		return code
	}
	posted := url.Values{"client_id": {id}, "client_secret": {secret}}
	e.Equal("error with the living secret", refused(posted), "invalid_grant")
	delete(made, "client_secret")
	made["token_endpoint_auth_method"] = "private_key_jwt"
	desk.Call("clients", http.MethodPut, "/clients/"+id, made).Good()
	e.Equal("error with the old secret", refused(posted), "invalid_client")
	made["token_endpoint_auth_method"] = "client_secret_post"
	again := desk.Call("clients", http.MethodPut, "/clients/"+id, made).Good().Object
	e.Equal("error with the old secret, back at its method", refused(posted), "invalid_client")
	secret, _ = again["client_secret"].(string)
	posted.Set("client_secret", secret)
	e.Equal("error with the new secret", refused(posted), "invalid_grant")
}
