package server

import (
	"errors"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// revoke serves the revocation endpoint (RFC 7009). A refresh token takes its
// grant along; a token that is unknown, or of another client, is no error.
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request, realm *realm) error {
	form, err := parseForm(r)
	if err != nil {
		return err
	}
	client, err := p.authenticateClient(r, realm, form, true)
	if err != nil {
		return err
	}
	value := form.Get("token")
	if value == "" {
		return refuse("invalid_request", "the parameter token is missing")
	}
	done, err := p.revokeRefresh(r, realm, client, value)
	if err == nil && !done {
		err = p.revokeAccess(r, realm, client, value)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (p *Provider) revokeRefresh(r *http.Request, realm *realm, client *tillit.Client, value string) (bool, error) {
	refresh, err := p.Store.Refresh(r.Context(), realm.name, token.Hash(value))
	if errors.Is(err, tillit.ErrNotFound) {
		return false, nil
	}
	if err != nil || refresh.Client != client.ID {
		return true, err
	}
	now := p.now()
	record := &tillit.AuditRecord{Realm: realm.name, Time: now, Event: "revoked", Client: client.ID, Grant: refresh.Grant}
	return true, p.Store.RevokeGrant(r.Context(), realm.name, refresh.Grant, now, record)
}

func (p *Provider) revokeAccess(r *http.Request, realm *realm, client *tillit.Client, value string) error {
	presented, err := p.readAccessToken(r.Context(), realm, value)
	if errors.Is(err, errInactive) {
		return nil
	}
	if err != nil || presented.client != client.ID {
		return err
	}
	record := &tillit.AuditRecord{Realm: realm.name, Time: p.now(), Event: "revoked", Client: client.ID, JTI: []string{presented.jti}}
	return p.Store.RevokeToken(r.Context(), realm.name, presented.jti, presented.expires, record)
}
