package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

// Spend uses something single-use up, such as the jti of a client assertion or
// of a proof of possession, until the instant until (unix seconds). Whoever comes
// second within it gets tillit.ErrSpent.
func (s *Store) Spend(ctx context.Context, realm, kind string, key []byte, at, until int64) error {
	count, err := s.Fail(ctx, realm, "spent "+kind, key, at, max(until-at, 1))
	if err == nil && count > 1 {
		return fmt.Errorf("%s: %w", kind, tillit.ErrSpent)
	}
	return err
}
