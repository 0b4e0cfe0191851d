package rs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// IssuerKeys fetches an issuer's keys by its metadata (OIDC Discovery §4) and
// keeps them. The zero value but for Issuer is ready to use.
type IssuerKeys struct {
	Issuer string
	// HTTP fetches; nil: a client with a deadline that follows no redirects.
	HTTP *http.Client
	// Now is the clock; nil: the wall clock.
	Now func() time.Time
	// MaxAge is how long keys are kept; zero: five minutes.
	MaxAge time.Duration

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time
	tried   time.Time
}

const (
	maxDocument = 1 << 20 // bytes of metadata or of a key set
	maxKeys     = 100
	// pause is the least time between two fetches that an unknown key id or a
	// failure asks for, so that strangers cannot make us call the issuer at will.
	pause = 5 * time.Second
)

// ErrNoKeys says that the issuer's keys could not be had.
var ErrNoKeys = errors.New("no keys")

// Keys gives the keys of that id. An id not seen before makes it fetch again,
// since the issuer may have rotated; when a fetch fails, keys already held stay
// in use.
func (k *IssuerKeys) Keys(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	matching := k.matching(id)
	fresh := len(k.keys) > 0 && now.Sub(k.fetched) < k.maxAge()
	since := now.Sub(k.tried)
	if fresh && len(matching) > 0 || !k.tried.IsZero() && since >= 0 && since < pause {
		if len(k.keys) == 0 {
			return nil, fmt.Errorf("%w: the last fetch failed a moment ago", ErrNoKeys)
		}
		return matching, nil
	}
	k.tried = now
	keys, err := k.fetch(ctx)
	if err != nil {
		if len(k.keys) > 0 {
			return matching, nil
		}
		return nil, fmt.Errorf("%w: %w", ErrNoKeys, err)
	}
	k.keys, k.fetched = keys, now
	return k.matching(id), nil
}

func (k *IssuerKeys) matching(id string) []jose.JSONWebKey {
	if id == "" {
		return k.keys
	}
	var list []jose.JSONWebKey
	for _, key := range k.keys {
		if key.KeyID == id {
			list = append(list, key)
		}
	}
	return list
}

func (k *IssuerKeys) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := k.get(ctx, k.Issuer+"/.well-known/openid-configuration", &metadata); err != nil {
		return nil, err
	}
	if metadata.Issuer != k.Issuer {
		return nil, fmt.Errorf("metadata of %s names issuer %q", k.Issuer, metadata.Issuer)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := k.get(ctx, metadata.JWKSURI, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		// A key of a type we do not know is skipped (RFC 7517 §5).
		if err := json.Unmarshal(text, &key); err != nil || !key.IsPublic() || key.Use == "enc" {
			continue
		}
		if keys = append(keys, key); len(keys) == maxKeys {
			break
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no usable key", metadata.JWKSURI)
	}
	return keys, nil
}

func (k *IssuerKeys) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := k.client().Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", address, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

var plainClient = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (k *IssuerKeys) client() *http.Client {
	if k.HTTP != nil {
		return k.HTTP
	}
	return plainClient
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
