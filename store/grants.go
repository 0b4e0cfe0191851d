package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// grantsShown bounds the list of a person's grants.
const grantsShown = 500

// mostGrants is how many decoded grants are remembered.
const mostGrants = 2048

// Items are separated by a character that no scope or claim name holds.
const itemSeparator = "\n"

const (
	// A grant that was revoked stays so: what arrives late does not revive it.
	sqlSaveGrant = `INSERT INTO grants (realm, id, client, person, session, offline, created, expires, revoked, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (realm, id) DO UPDATE SET offline = excluded.offline, expires = excluded.expires, document = excluded.document
WHERE grants.revoked = 0 AND grants.client = excluded.client AND grants.person = excluded.person`
	sqlGrant = `SELECT g.document, g.revoked, (SELECT string_agg(w.item, $1) FROM withdrawn w WHERE w.realm = g.realm AND w.grant_id = g.id)
FROM grants g WHERE g.realm = $2 AND g.id = $3`
	// The grant of an access token that was not taken back by itself.
	sqlGrantOfToken = sqlGrant + `
AND NOT EXISTS (SELECT 1 FROM revoked_tokens x WHERE x.realm = g.realm AND x.jti = $4)`
	sqlGrants = `SELECT g.document, g.revoked, (SELECT string_agg(w.item, $1) FROM withdrawn w WHERE w.realm = g.realm AND w.grant_id = g.id)
FROM grants g WHERE g.realm = $2 AND g.person = $3 AND g.revoked = 0 AND (g.expires = 0 OR g.expires > $4)
ORDER BY g.created DESC, g.id DESC LIMIT $5`
	sqlRevokeGrant = `UPDATE grants SET revoked = $1 WHERE realm = $2 AND id = $3 AND revoked = 0`
)

type grantRow struct {
	grant    *tillit.Grant
	document string
}

func encodeGrant(grant *tillit.Grant) (*grantRow, error) {
	if grant == nil {
		return nil, nil
	}
	plain := *grant
	plain.Revoked, plain.Withdrawn = 0, nil // they have columns of their own
	document, err := encode(plain)
	return &grantRow{grant, document}, err
}

// save inserts or renews the grant; one that was revoked is tillit.ErrSpent.
func (r *grantRow) save(tx *tx) error {
	if r == nil {
		return nil
	}
	g := r.grant
	return tx.change(tillit.ErrSpent, sqlSaveGrant, g.Realm, g.ID, string(g.Client), g.Person, g.Session, g.Shape.Offline, g.Created, g.Expires, g.Revoked, r.document)
}

// grantColumns are what sqlGrant and sqlGrants select.
type grantColumns struct {
	document  string
	revoked   int64
	withdrawn *string
}

func (c *grantColumns) into() []any { return []any{&c.document, &c.revoked, &c.withdrawn} }

// grant gives the grant that the columns hold. What its document says is decoded
// once and shared, what may change without it stands in columns of its own.
func (s *Store) grant(c *grantColumns) (*tillit.Grant, error) {
	decoded, err := s.grants.Of(c.document, decodeGrant)
	if err != nil {
		return nil, err
	}
	g := new(tillit.Grant)
	*g = *decoded
	g.Revoked = c.revoked
	if c.withdrawn != nil {
		g.Withdrawn = strings.Split(*c.withdrawn, itemSeparator)
		slices.Sort(g.Withdrawn)
	}
	return g, nil
}

func decodeGrant(document string) (*tillit.Grant, error) {
	g := new(tillit.Grant)
	return g, decode(document, g)
}

// Grant gives a grant, revoked or not. What it refers to is shared with others:
// read it, and change nothing.
func (s *Store) Grant(ctx context.Context, realm, id string) (*tillit.Grant, error) {
	return s.oneGrant(ctx, sqlGrant, realm, id)
}

// GrantOfToken is Grant for the access token of that jti; one that RevokeToken
// took back is tillit.ErrNotFound.
func (s *Store) GrantOfToken(ctx context.Context, realm, id, jti string) (*tillit.Grant, error) {
	return s.oneGrant(ctx, sqlGrantOfToken, realm, id, jti)
}

func (s *Store) oneGrant(ctx context.Context, query string, args ...any) (*tillit.Grant, error) {
	var columns grantColumns
	if err := s.row(ctx, "grant", query, append([]any{itemSeparator}, args...), columns.into()...); err != nil {
		return nil, err
	}
	grant, err := s.grant(&columns)
	if err != nil {
		return nil, fmt.Errorf("grant: %w", err)
	}
	return grant, nil
}

// Grants lists a person's living grants, newest first, at most 500.
func (s *Store) Grants(ctx context.Context, realm, person string, at int64) ([]tillit.Grant, error) {
	var grants []tillit.Grant
	err := s.rows(ctx, "grants", sqlGrants, []any{itemSeparator, realm, person, at, grantsShown}, func(scan scan) error {
		var columns grantColumns
		if err := scan(columns.into()...); err != nil {
			return err
		}
		grant, err := s.grant(&columns)
		if err == nil {
			grants = append(grants, *grant)
		}
		return err
	})
	return grants, err
}

// RevokeGrant ends a grant and all its tokens: whoever reads one looks at its
// grant. Doing it twice is no error.
func (s *Store) RevokeGrant(ctx context.Context, realm, id string, at int64, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("revoke grant: %w", err)
	}
	return s.write(ctx, "revoke grant", func(tx *tx) error {
		if _, err := tx.exec(sqlRevokeGrant, max(at, 1), realm, id); err != nil {
			return err
		}
		return tx.append(e)
	})
}
