package wiring

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// ownKeys lets an API in the same process check tokens without fetching what
// this very process publishes.
type ownKeys struct {
	house *House
	realm string
}

// Keys gives the realm's public keys of that id, "" all of them.
func (k ownKeys) Keys(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	text, err := k.house.Keys.JWKS(ctx, k.realm)
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	if id == "" {
		return set.Keys, nil
	}
	return set.Key(id), nil
}

// sorted gives the names of a table in order.
func sorted[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }
