package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"sync"

	"github.com/tillit/tillit"
)

// A Messenger sends a form to an address that a client registered. Any answer
// but success is an error.
type Messenger interface {
	SendForm(ctx context.Context, address string, form url.Values) error
}

const (
	logoutTokenType = "logout+jwt"
	logoutEvent     = "http://schemas.openid.net/event/backchannel-logout"
	// logoutTokenLifetime is short: the token is made anew for every try (seconds).
	logoutTokenLifetime = 120
	// logoutLease is how long a client is left to the process that took it
	// (seconds): longer than any message takes.
	logoutLease = 60
	logoutBatch = 16
)

// logoutPauses are waited between one try and the next (seconds). After the last
// the client is given up.
var logoutPauses = [...]int64{5, 30, 120, 600, 3600, 6 * 3600}

// TellLogouts tells the clients of ended sessions that they have ended (OIDC
// Back-Channel Logout §2.5), all that are due. Any number of processes may do it
// side by side.
func (p *Provider) TellLogouts(ctx context.Context) error {
	for ctx.Err() == nil {
		list, err := p.Store.TakeLogouts(ctx, p.now(), p.now()+logoutLease, logoutBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		faults := make([]error, len(list))
		var all sync.WaitGroup
		for i, l := range list {
			all.Go(func() { faults[i] = p.tellLogout(ctx, l) })
		}
		all.Wait()
		if err := errors.Join(faults...); err != nil {
			return err
		}
	}
	return nil
}

// tellLogout tries once, and notes what came of it.
func (p *Provider) tellLogout(ctx context.Context, l tillit.Logout) error {
	told, err := p.sendLogout(ctx, l)
	outcome := "told"
	switch {
	case err == nil && !told:
		return p.Store.LogoutDone(ctx, l, p.now())
	case err != nil && ctx.Err() != nil:
		return nil // we are ending; the next takes it when the lease is over
	case err != nil && l.Tries <= int64(len(logoutPauses)):
		outcome = "failed"
	case err != nil:
		outcome = "given_up"
	}
	p.metrics().LogoutTold(l.Realm, outcome)
	if err != nil {
		p.Log.Warn("a client was not told of a logout", "realm", l.Realm, "client", string(l.Client), "tries", l.Tries, "outcome", outcome, "cause", err.Error())
	}
	if outcome == "failed" {
		return p.Store.DelayLogout(ctx, l, p.now()+logoutPauses[l.Tries-1])
	}
	return p.Store.LogoutDone(ctx, l, p.now())
}

// sendLogout reports whether there was somebody to tell.
func (p *Provider) sendLogout(ctx context.Context, l tillit.Logout) (told bool, err error) {
	realm := p.realmOf(l.Realm)
	if realm == nil || p.Messenger == nil || !p.on("clients hear of logouts") {
		return false, nil
	}
	// Nobody to tell is for good, so an older registration that is still in memory
	// must not say so.
	client, err := p.Store.FreshClient(ctx, realm.catalog.Registry, l.Client)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (!client.Active || client.BackChannelLogoutURI == "") {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	grant, err := p.Store.Grant(ctx, l.Realm, l.Grant)
	if errors.Is(err, tillit.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	text, err := p.logoutToken(ctx, realm, client, grant.Subject, l.Session)
	if err != nil {
		return true, err
	}
	return true, p.Messenger.SendForm(ctx, client.BackChannelLogoutURI, url.Values{"logout_token": {text}})
}

// logoutToken says that the session has ended (Back-Channel Logout §2.4). It has
// no nonce, so that it can never pass for an ID Token.
func (p *Provider) logoutToken(ctx context.Context, realm *realm, client *tillit.Client, subject tillit.Subject, sid string) (string, error) {
	now := p.now()
	body, err := json.Marshal(members{
		"iss": realm.issuer, "aud": string(client.ID), "iat": now, "exp": now + logoutTokenLifetime, "jti": newID(),
		"sub": string(subject), "sid": sid, "events": map[string]any{logoutEvent: struct{}{}},
	})
	if err != nil {
		return "", err
	}
	return p.Keys.Sign(ctx, realm.name, algorithmOf(p.dialect(realm.name, client.Dialect), client, client.IDTokenAlg), logoutTokenType, body)
}

// sessionEnded makes its clients hear of it at once.
func (p *Provider) sessionEnded() {
	if p.Ended != nil {
		p.Ended()
	}
}
