package dataapi

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/rs"
)

type oneKey struct{ key *ecdsa.PrivateKey }

func (k oneKey) Keys(context.Context, string) ([]jose.JSONWebKey, error) {
	return []jose.JSONWebKey{{Key: &k.key.PublicKey, Algorithm: "ES256"}}, nil
}

func (k oneKey) token(t *testing.T, subject, scope string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k.key}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(map[string]any{"iss": "i", "aud": "a", "exp": 200, "sub": subject, "client_id": "c", "scope": scope})
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestEachMethodNeedsItsScope(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := oneKey{key}
	guard := &rs.Guard{Issuer: "i", Audience: "a", Keys: keys, Now: func() time.Time { return time.Unix(100, 0) }}
	api := Handler(guard, Scopes{Read: "see", Write: "put", Delete: "drop"})
	call := func(method, subject, scope, body string, want int) string {
		t.Helper()
		r := httptest.NewRequest(method, "/data", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+keys.token(t, subject, scope))
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s with %q: %d %s; want %d", method, scope, w.Code, w.Body, want)
		}
		return strings.TrimSpace(w.Body.String())
	}
	call(http.MethodPost, "kari", "put", `{"tree":"pine"}`, http.StatusCreated)
	call(http.MethodGet, "kari", "put drop", "", http.StatusForbidden) // writing does not imply reading
	call(http.MethodPost, "kari", "see drop", `{}`, http.StatusForbidden)
	call(http.MethodDelete, "kari", "see put", "", http.StatusForbidden)
	call(http.MethodGet, "kari", "", "", http.StatusForbidden) // a valid token without scopes
	if got := call(http.MethodGet, "kari", "see", "", http.StatusOK); got != `{"data":[{"tree":"pine"}]}` {
		t.Errorf("kari sees %s", got)
	}
	if got := call(http.MethodGet, "jonas", "see", "", http.StatusOK); got != `{"data":[]}` {
		t.Errorf("jonas sees %s", got)
	}
	call(http.MethodPost, "kari", "put", `[1]`, http.StatusBadRequest)
	call(http.MethodPost, "kari", "put", `{"a":"`+strings.Repeat("x", maxBody)+`"}`, http.StatusRequestEntityTooLarge)
	call(http.MethodDelete, "kari", "drop", "", http.StatusNoContent)
	if got := call(http.MethodGet, "kari", "see", "", http.StatusOK); got != `{"data":[]}` {
		t.Errorf("after delete: %s", got)
	}
}
