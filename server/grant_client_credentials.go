package server

import (
	"context"

	"github.com/tillit/tillit"
)

// redeemClientCredentials serves a client that acts for itself (RFC 6749 §4.4):
// no person, no ID Token, no refresh token, and nothing is ever left out
// silently (SC-5, SC-20).
func redeemClientCredentials(p *Provider, ctx context.Context, t *tokenRequest) (*ticket, error) {
	catalog := p.dialect(t.realm.name, t.client.Dialect)
	ask := &tillit.Ask{Endpoint: tillit.AtToken, GrantType: "client_credentials", Dialect: t.client.Dialect}
	if name := catalog.Request.Dialect; name != "" && t.form.Get(name) != "" {
		if catalog = p.Catalogs.Catalog(t.realm.name, t.form.Get(name)); catalog == nil {
			return nil, refuse("invalid_request", "the parameter %s names no version that is spoken here", name)
		}
		ask.Dialect = t.form.Get(name)
	}
	var err error
	if ask.Scopes, err = tillit.ParseScopes(t.form.Get("scope"), catalog.Settings.ScopeLetters); err != nil {
		return nil, fromSyntax("invalid_scope", err)
	}
	if ask.Resources, err = readResources(t.form); err != nil {
		return nil, err
	}
	facts := &tillit.Facts{Now: t.now}
	if err := p.gatherAccess(ctx, t.realm, catalog, t.client, ask, facts); err != nil {
		return nil, err
	}
	return &ticket{
		catalog: catalog, ask: ask, facts: facts, context: &tillit.Context{}, subject: tillit.Subject(t.client.ID),
		spend: func(ctx context.Context, out *minted, _ *tillit.Grant, record *tillit.AuditRecord) error {
			return p.Store.SaveToken(ctx, nil, out.opaque, record)
		},
	}, nil
}
