package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlKeys   = `SELECT id, algorithm, private, created, activates, retires, expires FROM signing_keys WHERE realm = $1 ORDER BY activates, id`
	sqlPutKey = `INSERT INTO signing_keys (realm, id, algorithm, private, created, activates, retires, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (realm, id) DO UPDATE SET private = excluded.private, activates = excluded.activates, retires = excluded.retires, expires = excluded.expires`
	sqlFirstKey = `INSERT INTO first_keys (realm, algorithm, id) VALUES ($1, $2, $3) ON CONFLICT (realm, algorithm) DO NOTHING`

	sqlSecret     = `SELECT value FROM secrets WHERE realm = $1 AND name = $2`
	sqlMakeSecret = `INSERT INTO secrets (realm, name, value) VALUES ($1, $2, $3) ON CONFLICT (realm, name) DO NOTHING`
)

// Keys lists the signing keys of a realm in the order in which they begin to sign.
func (s *Store) Keys(ctx context.Context, realm string) ([]tillit.SigningKey, error) {
	var keys []tillit.SigningKey
	err := s.rows(ctx, "keys", sqlKeys, []any{realm}, func(scan scan) error {
		k := tillit.SigningKey{Realm: realm}
		err := scan(&k.ID, &k.Algorithm, &k.Private, &k.Created, &k.Activates, &k.Retires, &k.Expires)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

// PutKey stores a signing key, new or known by realm and id.
func (s *Store) PutKey(ctx context.Context, key tillit.SigningKey) error {
	return s.write(ctx, "put key", func(tx *tx) error { return putKey(tx, key) })
}

func putKey(tx *tx, k tillit.SigningKey) error {
	_, err := tx.exec(sqlPutKey, k.Realm, k.ID, k.Algorithm, bytes(k.Private), k.Created, k.Activates, k.Retires, k.Expires)
	return err
}

// CreateKeyIfNone stores the first signing key of a realm for an algorithm and
// reports whether it was this one: of several that start at once, one makes it.
func (s *Store) CreateKeyIfNone(ctx context.Context, realm, algorithm string, key tillit.SigningKey) (made bool, err error) {
	key.Realm, key.Algorithm = realm, algorithm
	err = s.write(ctx, "create key", func(tx *tx) error {
		n, err := tx.exec(sqlFirstKey, realm, algorithm, key.ID)
		made = n > 0
		if err != nil || !made {
			return err
		}
		return putKey(tx, key)
	})
	return made && err == nil, err
}

// Secret gives a named secret of a realm, calling make at its first use. Of
// several that make one at once, all get the one that was stored.
func (s *Store) Secret(ctx context.Context, realm, name string, make func() []byte) (value []byte, err error) {
	err = s.row(ctx, "secret", sqlSecret, []any{realm, name}, &value)
	if !errors.Is(err, tillit.ErrNotFound) {
		return value, err
	}
	made := make()
	if len(made) == 0 {
		return nil, fmt.Errorf("secret %s of %s: nothing was made", name, realm)
	}
	err = s.write(ctx, "secret", func(tx *tx) error {
		if _, err := tx.exec(sqlMakeSecret, realm, name, made); err != nil {
			return err
		}
		return tx.row(sqlSecret, []any{realm, name}, &value)
	})
	return value, err
}
