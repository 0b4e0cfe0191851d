package rs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// provider is an issuer whose keys and moods a test sets.
type provider struct {
	*httptest.Server
	keys    []any
	named   string // issuer in the metadata; "" for the right one
	fetches int
	down    bool
}

func newProvider(t *testing.T) *provider {
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	p.keys = []any{map[string]any{"kty": "AKP", "kid": "new"}, public(first, "k1")}
	now := time.Unix(at, 0)
	keys := &IssuerKeys{Issuer: p.URL, Now: func() time.Time { return now }}
	expect := func(id string, want, fetches int) {
		t.Helper()
		got, err := keys.Keys(t.Context(), id)
		if err != nil || len(got) != want || p.fetches != fetches {
			t.Errorf("%s: %d keys after %d fetches, %v; want %d after %d", id, len(got), p.fetches, err, want, fetches)
		}
	}
	expect("k1", 1, 1)
	expect("k1", 1, 1)
	p.keys = append(p.keys, public(second, "k2"))
	expect("k2", 0, 1) // too soon: strangers cannot make us call at will
	now = now.Add(pause)
	expect("k2", 1, 2)
	now = now.Add(time.Hour)
	p.down = true
	expect("k1", 1, 2) // the issuer is away: what is held stays in use
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
