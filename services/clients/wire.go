package clients

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

// jwtBearer is the grant type that older documents call by an alias.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// wire writes a client as the API tells it. Its keys have addresses of their own.
func wire(c *tillit.Catalog, client *tillit.Client) map[string]any {
	scopes := make([]tillit.ScopeName, 0, len(client.Scopes))
	for _, p := range client.Scopes {
		scopes = append(scopes, p.Scope)
	}
	m := map[string]any{
		"client_id": client.ID, "client_name": client.Name.In(c.Languages...), "description": client.Description,
		"client_orgno": client.Organization, "active": client.Active, "integration_type": client.Type,
		"application_type": client.Application, "token_endpoint_auth_method": client.AuthMethod,
		"grant_types": listed(client.GrantTypes), "scopes": scopes,
		"access_token_lifetime": orElse(client.AccessTokenLifetime, lifetime(c, client)),
	}
	if client.MayUse("authorization_code") {
		m["redirect_uris"], m["post_logout_redirect_uris"] = listed(client.RedirectURIs), listed(client.PostLogoutRedirectURIs)
		m["refresh_token_lifetime"] = orElse(client.RefreshLifetime, c.Token("refresh_token").Lifetime)
		m["authorization_lifetime"] = orElse(client.GrantLifetime, c.Token("grant").Lifetime)
		m["refresh_token_usage"], m["code_challenge_method"] = "ONETIME", "S256"
		if client.ReuseRefresh {
			m["refresh_token_usage"] = "REUSE"
		}
		if client.PKCEOptional {
			m["code_challenge_method"] = "none"
		}
		m["frontchannel_logout_session_required"], m["sso_disabled"] = client.FrontChannelSession, client.SSODisabled
		for name, address := range map[string]string{"frontchannel_logout_uri": client.FrontChannelLogoutURI, "backchannel_logout_uri": client.BackChannelLogoutURI} {
			if address != "" {
				m[name] = address
			}
		}
		if client.BackChannelLogoutURI != "" {
			m["backchannel_logout_session_required"] = true
		}
	}
	for name, text := range map[string]string{"supplier_orgno": client.Supplier, "client_uri": client.ClientURI, "logo_uri": client.LogoURI} {
		if text != "" {
			m[name] = text
		}
	}
	if len(client.OnBehalfOf) > 0 {
		m["onbehalfof"] = wireEntries(client.OnBehalfOf)
	}
	if client.Created > 0 {
		m["created"] = selfservice.Instant(client.Created)
	}
	if client.Updated > 0 {
		m["last_updated"] = selfservice.Instant(client.Updated)
	}
	return m
}

func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orElse(own, otherwise int64) int64 {
	if own > 0 {
		return own
	}
	return otherwise
}

func lifetime(c *tillit.Catalog, client *tillit.Client) int64 {
	if client.MayUse("authorization_code") {
		return c.Token("access_token").Lifetime
	}
	return c.Token("machine_token").Lifetime
}

// A reading is a body on its way into a client.
type reading struct {
	catalog  *tillit.Catalog
	kind     *tillit.ClientType
	members  map[string]json.RawMessage
	faults   []tillit.Objection
	warnings []tillit.Advice
}

func (r *reading) member(name string, into any) { selfservice.Member(r.members, name, into, &r.faults) }

// into makes the client what the body says; what it does not say is the type's
// default. Identity, organization, keys and secrets are not its business.
func (r *reading) into(client *tillit.Client) {
	name := ""
	if r.member("client_name", &name); name != client.Name.In(r.catalog.Languages...) {
		client.Name = tillit.Text{r.catalog.Languages[0]: name}
	}
	client.Active, client.Application, client.Description = true, "web", ""
	r.member("active", &client.Active)
	r.member("description", &client.Description)
	r.member("application_type", &client.Application)
	client.ClientURI, client.LogoURI, client.FrontChannelLogoutURI, client.BackChannelLogoutURI = "", "", "", ""
	r.member("client_uri", &client.ClientURI)
	r.member("logo_uri", &client.LogoURI)
	r.member("frontchannel_logout_uri", &client.FrontChannelLogoutURI)
	r.member("backchannel_logout_uri", &client.BackChannelLogoutURI)
	client.RedirectURIs, client.PostLogoutRedirectURIs = nil, nil
	r.member("redirect_uris", &client.RedirectURIs)
	r.member("post_logout_redirect_uris", &client.PostLogoutRedirectURIs)
	client.FrontChannelSession, client.SSODisabled = false, false
	r.member("frontchannel_logout_session_required", &client.FrontChannelSession)
	r.member("sso_disabled", &client.SSODisabled)
	r.methods(client)
	client.AccessTokenLifetime = r.seconds("access_token_lifetime")
	client.RefreshLifetime = r.seconds("refresh_token_lifetime")
	client.GrantLifetime = r.seconds("authorization_lifetime")
	client.ReuseRefresh = r.word("refresh_token_usage", "ONETIME", "REUSE")
	client.PKCEOptional = r.word("code_challenge_method", "S256", "none")
	r.scopes(client)
	r.bounds(client)
}

// methods reads how the client authenticates and which grants it uses.
func (r *reading) methods(client *tillit.Client) {
	client.AuthMethod, client.GrantTypes = "", nil
	r.member("token_endpoint_auth_method", &client.AuthMethod)
	r.member("grant_types", &client.GrantTypes)
	if methods := r.kind.Auth[client.Application]; client.AuthMethod == "" && len(methods) > 0 {
		client.AuthMethod = methods[0]
	}
	if client.GrantTypes == nil {
		client.GrantTypes = slices.Clone(r.kind.GrantTypes)
	}
	for i, grant := range client.GrantTypes {
		if grant == "jwt_bearer_token" {
			client.GrantTypes[i] = jwtBearer
		}
	}
}

func (r *reading) scopes(client *tillit.Client) {
	names := slices.Clone(r.kind.StartsWith)
	if _, said := r.members["scopes"]; said {
		names = nil
		r.member("scopes", &names)
	}
	notes := map[tillit.ScopeName]map[string]string{}
	for _, p := range client.Scopes {
		notes[p.Scope] = p.Notes
	}
	client.Scopes = nil
	for _, name := range names {
		if s := r.catalog.Scope(name); s != nil {
			name = s.Name // a spelling becomes the scope's own name
		}
		if !slices.ContainsFunc(client.Scopes, func(p tillit.Provision) bool { return p.Scope == name }) {
			client.Scopes = append(client.Scopes, tillit.Provision{Scope: name, Notes: notes[name]})
		}
	}
	if len(client.Scopes) > 10 {
		r.warnings = append(r.warnings, tillit.Advice{Code: "L-17", Severity: "info", Message: "many scopes on one client: several clients can do less harm each"})
	}
}

// seconds reads a lifetime; 0 stands for the realm's own.
func (r *reading) seconds(name string) int64 {
	seconds := int64(0)
	r.member(name, &seconds)
	said := len(r.members[name]) > 0 && string(r.members[name]) != "null"
	if seconds > tillit.MaxLifetime || said && seconds == 0 {
		r.faults = append(r.faults, tillit.Objection{Code: "invalid_value", Field: name, Message: fmt.Sprintf("right would be seconds, 1 to %d", tillit.MaxLifetime)})
	}
	return seconds
}

// word reads one of two words and tells whether it is the second.
func (r *reading) word(name, first, second string) bool {
	word := first
	if r.member(name, &word); word != first && word != second {
		r.faults = append(r.faults, tillit.Objection{Code: "invalid_value", Field: name, Message: "right would be " + first + " or " + second})
	}
	return word == second
}

// bounds refuses lists and texts beyond reason, and warns of lifetimes that do not
// go together.
func (r *reading) bounds(client *tillit.Client) {
	for name, count := range map[string]int{
		"redirect_uris": len(client.RedirectURIs), "post_logout_redirect_uris": len(client.PostLogoutRedirectURIs), "scopes": len(client.Scopes),
	} {
		if count > 200 {
			r.faults = append(r.faults, tillit.Objection{Code: "too_long", Field: name, Message: "right would be at most 200"})
		}
	}
	for name, text := range map[string]string{"client_name": client.Name[r.catalog.Languages[0]], "description": client.Description} {
		if len([]rune(text)) > 255 {
			r.faults = append(r.faults, tillit.Objection{Code: "too_long", Field: name, Message: "right would be at most 255 characters"})
		}
	}
	if client.PKCEOptional && client.Public() {
		r.faults = append(r.faults, tillit.Objection{Code: "invalid_combination", Field: "code_challenge_method", Message: "a client without credentials needs S256"})
	}
	if !client.MayUse("refresh_token") {
		return
	}
	access := orElse(client.AccessTokenLifetime, lifetime(r.catalog, client))
	refresh := orElse(client.RefreshLifetime, r.catalog.Token("refresh_token").Lifetime)
	if grant := orElse(client.GrantLifetime, r.catalog.Token("grant").Lifetime); access >= refresh || refresh > grant {
		r.warnings = append(r.warnings, tillit.Advice{Code: "lifetimes", Severity: "warn", Message: "access_token_lifetime should be below refresh_token_lifetime, and that not above authorization_lifetime"})
	}
}
