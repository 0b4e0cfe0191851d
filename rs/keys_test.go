package rs

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// provider is an issuer whose keys and moods a test sets.
type provider struct {
	*httptest.Server
	mu      sync.Mutex
	keys    []any
	named   string // issuer in the metadata; "" for the right one
	fetches int
	down    bool
}

func (p *provider) set(keys ...any) { p.mu.Lock(); p.keys = keys; p.mu.Unlock() }

func (p *provider) fail(down bool) { p.mu.Lock(); p.down = down; p.mu.Unlock() }

func (p *provider) fetched() int { p.mu.Lock(); defer p.mu.Unlock(); return p.fetches }

func newProvider(t *testing.T) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if r.URL.Path == "/jwks" {
			p.fetches++
			json.NewEncoder(w).Encode(map[string]any{"keys": p.keys})
			return
		}
		named := p.named
		if named == "" {
			named = p.URL
		}
		json.NewEncoder(w).Encode(map[string]any{"issuer": named, "jwks_uri": p.URL + "/jwks"})
	}))
	t.Cleanup(p.Close)
	return p
}

func TestKeysAreKeptAndFetchedAgainAfterRotation(t *testing.T) {
	p := newProvider(t)
	first, second := newKey(t), newKey(t)
	// A key of an unknown type must not spoil the set (RFC 7517 §5).
	p.set(map[string]any{"kty": "AKP", "kid": "new"}, public(first, "k1"))
	now := time.Unix(at, 0)
	keys := &IssuerKeys{Issuer: p.URL, Now: func() time.Time { return now }}
	expect := func(id string, want, fetches int) {
		t.Helper()
		got, err := keys.Keys(t.Context(), id)
		if err != nil || len(got) != want || p.fetched() != fetches {
			t.Errorf("%s: %d keys after %d fetches, %v; want %d after %d", id, len(got), p.fetched(), err, want, fetches)
		}
	}
	expect("k1", 1, 1)
	expect("k1", 1, 1)
	p.set(public(first, "k1"), public(second, "k2"))
	expect("k2", 1, 2) // a rotation is noticed at once
	expect("made-up", 0, 3)
	expect("made-up", 0, 3) // nor is it looked for again at once
	for n := range 100 {    // strangers cannot make us call at will, and are not told that a token is bad
		if _, err := keys.Keys(t.Context(), fmt.Sprint("made-up", n)); !errors.Is(err, ErrNoKeys) {
			t.Fatalf("an unknown id when the issuer cannot be asked: %v", err)
		}
	}
	expect("k1", 1, 3) // known ones do not notice
	now = now.Add(pause)
	expect("made-up", 0, 4)
	now = now.Add(2 * time.Hour)
	p.fail(true)
	expect("k1", 1, 4) // the issuer is away: what is held stays in use
	p.fail(false)
	p.set(public(second, "k2"))
	now = now.Add(2 * time.Hour)
	expect("k1", 0, 5) // and a key that it took back meanwhile is gone
	now = now.Add(25 * time.Hour)
	p.fail(true)
	if _, err := keys.Keys(t.Context(), "k2"); !errors.Is(err, ErrNoKeys) {
		t.Errorf("keys of yesterday: %v; want none", err)
	}
}

// Requests that come together before there are keys, or when a key is new, wait
// for one fetch.
func TestManyRequestsFetchOnce(t *testing.T) {
	p := newProvider(t)
	first, second := newKey(t), newKey(t)
	keys := &IssuerKeys{Issuer: p.URL}
	for i, key := range []*ecdsa.PrivateKey{first, second} {
		id := fmt.Sprint("k", i)
		p.set(public(key, id))
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				if got, err := keys.Keys(context.Background(), id); err != nil || len(got) != 1 {
					t.Errorf("%s: %d keys, %v", id, len(got), err)
				}
			})
		}
		wait.Wait()
	}
	if p.fetched() > 2*burst {
		t.Errorf("%d fetches", p.fetched())
	}
}

// A request that goes away does not end the fetch that others wait for.
func TestFetchOutlivesItsRequest(t *testing.T) {
	p := newProvider(t)
	p.set(public(newKey(t), "k1"))
	keys := &IssuerKeys{Issuer: p.URL}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := keys.Keys(gone, "k1"); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got, err := keys.Keys(t.Context(), "k1"); err != nil || len(got) != 1 || p.fetched() != 1 {
		t.Errorf("%d keys after %d fetches, %v", len(got), p.fetched(), err)
	}
}

// Keys that grow old are fetched anew beside the requests.
func TestRenewalKeepsNobodyWaiting(t *testing.T) {
	p := newProvider(t)
	p.set(public(newKey(t), "k1"))
	clock := atomic.Int64{}
	keys := &IssuerKeys{Issuer: p.URL, Now: func() time.Time { return time.Unix(at+clock.Load(), 0) }}
	keys.Keys(t.Context(), "k1")
	clock.Store(301)
	p.fail(true) // who waited would hear an error
	if got, err := keys.Keys(t.Context(), "k1"); err != nil || len(got) != 1 {
		t.Errorf("%d keys, %v", len(got), err)
	}
}

// The address of RFC 8414 does where there is none of OIDC.
func TestMetadataOfAnOAuthServer(t *testing.T) {
	key := newKey(t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server/forest", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": server.URL + "/forest", "jwks_uri": server.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"keys": []any{public(key, "k1")}})
	})
	keys := &IssuerKeys{Issuer: server.URL + "/forest"}
	if got, err := keys.Keys(t.Context(), "k1"); err != nil || len(got) != 1 {
		t.Errorf("%d keys, %v", len(got), err)
	}
}

func TestMetadataOfAnotherIssuerIsRefused(t *testing.T) {
	p := newProvider(t)
	p.keys = []any{public(newKey(t), "k1")}
	p.named = "https://elsewhere.example"
	keys := &IssuerKeys{Issuer: p.URL}
	if got, err := keys.Keys(t.Context(), "k1"); err == nil {
		t.Errorf("%d keys of another issuer", len(got))
	}
}

func TestGuardOverHTTP(t *testing.T) {
	p := newProvider(t)
	key := newKey(t)
	p.keys = []any{public(key, "k1")}
	claims := with("iss", p.URL)
	guard := &Guard{Issuer: p.URL, Audience: audience, Keys: &IssuerKeys{Issuer: p.URL}, Algorithms: []jose.SignatureAlgorithm{jose.ES256}, Now: func() time.Time { return time.Unix(at, 0) }}
	if w := ask(guard, []string{"tree.read"}, "Bearer "+sign(t, key, "k1", "at+jwt", claims)); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
