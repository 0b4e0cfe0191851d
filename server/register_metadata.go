package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// metadata is what a client tells of itself (RFC 7591 §2, OpenID Connect
// Registration §2, and what further documents add).
type metadata struct {
	tillit.Client
	ClientID, ClientSecret string
	ClientName, Scope      string
	Keys                   json.RawMessage
	names                  map[string]*string // client_name by language
	sent                   map[string]bool
}

// member gives where a member goes, nil for one that is not known here.
func (m *metadata) member(name string) any {
	c := &m.Client
	switch name {
	case "redirect_uris":
		return &c.RedirectURIs
	case "token_endpoint_auth_method":
		return &c.AuthMethod
	case "token_endpoint_auth_signing_alg":
		return &c.AuthAlg
	case "grant_types":
		return &c.GrantTypes
	case "response_types":
		return &c.ResponseTypes
	case "client_id":
		return &m.ClientID
	case "client_secret":
		return &m.ClientSecret
	case "client_name":
		return &m.ClientName
	case "client_uri":
		return &c.ClientURI
	case "logo_uri":
		return &c.LogoURI
	case "scope":
		return &m.Scope
	case "contacts":
		return &c.Contacts
	case "tos_uri":
		return &c.TermsURI
	case "policy_uri":
		return &c.PolicyURI
	case "jwks_uri":
		return &c.JWKSURI
	case "jwks":
		return &m.Keys
	case "software_id":
		return &c.SoftwareID
	case "software_version":
		return &c.SoftwareVersion
	case "application_type":
		return &c.Application
	case "sector_identifier_uri":
		return &c.SectorIdentifierURI
	case "subject_type":
		return &c.SubjectType
	case "id_token_signed_response_alg":
		return &c.IDTokenAlg
	case "userinfo_signed_response_alg":
		return &c.UserInfoAlg
	case "request_uris":
		return &c.RequestURIs
	case "initiate_login_uri":
		return &c.InitiateLoginURI
	case "post_logout_redirect_uris":
		return &c.PostLogoutRedirectURIs
	case "backchannel_logout_uri":
		return &c.BackChannelLogoutURI
	case "backchannel_logout_session_required":
		return &c.BackChannelSession
	case "frontchannel_logout_uri":
		return &c.FrontChannelLogoutURI
	case "frontchannel_logout_session_required":
		return &c.FrontChannelSession
	case "require_pushed_authorization_requests":
		return &c.RequirePAR
	case "dpop_bound_access_tokens":
		return &c.BoundDPoP
	case "tls_client_certificate_bound_access_tokens":
		return &c.BoundCertificate
	case "tls_client_auth_subject_dn":
		return &c.SubjectDN
	case "tls_client_auth_san_dns":
		return &c.SANDNS
	case "tls_client_auth_san_uri":
		return &c.SANURI
	case "tls_client_auth_san_ip":
		return &c.SANIP
	case "tls_client_auth_san_email":
		return &c.SANEmail
	}
	if language, ok := strings.CutPrefix(name, "client_name#"); ok && language != "" && len(m.names) < 20 {
		if m.names == nil {
			m.names = map[string]*string{}
		}
		m.names[language] = new(string)
		return m.names[language]
	}
	return nil
}

// described makes the client that metadata describe, with every default filled in;
// old is the client as it was, nil for a new one. The error is a *metadataError
// with everything that is wrong, or our fault.
func (p *Provider) described(ctx context.Context, realm *realm, m *metadata, old *tillit.Client) (*tillit.Client, error) {
	client := m.Client
	client.ID, client.Active, client.Bounded, client.Name = tillit.ClientID(newID()), true, false, nil
	if old != nil {
		client.ID, client.Revision, client.Organization, client.Profile = old.ID, old.Revision, old.Organization, old.Profile
	}
	orDefault(&client.Application, "web")
	orDefault(&client.AuthMethod, "client_secret_basic")
	if len(client.GrantTypes) == 0 {
		client.GrantTypes = []string{"authorization_code"}
	}
	if len(client.ResponseTypes) == 0 && client.MayUse("authorization_code") {
		client.ResponseTypes = []string{"code"}
	}
	if len(m.Keys) > 0 && string(m.Keys) != "null" {
		client.JWKS = string(m.Keys)
	}
	m.name(realm, &client)
	client.Type = typeFor(realm.catalog, &client)
	l := &linter{catalog: realm.catalog, client: &client}
	m.scopes(l, old)
	wrong, _ := LintClient(realm.catalog, client.Prepare())
	l.wrong = append(l.wrong, wrong...)
	p.lintRegistered(ctx, l)
	if len(l.wrong) > 0 {
		return nil, &metadataError{l.wrong}
	}
	if old != nil {
		client.Secrets = old.Secrets
	}
	return &client, nil
}

func orDefault(into *string, value string) {
	if *into == "" {
		*into = value
	}
}

// name takes the client's name in every language that it is told in.
func (m *metadata) name(realm *realm, client *tillit.Client) {
	if m.ClientName == "" && len(m.names) == 0 {
		return
	}
	client.Name = tillit.Text{}
	if m.ClientName != "" {
		client.Name[realm.catalog.Languages[0]] = m.ClientName
	}
	for language, name := range m.names {
		client.Name[language] = *name
	}
}

// typeFor is the first of the realm's client types that the client suits, else the
// first of all, whose faults are then told.
func typeFor(c *tillit.Catalog, client *tillit.Client) string {
	for i := range c.ClientTypes {
		t := &c.ClientTypes[i]
		if c.ClientType(t.Name) != nil && !t.Unregistered && slices.Contains(t.Auth[client.Application], client.AuthMethod) &&
			!slices.ContainsFunc(client.GrantTypes, func(g string) bool { return !slices.Contains(t.GrantTypes, g) }) {
			return t.Name
		}
	}
	return c.ClientTypes[0].Name
}

// scopes puts what the client asked for on it, as the most that it may ever ask for
// (SC-17): what every client may have, what it may put there itself, and what it
// has already. Nobody gives themselves anything else. Without scope it is held to
// nothing but what every client is.
func (m *metadata) scopes(l *linter, old *tillit.Client) {
	if m.Scope == "" {
		if old != nil { // what others gave it is theirs to take
			for _, provision := range old.Scopes {
				if s := l.catalog.Scope(provision.Scope); s != nil && !ownToTake(s) {
					l.client.Scopes = append(l.client.Scopes, provision)
				}
			}
		}
		return
	}
	l.client.Bounded = true
	names, err := tillit.ParseScopes(m.Scope, l.catalog.Settings.ScopeLetters)
	if err != nil {
		l.fault("scope", "names with one space between", "it is malformed")
		return
	}
	for _, name := range names {
		s := l.catalog.Scope(name)
		switch {
		case s != nil && (ownToTake(s) || old != nil && old.Has(name)):
			l.client.Scopes = append(l.client.Scopes, provisionOf(old, name))
		default: // whether it is there is not for everybody to know
			l.fault("scope", "one that needs nobody's consent, or to have it given by the operator", "%q is not to be had by registering for it", name)
		}
	}
}

func ownToTake(s *tillit.Scope) bool {
	return s.Eligible == tillit.EligibleAny || s.Eligible == tillit.EligibleSelfService
}

func provisionOf(old *tillit.Client, name tillit.ScopeName) tillit.Provision {
	if old != nil {
		for _, provision := range old.Scopes {
			if provision.Scope == name {
				return provision
			}
		}
	}
	return tillit.Provision{Scope: name}
}

// lintRegistered reads what only a client that nobody looked at has to be asked.
func (p *Provider) lintRegistered(ctx context.Context, l *linter) {
	c := l.client
	if !slices.Contains(p.methodsOf(l.catalog), c.AuthMethod) {
		l.fault("token_endpoint_auth_method", strings.Join(p.methodsOf(l.catalog), ", "), "%q is not known here", c.AuthMethod)
	}
	for _, answer := range c.ResponseTypes {
		for _, word := range words(answer) {
			grant := "implicit"
			if word == "code" {
				grant = "authorization_code"
			}
			if !c.MayUse(grant) {
				l.fault("grant_types", grant, "the response type %q wants it", answer)
			}
		}
	}
	for i, address := range c.RedirectURIs {
		u, err := url.Parse(address)
		if err == nil && c.Application != "native" && ownHost(u.Hostname()) {
			l.fault(fmt.Sprintf("redirect_uris[%d]", i), "application_type native, or a host on the network", "loopback is for native applications alone")
		}
	}
	for name, address := range map[string]string{"client_uri": c.ClientURI, "logo_uri": c.LogoURI, "tos_uri": c.TermsURI, "policy_uri": c.PolicyURI} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Scheme != "https" || u.Hostname() == "") {
			l.fault(name, "https", "%q is no address for people", address)
		}
	}
	if len(c.RedirectURIs) > 50 || len(c.RequestURIs) > 50 || len(c.PostLogoutRedirectURIs) > 50 || len(c.Contacts) > 50 {
		l.fault("redirect_uris", "at most 50 of a kind", "there are too many addresses")
	}
	pairwise := c.SubjectType == "pairwise" || c.SubjectType == "" && len(l.catalog.Settings.Subject) > 0 && l.catalog.Settings.Subject[0] == "pairwise"
	if c.SectorIdentifierURI != "" || pairwise {
		p.lintSector(ctx, l)
	}
}

// lintSector finds the sector of a client whose people are known by pairwise
// subjects (OIDC Core §8.1): the host of sector_identifier_uri, which has to list
// every redirect URI, else the one host of all of them.
func (p *Provider) lintSector(ctx context.Context, l *linter) {
	c := l.client
	if c.SectorIdentifierURI == "" {
		hosts := map[string]bool{}
		for _, address := range c.RedirectURIs {
			if u, err := url.Parse(address); err == nil {
				hosts[u.Hostname()] = true
			}
		}
		if len(hosts) > 1 {
			l.fault("sector_identifier_uri", "an address with the list of all redirect URIs", "the redirect URIs are of several hosts")
		}
		for host := range hosts {
			c.SectorIdentifier = host
		}
		return
	}
	u, err := url.Parse(c.SectorIdentifierURI)
	if err != nil || len(l.wrong) > 0 || p.ReadAddress == nil {
		return // told already, or nothing that would be asked for in vain
	}
	body, err := p.ReadAddress(ctx, c.SectorIdentifierURI)
	var listed []string
	if err != nil || json.Unmarshal(body, &listed) != nil {
		l.fault("sector_identifier_uri", "a JSON list of redirect URIs there", "it cannot be read")
		return
	}
	for i, address := range c.RedirectURIs {
		if !slices.Contains(listed, address) && p.on("a sector lists its redirect URIs") {
			l.fault(fmt.Sprintf("redirect_uris[%d]", i), "to list it at sector_identifier_uri", "it is not of the sector")
		}
	}
	c.SectorIdentifier = u.Hostname()
}

// registered tells all that is kept of a client (RFC 7591 §3.2.1, RFC 7592 §3).
func (p *Provider) registered(realm *realm, c *tillit.Client, r *tillit.Registration, value, secret string) map[string]any {
	told := map[string]any{
		"client_id": c.ID, "client_id_issued_at": r.Created, "registration_access_token": value,
		"registration_client_uri": realm.endpoint("/register/" + string(c.ID)),
		"scope":                   tillit.JoinScopes(p.mostScopes(realm, c)),
	}
	if secret != "" {
		told["client_secret"] = secret
	}
	if secret != "" || strings.HasPrefix(c.AuthMethod, "client_secret_") {
		told["client_secret_expires_at"] = 0
	}
	kept := &metadata{Client: *c}
	for _, name := range memberNames {
		switch value := kept.member(name).(type) {
		case *string:
			if *value != "" {
				told[name] = *value
			}
		case *[]string:
			if len(*value) > 0 {
				told[name] = *value
			}
		case *bool:
			told[name] = *value
		}
	}
	if c.JWKS != "" {
		told["jwks"] = json.RawMessage(c.JWKS)
	}
	for i, language := range slices.Sorted(maps.Keys(c.Name)) {
		if language == realm.catalog.Languages[0] || i == 0 && c.Name[realm.catalog.Languages[0]] == "" {
			told["client_name"] = c.Name[language]
		}
		if language != realm.catalog.Languages[0] {
			told["client_name#"+language] = c.Name[language]
		}
	}
	return told
}

// memberNames are the members that are told as they are kept.
var memberNames = []string{
	"redirect_uris", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "grant_types", "response_types", "client_uri", "logo_uri",
	"contacts", "tos_uri", "policy_uri", "jwks_uri", "software_id", "software_version", "application_type", "sector_identifier_uri",
	"subject_type", "id_token_signed_response_alg", "userinfo_signed_response_alg", "request_uris", "initiate_login_uri",
	"post_logout_redirect_uris", "backchannel_logout_uri", "backchannel_logout_session_required", "frontchannel_logout_uri",
	"frontchannel_logout_session_required", "require_pushed_authorization_requests", "dpop_bound_access_tokens",
	"tls_client_certificate_bound_access_tokens", "tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri",
	"tls_client_auth_san_ip", "tls_client_auth_san_email",
}

// mostScopes lists what a client may ask for: what is on it, or for one that is
// held to nothing, what every client may have too.
func (p *Provider) mostScopes(realm *realm, c *tillit.Client) []tillit.ScopeName {
	var list []tillit.ScopeName
	for _, provision := range c.Scopes {
		list = append(list, provision.Scope)
	}
	for _, name := range publicScopes(realm.catalog) {
		if s := realm.catalog.Scope(tillit.ScopeName(name)); !c.Bounded && s != nil && s.Eligible == tillit.EligibleAny && !slices.Contains(list, s.Name) {
			list = append(list, s.Name)
		}
	}
	return list
}
