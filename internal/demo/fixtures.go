package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit"
)

// Fixtures is what /dev/fixtures.json tells; its shape is part of the outside
// contract.
type Fixtures struct {
	Realms []FixtureRealm `json:"realms"`
}

// FixtureRealm is one realm of the fixtures.
type FixtureRealm struct {
	Name            string                `json:"name"`
	Issuer          string                `json:"issuer"`
	Clients         []FixtureClient       `json:"clients"`
	People          []map[string]any      `json:"people"`
	ResourceServers []FixtureServer       `json:"resource_servers"`
	Organizations   []FixtureOrganization `json:"organizations"`
	TrustAnchors    []string              `json:"trust_anchors"`
	Delegations     []FixtureDelegation   `json:"delegations"`
	APIs            map[string]string     `json:"apis"`
}

// FixtureClient is a demo client with its secret.
type FixtureClient struct {
	ID                     tillit.ClientID     `json:"client_id"`
	Name                   string              `json:"client_name,omitempty"`
	EnglishName            string              `json:"client_name#en,omitempty"`
	Secret                 string              `json:"client_secret,omitempty"`
	AuthMethod             string              `json:"token_endpoint_auth_method"`
	GrantTypes             []string            `json:"grant_types"`
	ResponseTypes          []string            `json:"response_types,omitempty"`
	RedirectURIs           []string            `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string            `json:"post_logout_redirect_uris,omitempty"`
	Scopes                 []tillit.ScopeName  `json:"scopes"`
	Organization           string              `json:"organization,omitempty"`
	Type                   string              `json:"client_type,omitempty"`
	SubjectType            string              `json:"subject_type,omitempty"`
	JWKS                   *jose.JSONWebKeySet `json:"jwks,omitempty"` // private keys
}

// FixtureServer is the credentials of a resource server.
type FixtureServer struct {
	ID           string          `json:"id"`
	Audience     string          `json:"audience"`
	ClientID     tillit.ClientID `json:"client_id"`
	ClientSecret string          `json:"client_secret"`
}

// FixtureOrganization is one organization of the registry.
type FixtureOrganization struct {
	Number   string   `json:"orgno"`
	Name     string   `json:"name"`
	Prefixes []string `json:"prefixes"`
}

// FixtureDelegation says that a consumer let a supplier use a scope for it.
type FixtureDelegation struct {
	Scope    tillit.ScopeName `json:"scope"`
	Consumer string           `json:"consumer_orgno"`
	Supplier string           `json:"supplier_orgno"`
}

// Addresses says where a realm is served.
type Addresses struct {
	Issuer       func(realm string) string
	APIs         func(realm string) map[string]string
	TrustAnchors func(realm string) []string // base64 DER; nil: none
	// Originator is what certificates that are issued here say of their issuer; ""
	// and nil: nothing is issued.
	Originator func(realm string) string
	// Certificate gives the PEM of the certificate that is issued to a person; nil:
	// none is.
	Certificate func(realm string, person *tillit.Person) (string, error)
}

// Fixtures builds what dev tells of the loaded realms. An error names the claim
// of the person whose expression failed.
func (l *Loaded) Fixtures(at Addresses) (Fixtures, error) {
	all := Fixtures{Realms: []FixtureRealm{}}
	for i := range l.Realms {
		realm, err := l.Realms[i].fixture(at)
		if err != nil {
			return Fixtures{}, fmt.Errorf("fixtures of realm %s: %w", l.Realms[i].Name, err)
		}
		all.Realms = append(all.Realms, realm)
	}
	return all, nil
}

func (r *LoadedRealm) fixture(at Addresses) (FixtureRealm, error) {
	f := FixtureRealm{
		Name: r.Name, Issuer: at.Issuer(r.Name), Clients: []FixtureClient{}, People: []map[string]any{},
		ResourceServers: []FixtureServer{}, Organizations: []FixtureOrganization{},
		TrustAnchors: []string{}, Delegations: []FixtureDelegation{}, APIs: map[string]string{},
	}
	for _, c := range r.Clients {
		f.Clients = append(f.Clients, c.fixture())
	}
	for _, s := range r.Servers {
		f.ResourceServers = append(f.ResourceServers, FixtureServer{ID: s.Server.Name, Audience: audience(s.Server), ClientID: s.ID, ClientSecret: s.Secret})
	}
	for _, o := range r.Organizations {
		f.Organizations = append(f.Organizations, FixtureOrganization{Number: o.Number, Name: o.Title.In(r.language()), Prefixes: append([]string{}, o.Prefixes...)})
	}
	for _, d := range r.Delegations {
		f.Delegations = append(f.Delegations, FixtureDelegation(d))
	}
	for i, p := range r.People {
		person, err := r.fixturePerson(p, &r.Stored[i], at)
		if err != nil {
			return f, fmt.Errorf("person %s: %w", p.Username, err)
		}
		f.People = append(f.People, person)
	}
	if at.APIs != nil {
		for name, address := range at.APIs(r.Name) {
			f.APIs[name] = address
		}
	}
	if at.TrustAnchors != nil {
		f.TrustAnchors = append(f.TrustAnchors, at.TrustAnchors(r.Name)...)
	}
	return f, nil
}

func (r *LoadedRealm) language() string {
	if len(r.Catalog.Languages) > 0 {
		return r.Catalog.Languages[0]
	}
	return "nb"
}

func (c LoadedClient) fixture() FixtureClient {
	names := make([]tillit.ScopeName, 0, len(c.Scopes))
	for _, p := range c.Scopes {
		names = append(names, p.Scope)
	}
	return FixtureClient{
		ID: c.ID, Name: c.Name.In("nb"), EnglishName: c.Name.In("en"), Secret: c.Secret, AuthMethod: c.AuthMethod,
		GrantTypes: append([]string{}, c.GrantTypes...), ResponseTypes: c.Client.Answers(),
		RedirectURIs: c.RedirectURIs, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		Scopes: names, Organization: c.Organization, Type: c.Type, SubjectType: c.SubjectType,
		JWKS: c.Keys,
	}
}

func audience(s *tillit.Server) string {
	if s.Audience != "" {
		return s.Audience
	}
	return s.Designators[0]
}

func (r *LoadedRealm) fixturePerson(p Person, stored *tillit.Person, at Addresses) (map[string]any, error) {
	values, err := r.values(p, stored, at)
	if err != nil {
		return nil, err
	}
	updated := p.Updated
	if updated == nil {
		updated = map[string]int64{}
	}
	person := map[string]any{
		"username": p.Username, "password": Password, "name": p.Name,
		"claims": values, "updated": updated, "ways": p.SignIn.Ways,
	}
	if p.SignIn.OTP != "" {
		person["otp"] = p.SignIn.OTP
	}
	if p.SignIn.PIN != "" {
		person["pin"] = p.SignIn.PIN
	}
	return person, nil
}

// values evaluates the claims that tell something of the person. Claims about
// the request, the client or the token are left out: nobody can know them
// beforehand. Where two claims share a name on the wire, UserInfo's is told.
func (r *LoadedRealm) values(p Person, stored *tillit.Person, at Addresses) (map[string]any, error) {
	roots, err := r.roots(p, at)
	if err != nil {
		return nil, err
	}
	told := map[string]any{}
	fromUserInfo := map[string]bool{}
	for i := range r.Catalog.Claims {
		claim := &r.Catalog.Claims[i]
		inUserInfo := slices.Contains(claim.Sinks, tillit.SinkUserInfo)
		if !released(claim, roots) || fromUserInfo[claim.Wire()] && !inUserInfo {
			continue
		}
		value, ok, err := claim.Value.Eval(roots)
		if err == nil && !ok {
			value, ok, err = r.certified(claim, roots, stored, at)
		}
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", claim.Name, err)
		}
		if ok {
			told[claim.Wire()] = value
			fromUserInfo[claim.Wire()] = inUserInfo
		}
	}
	return told, nil
}

// certified evaluates a claim that has no value without the certificate itself.
// One is issued only for a claim that would have a value with it: keys take time.
func (r *LoadedRealm) certified(claim *tillit.Claim, roots map[string]any, stored *tillit.Person, at Addresses) (any, bool, error) {
	facts, _ := roots["sign_in"].(map[string]any)
	said, there := facts["certificate"].(map[string]any)
	if !there || said["pem"] != nil || at.Certificate == nil {
		return nil, false, nil
	}
	with := func(pem string) map[string]any {
		issued := maps.Clone(said)
		issued["pem"] = pem
		signIn, all := maps.Clone(facts), maps.Clone(roots)
		signIn["certificate"], all["sign_in"] = issued, signIn
		return all
	}
	if _, would, err := claim.Value.Eval(with("some")); err != nil || !would {
		return nil, false, err
	}
	pem, err := at.Certificate(r.Name, stored)
	if err != nil {
		return nil, false, err
	}
	return claim.Value.Eval(with(pem))
}

// released reports whether the claim reaches the client and rests on nothing but
// the person.
func released(claim *tillit.Claim, roots map[string]any) bool {
	if claim.Value == nil || claim.State == tillit.Inactive || claim.State == tillit.Disabled {
		return false
	}
	if !slices.Contains(claim.Sinks, tillit.SinkUserInfo) && !slices.Contains(claim.Sinks, tillit.SinkIDToken) {
		return false
	}
	named := claim.Value.Roots()
	for _, root := range named {
		if _, ok := roots[root]; !ok {
			return false
		}
	}
	return len(named) > 0
}

// roots gives what expressions read: the person, each source of the realm, and
// the sign-in by the first way the person has.
func (r *LoadedRealm) roots(p Person, at Addresses) (map[string]any, error) {
	facts := maps.Clone(p.SignIn.Facts)
	if facts == nil {
		facts = map[string]any{}
	}
	if said, ok := facts["certificate"].(map[string]any); ok && at.Originator != nil && r.brings(p) && said["pem"] == nil {
		issued := maps.Clone(said)
		issued["originator"] = at.Originator(r.Name)
		facts["certificate"] = issued
	}
	roots := map[string]any{"person": p.Attributes, "sign_in": facts}
	for _, source := range r.Catalog.Sources {
		value, ok := p.Attributes[source.Name]
		if !ok {
			value = map[string]any{}
		}
		roots[source.Name] = value
	}
	return plain(roots)
}

// brings reports whether a certificate is issued for the first way that the
// person has.
func (r *LoadedRealm) brings(p Person) bool {
	for i := range r.Catalog.Ways {
		if way := &r.Catalog.Ways[i]; len(p.SignIn.Ways) == 0 || slices.Contains(p.SignIn.Ways, way.Code) {
			return slices.Contains(way.Evidence, tillit.EvidenceCertificate)
		}
	}
	return false
}

// plain gives the values as JSON has them, whole numbers as int64.
func plain(roots map[string]any) (map[string]any, error) {
	text, err := json.Marshal(roots)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		return nil, err
	}
	for name, value := range out {
		out[name] = numbers(value)
	}
	return out, nil
}

func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		for name := range v {
			v[name] = numbers(v[name])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return value
}
