package store

import (
	"context"
	"errors"

	"github.com/tillit/tillit"
)

const (
	sqlFail = `INSERT INTO attempts (realm, kind, hash, failures, until) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (realm, kind, hash) DO UPDATE SET
failures = CASE WHEN attempts.until <= $5 THEN 1 ELSE attempts.failures + 1 END,
until = CASE WHEN attempts.until <= $5 THEN excluded.until ELSE attempts.until END
RETURNING failures`
	sqlAttempts      = `SELECT failures, until FROM attempts WHERE realm = $1 AND kind = $2 AND hash = $3 AND until > $4`
	sqlClearAttempts = `DELETE FROM attempts WHERE realm = $1 AND kind = $2 AND hash = $3`
)

// Fail counts a failed attempt and gives how many there were within the window,
// which begins with the first of them. key is a hash of what is guessed at.
func (s *Store) Fail(ctx context.Context, realm, kind string, key []byte, at, window int64) (count int, err error) {
	err = s.write(ctx, "count attempt", func(tx *tx) error {
		return tx.row(sqlFail, []any{realm, kind, bytes(key), at + window, at}, &count)
	})
	return count, err
}

// Attempts gives how many attempts failed in the present window and when it
// ends (unix seconds); 0, 0 when there is none.
func (s *Store) Attempts(ctx context.Context, realm, kind string, key []byte, at int64) (count int, until int64, err error) {
	err = s.row(ctx, "attempts", sqlAttempts, []any{realm, kind, bytes(key), at}, &count, &until)
	if errors.Is(err, tillit.ErrNotFound) {
		return 0, 0, nil
	}
	return count, until, err
}

// ClearAttempts forgets failed attempts: somebody got it right.
func (s *Store) ClearAttempts(ctx context.Context, realm, kind string, key []byte) error {
	return s.write(ctx, "clear attempts", func(tx *tx) error {
		_, err := tx.exec(sqlClearAttempts, realm, kind, bytes(key))
		return err
	})
}
