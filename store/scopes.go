package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlHoldsPrefix  = `UPDATE prefixes SET scopes = scopes + 1 WHERE registry = $1 AND prefix = $2 AND organization = $3`
	sqlCreateScope  = `INSERT INTO scopes (registry, name, changed, document) VALUES ($1, $2, $3, $4)`
	sqlChangeScope  = `UPDATE scopes SET changed = $1, document = $2 WHERE registry = $3 AND name = $4 AND changed = $5`
	sqlKeepScope    = `INSERT INTO scope_versions (registry, changed, name, document) VALUES ($1, $2, $3, $4)`
	sqlScope        = `SELECT changed, document FROM scopes WHERE registry = $1 AND name = $2`
	sqlScopesSince  = `SELECT registry, changed, document FROM scopes WHERE changed > $1 ORDER BY changed`
	sqlScopeVersion = `SELECT document FROM scope_versions WHERE registry = $1 AND name = $2 AND changed <= $3 ORDER BY changed DESC LIMIT 1`
)

// scopesRevision names the row of revisions that every change of a scope raises.
const scopesRevision = "scopes"

// CreateScope stores a new scope of an organization. A name that is taken is
// tillit.ErrConflict, a prefix that the owner does not hold tillit.ErrNotFound.
func (s *Store) CreateScope(ctx context.Context, registry string, scope *tillit.RegisteredScope, record *tillit.AuditRecord) error {
	return s.saveScope(ctx, "create scope", registry, scope, record, func(tx *tx, changed int64, document string) error {
		if err := tx.change(tillit.ErrNotFound, sqlHoldsPrefix, registry, scope.Prefix, scope.Owner); err != nil {
			return err
		}
		_, err := tx.exec(sqlCreateScope, registry, string(scope.Name), changed, document)
		return err
	})
}

// ChangeScope stores a scope anew if it is still what it was at the revision,
// else the error is tillit.ErrStale.
func (s *Store) ChangeScope(ctx context.Context, registry string, scope *tillit.RegisteredScope, revision int64, record *tillit.AuditRecord) error {
	return s.saveScope(ctx, "change scope", registry, scope, record, func(tx *tx, changed int64, document string) error {
		return tx.change(tillit.ErrStale, sqlChangeScope, changed, document, registry, string(scope.Name), revision)
	})
}

func (s *Store) saveScope(ctx context.Context, what, registry string, scope *tillit.RegisteredScope, record *tillit.AuditRecord, save func(*tx, int64, string) error) error {
	document, err := encode(scope)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return s.write(ctx, what, func(tx *tx) error {
		// The raised row is held until the commit: changes are seen in their order.
		var changed int64
		if err := tx.row(sqlRaiseRevision, []any{scopesRevision}, &changed); err != nil {
			return err
		}
		if err := save(tx, changed, document); err != nil {
			return err
		}
		if _, err := tx.exec(sqlKeepScope, registry, changed, string(scope.Name), document); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// RegisteredScope gives a scope of an organization and the revision at which it
// is so.
func (s *Store) RegisteredScope(ctx context.Context, registry string, name tillit.ScopeName) (scope *tillit.RegisteredScope, revision int64, err error) {
	var document string
	if err := s.row(ctx, "scope", sqlScope, []any{registry, string(name)}, &revision, &document); err != nil {
		return nil, 0, err
	}
	scope = new(tillit.RegisteredScope)
	return scope, revision, decode(document, scope)
}

// ScopesSince gives, by registry, the scopes that were changed after a revision,
// and the latest revision among them; 0 asks for all.
func (s *Store) ScopesSince(ctx context.Context, revision int64) (map[string][]tillit.RegisteredScope, int64, error) {
	var latest int64
	err := s.row(ctx, "scopes", sqlRevision, []any{scopesRevision}, &latest)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && latest == revision {
		return nil, revision, nil
	}
	if err != nil {
		return nil, revision, err
	}
	changes := map[string][]tillit.RegisteredScope{}
	err = s.rows(ctx, "scopes", sqlScopesSince, []any{revision}, func(scan scan) error {
		var registry, document string
		var scope tillit.RegisteredScope
		if err := scan(&registry, &latest, &document); err != nil {
			return err
		}
		err := decode(document, &scope)
		changes[registry] = append(changes[registry], scope)
		return err
	})
	return changes, latest, err
}

// ScopeAt gives a scope as it was at a revision of the scopes: audit records name
// the catalog that they were decided by.
func (s *Store) ScopeAt(ctx context.Context, registry string, name tillit.ScopeName, revision int64) (*tillit.RegisteredScope, error) {
	var document string
	if err := s.row(ctx, "scope version", sqlScopeVersion, []any{registry, string(name), revision}, &document); err != nil {
		return nil, err
	}
	scope := new(tillit.RegisteredScope)
	return scope, decode(document, scope)
}
