package rs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

// IssuerKeys fetches an issuer's keys by its metadata (OIDC Discovery §4,
// RFC 8414 §3) and keeps them. The zero value but for Issuer is ready to use.
type IssuerKeys struct {
	Issuer string
	// HTTP fetches; nil: a client with a deadline that follows no redirects.
	HTTP *http.Client
	// Now is the clock; nil: the wall clock.
	Now func() time.Time
	// MaxAge is how old keys may be before they are fetched anew, beside the
	// requests; zero: five minutes.
	MaxAge time.Duration
	// Stale is how old they may become while the issuer cannot be reached; zero:
	// a day. A key that the issuer took back is believed for so long at most.
	Stale time.Duration

	fetching singleflight.Group
	mu       sync.Mutex
	set      *keySet
	flying   bool      // a fetch is under way
	tried    time.Time // when one last began
	left     int       // fetches that may begin before the pause is over
}

// A keySet is what was fetched at once.
type keySet struct {
	all     []jose.JSONWebKey
	byID    map[string][]jose.JSONWebKey
	fetched time.Time
	absent  map[string]bool // ids it was fetched for in vain; IssuerKeys.mu
}

const (
	// pause is the time in which at most burst fetches begin: a rotation needs one,
	// and strangers who make key ids up cannot make us call the issuer at will.
	pause = 5 * time.Second
	burst = 3
)

// ErrNoKeys says that the issuer's keys could not be had.
var ErrNoKeys = errors.New("no keys")

// Keys gives the keys of that id. An id not seen before makes it fetch again,
// since the issuer may have rotated; when that cannot be done, the error says so,
// for the token may be good.
func (k *IssuerKeys) Keys(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	now := k.now()
	set, does := k.plan(now, id)
	if does == nothing {
		return set.of(id), nil
	}
	if does == refuse {
		return nil, fmt.Errorf("%w: the issuer was asked a moment ago", ErrNoKeys)
	}
	result := k.fetching.DoChan("keys", func() (any, error) { return k.fetch(ctx, now) })
	if does == renew {
		return set.of(id), nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-result:
		if fetched, _ := got.Val.(*keySet); got.Err == nil {
			return k.found(fetched, id), nil
		}
		if set != nil && now.Sub(set.fetched) <= k.stale() && len(set.of(id)) > 0 {
			return set.of(id), nil
		}
		return nil, fmt.Errorf("%w: %w", ErrNoKeys, got.Err)
	}
}

// found gives what a fetch for that id brought, and notes that it brought nothing.
func (k *IssuerKeys) found(set *keySet, id string) []jose.JSONWebKey {
	keys := set.of(id)
	if len(keys) == 0 && len(id) <= maxID {
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(set.absent) < maxKeys {
			set.absent[id] = true
		}
	}
	return keys
}

// What a request for keys does about fetching them.
const (
	nothing = iota // the keys at hand will do
	renew          // they will do, and are fetched anew meanwhile
	await          // they will not do
	refuse         // they will not do, and it is too early to fetch
)

func (k *IssuerKeys) plan(now time.Time, id string) (*keySet, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if since := now.Sub(k.tried); k.tried.IsZero() || since < 0 || since >= pause {
		k.left = burst
	}
	known := k.set != nil && len(k.set.of(id)) > 0
	does := await
	if k.set != nil && k.set.absent[id] {
		if age := now.Sub(k.set.fetched); age >= 0 && age < pause {
			return k.set, nothing
		}
	}
	if known {
		switch age := now.Sub(k.set.fetched); {
		case age >= 0 && age < k.maxAge() || age <= k.stale() && k.left < burst:
			return k.set, nothing
		case age >= 0 && age < 2*k.maxAge(): // older ones nobody asked for in a while
			does = renew
		}
	}
	switch {
	case k.flying:
	case k.left == 0:
		return k.set, refuse
	default:
		k.flying, k.tried, k.left = true, now, k.left-1
	}
	return k.set, does
}

func (s *keySet) of(id string) []jose.JSONWebKey {
	if id == "" {
		return s.all
	}
	return s.byID[id]
}

// fetch belongs to all who wait for it: it does not end with one's request.
func (k *IssuerKeys) fetch(ctx context.Context, now time.Time) (*keySet, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	keys, err := issuerKeys(ctx, clientOr(k.HTTP), k.Issuer)
	set := &keySet{all: keys, byID: map[string][]jose.JSONWebKey{}, fetched: now, absent: map[string]bool{}}
	for _, key := range keys {
		set.byID[key.KeyID] = append(set.byID[key.KeyID], key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flying = false
	if err == nil {
		k.set = set
	}
	return set, err
}

func (k *IssuerKeys) now() time.Time {
	if k.Now != nil {
		return k.Now()
	}
	return time.Now()
}

func (k *IssuerKeys) maxAge() time.Duration {
	if k.MaxAge > 0 {
		return k.MaxAge
	}
	return 5 * time.Minute
}

func (k *IssuerKeys) stale() time.Duration {
	if k.Stale > 0 {
		return k.Stale
	}
	return 24 * time.Hour
}
