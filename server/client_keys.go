package server

import (
	"context"
	"errors"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// RemoteKeys reads the keys of clients that register where they are (jwks_uri).
// Both verbs are bounded in time, and in how often an address is read.
type RemoteKeys interface {
	Get(ctx context.Context, address string) (token.KeySet, error)
	// Refresh gives the keys as they are now.
	Refresh(ctx context.Context, address string) (token.KeySet, error)
}

// errNoKeys says that a client's keys could not be had, which is its own to mend.
var errNoKeys = errors.New("the keys of the client cannot be had")

// withKeys verifies something by the keys that a client registered, by value or by
// address. Where no key of the address suits, the address is read again: the
// client may have changed its keys. A client without usable keys is a refusal.
func (p *Provider) withKeys(ctx context.Context, client *tillit.Client, verify func(token.KeySet) error) error {
	if client.JWKSURI == "" || p.RemoteKeys == nil {
		keys, err := token.ParseJWKS([]byte(client.JWKS))
		if err != nil {
			return &token.Refusal{Key: token.UnknownKey, Why: "the client has registered no usable keys"}
		}
		return verify(keys)
	}
	keys, err := p.RemoteKeys.Get(ctx, client.JWKSURI)
	if err == nil {
		err = verify(keys)
		refused, ok := errors.AsType[*token.Refusal](err)
		if !ok || refused.Key != token.UnknownKey {
			return err
		}
		if keys, err = p.RemoteKeys.Refresh(ctx, client.JWKSURI); err == nil {
			return verify(keys)
		}
	}
	if ctx.Err() != nil {
		return err
	}
	p.Log.Warn("keys of a client", "client", string(client.ID), "cause", err.Error())
	return &token.Refusal{Key: token.UnknownKey, Why: errNoKeys.Error()}
}

// badClient tells why what a client authenticates with is not believed.
func badClient(what string, err error) error {
	if refused, ok := errors.AsType[*token.Refusal](err); ok {
		return &Error{Code: "invalid_client", Description: clean(what + refused.Why)}
	}
	return err
}
