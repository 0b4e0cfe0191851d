package facts

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// An attempt is a registration with some members other than those of a good one,
// and what becomes of it: a status, and for a refusal the code.
type attempt struct {
	who     string
	members map[string]any
	status  int
	code    string
}

func with(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// TestScopeAttributes tries every rule about what a scope may be, from both sides.
func TestScopeAttributes(t *testing.T) {
	e := openRealm(t, "maskinporten")
	desks := map[string]*Desk{"owner": e.owner(), "consumer": e.consumer(), "operator": e.Desk("demo-operator", scopesWrite)}
	long := strings.Repeat("æ", 1024)
	attempts := []attempt{
		{"owner", nil, 200, ""},
		{"owner", with("prefix", ""), 400, "required"},
		{"owner", with("subscope", "  "), 400, "required"},
		{"owner", with("description", ""), 400, "required"},
		{"owner", with("description", nil), 400, "required"},
		{"owner", with("prefix", "krr"), 403, "prefix_not_owned"},
		{"consumer", nil, 403, "prefix_not_owned"},
		{"owner", with("prefix", "skog:data"), 400, "invalid_name"},
		{"owner", with("allowed_integration_types", []string{"ansattporten", "api_klient", "maskinporten"}), 200, ""},
		{"owner", with("allowed_integration_types", []string{"idporten"}), 400, "invalid_value"},
		{"owner", with("allowed_integration_types", []string{"krr"}), 400, "invalid_value"},
		{"owner", with("allowed_integration_types", []string{"horse"}), 400, "invalid_value"},
		{"owner", with("allowed_integration_types", "maskinporten"), 400, "invalid_type"},
		{"operator", with("prefix", "idporten", "allowed_integration_types", []string{"eformidling", "idporten", "idporten_saml2", "krr"}), 200, ""},
		{"owner", with("visibility", "PRIVATE"), 200, ""},
		{"owner", with("visibility", "INTERNAL"), 403, "scope_operator_only"},
		{"operator", with("prefix", "idporten", "visibility", "INTERNAL"), 200, ""},
		{"owner", with("visibility", "SECRET"), 400, "invalid_value"},
		{"owner", with("at_max_age", -1), 400, "invalid_value"},
		{"owner", with("at_max_age", 1.5), 400, "invalid_type"},
		{"owner", with("at_max_age", "60"), 400, "invalid_type"},
		{"owner", with("at_max_age", int64(1)<<62), 400, "invalid_value"},
		{"owner", with("authorization_max_lifetime", -1), 400, "invalid_value"},
		{"owner", with("authorization_max_lifetime", int64(1)<<62), 400, "invalid_value"},
		{"owner", with("description", long[:2*255]), 200, ""},
		{"owner", with("description", long[:2*256]), 400, "too_long"},
		{"owner", with("long_description", long[:2*1023]), 200, ""},
		{"owner", with("long_description#nn", long), 400, "too_long"},
		{"owner", with("description", "<b>"), 400, "invalid_text"},
		{"owner", with("long_description", "Ett\r\n\r\n**to** [tre](https://skog.example/a_b)"), 200, ""},
		{"owner", with("delegation_source", "https://nobody.example/"), 400, "invalid_value"},
		{"owner", with("delegation_source", "https://www.altinn.no/"), 200, ""},
		{"owner", with("description#nn", "Lese", "description#en", "Read", "description#se", "Lohkat"), 200, ""},
		{"owner", with("description#nb", "Lese"), 400, "invalid_language"},
		{"owner", with("description#de", "Lesen"), 400, "invalid_language"},
		{"owner", with("token_type", "OPAQUE"), 200, ""},
		{"owner", with("token_type", "PAPER"), 400, "invalid_value"},
		{"owner", with("name", ""), 200, ""},
		{"owner", with("name", "skogdata:noeannet"), 400, "invalid_name"},
		{"owner", with("subscope", "a*"), 400, "invalid_name"},
		{"owner", with("subscope", "Stor"), 400, "invalid_name"},
		{"owner", with("subscope", "a..b"), 400, "invalid_name"},
		{"owner", with("subscope", strings.Repeat("x", 256)), 400, "invalid_name"},
	}
	for i := range attempts {
		a := &attempts[i]
		members := with("subscope", fresh("sti"))
		for name, value := range a.members {
			members[name] = value
		}
		e.settles(desks[a.who].Register(members["subscope"].(string), members), a)
	}
	kept := desks["owner"].Register(fresh("sti"), with(
		"created", "2001-01-01T00:00:00Z", "last_updated", "2001-01-01T00:00:00Z", "owner_orgno", desks["consumer"].Organization, "protected", true)).Good().Object
	e.Equal("owner_orgno", kept["owner_orgno"], desks["owner"].Organization)
	e.Equal("protected", kept["protected"], false)
	if created, _ := kept["created"].(string); created < "2002" {
		t.Errorf("created %q is what the caller said", created)
	}
	for name, want := range with("visibility", "PUBLIC", "token_type", "SELF_CONTAINED", "allowed_integration_types", []any{}, "accessible_for_all", false,
		"at_max_age", 0, "authorization_max_lifetime", 0, "requires_user_consent", false, "requires_user_authentication", false,
		"requires_pseudonymous_tokens", false, "supports_european_businesses", false, "active", true) {
		e.Equal("default of "+name, kept[name], want)
	}
}

// settles demands that an attempt came to what it says.
func (e *Env) settles(got *Answer, a *attempt) {
	e.t.Helper()
	what := fmt.Sprintf("%s: %v", a.who, a.members)
	got.what = what[:min(len(what), 150)]
	if a.status != http.StatusOK {
		got.Bad(a.status, a.code)
	} else if got.Status != http.StatusOK {
		e.t.Errorf("%s: %d %v; want 200", got.what, got.Status, got.Object)
	}
}

// TestClientAttributes tries every rule about what a client may be.
func TestClientAttributes(t *testing.T) {
	e := openRealm(t, "maskinporten")
	desk := e.keeper("demo-consumer")
	machine, person := "maskinporten", "api_klient"
	redirect := func(uri string) map[string]any { return with("redirect_uris", []string{uri}) }
	native := func(uri string) map[string]any {
		return with("redirect_uris", []string{uri}, "application_type", "native", "token_endpoint_auth_method", "none")
	}
	attempts := []attempt{ // who is the integration type
		{machine, nil, 200, ""}, {person, nil, 200, ""}, {"idporten", with("scopes", []string{"openid"}), 200, ""},
		{machine, with("client_name", ""), 400, "required"},
		{machine, with("description", ""), 400, "required"},
		{machine, with("description", strings.Repeat("x", 256)), 400, "too_long"},
		{"ansattporten", nil, 400, "invalid_value"}, {"eformidling", nil, 400, "invalid_value"}, {"idporten_saml2", nil, 400, "invalid_value"},
		{machine, with("client_orgno", "123456789"), 400, "invalid_orgno"},

		{person, with("token_endpoint_auth_method", "client_secret_post"), 200, ""},
		{person, with("token_endpoint_auth_method", "private_key_jwt"), 200, ""},
		{person, with("token_endpoint_auth_method", "none"), 400, "invalid_combination"},
		{person, with("token_endpoint_auth_method", "client_secret_jwt"), 400, "invalid_combination"},
		{person, with("application_type", "browser", "token_endpoint_auth_method", "none"), 200, ""},
		{person, with("application_type", "browser"), 400, "invalid_combination"},
		{machine, with("token_endpoint_auth_method", "client_secret_basic"), 400, "invalid_combination"},
		{machine, with("application_type", "native"), 400, "invalid_combination"},
		{person, with("grant_types", []string{"authorization_code"}), 200, ""},
		{person, with("grant_types", []string{"implicit"}), 400, "invalid_combination"},
		{person, with("grant_types", []string{"client_credentials"}), 400, "invalid_combination"},
		{machine, with("grant_types", []string{"jwt_bearer_token"}), 200, ""},
		{machine, with("grant_types", []string{"authorization_code"}), 400, "invalid_combination"},

		{person, with("redirect_uris", []string{}), 400, "required"},
		{person, redirect("https://skog.example/#x"), 400, "invalid_uri"},
		{person, redirect("https:///x"), 400, "invalid_uri"},
		{person, redirect("/cb"), 400, "invalid_uri"},
		{person, redirect("app:/cb"), 400, "invalid_uri"},
		{person, redirect("http://localhost:3000/cb"), 200, ""},
		{person, redirect("https://localhost:3000/cb"), 400, "invalid_uri"},
		{person, native("no.skog.app:/cb"), 200, ""},
		{person, native("http://127.0.0.1:0/cb"), 200, ""},
		{person, native("cb"), 400, "invalid_uri"},
		{person, native("javascript:alert(1)"), 400, "invalid_uri"},
		{person, native("DATA:text/html,x"), 400, "invalid_uri"},
		{person, with("post_logout_redirect_uris", []string{"https://skog.example/#x"}), 400, "invalid_uri"},
		{person, with("frontchannel_logout_uri", "https://skog.example/ut"), 200, ""},
		{person, with("frontchannel_logout_uri", "https://skog.example:8443/ut"), 400, "invalid_uri"},
		{person, with("backchannel_logout_uri", "https://skog.example:8443/ut"), 200, ""},
		{person, with("backchannel_logout_uri", "https://other.example/ut"), 400, "invalid_uri"},
		{person, with("logo_uri", "javascript:x"), 400, "invalid_uri"},

		{person, with("access_token_lifetime", 0), 400, "invalid_value"},
		{person, with("refresh_token_lifetime", -1), 400, "invalid_value"},
		{person, with("authorization_lifetime", int64(1)<<62), 400, "invalid_value"},
		{person, with("refresh_token_usage", "TWICE"), 400, "invalid_value"},
		{person, with("code_challenge_method", "none"), 200, ""},
		{person, with("code_challenge_method", "plain"), 400, "invalid_value"},
	}
	for i := range attempts {
		a := &attempts[i]
		scopes := []string{"skogdata:tresort"}
		if a.who != machine {
			scopes = []string{"openid"}
		}
		e.settles(desk.Client(a.who, a.members, scopes...), a)
	}
	made := desk.Client(person, with("backchannel_logout_uri", "https://skog.example/ut"), "openid").Good().Object
	for name, want := range with("access_token_lifetime", 120, "refresh_token_lifetime", 600, "authorization_lifetime", 7200, "code_challenge_method", "S256",
		"sso_disabled", false, "active", true, "application_type", "web", "backchannel_logout_session_required", true, "client_orgno", desk.Organization) {
		e.Equal("default of "+name, made[name], want)
	}
	path := "/clients/" + made["client_id"].(string)
	before := desk.Call("clients", http.MethodGet, path, nil).Good().Object
	after := desk.Call("clients", http.MethodPut, path, before).Good().Object
	delete(after, "warnings")
	delete(after, "last_updated")
	delete(before, "last_updated")
	e.Equal("what was read and sent back", after, before)
	again := desk.Call("clients", http.MethodGet, "/api/v1"+path, nil)
	e.Equal("the same below /api/v1: status", again.Status, 200)
}

// TestSuppliersKeep: what a supplier may do for others ends with its scope.
func TestSuppliersKeep(t *testing.T) {
	e := openRealm(t, "maskinporten")
	supplier, plain := e.Desk("demo-supplier", clientsWrite+" idporten:dcr.supplier"), e.keeper("demo-supplier")
	customer := e.keeper("demo-consumer")
	id, _ := supplier.Client("maskinporten", with("client_orgno", customer.Organization), "skogdata:tresort").Good().Object["client_id"].(string)
	for _, desk := range []*Desk{supplier, customer} {
		if desk.Call("clients", http.MethodGet, "/clients", nil).Good().Find("client_id", id) == nil {
			t.Errorf("organization %s does not find the client", desk.Organization)
		}
		desk.Call("clients", http.MethodGet, "/clients/"+id, nil).Good()
	}
	if plain.Call("clients", http.MethodGet, "/clients", nil).Good().Find("client_id", id) != nil {
		t.Errorf("without the supplier's scope the client is still listed")
	}
	plain.Call("clients", http.MethodGet, "/clients/"+id, nil).Bad(403, "client_not_owned")
	plain.Call("clients", http.MethodDelete, "/clients/"+id, nil).Bad(403, "client_not_owned")
}
