package token

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

// keys are those of one realm as last read, never changed after.
type keys struct {
	list []*key
	byID map[string]*key
	read int64 // unix seconds
}

// current gives the key for the algorithm that began to sign last.
func (ks *keys) current(algorithm string, at int64) *key {
	var found *key
	for _, k := range ks.list {
		if k.signs(algorithm, at) && k.published(at) && (found == nil || k.Activates > found.Activates) {
			found = k
		}
	}
	return found
}

// realm gives the keys of a realm as last read.
func (r *Ring) realm(ctx context.Context, realm string) (*keys, error) {
	r.mu.RLock()
	ks := r.realms[realm]
	r.mu.RUnlock()
	if ks != nil {
		return ks, nil
	}
	return r.load(ctx, realm)
}

// load reads the keys of a realm; what is known already is not decrypted again.
func (r *Ring) load(ctx context.Context, realm string) (*keys, error) {
	r.loading.Lock()
	defer r.loading.Unlock()
	read := r.now().Unix() // before reading, so that a key stored meanwhile is not missed
	stored, err := r.store.Keys(ctx, realm)
	if err != nil {
		return nil, fmt.Errorf("keys of realm %s: %w", realm, err)
	}
	r.mu.RLock()
	known := r.realms[realm]
	r.mu.RUnlock()
	ks := &keys{byID: make(map[string]*key, len(stored)), read: read}
	for _, s := range stored {
		k, err := reopen(r.master, known, s)
		if err != nil {
			return nil, err
		}
		ks.list = append(ks.list, k)
		ks.byID[s.ID] = k
	}
	r.mu.Lock()
	r.realms[realm] = ks
	r.mu.Unlock()
	return ks, nil
}

// reopen opens a stored key, or takes what is known of the same key.
func reopen(master MasterKey, known *keys, stored tillit.SigningKey) (*key, error) {
	if known == nil {
		return open(master, stored)
	}
	k := known.byID[stored.ID]
	switch {
	case k == nil || k.Algorithm != stored.Algorithm:
		return open(master, stored)
	case k.Activates == stored.Activates && k.Retires == stored.Retires && k.Expires == stored.Expires:
		return k, nil
	}
	return &key{SigningKey: stored, signer: k.signer, jwk: k.jwk}, nil
}
