package tillit

// ClientID identifies a client within a registry.
type ClientID string

// A Client is a registered relying party, as Decide and the protocol read it.
// It is a row of the registry with a revision of its own; see
// docs/decisions/0001. The zero value of a field means the realm's default.
type Client struct {
	ID           ClientID `json:"client_id"`
	Revision     int64    `json:"-"`
	Active       bool     `json:"active"`
	Name         Text     `json:"name,omitempty"`
	LogoURI      string   `json:"logo_uri,omitempty"`
	ClientURI    string   `json:"client_uri,omitempty"`
	Type         string   `json:"type"`                   // client type of the realm, e.g. "merchant"
	Application  string   `json:"application_type"`       // web, browser, native
	Organization string   `json:"organization,omitempty"` // organization number
	Supplier     string   `json:"supplier,omitempty"`     // organization number that runs it for Organization

	AuthMethod string       `json:"token_endpoint_auth_method"`
	Secrets    []SecretHash `json:"secrets,omitempty"`
	AuthAlg    string       `json:"token_endpoint_auth_signing_alg,omitempty"` // of assertions; empty: any that suits the keys
	JWKS       string       `json:"jwks,omitempty"`                            // public keys, JSON
	JWKSURI    string       `json:"jwks_uri,omitempty"`                        // or where they are
	CertificateNames
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types,omitempty"`
	ResponseModes []string `json:"response_modes,omitempty"`

	// Profile is a set of demands beyond the realm's own, "" or ProfileFAPI2.
	Profile string `json:"profile,omitempty"`
	// BoundCertificate and BoundDPoP give the client no access token but one that
	// is bound to its certificate (RFC 8705 §3) or to a key (RFC 9449 §5.2).
	BoundCertificate bool `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	BoundDPoP        bool `json:"dpop_bound_access_tokens,omitempty"`
	RequirePAR       bool `json:"require_pushed_authorization_requests,omitempty"`

	RedirectURIs           []string `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	BackChannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`
	BackChannelSession     bool     `json:"backchannel_logout_session_required,omitempty"`
	FrontChannelLogoutURI  string   `json:"frontchannel_logout_uri,omitempty"`
	FrontChannelSession    bool     `json:"frontchannel_logout_session_required,omitempty"`
	RequestURIs            []string `json:"request_uris,omitempty"`          // where request objects may be
	SectorIdentifier       string   `json:"sector_identifier,omitempty"`     // host; empty: the client's own
	SectorIdentifierURI    string   `json:"sector_identifier_uri,omitempty"` // what SectorIdentifier was checked by

	Scopes         []Provision          `json:"scopes,omitempty"`
	Claims         []ClaimName          `json:"claims"` // nil: every claim of its scopes
	Placements     map[ClaimName][]Sink `json:"placements,omitempty"`
	DetailTypes    []string             `json:"authorization_details_types,omitempty"` // nil: every type of the realm
	DefaultScopes  []ScopeName          `json:"default_scopes,omitempty"`
	RequiredScopes []ScopeName          `json:"required_scopes,omitempty"`
	Ways           []string             `json:"ways,omitempty"` // ways to sign in; empty: all
	MinLevel       int                  `json:"min_level,omitempty"`
	Dialect        string               `json:"dialect,omitempty"`
	SubjectType    string               `json:"subject_type,omitempty"` // public, pairwise
	PKCEOptional   bool                 `json:"pkce_optional,omitempty"`

	IDTokenAlg          string `json:"id_token_signed_response_alg,omitempty"`
	AuthorizationAlg    string `json:"authorization_signed_response_alg,omitempty"`
	UserInfoAlg         string `json:"userinfo_signed_response_alg,omitempty"` // "none": JSON
	AccessTokenLifetime int64  `json:"access_token_lifetime,omitempty"`        // seconds
	IDTokenLifetime     int64  `json:"id_token_lifetime,omitempty"`
	RefreshLifetime     int64  `json:"refresh_token_lifetime,omitempty"`
	GrantLifetime       int64  `json:"grant_lifetime,omitempty"`
	ReuseRefresh        bool   `json:"reuse_refresh_token,omitempty"` // no rotation

	Description string       `json:"description,omitempty"`  // for those who keep it, never for people
	SSODisabled bool         `json:"sso_disabled,omitempty"` // its sign-ins are its own
	OnBehalfOf  []OnBehalfOf `json:"onbehalfof,omitempty"`   // for whom it may say that it acts
	Created     int64        `json:"created,omitempty"`      // unix milliseconds
	Updated     int64        `json:"updated,omitempty"`

	// Server makes the client the credentials of a resource server: it may
	// introspect tokens of that server.
	Server string `json:"resource_server,omitempty"`

	// Bounded holds the client to its scopes, those that every client may ask for
	// too: it said so itself when it was registered (SC-17).
	Bounded bool `json:"bounded,omitempty"`

	Contacts         []string `json:"contacts,omitempty"`
	PolicyURI        string   `json:"policy_uri,omitempty"`
	TermsURI         string   `json:"tos_uri,omitempty"`
	InitiateLoginURI string   `json:"initiate_login_uri,omitempty"`
	SoftwareID       string   `json:"software_id,omitempty"`
	SoftwareVersion  string   `json:"software_version,omitempty"`

	provisioned map[ScopeName]struct{}
}

// An OnBehalfOf is one customer of a supplier, by the name that requests use.
type OnBehalfOf struct {
	Value        string `json:"onbehalfof"`
	Name         string `json:"name,omitempty"`
	Organization string `json:"orgno"`
	Holder       string `json:"organization_name,omitempty"`
	Description  string `json:"description,omitempty"`
	URI          string `json:"uri,omitempty"`
	LogoURI      string `json:"logo_uri,omitempty"`
	Created      int64  `json:"created,omitempty"` // unix milliseconds
	Updated      int64  `json:"updated,omitempty"`
}

// A Provision is one scope on a client, with what had to be noted for it.
type Provision struct {
	Scope ScopeName         `json:"scope"`
	Notes map[string]string `json:"notes,omitempty"` // e.g. legal_basis, purpose
}

// CertificateNames say whose certificates a client of tls_client_auth brings:
// exactly one of them is set (RFC 8705 §2.1.2).
type CertificateNames struct {
	SubjectDN string `json:"tls_client_auth_subject_dn,omitempty"`
	SANDNS    string `json:"tls_client_auth_san_dns,omitempty"`
	SANURI    string `json:"tls_client_auth_san_uri,omitempty"`
	SANIP     string `json:"tls_client_auth_san_ip,omitempty"`
	SANEmail  string `json:"tls_client_auth_san_email,omitempty"`
}

// ProfileFAPI2 holds a client to the FAPI 2.0 Security Profile.
const ProfileFAPI2 = "fapi2"

// A SecretHash is a client secret as stored. Method "sha256" is for 256-bit
// random secrets, "argon2id" for secrets that people chose. "sealed" is no hash:
// the secret of a client that makes HMACs with it, encrypted.
type SecretHash struct {
	Method  string `json:"method"`
	Hash    string `json:"hash"`
	Expires int64  `json:"expires,omitempty"` // unix seconds; 0: never
}

// Prepare builds the client's look-up tables. It is called once, when the row
// is read; a prepared client is immutable.
func (c *Client) Prepare() *Client {
	c.provisioned = make(map[ScopeName]struct{}, len(c.Scopes))
	for _, p := range c.Scopes {
		c.provisioned[p.Scope] = struct{}{}
	}
	return c
}

// Has reports whether the scope is on the client's list.
func (c *Client) Has(name ScopeName) bool {
	if c.provisioned != nil {
		_, ok := c.provisioned[name]
		return ok
	}
	for i := range c.Scopes {
		if c.Scopes[i].Scope == name {
			return true
		}
	}
	return false
}

// Public reports whether the client has no credentials.
func (c *Client) Public() bool { return c.AuthMethod == "none" }

// MayUse reports whether the client is registered for the grant type.
func (c *Client) MayUse(grantType string) bool { return contains(c.GrantTypes, grantType) }

// HearsOfLogout reports whether the client is to be told when a session ends.
func (c *Client) HearsOfLogout() bool {
	return c.BackChannelLogoutURI != "" || c.FrontChannelLogoutURI != ""
}

// FAPI2 reports whether the client is held to the FAPI 2.0 Security Profile.
func (c *Client) FAPI2() bool { return c.Profile == ProfileFAPI2 }

// ByCertificate reports whether the client authenticates by mutual TLS.
func (c *Client) ByCertificate() bool {
	return c.AuthMethod == "tls_client_auth" || c.AuthMethod == "self_signed_tls_client_auth"
}

// ByAssertion reports whether the client authenticates by a JWT of its own.
func (c *Client) ByAssertion() bool {
	return c.AuthMethod == "private_key_jwt" || c.AuthMethod == "client_secret_jwt"
}

// Bound reports whether the client gets no access token that is not bound to a
// key or a certificate.
func (c *Client) Bound() bool { return c.BoundDPoP || c.BoundCertificate || c.FAPI2() }

// Rotates reports whether a refresh token gives way to a new one at each use;
// FAPI 2.0 §5.3.2.1 wants that not to be so.
func (c *Client) Rotates() bool { return !c.ReuseRefresh && !c.FAPI2() }

// Answers gives the response types the client may ask for: "code" unless its
// registration says otherwise (RFC 7591 §2).
func (c *Client) Answers() []string {
	if c.FAPI2() || len(c.ResponseTypes) == 0 && c.MayUse("authorization_code") {
		return []string{"code"}
	}
	return c.ResponseTypes
}
