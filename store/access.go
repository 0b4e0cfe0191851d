package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/tillit/tillit"
)

const (
	sqlNoteAccess = `INSERT INTO access_records (registry, scope, organization, denied, created, updated) VALUES ($1, $2, $3, FALSE, $4, $4)
ON CONFLICT (registry, scope, organization) DO UPDATE SET denied = FALSE, updated = excluded.updated WHERE access_records.denied`
	sqlBeginAccess = `INSERT INTO access_records (registry, scope, organization, denied, created, updated) VALUES ($1, $2, $3, FALSE, 0, 0)
ON CONFLICT (registry, scope, organization) DO NOTHING`
	sqlDenyAccess = `UPDATE access_records SET denied = TRUE, updated = $1 WHERE registry = $2 AND scope = $3 AND organization = $4 AND denied = FALSE`

	sqlAccessRecord = `SELECT scope, organization, denied, created, updated FROM access_records WHERE registry = $1 AND scope = $2 AND organization = $3`
	sqlAccessOfOne  = `SELECT scope, organization, denied, created, updated FROM access_records WHERE registry = $1 AND organization = $2 ORDER BY scope`

	sqlAccessToScopes = `SELECT scope, organization, denied, created, updated FROM access_records WHERE registry = $1
AND scope IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ORDER BY scope, organization`
)

// scopesWidth is how many scopes one listing of their records asks for: a fixed
// number, so that the statement stays prepared.
const scopesWidth = 16

// BeginAccess lets an organization in to a scope unless its owner took that back
// once: what is declared never undoes what an owner did.
func (s *Store) BeginAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string) error {
	return s.write(ctx, "begin access", func(tx *tx) error {
		n, err := tx.exec(sqlBeginAccess, registry, string(scope), organization)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.exec(sqlGiveAccess, registry, organization, string(scope))
		return err
	})
}

// GiveAccess lets an organization in to a scope and gives the record of it.
// Doing it twice changes nothing.
func (s *Store) GiveAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string, at int64, record *tillit.AuditRecord) (tillit.AccessRecord, error) {
	return s.changeAccess(ctx, "give access", registry, scope, organization, record, func(tx *tx) error {
		if _, err := tx.exec(sqlGiveAccess, registry, organization, string(scope)); err != nil {
			return err
		}
		_, err := tx.exec(sqlNoteAccess, registry, string(scope), organization, at)
		return err
	})
}

// TakeAccess takes it back. An organization that was never let in is
// tillit.ErrNotFound.
func (s *Store) TakeAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string, at int64, record *tillit.AuditRecord) (tillit.AccessRecord, error) {
	return s.changeAccess(ctx, "take access", registry, scope, organization, record, func(tx *tx) error {
		if _, err := tx.exec(sqlTakeAccess, registry, organization, string(scope)); err != nil {
			return err
		}
		_, err := tx.exec(sqlDenyAccess, at, registry, string(scope), organization)
		return err
	})
}

func (s *Store) changeAccess(ctx context.Context, what, registry string, scope tillit.ScopeName, organization string, record *tillit.AuditRecord, change func(*tx) error) (tillit.AccessRecord, error) {
	var a tillit.AccessRecord
	e, err := prepare(record)
	if err != nil {
		return a, fmt.Errorf("%s: %w", what, err)
	}
	err = s.write(ctx, what, func(tx *tx) error {
		if err := change(tx); err != nil {
			return err
		}
		err := tx.row(sqlAccessRecord, []any{registry, string(scope), organization}, &a.Scope, &a.Consumer, &a.Denied, &a.Created, &a.Updated)
		if err != nil {
			return err
		}
		return tx.append(e)
	})
	return a, err
}

// AccessToScopes lists what is recorded of scopes, by organization within each.
func (s *Store) AccessToScopes(ctx context.Context, registry string, scopes ...tillit.ScopeName) ([]tillit.AccessRecord, error) {
	var all []tillit.AccessRecord
	for some := range slices.Chunk(scopes, scopesWidth) {
		args := []any{registry}
		for i := range scopesWidth {
			args = append(args, string(some[min(i, len(some)-1)]))
		}
		records, err := s.accessRecords(ctx, sqlAccessToScopes, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}

// AccessOf lists what is recorded of an organization, by scope.
func (s *Store) AccessOf(ctx context.Context, registry, organization string) ([]tillit.AccessRecord, error) {
	return s.accessRecords(ctx, sqlAccessOfOne, registry, organization)
}

func (s *Store) accessRecords(ctx context.Context, query string, args ...any) ([]tillit.AccessRecord, error) {
	var records []tillit.AccessRecord
	err := s.rows(ctx, "access records", query, args, func(scan scan) error {
		var a tillit.AccessRecord
		err := scan(&a.Scope, &a.Consumer, &a.Denied, &a.Created, &a.Updated)
		records = append(records, a)
		return err
	})
	return records, err
}
