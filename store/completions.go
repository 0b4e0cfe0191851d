package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlPutCompletion = `INSERT INTO completions (registry, source, organization, name, adds, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (registry, source, organization, name) DO UPDATE SET adds = excluded.adds, created = excluded.created, expires = excluded.expires`
	sqlTakeCompletion = `DELETE FROM completions WHERE registry = $1 AND source = $2 AND organization = $3 AND name = $4`
	sqlCompletion     = `SELECT adds, created, expires FROM completions WHERE registry = $1 AND source = $2 AND organization = $3 AND name = $4`
	sqlCompletions    = `SELECT name, adds, created, expires FROM completions WHERE registry = $1 AND source = $2 AND organization = $3 ORDER BY name LIMIT $4`
)

// PutCompletion stores what completes an authorization detail, new or changed.
func (s *Store) PutCompletion(ctx context.Context, c *tillit.Completion, record *tillit.AuditRecord) error {
	return s.completion(ctx, "put completion", record, sqlPutCompletion, c.Registry, c.Source, c.Organization, c.Key, string(c.Adds), c.Created, c.Expires)
}

// TakeCompletion takes it back. Doing it twice is no error.
func (s *Store) TakeCompletion(ctx context.Context, registry, source, organization, key string, record *tillit.AuditRecord) error {
	return s.completion(ctx, "take completion", record, sqlTakeCompletion, registry, source, organization, key)
}

func (s *Store) completion(ctx context.Context, what string, record *tillit.AuditRecord, query string, args ...any) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return s.write(ctx, what, func(tx *tx) error {
		if _, err := tx.exec(query, args...); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// Completion gives what completes a detail for an organization. Its expiry is
// the caller's to look at.
func (s *Store) Completion(ctx context.Context, registry, source, organization, key string) (*tillit.Completion, error) {
	c := &tillit.Completion{Registry: registry, Source: source, Organization: organization, Key: key}
	var adds string
	if err := s.row(ctx, "completion", sqlCompletion, []any{registry, source, organization, key}, &adds, &c.Created, &c.Expires); err != nil {
		return nil, err
	}
	c.Adds = raw(adds)
	return c, nil
}

// Completions lists what an organization has from a source, at most 1000.
func (s *Store) Completions(ctx context.Context, registry, source, organization string) ([]tillit.Completion, error) {
	var list []tillit.Completion
	err := s.rows(ctx, "completions", sqlCompletions, []any{registry, source, organization, delegationsShown}, func(scan scan) error {
		c := tillit.Completion{Registry: registry, Source: source, Organization: organization}
		var adds string
		err := scan(&c.Key, &adds, &c.Created, &c.Expires)
		c.Adds = raw(adds)
		list = append(list, c)
		return err
	})
	return list, err
}
