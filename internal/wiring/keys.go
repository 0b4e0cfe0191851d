package wiring

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/go-jose/go-jose/v4"
)

// ownKeys lets an API in the same process check tokens without fetching what
// this very process publishes.
type ownKeys struct {
	house *House
	realm string
	last  atomic.Pointer[publicKeys]
}

// publicKeys are the realm's keys as they were published in that text.
type publicKeys struct {
	text []byte
	set  jose.JSONWebKeySet
}

// Keys gives the realm's public keys of that id, "" all of them.
func (k *ownKeys) Keys(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	text, err := k.house.Keys.JWKS(ctx, k.realm)
	if err != nil {
		return nil, err
	}
	keys := k.last.Load()
	if keys == nil || !bytes.Equal(keys.text, text) {
		keys = &publicKeys{text: text}
		if err := json.Unmarshal(text, &keys.set); err != nil {
			return nil, err
		}
		k.last.Store(keys)
	}
	if id == "" {
		return keys.set.Keys, nil
	}
	return keys.set.Key(id), nil
}

// sorted gives the names of a table in order.
func sorted[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }
