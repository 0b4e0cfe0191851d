package login

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/tillit/tillit"
)

// After maxFailures wrong proofs within the window a name is refused for the
// window, the right proof too.
const (
	maxFailures   = 10
	failureWindow = 15 * 60 // seconds
	attemptKind   = "password"
)

// Attempts counts failed attempts, across processes.
type Attempts interface {
	// Fail notes one failure and gives how many there are now within the window
	// (seconds), this one included.
	Fail(ctx context.Context, realm, kind string, key []byte, at, window int64) (count int, err error)
	// Attempts gives how many failures there are now, and when (unix seconds)
	// they lapse.
	Attempts(ctx context.Context, realm, kind string, key []byte, at int64) (count int, until int64, err error)
	// ClearAttempts forgets them.
	ClearAttempts(ctx context.Context, realm, kind string, key []byte) error
}

// A gate counts the failures of one name.
type gate struct {
	attempts Attempts
	realm    string
	kind     string
	key      []byte
}

// attemptKey is what failures are counted under: the person, however named, so
// that two spellings do not give twice as many guesses; else the name as typed.
// It is a hash, because people type passwords and numbers into the wrong field.
func attemptKey(c claimant, typed string) []byte {
	name := typed
	if c.person != nil {
		name = c.person.Username
	}
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	return sum[:]
}

// open gives the failures so far, or refuses.
func (g gate) open(ctx context.Context, at int64) (failed int, err error) {
	failed, _, err = g.attempts.Attempts(ctx, g.realm, g.kind, g.key, at)
	if err != nil {
		return 0, fmt.Errorf("count failed sign-ins: %w", err)
	}
	if failed >= maxFailures {
		return failed, &tillit.SignInRefused{Key: throttled}
	}
	return failed, nil
}

// fail notes a failure and refuses.
func (g gate) fail(ctx context.Context, at int64) error {
	if err := g.note(ctx, at); err != nil {
		return err
	}
	return &tillit.SignInRefused{Key: wrongCredentials}
}

// note counts a failure.
func (g gate) note(ctx context.Context, at int64) error {
	if _, err := g.attempts.Fail(ctx, g.realm, g.kind, g.key, at, failureWindow); err != nil {
		return fmt.Errorf("note a failed sign-in: %w", err)
	}
	return nil
}

// clear forgets the failures before a success; without any there is nothing to
// write.
func (g gate) clear(ctx context.Context, failed int) error {
	if failed == 0 {
		return nil
	}
	if err := g.attempts.ClearAttempts(ctx, g.realm, g.kind, g.key); err != nil {
		return fmt.Errorf("forget failed sign-ins: %w", err)
	}
	return nil
}
