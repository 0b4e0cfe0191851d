package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
)

// introspect serves the introspection endpoint (RFC 7662). Who may not see a
// token learns the same as of one that does not exist.
func (p *Provider) introspect(w http.ResponseWriter, r *http.Request, realm *realm) error {
	form, err := parseForm(r)
	if err != nil {
		return err
	}
	caller, err := p.authenticateClient(r, realm, form, false)
	if err != nil {
		return err
	}
	value := form.Get("token")
	if value == "" {
		return refuse("invalid_request", "the parameter token is missing")
	}
	answer, err := p.introspection(r.Context(), realm, caller, value)
	if (errors.Is(err, errInactive) || errors.Is(err, tillit.ErrNotFound)) && p.on("inactive is no error") {
		return writeJSON(w, http.StatusOK, members{"active": false})
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// Introspect answers a resource server of the realm that runs in this process
// what the endpoint would answer it.
func (p *Provider) Introspect(ctx context.Context, name, server, token string) (json.RawMessage, error) {
	realm := p.realmOf(name)
	if realm == nil {
		return nil, tillit.ErrNotFound
	}
	answer, err := p.introspection(ctx, realm, &tillit.Client{Server: server}, token)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// introspection is the token's own claims, decided again, and for a resource
// server narrowed to what concerns it, with what it may learn beside the client.
func (p *Provider) introspection(ctx context.Context, realm *realm, caller *tillit.Client, value string) (members, error) {
	presented, err := p.readAccessToken(ctx, realm, value)
	if err != nil {
		return nil, err
	}
	client, err := p.Store.Client(ctx, realm.catalog.Registry, presented.client)
	if err != nil {
		return nil, err
	}
	if !client.Active {
		return nil, errInactive
	}
	f, err := p.reviewed(ctx, realm, client, presented)
	if err != nil {
		return nil, err
	}
	shape := &f.decision.Shape
	server := f.catalog.Server(caller.Server)
	switch {
	case caller.ID == client.ID && caller.Server == "":
		server = nil
	case server != nil && f.catalog.Trusts(server, shape):
	case p.listed(f.catalog, shape, caller), p.owns(realm, shape, caller):
		server = nil
	default:
		return nil, errInactive
	}
	if !p.on("introspection is narrowed") {
		server = nil
	}
	return p.introspected(ctx, f, presented, server)
}

// listed reports whether a scope of the token names the caller as one that may
// introspect it.
func (p *Provider) listed(c *tillit.Catalog, shape *tillit.Shape, caller *tillit.Client) bool {
	return slices.ContainsFunc(shape.Scopes, func(name tillit.ScopeName) bool {
		s := c.Scope(name)
		return s != nil && slices.Contains(s.IntrospectedBy, string(caller.ID))
	})
}

// owns reports whether the caller is of an organization that owns a scope of the
// token, where the caller's dialect lets that count.
func (p *Provider) owns(realm *realm, shape *tillit.Shape, caller *tillit.Client) bool {
	c := p.dialect(realm.name, caller.Dialect)
	if c.Settings.Introspection != "owner" || caller.Organization == "" {
		return false
	}
	return slices.ContainsFunc(shape.Scopes, func(name tillit.ScopeName) bool {
		s := c.Scope(name)
		return s != nil && s.Owner == caller.Organization
	})
}

// reviewed decides again on what the token was issued by.
func (p *Provider) reviewed(ctx context.Context, realm *realm, client *tillit.Client, presented *accessToken) (*minting, error) {
	request := &tokenRequest{realm: realm, client: client, now: p.now(), jkt: boundTo(presented.claims)}
	t := &ticket{
		catalog: p.dialect(realm.name, client.Dialect), ask: &tillit.Ask{Endpoint: tillit.AtToken, Scopes: presented.scopes},
		facts: &tillit.Facts{Now: request.now}, context: &tillit.Context{}, subject: tillit.Subject(client.ID),
	}
	var err error
	if presented.grant != nil {
		if t, err = p.ticketOf(ctx, realm, client, presented.grant); err != nil {
			return nil, err
		}
		if err := presented.narrowed(t.catalog, t.facts); err != nil {
			return nil, err
		}
	} else if len(presented.scopes) > 0 {
		t.facts.Prior = &tillit.Shape{Scopes: presented.scopes, Audience: stringsOf(presented.claims["aud"]), Machine: true}
		if err := p.gatherAccess(ctx, realm, t.catalog, client, t.ask, t.facts); err != nil {
			return nil, err
		}
	}
	decision := p.decide(ctx, t.catalog, client, t.ask, t.facts)
	if decision.Refused != nil && len(presented.scopes) > 0 {
		return nil, errInactive
	}
	return t.minting(request, &decision), nil
}

// introspected writes the answer. The sentence "as the decoded token" holds for
// the token's own members; what narrows is computed from the narrowed decision.
func (p *Provider) introspected(ctx context.Context, m *minting, presented *accessToken, server *tillit.Server) (members, error) {
	shape := &m.decision.Shape
	own := shape.For(tillit.SinkAccessToken)
	var learned []tillit.ClaimName
	audience := stringsOf(presented.claims["aud"])
	if server != nil {
		shape.Scopes, learned = m.catalog.Learns(server, shape)
		shape.Roles = slices.DeleteFunc(shape.Roles, func(r tillit.Roles) bool { return !slices.Contains(server.Designators, r.Designator) })
		audience = slices.DeleteFunc(audience, func(a string) bool {
			return a != server.Audience && !slices.Contains(server.Designators, a) && len(audience) > 1
		})
		shape.Details = m.catalog.DetailsFor(server, shape.Details)
	}
	answer := make(members, len(presented.claims)+6)
	for name, value := range presented.claims {
		answer[name] = value
	}
	names := append(m.dependent(own), shape.For(tillit.SinkIntrospection)...)
	values, _, err := p.evaluate(ctx, &m.filling, append(names, learned...))
	if err != nil {
		return nil, err
	}
	for _, name := range append(names, learned...) {
		wire := m.catalog.Claim(name).Wire()
		if value, ok := values[name]; ok {
			answer[wire] = value
		} else {
			delete(answer, wire)
		}
	}
	answer["active"] = true
	if _, told := answer["authorization_details"]; told {
		delete(answer, "authorization_details")
		if details := m.detailMembers(); details != nil {
			answer["authorization_details"] = details
		}
	}
	delete(answer, "scope")
	if len(shape.Scopes) > 0 {
		answer["scope"] = tillit.JoinScopes(shape.Scopes)
	}
	setAudience(answer, audience)
	answer["client_id"] = string(m.client.ID)
	return answer, nil
}

// dependent lists the claims of the token that speak of the grant itself, and so
// change with what the caller may see.
func (m *minting) dependent(names []tillit.ClaimName) []tillit.ClaimName {
	var list []tillit.ClaimName
	for _, name := range names {
		claim := m.catalog.Claim(name)
		if claim != nil && claim.Value != nil && slices.Contains(claim.Value.Roots(), "grant") {
			list = append(list, name)
		}
	}
	return list
}

func stringsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, element := range v {
			if s, ok := element.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

func setAudience(answer members, audience []string) {
	switch len(audience) {
	case 0:
		delete(answer, "aud")
	case 1:
		answer["aud"] = audience[0]
	default:
		answer["aud"] = audience
	}
}
