package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tillit/tillit"
)

// loadGiven stores what organizations gave each other: delegations, and what
// completes authorization details.
func loadGiven(ctx context.Context, store Store, catalog *tillit.Catalog, data Data) error {
	for _, d := range data.Delegations {
		scope := catalog.Scope(d.Scope)
		if scope == nil || scope.Delegation == "" {
			return fmt.Errorf("delegation of %s: realm %s has no such scope that can be delegated", d.Scope, catalog.Realm)
		}
		delegation := &tillit.Delegation{Registry: catalog.Registry, Source: scope.Delegation, Scope: scope.Name, Consumer: d.Consumer, Supplier: d.Supplier}
		if err := store.PutDelegation(ctx, delegation, true, nil); err != nil {
			return fmt.Errorf("delegation of %s: %w", d.Scope, err)
		}
	}
	for _, c := range data.Completions {
		completion, err := c.of(catalog)
		if err != nil {
			return err
		}
		if err := store.PutCompletion(ctx, completion, nil); err != nil {
			return fmt.Errorf("completion: %w", err)
		}
	}
	return nil
}

// of makes the row that the catalog's type of detail finds.
func (c Completion) of(catalog *tillit.Catalog) (*tillit.Completion, error) {
	text, err := json.Marshal([]any{c.Detail})
	if err != nil {
		return nil, fmt.Errorf("completion: %w", err)
	}
	details, err := tillit.ParseDetails(string(text))
	if err != nil {
		return nil, fmt.Errorf("completion: %w", err)
	}
	t := catalog.DetailType(details[0].Type)
	if t == nil || !t.Completed() {
		return nil, fmt.Errorf("completion: realm %s has no type of details %q with a source", catalog.Realm, details[0].Type)
	}
	adds, err := json.Marshal(c.Adds)
	if err != nil {
		return nil, fmt.Errorf("completion: %w", err)
	}
	return &tillit.Completion{Registry: catalog.Registry, Source: t.Source, Organization: c.Organization, Key: t.Key(&details[0]), Adds: adds}, nil
}
