package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// Types of the JOSE headers of what we sign.
const (
	idTokenType     = "JWT"
	accessTokenType = "at+jwt" // RFC 9068 §2.1
	userInfoType    = "userinfo+jwt"
)

// A minting is what tokens are made of.
type minting struct {
	filling
	grant   string // id, "" without one
	session string
	subject tillit.Subject
	jkt     string // thumbprint of the key the access token is bound to, or ""
	x5t     string // thumbprint of the certificate it is bound to, or ""
	sinks   map[tillit.Sink]members
	now     int64
	expires int64 // of the access token
	ends    int64 // of the grant; 0: none
	code    bool  // answers an authorization code
}

// minted are tokens in memory: nothing of it leaves before the commit.
type minted struct {
	response members // of the token endpoint
	opaque   *tillit.OpaqueToken
	refresh  *tillit.Refresh
	jti      []string
}

// mint makes the tokens of a decision and the response that carries them.
func (p *Provider) mint(ctx context.Context, m *minting) (*minted, error) {
	shape := &m.decision.Shape
	out := &minted{response: members{}}
	for name, value := range m.sinks[tillit.SinkTokenResponse] {
		out.response[name] = value
	}
	access, err := p.mintAccess(ctx, m, out)
	if err != nil {
		return nil, err
	}
	out.response["access_token"] = access
	out.response["token_type"] = m.tokenType()
	out.response["expires_in"] = m.expires - m.now
	if len(shape.Scopes) > 0 {
		out.response["scope"] = tillit.JoinScopes(shape.Scopes)
	}
	if details := m.detailMembers(); details != nil { // RFC 9396 §7
		out.response["authorization_details"] = details
	}
	if shape.IDToken {
		if out.response["id_token"], err = p.mintID(ctx, m, access, out); err != nil {
			return nil, err
		}
	}
	return out, p.mintExtra(ctx, m, out)
}

// tokenType is how the access token is to be sent.
func (f *filling) tokenType() string {
	if f.bound {
		return "DPoP"
	}
	return cmp.Or(f.catalog.Tokens["token_response"].TokenType, "Bearer")
}

// newJTI makes an identifier that also says which grant a token belongs to; to
// everybody else it is opaque.
func newJTI(grant string) string {
	if grant == "" {
		return newID()
	}
	return grant + "." + newID()[:16]
}

func (p *Provider) mintAccess(ctx context.Context, m *minting, out *minted) (string, error) {
	kind := "access_token"
	if m.decision.Shape.Machine {
		kind = "machine_token"
	}
	claims := m.protocol(kind, m.sinks[tillit.SinkAccessToken])
	jti := newJTI(m.grant)
	claims["jti"] = jti
	if cnf := m.confirmation(); len(cnf) > 0 {
		claims["cnf"] = cnf
	}
	out.jti = append(out.jti, jti)
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if m.decision.Shape.Format != tillit.Opaque {
		return p.Keys.Sign(ctx, m.realm.name, m.algorithm(""), accessTokenType, body)
	}
	value, hash := token.NewSecret(token.Access, rand.Reader)
	out.opaque = &tillit.OpaqueToken{Realm: m.realm.name, Hash: hash, Grant: m.grant, JTI: jti, Claims: body, Expires: m.expires}
	return value, nil
}

// confirmation says what the sender of the token has to hold (RFC 7800 §3.1,
// RFC 8705 §3.1, RFC 9449 §6.1).
func (m *minting) confirmation() map[string]string {
	cnf := map[string]string{}
	if m.jkt != "" {
		cnf["jkt"] = m.jkt
	}
	if m.x5t != "" {
		cnf["x5t#S256"] = m.x5t
	}
	return cnf
}

func (p *Provider) mintID(ctx context.Context, m *minting, access string, out *minted) (string, error) {
	algorithm := m.algorithm(m.client.IDTokenAlg)
	claims := m.protocol("id_token", m.sinks[tillit.SinkIDToken])
	claims["aud"] = string(m.client.ID)
	if claims["jti"] != nil {
		claims["jti"] = newJTI(m.grant)
		out.jti = append(out.jti, claims["jti"].(string))
	}
	if m.has("id_token", "at_hash") {
		claims["at_hash"] = token.HalfHash(algorithm, access)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return p.Keys.Sign(ctx, m.realm.name, algorithm, idTokenType, body)
}

// mintExtra makes the realm's own tokens: a granted claim that goes to a sink of
// the realm's own makes that sink a member of the response.
func (p *Provider) mintExtra(ctx context.Context, m *minting, out *minted) error {
	for _, sink := range m.catalog.ExtraTokens() {
		claims := m.sinks[sink]
		spec := m.catalog.Tokens[string(sink)]
		if len(claims) == 0 || !m.code && !spec.Refreshed {
			continue
		}
		whole := m.protocol(string(sink), claims)
		whole["aud"] = string(m.client.ID)
		body, err := json.Marshal(whole)
		if err != nil {
			return err
		}
		if out.response[string(sink)], err = p.Keys.Sign(ctx, m.realm.name, m.algorithm(""), spec.Type, body); err != nil {
			return err
		}
	}
	return nil
}

// algorithm is the client's choice where the realm has it, else the realm's
// default.
func (m *minting) algorithm(wanted string) string {
	return algorithmOf(m.catalog, m.client, wanted)
}

// algorithmOf is the algorithm that a client wants, where the realm has it, else
// the realm's own, of those of the client's profile.
func algorithmOf(c *tillit.Catalog, client *tillit.Client, wanted string) string {
	algorithms := c.Settings.Algorithms
	if client.FAPI2() {
		algorithms = slices.DeleteFunc(slices.Clone(algorithms), func(a string) bool { return !slices.Contains(fapi2Algorithms, a) })
	}
	if wanted != "" && slices.Contains(algorithms, wanted) {
		return wanted
	}
	if len(algorithms) > 0 {
		return algorithms[0]
	}
	return "ES256"
}

func (m *minting) has(kind, member string) bool {
	return slices.Contains(m.catalog.Token(kind).Protocol, member)
}

// protocol writes the reserved members of a kind of token that have a value,
// over a copy of its claims.
func (m *minting) protocol(kind string, claims members) members {
	spec := m.catalog.Token(kind)
	out := make(members, len(claims)+len(spec.Protocol))
	for name, value := range claims {
		out[name] = value
	}
	for _, name := range spec.Protocol {
		if value := m.member(kind, name); value != nil {
			out[name] = value
		}
	}
	for name, value := range spec.Constants {
		out[name] = value
	}
	return out
}

func (m *minting) member(kind, name string) any {
	switch name {
	case "iss":
		return m.realm.issuer
	case "sub":
		return string(m.subject)
	case "aud":
		return m.audience(kind)
	case "exp":
		if kind == "id_token" {
			return m.until(m.decision.Shape.ID)
		}
		return m.expires
	case "iat":
		return m.now
	case "jti":
		return newJTI(m.grant)
	case "azp", "client_id":
		return string(m.client.ID)
	case "nonce":
		return present(m.context.Nonce)
	case "sid":
		if m.catalog.Settings.SID == "for_logout" && !m.client.HearsOfLogout() {
			return nil
		}
		return present(m.session)
	case "scope":
		return present(tillit.JoinScopes(m.decision.Shape.Scopes))
	case "authorization_details":
		return m.detailMembers()
	}
	return m.signInMember(name)
}

// detailMembers gives the authorization details as granted: nil where none were
// asked for, and none where a page was left without any.
func (m *minting) detailMembers() any {
	details := m.decision.Shape.Details
	if len(details) == 0 && !m.leftOut() {
		return nil
	}
	list := make([]any, len(details))
	for i := range details {
		list[i] = details[i].Fields
	}
	return list
}

// leftOut reports whether the person chose on a page that a detail is not to be:
// the client learns that it is not there, rather than nothing (RFC 9396 §7).
func (m *minting) leftOut() bool {
	for i := range m.ask.Details {
		if t := m.catalog.DetailType(m.ask.Details[i].Type); t != nil && t.Paged() {
			return true
		}
	}
	return false
}

// until is the end of a lifetime that begins now, never past the grant's.
func (m *minting) until(lifetime int64) int64 {
	if lifetime <= 0 {
		return m.expires
	}
	if m.ends > 0 && m.now+lifetime > m.ends {
		return m.ends
	}
	return m.now + lifetime
}

// signInMember gives what is told of the sign-in. acr and amr report what
// happened, not what was asked for.
func (m *minting) signInMember(name string) any {
	signIn := m.facts.SignIn
	if signIn == nil {
		return nil
	}
	switch name {
	case "auth_time":
		return signIn.AuthTime
	case "acr":
		if acr := m.catalog.FindACR(signIn.ACR); acr != nil && acr.Told != "" {
			return acr.Told
		}
		return signIn.ACR
	case "amr":
		if way := m.catalog.Way(signIn.Way); way != nil {
			list := told(way, signIn.Used)
			if way.AMRWord && len(list) > 0 {
				return list[0]
			}
			return list
		}
		return m.context.AMR
	}
	return nil
}

// audience is one string when there is one, an array when there are several.
func (m *minting) audience(kind string) any {
	if kind == "userinfo" {
		return string(m.client.ID)
	}
	audience := m.decision.Shape.Audience
	switch {
	case len(audience) == 1:
		return audience[0]
	case len(audience) > 1:
		return audience
	}
	if fallback := m.catalog.Token("access_token").DefaultAudience; fallback != "" {
		return fallback
	}
	if m.catalog.Settings.Audience == "asked" {
		return nil
	}
	return m.realm.issuer
}

func present(s string) any {
	if s == "" {
		return nil
	}
	return s
}
