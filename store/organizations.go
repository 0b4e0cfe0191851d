package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/tillit/tillit"
)

const (
	sqlPutOrganization = `INSERT INTO organizations (registry, number, name, title, operator, prefixes) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (registry, number) DO UPDATE SET name = excluded.name, title = excluded.title, operator = excluded.operator, prefixes = excluded.prefixes`
	sqlOrganization  = `SELECT number, name, title, operator, prefixes FROM organizations WHERE registry = $1 AND number = $2`
	sqlOrganizations = `SELECT number, name, title, operator, prefixes FROM organizations WHERE registry = $1 ORDER BY number`

	sqlGiveAccess = `INSERT INTO access (registry, organization, scope) VALUES ($1, $2, $3) ON CONFLICT (registry, organization, scope) DO NOTHING`
	sqlTakeAccess = `DELETE FROM access WHERE registry = $1 AND organization = $2 AND scope = $3`
	sqlAccess     = `SELECT scope FROM access WHERE registry = $1 AND organization = $2 AND scope IN ($3, $4, $5, $6, $7, $8, $9, $10)`
)

// PutOrganization stores an organization, new or known, and gives it its
// prefixes. It takes none away; one that another holds is tillit.ErrConflict.
func (s *Store) PutOrganization(ctx context.Context, registry string, o tillit.Organization) error {
	title, err := encode(o.Title)
	if err != nil {
		return fmt.Errorf("put organization: %w", err)
	}
	prefixes, err := encode(o.Prefixes)
	if err != nil {
		return fmt.Errorf("put organization: %w", err)
	}
	held := slices.Clone(o.Prefixes)
	return s.write(ctx, "put organization", func(tx *tx) error {
		for _, prefix := range held {
			if err := tx.change(tillit.ErrConflict, sqlLinkPrefix, registry, prefix, o.Number, int64(0)); err != nil {
				return err
			}
		}
		_, err := tx.exec(sqlPutOrganization, registry, o.Number, o.Key, title, o.Operator, prefixes)
		return err
	})
}

// Organization gives an organization by its number.
func (s *Store) Organization(ctx context.Context, registry, number string) (*tillit.Organization, error) {
	found, err := s.organizations(ctx, sqlOrganization, registry, number)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("organization: %w", tillit.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// Organizations lists the organizations of a registry by number.
func (s *Store) Organizations(ctx context.Context, registry string) ([]tillit.Organization, error) {
	return s.organizations(ctx, sqlOrganizations, registry)
}

func (s *Store) organizations(ctx context.Context, query string, args ...any) ([]tillit.Organization, error) {
	var organizations []tillit.Organization
	err := s.rows(ctx, "organizations", query, args, func(scan scan) error {
		var o tillit.Organization
		var title, prefixes string
		if err := scan(&o.Number, &o.Key, &title, &o.Operator, &prefixes); err != nil {
			return err
		}
		if err := decode(title, &o.Title); err != nil {
			return err
		}
		if err := decode(prefixes, &o.Prefixes); err != nil {
			return err
		}
		organizations = append(organizations, o)
		return nil
	})
	return organizations, err
}

// PutAccess lets an organization in to a scope, or out of it.
func (s *Store) PutAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string, granted bool) error {
	var err error
	if granted {
		_, err = s.GiveAccess(ctx, registry, scope, organization, 0, nil)
	} else {
		_, err = s.TakeAccess(ctx, registry, scope, organization, 0, nil)
	}
	return err
}

// accessWidth is how many scopes one statement asks for: a fixed number, so that
// the statement is prepared once.
const accessWidth = 8

// Access gives those of the scopes that the organization was let in to, in the
// order given.
func (s *Store) Access(ctx context.Context, registry, organization string, scopes []tillit.ScopeName) ([]tillit.ScopeName, error) {
	if organization == "" || len(scopes) == 0 {
		return nil, nil
	}
	return s.among(ctx, "access", sqlAccess, []any{registry, organization}, scopes)
}
