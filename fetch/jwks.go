package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// How long a JWK Set is kept.
const (
	keptLeast   = time.Minute      // however short its owner says
	keptMost    = 24 * time.Hour   // however long
	keptUntold  = 15 * time.Minute // when the owner says nothing
	keptAnyway  = time.Hour        // beyond that, while its owner cannot be reached
	againAfter  = 30 * time.Second // between readings for an unknown kid, or after a failure
	mostEntries = 512
)

// A Getter reads a document: [Guarded] or [Trusted].
type Getter interface {
	Get(ctx context.Context, address string) (*Document, error)
}

// JWKS keeps the JWK Sets of addresses as long as their owners say, within
// bounds, parsed as K. A failure is remembered for a while too, so that an owner
// who is away is not asked at every request. It is safe for concurrent use. Make
// one with [NewJWKS].
type JWKS[K any] struct {
	from  Getter
	parse func([]byte) (K, error)
	now   func() time.Time

	mu      sync.Mutex
	entries map[string]*entry[K]
}

// An entry is one address.
type entry[K any] struct {
	used    time.Time // guarded by JWKS.mu
	reading chan struct{}

	// What follows belongs to whoever holds reading.
	keys   K
	good   bool      // keys were read once
	until  time.Time // fresh
	asked  time.Time // last attempt
	failed error     // of the last attempt
}

// NewJWKS makes an empty cache.
func NewJWKS[K any](from Getter, parse func([]byte) (K, error), now func() time.Time) *JWKS[K] {
	return &JWKS[K]{from: from, parse: parse, now: now, entries: map[string]*entry[K]{}}
}

// Get gives the keys at an address, which the caller knows to be registered.
func (j *JWKS[K]) Get(ctx context.Context, address string) (K, error) {
	return j.keys(ctx, address, false)
}

// Refresh gives the keys as they are now, for a kid that [JWKS.Get] did not
// bring: the address is read again, but at most once in 30 seconds, whoever
// asks; else the keys are those that Get gives.
func (j *JWKS[K]) Refresh(ctx context.Context, address string) (K, error) {
	return j.keys(ctx, address, true)
}

func (j *JWKS[K]) keys(ctx context.Context, address string, again bool) (K, error) {
	e := j.entry(address)
	select {
	case e.reading <- struct{}{}: // one reads, the others wait for what it finds
		defer func() { <-e.reading }()
	case <-ctx.Done():
		var none K
		return none, fmt.Errorf("JWK Set: %w", ctx.Err())
	}
	now := j.now()
	fresh := e.good && now.Before(e.until)
	rested := e.asked.IsZero() || !now.Before(e.asked.Add(againAfter))
	if (!fresh || again) && rested {
		e.update(ctx, j, address, now)
	}
	if e.good && now.Before(e.until.Add(keptAnyway)) {
		return e.keys, nil
	}
	var none K
	if e.failed == nil { // a waiter's turn after one that was called off
		return none, errors.New("JWK Set: not read; right would be to ask again")
	}
	return none, e.failed
}

// update reads the address. What fails leaves the older keys in place.
func (e *entry[K]) update(ctx context.Context, j *JWKS[K], address string, now time.Time) {
	document, err := j.from.Get(ctx, address)
	if err != nil && ctx.Err() != nil {
		e.failed = fmt.Errorf("JWK Set: %w", err)
		return // the caller gave up, which says nothing about the address
	}
	e.asked = now
	if err != nil {
		e.failed = fmt.Errorf("JWK Set: %w", err)
		return
	}
	keys, err := j.parse(document.Body)
	if err != nil {
		e.failed = err
		return
	}
	e.keys, e.good, e.failed = keys, true, nil
	e.until = now.Add(kept(document.MaxAge))
}

// kept bounds how long a JWK Set counts as fresh.
func kept(told time.Duration) time.Duration {
	if told < 0 {
		return keptUntold
	}
	return min(max(told, keptLeast), keptMost)
}

// entry finds or makes the entry of an address; for a new one, that which was
// not used for longest makes room.
func (j *JWKS[K]) entry(address string) *entry[K] {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[address]
	if e == nil {
		if len(j.entries) >= mostEntries {
			delete(j.entries, j.oldest())
		}
		e = &entry[K]{reading: make(chan struct{}, 1)}
		j.entries[address] = e
	}
	e.used = j.now()
	return e
}

func (j *JWKS[K]) oldest() (address string) {
	var used time.Time
	for a, e := range j.entries {
		if address == "" || e.used.Before(used) {
			address, used = a, e.used
		}
	}
	return address
}
