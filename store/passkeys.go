package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlPasskeyColumns = `SELECT id, person, public_key, flags, sign_count, title, created, used FROM passkeys WHERE realm = $1 `
	sqlPasskey        = sqlPasskeyColumns + `AND id = $2`
	sqlPasskeys       = sqlPasskeyColumns + `AND person = $2 ORDER BY created, id`
	// It waits for an erasure that is under way, and finds nobody after it.
	sqlHoldPerson = `UPDATE people SET updated = updated WHERE realm = $1 AND id = $2`
	sqlAddPasskey = `INSERT INTO passkeys (realm, id, person, public_key, flags, sign_count, title, created, used)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
	// A count that does not rise is a copy of the key, or a signature of before.
	sqlUsePasskey = `UPDATE passkeys SET sign_count = $1, flags = $2, used = $3
WHERE realm = $4 AND id = $5 AND (sign_count < $1 OR sign_count = 0 AND $1 = 0)`
	sqlRemovePasskey = `DELETE FROM passkeys WHERE realm = $1 AND id = $2 AND person = $3`
)

// Passkey gives a key by its credential id.
func (s *Store) Passkey(ctx context.Context, realm string, id []byte) (*tillit.Passkey, error) {
	found, err := s.passkeys(ctx, sqlPasskey, realm, bytes(id))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("passkey: %w", tillit.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// Passkeys lists a person's keys, the oldest first.
func (s *Store) Passkeys(ctx context.Context, realm, person string) ([]tillit.Passkey, error) {
	return s.passkeys(ctx, sqlPasskeys, realm, person)
}

func (s *Store) passkeys(ctx context.Context, query, realm string, key any) ([]tillit.Passkey, error) {
	var list []tillit.Passkey
	err := s.rows(ctx, "passkeys", query, []any{realm, key}, func(scan scan) error {
		k := tillit.Passkey{Realm: realm}
		err := scan(&k.ID, &k.Person, &k.Key, &k.Flags, &k.Count, &k.Title, &k.Created, &k.Used)
		list = append(list, k)
		return err
	})
	return list, err
}

// AddPasskey stores a new key. A person who is gone is tillit.ErrNotFound; a
// credential id that is there already, whosever, tillit.ErrConflict.
func (s *Store) AddPasskey(ctx context.Context, k *tillit.Passkey, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	return s.write(ctx, "add passkey", func(tx *tx) error {
		if err := tx.change(tillit.ErrNotFound, sqlHoldPerson, k.Realm, k.Person); err != nil {
			return err
		}
		err := tx.change(tillit.ErrConflict, sqlAddPasskey, k.Realm, bytes(k.ID), k.Person, bytes(k.Key), k.Flags, k.Count, k.Title, k.Created, k.Used)
		if err != nil {
			return err
		}
		return tx.append(e)
	})
}

// UsePasskey notes a signature. A count that is not above the one before is
// tillit.ErrStale, unless neither counts; so is a key that is gone.
func (s *Store) UsePasskey(ctx context.Context, realm string, id []byte, count int64, flags byte, at int64) error {
	return s.write(ctx, "use passkey", func(tx *tx) error {
		return tx.change(tillit.ErrStale, sqlUsePasskey, count, flags, at, realm, bytes(id))
	})
}

// RemovePasskey removes a person's key; another's, or none, is tillit.ErrNotFound.
func (s *Store) RemovePasskey(ctx context.Context, realm, person string, id []byte, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("remove passkey: %w", err)
	}
	return s.write(ctx, "remove passkey", func(tx *tx) error {
		if err := tx.change(tillit.ErrNotFound, sqlRemovePasskey, realm, bytes(id), person); err != nil {
			return err
		}
		return tx.append(e)
	})
}
