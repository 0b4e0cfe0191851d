package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/tillit/tillit"
)

const (
	sqlDelegate = `INSERT INTO delegations (registry, source, consumer, supplier, scope, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (registry, source, consumer, supplier, scope) DO NOTHING`
	sqlUndelegate = `DELETE FROM delegations WHERE registry = $1 AND source = $2 AND consumer = $3 AND supplier = $4 AND scope = $5`
	sqlDelegated  = `SELECT scope FROM delegations WHERE registry = $1 AND source = $2 AND consumer = $3 AND supplier = $4
AND scope IN ($5, $6, $7, $8, $9, $10, $11, $12)`
	sqlDelegations = `SELECT scope, consumer, supplier, created FROM delegations
WHERE registry = $1 AND source = $2 AND (consumer = $3 OR supplier = $3) ORDER BY consumer, supplier, scope LIMIT $4`
)

// delegationsShown bounds the list of an organization's delegations.
const delegationsShown = 1000

// PutDelegation stores that a consumer lets a supplier use a scope, or that it no
// longer does. Doing either twice is no error.
func (s *Store) PutDelegation(ctx context.Context, d *tillit.Delegation, given bool, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("put delegation: %w", err)
	}
	return s.write(ctx, "put delegation", func(tx *tx) error {
		args := []any{d.Registry, d.Source, d.Consumer, d.Supplier, string(d.Scope)}
		query := sqlUndelegate
		if given {
			query, args = sqlDelegate, append(args, d.Created)
		}
		if _, err := tx.exec(query, args...); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// Delegated gives those of the scopes that the consumer lets the supplier use, in
// the order given.
func (s *Store) Delegated(ctx context.Context, registry, source, consumer, supplier string, scopes []tillit.ScopeName) ([]tillit.ScopeName, error) {
	return s.among(ctx, "delegated", sqlDelegated, []any{registry, source, consumer, supplier}, scopes)
}

// Delegations lists what an organization delegated and what was delegated to it,
// at most 1000.
func (s *Store) Delegations(ctx context.Context, registry, source, organization string) ([]tillit.Delegation, error) {
	var list []tillit.Delegation
	err := s.rows(ctx, "delegations", sqlDelegations, []any{registry, source, organization, delegationsShown}, func(scan scan) error {
		d := tillit.Delegation{Registry: registry, Source: source}
		err := scan(&d.Scope, &d.Consumer, &d.Supplier, &d.Created)
		list = append(list, d)
		return err
	})
	return list, err
}

// among gives those of the scopes that a statement finds, in the order given. Its
// last arguments are as many scopes as one statement asks for.
func (s *Store) among(ctx context.Context, what, query string, first []any, scopes []tillit.ScopeName) ([]tillit.ScopeName, error) {
	found := make(map[tillit.ScopeName]bool, len(scopes))
	for some := range slices.Chunk(scopes, accessWidth) {
		args := slices.Clone(first)
		for i := range accessWidth {
			args = append(args, string(some[min(i, len(some)-1)]))
		}
		err := s.rows(ctx, what, query, args, func(scan scan) error {
			var scope tillit.ScopeName
			err := scan(&scope)
			found[scope] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var given []tillit.ScopeName
	for _, scope := range scopes {
		if found[scope] {
			given = append(given, scope)
		}
	}
	return given, nil
}
