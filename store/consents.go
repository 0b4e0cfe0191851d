package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlRemember = `INSERT INTO remembered (realm, person, client, item, claims, shown, at, language)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (realm, person, client, item) DO UPDATE SET claims = excluded.claims, shown = excluded.shown, at = excluded.at, language = excluded.language`
	sqlRemembered    = `SELECT item, claims, shown, at FROM remembered WHERE realm = $1 AND person = $2 AND client = $3 ORDER BY item`
	sqlAllRemembered = `SELECT client, item, claims, shown, at, language FROM remembered WHERE realm = $1 AND person = $2 ORDER BY client, item`
	sqlForgetItem    = `DELETE FROM remembered WHERE realm = $1 AND person = $2 AND client = $3 AND item = $4`
	sqlForgetClient  = `DELETE FROM remembered WHERE realm = $1 AND person = $2 AND ($3 = '' OR client = $3)`
	sqlWithdrawItem  = `INSERT INTO withdrawn (realm, grant_id, item)
SELECT g.realm, g.id, CAST($1 AS TEXT) FROM grants g WHERE g.realm = $2 AND g.person = $3 AND g.client = $4 AND g.revoked = 0
ON CONFLICT (realm, grant_id, item) DO NOTHING`
	sqlWithdrawClient = `UPDATE grants SET revoked = $1 WHERE realm = $2 AND person = $3 AND ($4 = '' OR client = $4) AND revoked = 0`
	sqlSpoilClient    = `UPDATE codes SET spent = $1 WHERE realm = $2 AND person = $3 AND ($4 = '' OR client = $4) AND spent = 0`
	sqlWithdrawGrant  = `UPDATE grants SET revoked = CASE WHEN revoked = 0 THEN $1 ELSE revoked END
WHERE realm = $2 AND id = $3 AND person = $4 RETURNING client, document`
)

type rememberedRow struct {
	tillit.Remembered
	claims string
}

func encodeRemembered(remembered []tillit.Remembered) ([]rememberedRow, error) {
	rows := make([]rememberedRow, 0, len(remembered))
	for _, r := range remembered {
		claims, err := encode(r.Agreement.Claims)
		if err != nil {
			return nil, err
		}
		rows = append(rows, rememberedRow{r, claims})
	}
	return rows, nil
}

func (r rememberedRow) save(tx *tx) error {
	_, err := tx.exec(sqlRemember, r.Realm, r.Person, string(r.Client), r.Agreement.Item, r.claims, r.Agreement.Text, r.Agreement.At, r.Language)
	return err
}

// Remembered gives what a person agreed to for a client and has not taken back.
func (s *Store) Remembered(ctx context.Context, realm, person string, client tillit.ClientID) ([]tillit.Agreement, error) {
	var agreed []tillit.Agreement
	err := s.rows(ctx, "remembered", sqlRemembered, []any{realm, person, string(client)}, func(scan scan) error {
		var a tillit.Agreement
		var claims string
		if err := scan(&a.Item, &claims, &a.Text, &a.At); err != nil {
			return err
		}
		if err := decode(claims, &a.Claims); err != nil {
			return err
		}
		agreed = append(agreed, a)
		return nil
	})
	return agreed, err
}

// WithdrawItem takes one item back from a client: the remembered consent is
// forgotten, the living grants note it, and codes under way are spent, since
// what they would become was decided with it.
func (s *Store) WithdrawItem(ctx context.Context, realm, person string, client tillit.ClientID, item string, at int64, record *tillit.AuditRecord) error {
	return s.withdraw(ctx, "withdraw item", person, record, func(tx *tx) error {
		// Codes come first: this waits for redemptions under way, whose grants the
		// statements after it then see.
		if _, err := tx.exec(sqlSpoilClient, max(at, 1), realm, person, string(client)); err != nil {
			return err
		}
		if _, err := tx.exec(sqlForgetItem, realm, person, string(client), item); err != nil {
			return err
		}
		_, err := tx.exec(sqlWithdrawItem, item, realm, person, string(client))
		return err
	})
}

// WithdrawGrant revokes one grant of the person and forgets the consent it rests
// on; a grant of somebody else is tillit.ErrNotFound.
func (s *Store) WithdrawGrant(ctx context.Context, realm, person, grant string, at int64, record *tillit.AuditRecord) error {
	return s.withdraw(ctx, "withdraw grant", person, record, func(tx *tx) error {
		var client, document string
		if err := tx.take(tillit.ErrNotFound, sqlWithdrawGrant, []any{max(at, 1), realm, grant, person}, &client, &document); err != nil {
			return err
		}
		var g tillit.Grant
		if err := decode(document, &g); err != nil {
			return err
		}
		for _, agreement := range g.Facts.Consent.Agreed {
			if _, err := tx.exec(sqlForgetItem, realm, person, client, agreement.Item); err != nil {
				return err
			}
		}
		return nil
	})
}

// WithdrawClient revokes every grant of the client ("": of every client), spends
// its codes under way, and forgets every consent it has.
func (s *Store) WithdrawClient(ctx context.Context, realm, person string, client tillit.ClientID, at int64, record *tillit.AuditRecord) error {
	return s.withdraw(ctx, "withdraw client", person, record, func(tx *tx) error {
		// Codes come first, as above.
		if _, err := tx.exec(sqlSpoilClient, max(at, 1), realm, person, string(client)); err != nil {
			return err
		}
		if _, err := tx.exec(sqlForgetClient, realm, person, string(client)); err != nil {
			return err
		}
		_, err := tx.exec(sqlWithdrawClient, max(at, 1), realm, person, string(client))
		return err
	})
}

func (s *Store) withdraw(ctx context.Context, what, person string, record *tillit.AuditRecord, job func(*tx) error) error {
	if person == "" { // it would name every grant without a person
		return fmt.Errorf("%s: %w: no person was given", what, tillit.ErrNotFound)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return s.write(ctx, what, func(tx *tx) error {
		if err := job(tx); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// AllRemembered gives what a person agreed to for every client, in the order of
// clients.
func (s *Store) AllRemembered(ctx context.Context, realm, person string) ([]tillit.Remembered, error) {
	var list []tillit.Remembered
	err := s.rows(ctx, "all remembered", sqlAllRemembered, []any{realm, person}, func(scan scan) error {
		r := tillit.Remembered{Realm: realm, Person: person}
		var claims string
		if err := scan(&r.Client, &r.Agreement.Item, &claims, &r.Agreement.Text, &r.Agreement.At, &r.Language); err != nil {
			return err
		}
		list = append(list, r)
		return decode(claims, &list[len(list)-1].Agreement.Claims)
	})
	return list, err
}
