package tillit

import "errors"

// Errors that every store tells apart, compared with errors.Is. Everything else
// is the store's own failure.
var (
	ErrNotFound = errors.New("not found")
	// ErrSpent says that something single-use was used before, or has expired.
	ErrSpent = errors.New("spent before")
	// ErrStale says that an interaction has moved on since it was read.
	ErrStale = errors.New("moved on since it was read")
	// ErrBusy says that the queue of writes is full; the answer is 503.
	ErrBusy = errors.New("too busy")
	// ErrNotTrusted says that a certificate is not one that its authority stands by
	// now: of another, not yet or no longer valid, or revoked.
	ErrNotTrusted = errors.New("not a certificate that is trusted here")
	// ErrConflict says that a name is taken.
	ErrConflict = errors.New("already there")
)
