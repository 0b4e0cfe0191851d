package wiring_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/token"
)

// TestScheduledRotation lets two processes with one store sign under load while a
// month and a half goes by, with a client that reads the key set every hour: no
// token is ever refused that is at most an hour old, and keys follow each other,
// one at a time.
func TestScheduledRotation(t *testing.T) {
	text, err := realms.Files().Open("buypass.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(text); err != nil {
		t.Fatal(err)
	}
	yaml := strings.Replace(plain.String(), "signing: {algs: [ES256, RS256], rotate: 2160h}", "signing: {algs: [ES256], rotate: 168h}", 1)
	if yaml == plain.String() {
		t.Fatal("the realm does not say what it signs with as this test expects")
	}
	key, err := token.NewMasterKey(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		t.Fatal(err)
	}
	clock := &moved{at: time.Unix(1_800_000_000, 0)}
	path := filepath.Join(t.TempDir(), "t.db")
	var houses []*wiring.House
	for range 2 {
		h, err := wiring.Open(t.Context(), wiring.Config{
			Base: "http://localhost", Realms: fstest.MapFS{"buypass.yaml": {Data: []byte(yaml)}}, Store: path, MasterKey: key, Cheap: true, Now: clock.now,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
		houses = append(houses, h)
	}
	var known jose.JSONWebKeySet
	kids := map[string]bool{}
	for hour := range 45 * 24 {
		for _, h := range houses { // as each does within ten seconds
			if err := errors.Join(h.Keys.Reload(t.Context()), h.Background(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		set, err := houses[hour%2].Keys.JWKS(t.Context(), "buypass")
		if err != nil {
			t.Fatal(err)
		}
		known = jose.JSONWebKeySet{}
		if err := json.Unmarshal(set, &known); err != nil {
			t.Fatal(err)
		}
		clock.advance(59 * time.Minute)
		var all sync.WaitGroup
		var mu sync.Mutex
		for _, h := range houses {
			all.Go(func() {
				if err := h.Background(t.Context()); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				jws, err := h.Keys.Sign(t.Context(), "buypass", "ES256", "JWT", []byte(`{}`))
				if err != nil {
					t.Error(err)
					return
				}
				parsed, err := jose.ParseSigned(jws, []jose.SignatureAlgorithm{jose.ES256})
				if err != nil {
					t.Error(err)
					return
				}
				kid := parsed.Signatures[0].Header.KeyID
				mu.Lock()
				kids[kid] = true
				mu.Unlock()
				found := known.Key(kid)
				if len(found) != 1 {
					t.Errorf("hour %d: key %s signs, and a client that read the key set an hour ago does not know it", hour, kid)
					return
				}
				if _, err := parsed.Verify(found[0].Key); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		clock.advance(time.Minute)
		if t.Failed() {
			return
		}
	}
	if len(kids) < 6 || len(kids) > 7 {
		t.Errorf("%d keys signed in 45 days; want one a week", len(kids))
	}
}

type moved struct {
	mu sync.Mutex
	at time.Time
}

func (m *moved) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *moved) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.at.Add(d)
}
