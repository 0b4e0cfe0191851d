package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddOpaque = `INSERT INTO opaque_tokens (realm, hash, grant_id, jti, claims, expires) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlOpaque    = `SELECT o.grant_id, o.jti, o.claims, o.expires FROM opaque_tokens o WHERE o.realm = $1 AND o.hash = $2
AND (o.grant_id = '' OR EXISTS (SELECT 1 FROM grants g WHERE g.realm = o.realm AND g.id = o.grant_id AND g.revoked = 0))
AND NOT EXISTS (SELECT 1 FROM revoked_tokens x WHERE x.realm = o.realm AND x.jti = o.jti)`
	sqlRevokeToken = `INSERT INTO revoked_tokens (realm, jti, expires) VALUES ($1, $2, $3) ON CONFLICT (realm, jti) DO NOTHING`
	sqlRevoked     = `SELECT COUNT(*) FROM revoked_tokens WHERE realm = $1 AND jti = $2`
)

func addOpaque(tx *tx, o *tillit.OpaqueToken) error {
	if o == nil {
		return nil
	}
	_, err := tx.exec(sqlAddOpaque, o.Realm, bytes(o.Hash), o.Grant, o.JTI, string(o.Claims), o.Expires)
	return err
}

// SaveToken stores what a token without a person leaves: its grant (nil: it rests
// on the client alone), the opaque token (nil for a JWT) and the record.
func (s *Store) SaveToken(ctx context.Context, grant *tillit.Grant, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("save token: %w", err)
	}
	row, err := encodeGrant(grant)
	if err != nil {
		return fmt.Errorf("save token: %w", err)
	}
	return s.write(ctx, "save token", func(tx *tx) error {
		if err := row.save(tx); err != nil {
			return err
		}
		if err := addOpaque(tx, opaque); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// OpaqueToken gives an opaque access token; one that was revoked, or whose grant
// was, is tillit.ErrNotFound. Its expiry is the caller's to look at.
func (s *Store) OpaqueToken(ctx context.Context, realm string, hash []byte) (*tillit.OpaqueToken, error) {
	o := &tillit.OpaqueToken{Realm: realm, Hash: hash}
	var claims string
	if err := s.row(ctx, "opaque token", sqlOpaque, []any{realm, bytes(hash)}, &o.Grant, &o.JTI, &claims, &o.Expires); err != nil {
		return nil, err
	}
	o.Claims = raw(claims)
	return o, nil
}

// RevokeToken ends one access token by its jti until it expires. Doing it twice
// is no error.
func (s *Store) RevokeToken(ctx context.Context, realm, jti string, expires int64, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return s.write(ctx, "revoke token", func(tx *tx) error {
		if _, err := tx.exec(sqlRevokeToken, realm, jti, expires); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// TokenRevoked reports whether RevokeToken was called for the jti.
func (s *Store) TokenRevoked(ctx context.Context, realm, jti string) (bool, error) {
	var n int
	err := s.row(ctx, "token revoked", sqlRevoked, []any{realm, jti}, &n)
	return n > 0, err
}
