package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlLinkPrefix = `INSERT INTO prefixes (registry, prefix, organization, scopes, created, updated) VALUES ($1, $2, $3, 0, $4, $4)
ON CONFLICT (registry, prefix) DO UPDATE SET organization = excluded.organization WHERE prefixes.organization = excluded.organization`
	sqlUnlinkPrefix = `DELETE FROM prefixes WHERE registry = $1 AND prefix = $2 AND organization = $3 AND scopes = 0`
	sqlPrefix       = `SELECT COUNT(*) FROM prefixes WHERE registry = $1 AND prefix = $2 AND organization = $3`
	sqlPrefixes     = `SELECT prefix, organization, scopes, created, updated FROM prefixes WHERE registry = $1 ORDER BY prefix`
	sqlPrefixesOf   = `SELECT prefix, organization, scopes, created, updated FROM prefixes WHERE registry = $1 AND organization = $2 ORDER BY prefix`
)

// LinkPrefix gives a prefix to an organization; one that another holds is
// tillit.ErrConflict.
func (s *Store) LinkPrefix(ctx context.Context, registry, prefix, organization string, at int64, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("link prefix: %w", err)
	}
	return s.write(ctx, "link prefix", func(tx *tx) error {
		if err := tx.change(tillit.ErrConflict, sqlLinkPrefix, registry, prefix, organization, at); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// UnlinkPrefix takes a prefix from an organization: tillit.ErrNotFound when it
// does not hold it, tillit.ErrConflict when scopes were registered below it.
func (s *Store) UnlinkPrefix(ctx context.Context, registry, prefix, organization string, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("unlink prefix: %w", err)
	}
	return s.write(ctx, "unlink prefix", func(tx *tx) error {
		n, err := tx.exec(sqlUnlinkPrefix, registry, prefix, organization)
		if err != nil || n > 0 {
			if err == nil {
				err = tx.append(e)
			}
			return err
		}
		var held int64
		if err := tx.row(sqlPrefix, []any{registry, prefix, organization}, &held); err != nil {
			return err
		}
		if held == 0 {
			return tillit.ErrNotFound
		}
		return tillit.ErrConflict
	})
}

// Prefixes lists the prefixes of an organization, of all with "".
func (s *Store) Prefixes(ctx context.Context, registry, organization string) ([]tillit.Prefix, error) {
	query, args := sqlPrefixes, []any{registry}
	if organization != "" {
		query, args = sqlPrefixesOf, []any{registry, organization}
	}
	var prefixes []tillit.Prefix
	err := s.rows(ctx, "prefixes", query, args, func(scan scan) error {
		var p tillit.Prefix
		err := scan(&p.Prefix, &p.Organization, &p.Scopes, &p.Created, &p.Updated)
		prefixes = append(prefixes, p)
		return err
	})
	return prefixes, err
}
