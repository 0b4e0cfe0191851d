package wiring

import (
	"context"
	"fmt"
	"sync"

	"github.com/tillit/tillit/catalog"
)

// registered says up to which revision of the store the catalogs hold the scopes
// that organizations registered.
type registered struct {
	mu       sync.Mutex
	revision int64
}

// followScopes takes in what was registered since, here or by another process.
// It is called after every registration and every second.
func (h *House) followScopes(ctx context.Context) error {
	h.scopes.mu.Lock()
	defer h.scopes.mu.Unlock()
	return h.takeScopes(ctx, h.Catalogs.Set(), h.scopes.revision)
}

// swap puts newly loaded realms in place, with every scope that was registered.
func (h *House) swap(ctx context.Context, set *catalog.Set) error {
	h.scopes.mu.Lock()
	defer h.scopes.mu.Unlock()
	return h.takeScopes(ctx, set, 0)
}

func (h *House) takeScopes(ctx context.Context, set *catalog.Set, since int64) error {
	changes, revision, err := h.Store.ScopesSince(ctx, since)
	if err != nil {
		return fmt.Errorf("registered scopes: %w", err)
	}
	if wider := set.With(changes, revision); wider != h.Catalogs.Set() {
		h.Catalogs.Swap(wider)
	}
	h.scopes.revision = revision
	return nil
}

// keepRegistries stores the organizations that the realms declare, and whom they
// let in. What was changed since by an owner stays as it is.
func (h *House) keepRegistries(ctx context.Context, set *catalog.Set) error {
	for _, realm := range set.Realms() {
		c := set.Catalog(realm, "")
		for _, o := range c.Organizations {
			if err := h.Store.PutOrganization(ctx, c.Registry, o); err != nil {
				return fmt.Errorf("realm %s: organization %s: %w", realm, o.Number, err)
			}
		}
		for scope, numbers := range c.Access {
			for _, number := range numbers {
				if err := h.Store.BeginAccess(ctx, c.Registry, scope, number); err != nil {
					return fmt.Errorf("realm %s: access to %s: %w", realm, scope, err)
				}
			}
		}
	}
	return nil
}
