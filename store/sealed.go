package store

import "context"

const (
	sqlSealedKeys         = `SELECT realm, id, private FROM signing_keys ORDER BY realm, id`
	sqlSealedCertificates = `SELECT realm, kind, holder, number, private FROM certificates ORDER BY realm, kind, holder, number`
	sqlSecrets            = `SELECT realm, name, value FROM secrets ORDER BY realm, name`

	// Only what still stands there as it was read is replaced.
	sqlRewrapKey         = `UPDATE signing_keys SET private = $1 WHERE realm = $2 AND id = $3 AND private = $4`
	sqlRewrapCertificate = `UPDATE certificates SET private = $1 WHERE realm = $2 AND kind = $3 AND holder = $4 AND number = $5 AND private = $6`
	sqlRewrapSecret      = `UPDATE secrets SET value = $1 WHERE realm = $2 AND name = $3 AND value = $4`
)

// A SealedValue is something that was encrypted before it came here.
type SealedValue struct {
	Realm string
	Key   []any // the rest of its place, as its table has it
	Value []byte
}

// A Sealed is a table with such values.
type Sealed struct {
	list, rewrap string
	columns      int
	numbered     bool // the last of the place is a number
}

// Where values stand that are sealed under a master key. The place of a signing
// key is its id, of a secret its name, of a certificate kind, holder and number.
var (
	SealedKeys         = Sealed{sqlSealedKeys, sqlRewrapKey, 1, false}
	SealedSecrets      = Sealed{sqlSecrets, sqlRewrapSecret, 1, false}
	SealedCertificates = Sealed{sqlSealedCertificates, sqlRewrapCertificate, 3, true}
)

// SealedValues lists what is sealed there, of every realm, those included that no
// file declares any more.
func (s *Store) SealedValues(ctx context.Context, where Sealed) ([]SealedValue, error) {
	var list []SealedValue
	err := s.rows(ctx, "sealed values", where.list, nil, func(scan scan) error {
		var v SealedValue
		texts, number := make([]string, where.columns), int64(0)
		dest := []any{&v.Realm}
		for i := range texts {
			if where.numbered && i == len(texts)-1 {
				dest = append(dest, &number)
				continue
			}
			dest = append(dest, &texts[i])
		}
		if err := scan(append(dest, &v.Value)...); err != nil {
			return err
		}
		for i := range texts {
			if where.numbered && i == len(texts)-1 {
				v.Key = append(v.Key, number)
				continue
			}
			v.Key = append(v.Key, texts[i])
		}
		list = append(list, v)
		return nil
	})
	return list, err
}

// Rewrap replaces a sealed value by the same one sealed anew, unless it has
// changed since it was read, and reports whether it did.
func (s *Store) Rewrap(ctx context.Context, where Sealed, v SealedValue, anew []byte) (done bool, err error) {
	err = s.write(ctx, "rewrap", func(tx *tx) error {
		args := append([]any{anew, v.Realm}, v.Key...)
		n, err := tx.exec(where.rewrap, append(args, v.Value)...)
		done = n > 0
		return err
	})
	return done && err == nil, err
}
