package server

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// discovery serves the metadata of OIDC Discovery §3 and RFC 8414 §2, computed
// from what is enabled. Lists without elements are left out.
func (p *Provider) discovery(w http.ResponseWriter, r *http.Request, realm *realm) error {
	text, err := p.discoveryText(realm)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.Write(text)
	return nil
}

// A discoveryDocument is the metadata of a realm as written for one catalog.
type discoveryDocument struct {
	catalog *tillit.Catalog
	text    []byte
}

// discoveryText writes the metadata once for each catalog: a catalog never
// changes, and nothing else of a realm changes while the provider runs.
func (p *Provider) discoveryText(realm *realm) ([]byte, error) {
	if kept, ok := p.documents.Load(realm.name); ok && kept.(*discoveryDocument).catalog == realm.catalog {
		return kept.(*discoveryDocument).text, nil
	}
	text, err := json.Marshal(p.metadata(realm))
	if err == nil {
		p.documents.Store(realm.name, &discoveryDocument{realm.catalog, text})
	}
	return text, err
}

func (p *Provider) metadata(realm *realm) map[string]any {
	c := realm.catalog
	m := map[string]any{
		"issuer":                           realm.issuer,
		"jwks_uri":                         realm.endpoint("/jwks"),
		"token_endpoint":                   realm.endpoint("/token"),
		"introspection_endpoint":           realm.endpoint("/introspect"),
		"revocation_endpoint":              realm.endpoint("/revoke"),
		"service_documentation":            p.Base,
		"request_parameter_supported":      feature(c, "request_object"),
		"request_uri_parameter_supported":  p.refers(c),
		"require_request_uri_registration": p.refers(c),
	}
	put := func(name string, list []string) {
		if len(list) > 0 {
			m[name] = list
		}
	}
	grants := grantsOf(c)
	put("grant_types_supported", grants)
	put("scopes_supported", publicScopes(c))
	methods := p.methodsOf(c)
	put("token_endpoint_auth_methods_supported", methods)
	var algorithms []string
	if slices.Contains(methods, "private_key_jwt") {
		algorithms = append(algorithms, token.AsymmetricAlgorithms...)
	}
	if slices.Contains(methods, "client_secret_jwt") {
		algorithms = append(algorithms, "HS256")
	}
	put("token_endpoint_auth_signing_alg_values_supported", algorithms)
	put("introspection_endpoint_auth_methods_supported", slices.DeleteFunc(slices.Clone(methods), func(s string) bool { return s == "none" }))
	put("revocation_endpoint_auth_methods_supported", methods)
	if feature(c, "registration") {
		m["registration_endpoint"] = realm.endpoint("/register")
	}
	if slices.Contains(grants, "authorization_code") {
		p.interactive(realm, m, put)
	}
	if feature(c, "dpop") {
		put("dpop_signing_alg_values_supported", token.AsymmetricAlgorithms)
	}
	p.byCertificate(realm, m)
	p.furtherMembers(realm, m)
	return m
}

// aliased are the endpoints at which clients show certificates, and what they are
// called in the metadata (RFC 8705 §5).
var aliased = map[string]string{
	"token_endpoint": "/token", "introspection_endpoint": "/introspect", "revocation_endpoint": "/revoke",
	"userinfo_endpoint": "/userinfo", "pushed_authorization_request_endpoint": "/par",
}

// byCertificate adds what concerns mutual TLS.
func (p *Provider) byCertificate(realm *realm, m map[string]any) {
	if p.MutualTLS == nil {
		return
	}
	m["tls_client_certificate_bound_access_tokens"] = true
	if p.MutualTLS.Base == "" {
		return
	}
	aliases := map[string]string{}
	for name, path := range aliased {
		if m[name] != nil {
			aliases[name] = p.alias(realm, path)
		}
	}
	m["mtls_endpoint_aliases"] = aliases
}

// alias is the address of an endpoint where certificates are asked for.
func (p *Provider) alias(realm *realm, path string) string {
	return p.MutualTLS.Base + "/" + realm.name + path
}

// interactive adds what concerns people signing in.
func (p *Provider) interactive(realm *realm, m map[string]any, put func(string, []string)) {
	c := realm.catalog
	m["authorization_endpoint"] = realm.endpoint("/authorize")
	m["userinfo_endpoint"] = realm.endpoint("/userinfo")
	m["end_session_endpoint"] = realm.endpoint("/logout")
	m["claims_parameter_supported"] = true
	for _, member := range []string{"backchannel_logout_supported", "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported"} {
		m[member] = true
	}
	put("authorization_details_types_supported", detailTypesOf(c))
	if feature(c, "request_object") {
		put("request_object_signing_alg_values_supported", token.AsymmetricAlgorithms)
	}
	if feature(c, "encrypted_request_object") {
		put("request_object_encryption_alg_values_supported", token.KeyManagement)
		put("request_object_encryption_enc_values_supported", token.ContentEncryption)
	}
	if feature(c, "par") {
		m["pushed_authorization_request_endpoint"] = realm.endpoint("/par")
		m["require_pushed_authorization_requests"] = false
	}
	m["authorization_response_iss_parameter_supported"] = true
	put("response_types_supported", responseTypesOf(c))
	put("response_modes_supported", responseModes)
	put("subject_types_supported", c.Settings.Subject)
	put("id_token_signing_alg_values_supported", c.Settings.Algorithms)
	put("authorization_signing_alg_values_supported", c.Settings.Algorithms) // JARM §4
	put("userinfo_signing_alg_values_supported", append(slices.Clone(c.Settings.Algorithms), "none"))
	put("code_challenge_methods_supported", []string{"S256"})
	put("prompt_values_supported", prompts)
	put("claim_types_supported", []string{"normal"})
	put("claims_supported", claimsOf(c))
	put("ui_locales_supported", c.Languages)
	put("claims_locales_supported", c.Languages)
	var acr []string
	for i := range c.ACR {
		acr = append(acr, c.ACR[i].Value)
	}
	put("acr_values_supported", acr)
}

// furtherMembers adds what the realm declares of its own.
func (p *Provider) furtherMembers(realm *realm, m map[string]any) {
	servers := map[string]any{}
	for i := range realm.catalog.Servers {
		name := realm.catalog.Servers[i].Name
		if url := p.Service(realm.name, name); url != "" {
			servers[name] = map[string]any{"url": url}
		}
	}
	roots := map[string]any{
		"server": servers, "realm": map[string]any{"name": realm.name, "version": realm.catalog.Version},
		"endpoint": map[string]any{
			"token": m["token_endpoint"], "introspection": m["introspection_endpoint"], "revocation": m["revocation_endpoint"],
			"userinfo": m["userinfo_endpoint"], "authorization": m["authorization_endpoint"], "jwks": m["jwks_uri"], "logout": m["end_session_endpoint"],
		},
	}
	for name, expression := range realm.catalog.Discovery {
		if value, ok, err := expression.Eval(roots); err == nil && ok && m[name] == nil {
			m[name] = value
		}
	}
}

// grantsOf gives the grant types that some client type of the realm may have and
// this provider serves.
func grantsOf(c *tillit.Catalog) []string {
	var list []string
	for i := range c.ClientTypes {
		if t := &c.ClientTypes[i]; t.State == "" || t.State == tillit.Active {
			for _, name := range t.GrantTypes {
				if (serves(c, name) || name == "implicit") && !slices.Contains(list, name) {
					list = append(list, name)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// serves reports whether the realm has the grant type: one of assertions it has
// only where it says what their claims become.
func serves(c *tillit.Catalog, name string) bool {
	gt, known := grantTypes[name]
	return known && (!gt.signed || c.Assertion != nil)
}

// responseTypesOf gives the response types that some client type may have.
func responseTypesOf(c *tillit.Catalog) []string {
	var list []string
	for _, name := range responseTypes {
		for i := range c.ClientTypes {
			if slices.ContainsFunc(c.ClientTypes[i].ResponseTypes, func(s string) bool { return sortedWords(s) == sortedWords(name) }) {
				list = append(list, name)
				break
			}
		}
	}
	return list
}

// methodsOf gives the authentication methods that some client type may have and
// this provider can check.
func (p *Provider) methodsOf(c *tillit.Catalog) []string {
	var list []string
	for i := range c.ClientTypes {
		for _, methods := range c.ClientTypes[i].Auth {
			for _, method := range methods {
				if p.serves(method) && !slices.Contains(list, method) {
					list = append(list, method)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

func (p *Provider) serves(method string) bool {
	switch method {
	case "tls_client_auth":
		return p.MutualTLS != nil && p.MutualTLS.Authorities != nil
	case "self_signed_tls_client_auth":
		return p.MutualTLS != nil
	case "client_secret_jwt":
		return p.OpenSecret != nil
	}
	return slices.Contains(authMethods, method)
}

// detailTypesOf lists the registered types of authorization_details (RFC 9396 §10).
func detailTypesOf(c *tillit.Catalog) []string {
	var list []string
	for i := range c.Details {
		list = append(list, c.Details[i].Type)
	}
	return list
}

// publicScopes lists what a client of this realm may find here (SC-18): neither
// private and internal scopes, nor those that a shared registry keeps for the
// client types of other realms.
func publicScopes(c *tillit.Catalog) []string {
	usable := func(name string) bool {
		t := c.ClientType(name)
		return t != nil && (t.State == "" || t.State == tillit.Active)
	}
	var list []string
	for i := range c.Scopes {
		s := &c.Scopes[i]
		public := s.Visibility == "" || s.Visibility == tillit.Public
		if s.State.Works() && public && (len(s.Types) == 0 || slices.ContainsFunc(s.Types, usable)) {
			list = append(list, string(s.Name))
		}
	}
	return list
}

// claimsOf lists what can be found in an ID Token or at UserInfo.
func claimsOf(c *tillit.Catalog) []string {
	list := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr"}
	for i := range c.Claims {
		claim := &c.Claims[i]
		reachable := slices.Contains(claim.Sinks, tillit.SinkIDToken) || slices.Contains(claim.Sinks, tillit.SinkUserInfo)
		if reachable && claim.State.Works() && !slices.Contains(list, claim.Wire()) {
			list = append(list, claim.Wire())
		}
	}
	return list
}

// jwks serves the public keys (RFC 7517 §5).
func (p *Provider) jwks(w http.ResponseWriter, r *http.Request, realm *realm) error {
	keys, err := p.Keys.JWKS(r.Context(), realm.name)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.WriteHeader(http.StatusOK)
	w.Write(keys)
	return nil
}
