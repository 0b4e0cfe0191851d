package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddCode = `INSERT INTO codes (realm, hash, client, person, session, offline, redirect_uri, redirect_uri_sent, challenge, document, expires, spent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	sqlCode = `SELECT client, redirect_uri, redirect_uri_sent, challenge, document, expires, spent
FROM codes WHERE realm = $1 AND hash = $2`
	sqlSpendCode = `UPDATE codes SET spent = $1 WHERE realm = $2 AND hash = $3 AND spent = 0 AND expires > $4 RETURNING client`
)

type codeRow struct {
	code     *tillit.Code
	document string
}

func encodeCode(code *tillit.Code) (*codeRow, error) {
	if code == nil {
		return nil, nil
	}
	document, err := encode(code.Grant)
	return &codeRow{code, document}, err
}

func (r *codeRow) add(tx *tx) error {
	if r == nil {
		return nil
	}
	c := r.code
	_, err := tx.exec(sqlAddCode, c.Realm, bytes(c.Hash), string(c.Client), c.Grant.Person, c.Grant.Session, c.Grant.Shape.Offline,
		c.RedirectURI, c.RedirectURISent, c.Challenge, r.document, c.Expires, c.Spent)
	return err
}

// Code gives a code by its hash, spent or not, with its grant.
func (s *Store) Code(ctx context.Context, realm string, hash []byte) (*tillit.Code, error) {
	c := &tillit.Code{Realm: realm, Hash: hash}
	var document string
	err := s.row(ctx, "code", sqlCode, []any{realm, bytes(hash)}, &c.Client, &c.RedirectURI, &c.RedirectURISent, &c.Challenge, &document, &c.Expires, &c.Spent)
	if err != nil {
		return nil, err
	}
	return c, decode(document, &c.Grant)
}

// RedeemCode spends the code and stores its grant, the grant's first refresh
// token and opaque access token (nil: none) and the record. A code that was
// spent before, or has expired when the record was made, is tillit.ErrSpent and
// changes nothing; so is one whose grant was revoked in the meantime.
func (s *Store) RedeemCode(ctx context.Context, code *tillit.Code, grant *tillit.Grant, refresh *tillit.Refresh, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error {
	if err := oneRealm(code.Realm, nil, grant, refresh, opaque, record); err != nil {
		return fmt.Errorf("redeem code: %w", err)
	}
	row, err := encodeGrant(grant)
	if err != nil {
		return fmt.Errorf("redeem code: %w", err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("redeem code: %w", err)
	}
	at := instant(record, code.Spent)
	if record == nil && grant != nil {
		at = max(at, grant.Created)
	}
	at = max(at, 1)
	return s.write(ctx, "redeem code", func(tx *tx) error {
		var client string
		if err := tx.take(tillit.ErrSpent, sqlSpendCode, []any{at, code.Realm, bytes(code.Hash), at}, &client); err != nil {
			return err
		}
		if err := row.save(tx); err != nil {
			return err
		}
		if err := addRefresh(tx, refresh); err != nil {
			return err
		}
		if err := addOpaque(tx, opaque); err != nil {
			return err
		}
		return tx.append(e)
	})
}
