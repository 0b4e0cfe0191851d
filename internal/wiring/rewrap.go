package wiring

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/pki"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// sealedSecret begins the names of a realm's secrets that are sealed.
const sealedSecret = "sealed "

func secretPurpose(realm, name string) string { return "secret\x00" + realm + "\x00" + name }

// Rewrapped counts what was looked at and what was sealed anew.
type Rewrapped struct {
	Values  int `json:"values"`
	Changed int `json:"changed"`
}

// Rewrap seals everything in a store under the master key that a former one
// sealed. It may be interrupted and run again: what is done stays done, and until
// the end a provider that has both keys opens everything.
func Rewrap(ctx context.Context, kept *store.Store, master token.MasterKey, registries []string) (Rewrapped, error) {
	var done Rewrapped
	for _, table := range []struct {
		where   store.Sealed
		purpose func(store.SealedValue) string // "" is not sealed
	}{
		{store.SealedKeys, func(v store.SealedValue) string { return token.KeyPurpose(v.Realm, v.Key[0].(string)) }},
		{store.SealedSecrets, func(v store.SealedValue) string {
			name, sealed := strings.CutPrefix(v.Key[0].(string), sealedSecret)
			if !sealed {
				return ""
			}
			return secretPurpose(v.Realm, name)
		}},
		{store.SealedCertificates, func(v store.SealedValue) string {
			return pki.Purpose(&tillit.Certificate{
				Realm: v.Realm, Kind: tillit.CertificateKind(v.Key[0].(string)), Holder: v.Key[1].(string), Number: int(v.Key[2].(int64)),
			})
		}},
	} {
		values, err := kept.SealedValues(ctx, table.where)
		if err != nil {
			return done, err
		}
		for _, v := range values {
			purpose := table.purpose(v)
			if purpose == "" || len(v.Value) == 0 {
				continue
			}
			done.Values++
			anew, err := master.Rewrap(v.Value, purpose)
			if err != nil {
				return done, fmt.Errorf("%v of realm %s: %w", v.Key, v.Realm, err)
			}
			if anew == nil {
				continue
			}
			changed, err := kept.Rewrap(ctx, table.where, v, anew)
			if err != nil {
				return done, err
			}
			if changed {
				done.Changed++
			}
		}
	}
	for _, registry := range registries {
		if err := rewrapClients(ctx, kept, master, registry, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// rewrapClients seals the secrets anew that clients sign assertions with.
func rewrapClients(ctx context.Context, kept *store.Store, master token.MasterKey, registry string, done *Rewrapped) error {
	clients, err := kept.Clients(ctx, registry)
	if err != nil {
		return err
	}
	for _, known := range clients {
		client, dirty := *known, false
		client.Secrets = slices.Clone(known.Secrets)
		for i, secret := range client.Secrets {
			if secret.Method != token.Sealed {
				continue
			}
			done.Values++
			anew, changed, err := token.RewrapSecret(master, registry, client.ID, secret)
			if err != nil {
				return fmt.Errorf("secret of client %s of registry %s: %w", client.ID, registry, err)
			}
			if changed {
				client.Secrets[i], dirty = anew, true
				done.Changed++
			}
		}
		if dirty {
			if err := kept.ReplaceClient(ctx, registry, &client, nil); err != nil {
				return err
			}
		}
	}
	return nil
}
