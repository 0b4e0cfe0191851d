package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddRefresh = `INSERT INTO refresh_tokens (realm, hash, grant_id, client, created, expires, spent, successor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlRefresh = `SELECT r.grant_id, r.client, r.created, r.expires, r.spent, r.successor
FROM refresh_tokens r JOIN grants g ON g.realm = r.realm AND g.id = r.grant_id AND g.revoked = 0
WHERE r.realm = $1 AND r.hash = $2`
	sqlSpendRefresh = `UPDATE refresh_tokens SET spent = $1, successor = $2
WHERE realm = $3 AND hash = $4 AND spent = 0 AND expires > $5
AND EXISTS (SELECT 1 FROM grants g WHERE g.realm = refresh_tokens.realm AND g.id = refresh_tokens.grant_id AND g.revoked = 0)
RETURNING grant_id`
	sqlReuseRefresh = `UPDATE refresh_tokens SET expires = $1
WHERE realm = $2 AND hash = $3 AND spent = 0 AND expires > $4
AND EXISTS (SELECT 1 FROM grants g WHERE g.realm = refresh_tokens.realm AND g.id = refresh_tokens.grant_id AND g.revoked = 0)
RETURNING grant_id`
	// The successor that is replaced loses its own line: it has no successor, so
	// nothing can replace it in turn.
	sqlReplaceSuccessor = `UPDATE refresh_tokens SET spent = $1
WHERE realm = $2 AND spent = 0 AND hash = (SELECT o.successor FROM refresh_tokens o WHERE o.realm = $2 AND o.hash = $3 AND o.spent > 0)
AND EXISTS (SELECT 1 FROM grants g WHERE g.realm = refresh_tokens.realm AND g.id = refresh_tokens.grant_id AND g.revoked = 0)
RETURNING grant_id`
	sqlSetSuccessor = `UPDATE refresh_tokens SET successor = $1 WHERE realm = $2 AND hash = $3`
)

func addRefresh(tx *tx, r *tillit.Refresh) error {
	if r == nil {
		return nil
	}
	_, err := tx.exec(sqlAddRefresh, r.Realm, bytes(r.Hash), r.Grant, string(r.Client), r.Created, r.Expires, r.Spent, r.Successor)
	return err
}

// Refresh gives a refresh token by its hash, spent or not; that of a revoked
// grant is tillit.ErrNotFound.
func (s *Store) Refresh(ctx context.Context, realm string, hash []byte) (*tillit.Refresh, error) {
	r := &tillit.Refresh{Realm: realm, Hash: hash}
	err := s.row(ctx, "refresh token", sqlRefresh, []any{realm, bytes(hash)}, &r.Grant, &r.Client, &r.Created, &r.Expires, &r.Spent, &r.Successor)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Rotate spends a refresh token and stores its successor, the opaque token, the
// renewed grant (nil: as it was) and the record. With next nil the token is used
// again, and only its expiry moves to old.Expires. Spent before, expired when
// the record was made, or of a revoked grant: tillit.ErrSpent, and nothing changes.
func (s *Store) Rotate(ctx context.Context, old, next *tillit.Refresh, opaque *tillit.OpaqueToken, grant *tillit.Grant, record *tillit.AuditRecord) error {
	row, err := encodeGrant(grant)
	if err != nil {
		return fmt.Errorf("rotate: %w", err)
	}
	return s.renew(ctx, "rotate", old.Realm, next, opaque, record, func(tx *tx, at int64) (grantID string, err error) {
		at = max(at, old.Spent)
		if next == nil {
			err = tx.take(tillit.ErrSpent, sqlReuseRefresh, []any{old.Expires, old.Realm, bytes(old.Hash), at}, &grantID)
		} else {
			err = tx.take(tillit.ErrSpent, sqlSpendRefresh, []any{at, next.Hash, old.Realm, bytes(old.Hash), at}, &grantID)
		}
		if err != nil {
			return "", err
		}
		return grantID, row.save(tx)
	})
}

// Replace is Rotate within the grace window, for a client that lost the answer:
// it stores another successor of a spent token and spends the one it had, if
// that is still unused; else tillit.ErrSpent. One line lives on, never two.
func (s *Store) Replace(ctx context.Context, old, next *tillit.Refresh, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error {
	return s.renew(ctx, "replace", old.Realm, next, opaque, record, func(tx *tx, at int64) (grantID string, err error) {
		if err := tx.take(tillit.ErrSpent, sqlReplaceSuccessor, []any{at, old.Realm, bytes(old.Hash)}, &grantID); err != nil {
			return "", err
		}
		_, err = tx.exec(sqlSetSuccessor, next.Hash, old.Realm, bytes(old.Hash))
		return grantID, err
	})
}

// renew stores what follows once spend has decided that this caller is the one.
func (s *Store) renew(ctx context.Context, what, realm string, next *tillit.Refresh, opaque *tillit.OpaqueToken, record *tillit.AuditRecord, spend func(tx *tx, at int64) (string, error)) error {
	if err := oneRealm(realm, nil, nil, next, opaque, record); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	at := max(1, instant(record))
	if next != nil {
		at = max(at, next.Created)
	}
	return s.write(ctx, what, func(tx *tx) error {
		grant, err := spend(tx, at)
		if err != nil {
			return err
		}
		if next != nil && next.Grant != grant || opaque != nil && opaque.Grant != grant {
			return errors.New("what was issued is of another grant than the token")
		}
		if err := addRefresh(tx, next); err != nil {
			return err
		}
		if err := addOpaque(tx, opaque); err != nil {
			return err
		}
		return tx.append(e)
	})
}
