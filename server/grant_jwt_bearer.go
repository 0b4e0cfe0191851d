package server

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// jwtBearer is the grant type of a signed assertion (RFC 7523 §2.1). A realm
// switches it on by saying what its claims become.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// identifyByAssertion finds the client that signed a grant: its own key is its
// authentication. A client that is registered for another method, or that sends
// credentials all the same, has to prove itself by those too (RFC 7523 §3.1).
func (p *Provider) identifyByAssertion(r *http.Request, realm *realm, form params) (*tillit.Client, *token.GrantAssertion, error) {
	if realm.catalog.Assertion == nil {
		return nil, nil, refuse("unsupported_grant_type", "the grant_type is not supported")
	}
	text := form.Get("assertion")
	issuer, err := token.GrantIssuer(text)
	if err != nil {
		return nil, nil, realm.refuseGrant(err)
	}
	client, err := p.Store.Client(r.Context(), realm.catalog.Registry, tillit.ClientID(issuer))
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return nil, nil, err
	}
	if err != nil || !client.Active || realm.catalog.ClientType(client.Type) == nil {
		return nil, nil, realm.inWords("unknown_client", refuse("invalid_grant", "assertion: iss is no client that is known here"))
	}
	if err := p.authenticateBeside(r, realm, form, client); err != nil {
		return nil, nil, err
	}
	believed, err := p.verifyGrant(r.Context(), realm, client, text)
	return client, believed, err
}

// authenticateBeside demands credentials beside an assertion where its signature
// is not how the client proves who it is.
func (p *Provider) authenticateBeside(r *http.Request, realm *realm, form params, client *tillit.Client) error {
	if id := form.Get("client_id"); id != "" && id != string(client.ID) {
		return refuse("invalid_request", "client_id differs from the client that signed the assertion")
	}
	sent := r.Header.Get("Authorization") != "" || form.Get("client_secret") != "" || form.Get("client_assertion") != ""
	if !sent && client.AuthMethod == "private_key_jwt" {
		return nil
	}
	authenticated, err := p.authenticateClient(r, realm, form, false)
	if err == nil && authenticated.ID != client.ID {
		err = refuse("invalid_grant", "the assertion was signed by another client than the one that authenticates")
	}
	return err
}

// verifyGrant checks all of a grant but its single use and what its claims say.
// Its audience is the issuer alone, as we publish it.
func (p *Provider) verifyGrant(ctx context.Context, realm *realm, client *tillit.Client, text string) (*token.GrantAssertion, error) {
	var keys token.KeySet
	if client.JWKS != "" {
		var err error
		if keys, err = token.ParseJWKS([]byte(client.JWKS)); err != nil {
			return nil, realm.inWords("unknown_key", &Error{Code: "invalid_grant", Description: "the client has no usable keys", Cause: err})
		}
	}
	settings := realm.catalog.Assertion
	rules := token.GrantRules{
		Issuer: string(client.ID), Audiences: []string{realm.issuer}, Algorithms: settings.Algorithms,
		Longest: settings.MaxAge, Ahead: settings.Leeway, IssuedRequired: true, At: p.now(),
	}
	if !p.on("a grant is for the issuer alone") {
		rules.Audiences, rules.AnyAudienceShape = append(rules.Audiences, realm.endpoint("/token")), true
	}
	if settings.Certificate != "" && p.Organizations != nil {
		rules.Certificate = func(chain []*x509.Certificate) error { return p.certified(ctx, realm, client, chain) }
	}
	if !p.on("a registered key is the only one") {
		keys = token.KeySet{} // x5c is taken from everybody
	}
	var believed token.GrantAssertion
	verify := func(keys token.KeySet) (err error) {
		believed, err = token.VerifyGrantAssertion(text, keys, rules)
		return err
	}
	var err error
	if client.JWKSURI != "" {
		err = p.withKeys(ctx, client, verify)
	} else {
		err = verify(keys)
	}
	if err != nil {
		return nil, realm.refuseGrant(err)
	}
	return &believed, nil
}

// certified judges the certificate of an organization, and that it is the client's
// own organization.
func (p *Provider) certified(ctx context.Context, realm *realm, client *tillit.Client, chain []*x509.Certificate) error {
	number, err := p.Organizations.OrganizationOf(ctx, realm.name, chain)
	switch {
	case errors.Is(err, tillit.ErrNotTrusted):
		return realm.inWords("bad_certificate", &Error{Code: "invalid_grant", Description: "assertion: the certificate is not trusted", Cause: err})
	case err != nil:
		return err
	case number != client.Organization && p.on("a certificate is of the client's organization"):
		return realm.inWords("wrong_organization", refuse("invalid_grant", "assertion: the certificate is of another organization than the client"))
	}
	return nil
}

// redeemJWTBearer uses the grant up and reads what it asks for. The client acts
// for itself or for another organization: no person, no ID Token, no refresh
// token, and nothing is ever left out silently (SC-5, SC-16).
func redeemJWTBearer(p *Provider, ctx context.Context, t *tokenRequest) (*ticket, error) {
	key := token.Hash(string(t.client.ID) + "\x00" + t.assertion.ID)
	err := p.Store.Spend(ctx, t.realm.name, "grant_assertion", key, t.now, t.assertion.Expires+60)
	if errors.Is(err, tillit.ErrSpent) && p.on("a grant is used once") {
		return nil, t.realm.inWords("replayed", refuse("invalid_grant", "assertion: it was used before"))
	}
	if err != nil && !errors.Is(err, tillit.ErrSpent) {
		return nil, err
	}
	return p.assertedTicket(ctx, t)
}

// assertedTicket is the ticket of a believed grant.
func (p *Provider) assertedTicket(ctx context.Context, t *tokenRequest) (*ticket, error) {
	catalog := p.dialect(t.realm.name, t.client.Dialect)
	ask := &tillit.Ask{Endpoint: tillit.AtToken, GrantType: jwtBearer, Dialect: t.client.Dialect}
	if err := p.readAsserted(t, catalog, ask); err != nil {
		return nil, err
	}
	facts := &tillit.Facts{Now: t.now}
	if err := p.gatherAccess(ctx, t.realm, catalog, t.client, ask, facts); err != nil {
		return nil, err
	}
	known := &tillit.Context{}
	if t.assertion.Chain != nil {
		known.Authentication = catalog.Assertion.Certificate
	}
	found := &ticket{
		catalog: catalog, ask: ask, facts: facts, context: known, subject: tillit.Subject(t.client.ID),
		spend: func(ctx context.Context, out *minted, grant *tillit.Grant, record *tillit.AuditRecord) error {
			return p.Store.SaveToken(ctx, grant, out.opaque, record)
		},
	}
	if ask.Consumer != "" || len(ask.Details) > 0 {
		found.begins, found.grant = true, t.restingOnOthers(found)
	}
	return found, nil
}

// restingOnOthers makes the grant of a token that rests on what others gave, a
// delegation or a consent: so that it can be looked at and ends with what it
// rests on.
func (t *tokenRequest) restingOnOthers(found *ticket) *tillit.Grant {
	facts := *found.facts
	facts.Access, facts.Completed = nil, nil // both are read again whenever they count
	return &tillit.Grant{
		ID: newID(), Realm: t.realm.name, Client: t.client.ID, Subject: found.subject, Ask: *found.ask, Facts: facts,
		Context: *found.context, Catalog: found.catalog.Version, Revision: t.client.Revision, Created: t.now,
	}
}
