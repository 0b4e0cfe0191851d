package server

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// A Finding is one thing about a registration that is wrong, or odd.
type Finding struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Right   string `json:"right,omitempty"`
}

func (f Finding) String() string {
	s := f.Path + ": " + f.Message
	if f.Right != "" {
		s += "; right would be " + f.Right
	}
	return s
}

// A linter reads a registration by the realm it is for.
type linter struct {
	catalog  *tillit.Catalog
	client   *tillit.Client
	kind     *tillit.ClientType
	wrong    []Finding
	warnings []Finding
}

// LintClient gives what is wrong with a client, which keeps it out, and what is odd.
func LintClient(catalog *tillit.Catalog, client *tillit.Client) (wrong, warnings []Finding) {
	l := &linter{catalog: catalog, client: client, kind: catalog.ClientType(client.Type)}
	if client.ID == "" {
		l.fault("client_id", "a name", "it is missing")
	}
	if client.Secrets != nil {
		l.fault("secrets", "to leave it out: a secret is made", "secrets are not taken")
	}
	if l.kind == nil {
		l.fault("type", typeNames(catalog), "the realm %s has no client type %q", catalog.Realm, client.Type)
		return l.wrong, nil
	}
	l.lintGrants()
	l.lintAddresses()
	for i, p := range client.Scopes {
		l.lintScope(i, p)
	}
	l.lintScopeNames("default_scopes", client.DefaultScopes)
	l.lintScopeNames("required_scopes", client.RequiredScopes)
	l.lintClaims()
	l.lintWords()
	return l.wrong, l.warnings
}

func (l *linter) fault(path, right, format string, args ...any) {
	l.wrong = append(l.wrong, Finding{path, fmt.Sprintf(format, args...), right})
}

func (l *linter) warn(path, right, format string, args ...any) {
	l.warnings = append(l.warnings, Finding{path, fmt.Sprintf(format, args...), right})
}

func typeNames(catalog *tillit.Catalog) string {
	names := make([]string, len(catalog.ClientTypes))
	for i := range catalog.ClientTypes {
		names[i] = catalog.ClientTypes[i].Name
	}
	return strings.Join(names, ", ")
}

func (l *linter) lintGrants() {
	methods := l.kind.Auth[l.client.Application]
	switch {
	case methods == nil:
		l.fault("application_type", "", "clients of type %s are not of application type %q", l.kind.Name, l.client.Application)
	case !slices.Contains(methods, l.client.AuthMethod):
		l.fault("token_endpoint_auth_method", strings.Join(methods, ", "), "%q is not for clients of type %s, %s", l.client.AuthMethod, l.kind.Name, l.client.Application)
	}
	if len(l.client.GrantTypes) == 0 && l.client.Server == "" {
		l.fault("grant_types", strings.Join(l.kind.GrantTypes, ", "), "there is none")
	}
	for i, grant := range l.client.GrantTypes {
		if !slices.Contains(l.kind.GrantTypes, grant) {
			l.fault(fmt.Sprintf("grant_types[%d]", i), strings.Join(l.kind.GrantTypes, ", "), "%q is not for clients of type %s", grant, l.kind.Name)
		}
	}
	for i, answer := range l.client.ResponseTypes {
		if !slices.Contains(l.kind.ResponseTypes, answer) {
			l.fault(fmt.Sprintf("response_types[%d]", i), strings.Join(l.kind.ResponseTypes, ", "), "%q is not for clients of type %s", answer, l.kind.Name)
		}
	}
	if l.client.Public() && Reach(l.client)&tillit.AtToken != 0 {
		l.fault("grant_types", "an authentication method", "a client without credentials cannot act for itself")
	}
	l.lintKeys()
	l.lintProof()
}

// lintKeys reads the keys as the provider will.
func (l *linter) lintKeys() {
	if l.client.JWKS == "" {
		if needsKeys := l.client.AuthMethod == "private_key_jwt" || l.client.AuthMethod == "self_signed_tls_client_auth"; needsKeys && l.client.JWKSURI == "" {
			l.fault("jwks", "the public keys as a JWK Set", "%s needs keys", l.client.AuthMethod)
		}
		return
	}
	set, err := token.ParseJWKS([]byte(l.client.JWKS))
	switch {
	case err != nil:
		l.fault("jwks", "", "%v", err)
	case len(set.Keys) == 0:
		l.fault("jwks", "", "no key of it can be used: %s", strings.Join(set.Skipped, ", "))
	default:
		for _, skipped := range set.Skipped {
			l.warn("jwks", "", "%s", skipped)
		}
	}
}

func (l *linter) lintAddresses() {
	if Reach(l.client)&tillit.AtAuthorization != 0 && len(l.client.RedirectURIs) == 0 {
		l.fault("redirect_uris", "at least one", "the authorization endpoint has nowhere to answer")
	}
	for i, address := range l.client.RedirectURIs {
		l.lintAddress(fmt.Sprintf("redirect_uris[%d]", i), address)
	}
	for i, address := range l.client.PostLogoutRedirectURIs {
		l.lintAddress(fmt.Sprintf("post_logout_redirect_uris[%d]", i), address)
	}
	l.lintLogout()
}

// lintLogout reads where the client hears of logouts. What the browser loads has
// to be of the client's own origin (OIDC Front-Channel Logout §2).
func (l *linter) lintLogout() {
	for _, at := range []struct {
		member, address string
		required        bool
	}{
		{"backchannel_logout_uri", l.client.BackChannelLogoutURI, l.client.BackChannelSession},
		{"frontchannel_logout_uri", l.client.FrontChannelLogoutURI, l.client.FrontChannelSession},
	} {
		if at.address == "" {
			if at.required {
				l.fault(at.member, "the address", "it is missing, and its session_required is set")
			}
			continue
		}
		u, err := url.Parse(at.address)
		switch {
		case err != nil || !u.IsAbs() || u.Hostname() == "" || u.User != nil || strings.Contains(at.address, "#"):
			l.fault(at.member, "an absolute URI without a fragment", "%q is malformed", at.address)
		case u.Scheme != "https" && (u.Scheme != "http" || !ownHost(u.Hostname())):
			l.fault(at.member, "https", "a session's end is told over an encrypted connection")
		case at.member == "frontchannel_logout_uri" && !slices.ContainsFunc(l.client.RedirectURIs, func(s string) bool { return ofOrigin(s, u) }):
			l.fault(at.member, "an address of the same scheme, host and port as a redirect URI", "%q is of another origin", at.address)
		}
	}
}

func ofOrigin(address string, as *url.URL) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != as.Scheme || u.Hostname() != as.Hostname() {
		return false
	}
	return u.Port() == as.Port() || ownHost(u.Hostname()) // which has any port
}

func (l *linter) lintAddress(path, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || !u.IsAbs() || strings.Contains(address, "#"):
		l.fault(path, "an absolute URI without a fragment", "%q is malformed", address)
	case u.Scheme == "http" && !ownHost(u.Hostname()):
		l.fault(path, "https", "plain HTTP is for loopback hosts alone")
	case !tillit.LeadsAway(u.Scheme):
		l.fault(path, "https, or a scheme of the application's own", "an address of the scheme %s leads nowhere", u.Scheme)
	case u.Scheme != "http" && u.Scheme != "https" && l.client.Application != "native":
		l.fault(path, "https", "a scheme of one's own is for native applications")
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		l.fault(path, "an absolute URI with a host", "%q is malformed", address)
	}
}

// lintScope reads one scope of the client by the realm's rules about it.
func (l *linter) lintScope(i int, p tillit.Provision) {
	path := fmt.Sprintf("scopes[%d]", i)
	s := l.catalog.Scope(p.Scope)
	if s == nil {
		l.fault(path, "", "no scope %q in realm %s", p.Scope, l.catalog.Realm)
		return
	}
	if len(s.Types) > 0 && !slices.Contains(s.Types, l.client.Type) {
		l.fault(path, "", "%s is for clients of type %s", s.Name, strings.Join(s.Types, ", "))
	}
	for _, note := range s.ProvisionWith {
		if p.Notes[note] == "" {
			l.fault(path+".notes", note+": …", "%s is put on a client with a note of %s", s.Name, note)
		}
	}
	if s.State == tillit.Inactive || s.State == tillit.Disabled {
		l.warn(path, "", "%s is %s", s.Name, s.State)
	}
	if s.At&Reach(l.client) == 0 && !s.Standing {
		l.warn(path, "a grant type that goes there", "%s cannot be asked for where the client goes", s.Name)
	}
	l.lintSignIn(path, s)
	for _, answer := range l.client.Answers() {
		if len(s.ResponseTypes) > 0 && !slices.Contains(s.ResponseTypes, answer) {
			l.warn("response_types", strings.Join(s.ResponseTypes, ", "), "%s is refused together with %q", s.Name, answer)
		}
	}
}

// lintSignIn looks for a way to sign in, of those the client has, that carries
// the scope. Where it can be asked for without a person too, it may be meant so.
func (l *linter) lintSignIn(path string, s *tillit.Scope) {
	if len(l.client.Ways) == 0 || s.At&tillit.AtAuthorization == 0 ||
		slices.ContainsFunc(l.client.Ways, func(code string) bool { return l.catalog.Carries(s, l.catalog.Way(code)) }) {
		return
	}
	tell := l.fault
	if s.At&Reach(l.client)&tillit.AtToken != 0 {
		tell = l.warn
	}
	tell(path, "a way to sign in that does, under ways", "no way to sign in that the client has carries %s", s.Name)
}

func (l *linter) lintScopeNames(field string, names []tillit.ScopeName) {
	for i, name := range names {
		s := l.catalog.Scope(name)
		switch {
		case s == nil:
			l.fault(fmt.Sprintf("%s[%d]", field, i), "", "no scope %q in realm %s", name, l.catalog.Realm)
		case s.Eligible != tillit.EligibleAny && !l.client.Has(s.Name):
			l.fault(fmt.Sprintf("%s[%d]", field, i), "to list it under scopes too", "the client does not have %s", name)
		}
	}
}

func (l *linter) lintClaims() {
	for i, name := range l.client.Claims {
		if l.catalog.Claim(name) == nil {
			l.fault(fmt.Sprintf("claims[%d]", i), "", "no claim %q in realm %s", name, l.catalog.Realm)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.client.Placements)) {
		claim := l.catalog.Claim(name)
		if claim == nil {
			l.fault("placements."+string(name), "", "no claim %q in realm %s", name, l.catalog.Realm)
			continue
		}
		for _, sink := range l.client.Placements[name] {
			if !slices.Contains(claim.Sinks, sink) && !slices.Contains(claim.MayAlso, sink) {
				l.fault("placements."+string(name), strings.Join(sinkNames(append(slices.Clone(claim.Sinks), claim.MayAlso...)), " "), "it never goes to %q", sink)
			}
		}
	}
}

// lintWords reads members whose values the realm lists.
func (l *linter) lintWords() {
	settings := &l.catalog.Settings
	for i, code := range l.client.Ways {
		if l.catalog.Way(code) == nil {
			l.fault(fmt.Sprintf("ways[%d]", i), "", "the realm %s has no way to sign in %q", l.catalog.Realm, code)
		}
	}
	if t := l.client.SubjectType; t != "" && !slices.Contains(settings.Subject, t) {
		l.fault("subject_type", strings.Join(settings.Subject, ", "), "%q is none of the realm's", t)
	}
	algorithms := strings.Join(settings.Algorithms, ", ")
	if alg := l.client.IDTokenAlg; alg != "" && !slices.Contains(settings.Algorithms, alg) {
		l.fault("id_token_signed_response_alg", algorithms, "%q is none of the realm's", alg)
	}
	if alg := l.client.AuthorizationAlg; alg != "" && !slices.Contains(settings.Algorithms, alg) {
		l.fault("authorization_signed_response_alg", algorithms, "%q is none of the realm's", alg)
	}
	if alg := l.client.UserInfoAlg; alg != "" && alg != "none" && !slices.Contains(settings.Algorithms, alg) {
		l.fault("userinfo_signed_response_alg", algorithms+", none", "%q is none of the realm's", alg)
	}
}

func sinkNames(sinks []tillit.Sink) []string {
	names := make([]string, len(sinks))
	for i, sink := range sinks {
		names[i] = string(sink)
	}
	return names
}

// ownHost reports whether a host is the machine of whoever reads the address.
func ownHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// machineGrants are those without a person, at the token endpoint.
var machineGrants = []string{"client_credentials", jwtBearer}

// Reach gives the endpoints at which a client can ask for anything.
func Reach(client *tillit.Client) (usable tillit.Endpoints) {
	if len(client.Answers()) > 0 {
		usable |= tillit.AtAuthorization
	}
	if slices.ContainsFunc(machineGrants, client.MayUse) {
		usable |= tillit.AtToken
	}
	return usable
}

// lintProof reads what proves who the client is and what its tokens are bound to.
func (l *linter) lintProof() {
	c := l.client
	if c.AuthMethod == "tls_client_auth" {
		if wrong := token.CheckCertificateNames(c.CertificateNames); wrong != "" {
			l.fault("tls_client_auth_subject_dn", "the one name that its certificate bears", "%s", wrong)
		}
	}
	switch alg := c.AuthAlg; {
	case alg == "":
	case c.AuthMethod == "client_secret_jwt" && alg != "HS256":
		l.fault("token_endpoint_auth_signing_alg", "HS256", "%q is not for client_secret_jwt", alg)
	case c.AuthMethod == "private_key_jwt" && !slices.Contains(token.AsymmetricAlgorithms, alg):
		l.fault("token_endpoint_auth_signing_alg", strings.Join(token.AsymmetricAlgorithms, ", "), "%q is none that is taken", alg)
	case !c.ByAssertion():
		l.fault("token_endpoint_auth_signing_alg", "to leave it out", "the client signs no assertion")
	}
	if (c.RequirePAR || c.FAPI2()) && !feature(l.catalog, "par") {
		l.fault("require_pushed_authorization_requests", "a realm that takes them", "the realm %s takes no pushed requests", l.catalog.Realm)
	}
	if c.BoundDPoP && !feature(l.catalog, "dpop") {
		l.fault("dpop_bound_access_tokens", "a realm that takes proofs", "the realm %s takes no DPoP proofs", l.catalog.Realm)
	}
	for i, address := range c.RequestURIs {
		l.lintRemote(fmt.Sprintf("request_uris[%d]", i), address)
	}
	l.lintRemote("jwks_uri", c.JWKSURI)
	l.lintRemote("sector_identifier_uri", c.SectorIdentifierURI)
	if c.JWKS != "" && c.JWKSURI != "" {
		l.fault("jwks_uri", "one of them", "jwks and jwks_uri exclude each other")
	}
	if c.InitiateLoginURI != "" && !strings.HasPrefix(c.InitiateLoginURI, "https://") {
		l.fault("initiate_login_uri", "https", "%q is no address that people are sent to", c.InitiateLoginURI)
	}
	l.lintProfile()
}

// lintRemote reads an address that we are to read from: https, or this machine
// where the operator lets it.
func (l *linter) lintRemote(path, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !ownHost(u.Hostname())) {
		l.fault(path, "https", "%q is no address that may be read from here", address)
	}
}

// lintProfile says what would keep a client of a profile from ever getting anything.
func (l *linter) lintProfile() {
	c := l.client
	if c.Profile != "" && !c.FAPI2() {
		l.fault("profile", tillit.ProfileFAPI2, "there is no profile %q", c.Profile)
	}
	if !c.FAPI2() {
		return
	}
	if !provesItself(c) {
		l.fault("token_endpoint_auth_method", "private_key_jwt, tls_client_auth, self_signed_tls_client_auth", "the profile does not know %q", c.AuthMethod)
	}
	for i, answer := range c.ResponseTypes {
		if answer != "code" {
			l.fault(fmt.Sprintf("response_types[%d]", i), "code", "the profile does not know %q", answer)
		}
	}
	if c.MayUse("implicit") {
		l.fault("grant_types", "authorization_code", "the profile does not know implicit")
	}
	for _, at := range []struct{ member, alg string }{
		{"token_endpoint_auth_signing_alg", c.AuthAlg}, {"id_token_signed_response_alg", c.IDTokenAlg}, {"userinfo_signed_response_alg", c.UserInfoAlg},
	} {
		if at.alg != "" && at.alg != "none" && !slices.Contains(fapi2Algorithms, at.alg) {
			l.fault(at.member, strings.Join(fapi2Algorithms, ", "), "the profile does not know %q", at.alg)
		}
	}
	if !slices.ContainsFunc(l.catalog.Settings.Algorithms, func(a string) bool { return slices.Contains(fapi2Algorithms, a) }) {
		l.fault("profile", "a realm that signs by "+strings.Join(fapi2Algorithms, ", "), "the realm %s signs by none of the profile's algorithms", l.catalog.Realm)
	}
	for i, address := range c.RedirectURIs {
		if strings.HasPrefix(address, "http:") && c.Application != "native" {
			l.fault(fmt.Sprintf("redirect_uris[%d]", i), "https", "the profile knows plain HTTP for native applications alone")
		}
	}
}
