package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// A grantType is one way to get tokens (RFC 6749 §1.3).
type grantType struct {
	// redeem reads what the client brings and finds the ticket. Nothing is spent
	// yet: that is part of the one commit at the end.
	redeem func(p *Provider, ctx context.Context, t *tokenRequest) (*ticket, error)
	public bool // clients without credentials may use it
	signed bool // an assertion says which client asks: identifyByAssertion
}

// grantTypes lists the grant types of this provider, one file each: grant_*.go.
var grantTypes = map[string]grantType{
	"authorization_code": {redeem: redeemCode, public: true},
	"refresh_token":      {redeem: redeemRefresh, public: true},
	"client_credentials": {redeem: redeemClientCredentials},
	jwtBearer:            {redeem: redeemJWTBearer, signed: true},
}

// A tokenRequest is one request at the token endpoint, of a client that is known
// to be who it says.
type tokenRequest struct {
	realm  *realm
	client *tillit.Client
	form   params
	now    int64
	jkt    string // thumbprint of the key a DPoP proof was of, or ""
	x5t    string // thumbprint of the certificate tokens are bound to, or ""
	// assertion is the believed grant of a JWT bearer request; nil in all others.
	assertion *token.GrantAssertion
}

// A ticket is what was redeemed: the ask it was born with, what is known since,
// and how to spend it.
type ticket struct {
	catalog *tillit.Catalog
	ask     *tillit.Ask
	facts   *tillit.Facts
	context *tillit.Context
	person  *tillit.Person
	grant   *tillit.Grant // nil: the client acts for itself
	begins  bool          // the grant is made by this very request
	subject tillit.Subject
	code    bool
	ends    int64 // absolute end of the grant; 0: none
	// spend stores everything in one commit, and only then may tokens leave.
	spend func(ctx context.Context, out *minted, grant *tillit.Grant, record *tillit.AuditRecord) error
	// refreshToken adds a refresh token to what was minted; nil: none.
	refreshToken func(out *minted, shape *tillit.Shape)
}

// token serves the token endpoint (RFC 6749 §3.2). Who asks, with what, what may
// they have, fetch it, sign it, one commit, say it. A grant type cannot skip a
// phase.
func (p *Provider) token(w http.ResponseWriter, r *http.Request, realm *realm) error {
	form, err := parseForm(r)
	if err != nil {
		return err
	}
	name := form.Get("grant_type")
	if name == "" {
		return refuse("invalid_request", "the parameter grant_type is missing")
	}
	gt, known := grantTypes[name]
	if !known {
		return refuse("unsupported_grant_type", "the grant_type is not supported")
	}
	client, assertion, err := p.whoAsks(r, realm, form, gt)
	if err != nil {
		return err
	}
	if !client.MayUse(name) {
		return refuse("unauthorized_client", "the client is not registered for this grant_type")
	}
	jkt, err := p.proofOf(r, realm, client, "", "")
	if err != nil {
		return err
	}
	x5t, err := p.binding(r, client, jkt)
	if err != nil {
		return err
	}
	response, err := p.redeem(r.Context(), gt, &tokenRequest{realm, client, form, p.now(), jkt, x5t, assertion})
	if err != nil {
		return p.throttledCode(r, realm, client.ID, name, err)
	}
	p.metrics().Issued(realm.name, name)
	w.Header().Set("Pragma", "no-cache")
	return writeJSON(w, http.StatusOK, response)
}

// whoAsks finds the client of a token request, by its credentials or by the
// grant that it signed.
func (p *Provider) whoAsks(r *http.Request, realm *realm, form params, gt grantType) (*tillit.Client, *token.GrantAssertion, error) {
	if gt.signed {
		return p.identifyByAssertion(r, realm, form)
	}
	client, err := p.authenticateClient(r, realm, form, gt.public)
	return client, nil, err
}

func (p *Provider) redeem(ctx context.Context, gt grantType, t *tokenRequest) (members, error) {
	ticket, err := gt.redeem(p, ctx, t)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, refuse("invalid_grant", "the grant has ended")
	}
	if err != nil {
		return nil, err
	}
	decision := p.decide(ctx, ticket.catalog, t.client, ticket.ask, ticket.facts)
	if decision.Refused != nil {
		return nil, p.refuseTicket(ctx, t, ticket, &decision)
	}
	m := ticket.minting(t, &decision)
	if m.sinks, err = p.fill(ctx, &m.filling); err != nil {
		return nil, err
	}
	// Tokens are signed before anything is spent, but leave only after the commit
	// that spends it: whoever loses the race throws its tokens away.
	out, err := p.mint(ctx, m)
	if err != nil {
		return nil, err
	}
	if ticket.refreshToken != nil && decision.Shape.Refresh {
		ticket.refreshToken(out, &decision.Shape)
	}
	if ticket.begins {
		ticket.grant.Shape, ticket.grant.Expires = decision.Shape, m.expires
	}
	record, err := p.recordOf(ctx, t.realm.name, "issued", ticket.catalog, t.client, ticket.ask, ticket.facts, ticket.person, &decision)
	if err != nil {
		return nil, err
	}
	record.Grant, record.JTI = m.grant, out.jti
	if err := ticket.spend(ctx, out, ticket.grant, record); err != nil {
		return nil, err
	}
	return out.response, nil
}

// refuseTicket records a refusal and tells it.
func (p *Provider) refuseTicket(ctx context.Context, t *tokenRequest, ticket *ticket, decision *tillit.Decision) error {
	record, err := p.recordOf(ctx, t.realm.name, "refused", ticket.catalog, t.client, ticket.ask, ticket.facts, ticket.person, decision)
	if err != nil {
		return err
	}
	if err := p.Store.Record(ctx, record); err != nil {
		return err
	}
	return t.realm.refusal(ticket.catalog, decision.Refused, ticket.facts)
}

func (t *ticket) minting(request *tokenRequest, decision *tillit.Decision) *minting {
	m := &minting{
		filling: filling{
			realm: request.realm, catalog: t.catalog, client: request.client, person: t.person,
			ask: t.ask, facts: t.facts, context: t.context, decision: decision, bound: request.jkt != "",
		},
		subject: t.subject, jkt: request.jkt, x5t: request.x5t, now: request.now, expires: request.now + decision.Shape.Access, ends: t.ends, code: t.code,
	}
	if t.grant != nil {
		m.grant, m.session = t.grant.ID, t.grant.Session
	}
	if t.ends > 0 && m.expires > t.ends {
		m.expires = t.ends
	}
	return m
}

// ticketOf reads a stored grant back: the ask with the endpoint it was born at,
// the facts less what was taken back since, today's catalog. A person who is gone
// or disabled is tillit.ErrNotFound.
func (p *Provider) ticketOf(ctx context.Context, realm *realm, client *tillit.Client, grant *tillit.Grant) (*ticket, error) {
	facts := grant.Facts
	facts.Now, facts.NoInteraction, facts.Prior = p.now(), true, &grant.Shape
	facts.Consent.Agreed = nil
	for _, agreement := range grant.Facts.Consent.Agreed {
		if !contains(grant.Withdrawn, agreement.Item) {
			facts.Consent.Agreed = append(facts.Consent.Agreed, agreement)
		}
	}
	t := &ticket{
		catalog: p.dialect(realm.name, grant.Ask.Dialect), ask: &grant.Ask, facts: &facts, context: &grant.Context,
		grant: grant, subject: grant.Subject, ends: grant.Expires,
	}
	if err := p.gatherAccess(ctx, realm, t.catalog, client, t.ask, t.facts); err != nil {
		return nil, err
	}
	if grant.Person == "" {
		return t, nil
	}
	person, err := p.Store.Person(ctx, realm.name, grant.Person)
	if err != nil {
		return nil, err
	}
	if person.Disabled {
		return nil, tillit.ErrNotFound
	}
	t.person = person
	return t, nil
}

func contains[T comparable](list []T, item T) bool {
	for i := range list {
		if list[i] == item {
			return true
		}
	}
	return false
}
