package server

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// refreshGrace is how long the answer to a refresh may be asked for again, when
// it was lost on the way (seconds). It ends as soon as the successor is used.
const refreshGrace = 30

// newRefresh gives what adds the first refresh token of a grant.
func (p *Provider) newRefresh(t *tokenRequest, grant *tillit.Grant) func(*minted, *tillit.Shape) {
	return func(out *minted, shape *tillit.Shape) {
		value, hash := token.NewSecret(token.Refresh, rand.Reader)
		out.refresh = &tillit.Refresh{
			Realm: t.realm.name, Hash: hash, Grant: grant.ID, Client: t.client.ID, Created: t.now,
			Expires: inactiveUntil(t.now, shape, grant),
		}
		out.response["refresh_token"] = value
	}
}

// inactiveUntil slides the window of a refresh token, never past the grant's end.
func inactiveUntil(now int64, shape *tillit.Shape, grant *tillit.Grant) int64 {
	until := now + shape.Inactive
	if grant.Expires > 0 && until > grant.Expires {
		until = grant.Expires
	}
	return until
}

// redeemRefresh redeems a refresh token (RFC 6749 §6). The stored grant rules:
// a scope parameter narrows this one answer (SC-9), and what the client or the
// person lost since falls (SC-10).
func redeemRefresh(p *Provider, ctx context.Context, t *tokenRequest) (*ticket, error) {
	value := t.form.Get("refresh_token")
	if value == "" {
		return nil, refuse("invalid_request", "the parameter refresh_token is missing")
	}
	unknown := refuse("invalid_grant", "the refresh token is not known or no longer valid")
	refresh, err := p.Store.Refresh(ctx, t.realm.name, token.Hash(value))
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	if refresh.Client != t.client.ID || refresh.Expires <= t.now {
		return nil, unknown
	}
	grant, err := p.Store.Grant(ctx, t.realm.name, refresh.Grant)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (grant.Revoked != 0 || grant.Expires != 0 && grant.Expires <= t.now) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	if grant.Context.JKT != "" && grant.Context.JKT != t.jkt {
		return nil, refuse("invalid_dpop_proof", "the refresh token is bound to a key: send a proof of that key")
	}
	if grant.Context.X5T != "" && grant.Context.X5T != t.x5t && p.on("a bound token comes with its certificate") {
		return nil, refuse("invalid_grant", "the refresh token is bound to a certificate that did not come along")
	}
	late := refresh.Spent != 0
	if late && t.now-refresh.Spent > refreshGrace {
		return nil, p.refreshReused(ctx, t, refresh)
	}
	ticket, err := p.ticketOf(ctx, t.realm, t.client, grant)
	if err != nil {
		return nil, err
	}
	if ticket.facts.Narrow, err = tillit.ParseScopes(t.form.Get("scope"), ticket.catalog.Settings.ScopeLetters); err != nil {
		return nil, fromSyntax("invalid_scope", err)
	}
	if !p.on("scope narrows a refresh") {
		ticket.facts.Narrow = nil
	}
	if err := t.narrowResources(ticket); err != nil {
		return nil, err
	}
	if err := p.narrowDetails(t, ticket.facts); err != nil {
		return nil, err
	}
	if !t.client.Rotates() {
		return p.reuse(t, ticket, refresh, value), nil
	}
	return p.rotate(t, ticket, refresh, late), nil
}

// rotate spends the token and gives its successor. Late, within the grace, it
// replaces a successor that was never used.
func (p *Provider) rotate(t *tokenRequest, ticket *ticket, old *tillit.Refresh, late bool) *ticket {
	ticket.refreshToken = p.newRefresh(t, ticket.grant)
	ticket.spend = func(ctx context.Context, out *minted, _ *tillit.Grant, record *tillit.AuditRecord) error {
		err := tillit.ErrSpent
		if !late {
			err = p.Store.Rotate(ctx, old, out.refresh, out.opaque, nil, record) // the grant stays as it was
		}
		if errors.Is(err, tillit.ErrSpent) { // late, or lost a race: still within the grace
			err = p.Store.Replace(ctx, old, out.refresh, out.opaque, record)
		}
		if errors.Is(err, tillit.ErrSpent) {
			return p.refreshReused(ctx, t, old)
		}
		return err
	}
	return ticket
}

// reuse lets the same token live on, where the client's registration says so.
func (p *Provider) reuse(t *tokenRequest, ticket *ticket, old *tillit.Refresh, value string) *ticket {
	moved := *old
	ticket.refreshToken = func(out *minted, shape *tillit.Shape) {
		moved.Expires = inactiveUntil(t.now, shape, ticket.grant)
		out.response["refresh_token"] = value
	}
	ticket.spend = func(ctx context.Context, out *minted, _ *tillit.Grant, record *tillit.AuditRecord) error {
		err := p.Store.Rotate(ctx, &moved, nil, out.opaque, nil, record)
		if errors.Is(err, tillit.ErrSpent) { // revoked in the meantime, or rotated before the client was registered so
			return refuse("invalid_grant", "the refresh token is not known or no longer valid")
		}
		return err
	}
	return ticket
}

// refreshReused ends the whole line: of two holders of one refresh token, one is
// not the client (RFC 9700 §4.14.2).
func (p *Provider) refreshReused(ctx context.Context, t *tokenRequest, old *tillit.Refresh) error {
	record := &tillit.AuditRecord{Realm: t.realm.name, Time: t.now, Event: "refresh_reused", Client: t.client.ID, Grant: old.Grant}
	if p.on("reuse revokes the grant") {
		if err := p.Store.RevokeGrant(ctx, t.realm.name, old.Grant, t.now, record); err != nil {
			return err
		}
	}
	return refuse("invalid_grant", "the refresh token has been used before")
}
