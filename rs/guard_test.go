package rs

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuer   = "https://op.example/forest"
	audience = "https://api.example"
	at       = 1_800_000_000 // what the tests' clock shows
)

type fixedKeys struct {
	keys []jose.JSONWebKey
	err  error
}

func (f fixedKeys) Keys(_ context.Context, id string) ([]jose.JSONWebKey, error) {
	var keys []jose.JSONWebKey
	for _, key := range f.keys {
		if id == "" || key.KeyID == id {
			keys = append(keys, key)
		}
	}
	return keys, f.err
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(key *ecdsa.PrivateKey, id string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: &key.PublicKey, KeyID: id, Algorithm: "ES256", Use: "sig"}
}

func sign(t *testing.T, key *ecdsa.PrivateKey, id, typ string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
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

func good() map[string]any {
	return map[string]any{"iss": issuer, "aud": []string{"other", audience}, "exp": at + 60, "sub": "bjarne", "jti": "j1", "client_id": "c1", "scope": "tree.read tree.count"}
}

func with(name string, value any) map[string]any {
	claims := good()
	if value == nil {
		delete(claims, name)
	} else {
		claims[name] = value
	}
	return claims
}

func guardOf(key *ecdsa.PrivateKey) *Guard {
	return &Guard{Issuer: issuer, Audience: audience, Keys: fixedKeys{keys: []jose.JSONWebKey{public(key, "k1")}}, Now: func() time.Time { return time.Unix(at, 0) }}
}

func ask(guard *Guard, scopes []string, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/trees", nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	w := httptest.NewRecorder()
	guard.Require(scopes...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := FromContext(r.Context())
		w.Write([]byte(token.Subject + " " + token.Client + " " + token.ID))
	})).ServeHTTP(w, r)
	return w
}

func TestGoodTokenPasses(t *testing.T) {
	key := newKey(t)
	w := ask(guardOf(key), []string{"tree.read"}, "bearer "+sign(t, key, "k1", "at+jwt", good()))
	if w.Code != http.StatusOK || w.Body.String() != "bjarne c1 j1" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestBadTokensAreRefused(t *testing.T) {
	key, stranger := newKey(t), newKey(t)
	hmac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("x", 32))}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(good())
	signed, err := hmac.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	symmetric, _ := signed.CompactSerialize()
	for name, token := range map[string]string{
		"of another issuer":   sign(t, key, "k1", "at+jwt", with("iss", "https://op.example/other")),
		"other audience":      sign(t, key, "k1", "at+jwt", with("aud", "other")),
		"expired":             sign(t, key, "k1", "at+jwt", with("exp", at)),
		"without an end":      sign(t, key, "k1", "at+jwt", with("exp", nil)),
		"not yet valid":       sign(t, key, "k1", "at+jwt", with("nbf", at+1)),
		"an ID Token":         sign(t, key, "k1", "JWT", good()),
		"bound to a key":      sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"jkt": "x"})),
		"of a stranger's key": sign(t, stranger, "k1", "at+jwt", good()),
		"symmetric":           symmetric,
		"garbage":             "garbage",
		"huge":                strings.Repeat("a", maxToken+1),
	} {
		w := ask(guardOf(key), nil, "Bearer "+token)
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestWithoutCredentialsNoErrorIsTold(t *testing.T) {
	guard := guardOf(newKey(t))
	for _, authorization := range [][]string{nil, {"Basic YTpi"}} {
		w := ask(guard, nil, authorization...)
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != `Bearer realm="https://api.example"` {
			t.Errorf("%v: %d %q", authorization, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestMalformedRequests(t *testing.T) {
	key := newKey(t)
	token := sign(t, key, "k1", "at+jwt", good())
	for _, authorization := range [][]string{{"Bearer " + token, "Bearer " + token}, {"Bearer"}, {"Bearer a b"}} {
		if w := ask(guardOf(key), nil, authorization...); w.Code != http.StatusBadRequest {
			t.Errorf("%.30v: %d; want 400", authorization, w.Code)
		}
	}
}

func TestMissingScopeIsNamed(t *testing.T) {
	key := newKey(t)
	w := ask(guardOf(key), []string{"tree.fell"}, "Bearer "+sign(t, key, "k1", "at+jwt", good()))
	challenge := w.Header().Get("WWW-Authenticate")
	if w.Code != http.StatusForbidden || !strings.Contains(challenge, `error="insufficient_scope"`) || !strings.Contains(challenge, `scope="tree.fell"`) {
		t.Errorf("%d %s", w.Code, challenge)
	}
}

func TestRevokedAndUnknowable(t *testing.T) {
	key := newKey(t)
	token := "Bearer " + sign(t, key, "k1", "at+jwt", good())
	guard := guardOf(key)
	guard.Revoked = func(_ context.Context, token *Token) (bool, error) { return token.ID == "j1", nil }
	if w := ask(guard, nil, token); w.Code != http.StatusUnauthorized {
		t.Errorf("revoked: %d", w.Code)
	}
	guard.Revoked = func(context.Context, *Token) (bool, error) { return false, errors.New("away") }
	if w := ask(guard, nil, token); w.Code != http.StatusServiceUnavailable {
		t.Errorf("cannot tell whether revoked: %d; want 503, never an open door", w.Code)
	}
	guard = guardOf(key)
	guard.Keys = fixedKeys{err: ErrNoKeys}
	if w := ask(guard, nil, token); w.Code != http.StatusServiceUnavailable {
		t.Errorf("no keys: %d; want 503", w.Code)
	}
}

// A bound token passes with its proof under scheme DPoP and not otherwise; one
// that is not bound passes as a Bearer alone.
func TestBoundTokens(t *testing.T) {
	key := newKey(t)
	guard := guardOf(key)
	guard.Proof = func(r *http.Request, accessToken, thumbprint string) error {
		if thumbprint != "the-key" || accessToken == "" || r.Header.Get("DPoP") != "proof" {
			return fmt.Errorf("%w: no proof", ErrInvalidToken)
		}
		return nil
	}
	bound := sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"jkt": "the-key"}))
	plain := sign(t, key, "k1", "at+jwt", good())
	for _, row := range []struct {
		what, authorization, proof string
		status                     int
	}{
		{"with its proof", "DPoP " + bound, "proof", http.StatusOK},
		{"without", "DPoP " + bound, "", http.StatusUnauthorized},
		{"as a Bearer", "Bearer " + bound, "proof", http.StatusUnauthorized},
		{"unbound, as DPoP", "DPoP " + plain, "proof", http.StatusUnauthorized},
		{"unbound", "Bearer " + plain, "", http.StatusOK},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", row.authorization)
		r.Header.Set("DPoP", row.proof)
		w := httptest.NewRecorder()
		guard.Require()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s: %d; want %d", row.what, w.Code, row.status)
		}
		if scheme, _, _ := strings.Cut(row.authorization, " "); w.Code == http.StatusUnauthorized && !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), scheme+" ") {
			t.Errorf("%s: challenge %q; want one of scheme %s", row.what, w.Header().Get("WWW-Authenticate"), scheme)
		}
	}
	certificate := sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"x5t#S256": "abc"}))
	if w := ask(guard, nil, "Bearer "+certificate); w.Code != http.StatusUnauthorized {
		t.Errorf("bound to a certificate: %d; want 401", w.Code)
	}
}

// Where an issuer restricts tokens only on demand, one without an audience is for
// every API, and one with another's is not for this.
func TestUnrestrictedTokens(t *testing.T) {
	key := newKey(t)
	guard := guardOf(key)
	free, theirs := "Bearer "+sign(t, key, "k1", "at+jwt", with("aud", nil)), "Bearer "+sign(t, key, "k1", "at+jwt", with("aud", "other"))
	if w := ask(guard, nil, free); w.Code != http.StatusUnauthorized {
		t.Errorf("no audience, and the guard wants one: %d", w.Code)
	}
	guard.Unrestricted = true
	if w := ask(guard, nil, free); w.Code != http.StatusOK {
		t.Errorf("no audience: %d", w.Code)
	}
	if w := ask(guard, nil, theirs); w.Code != http.StatusUnauthorized {
		t.Errorf("another audience: %d", w.Code)
	}
	guard.Resource = "https://api.example/v1"
	if w := ask(guard, nil, "Bearer "+sign(t, key, "k1", "at+jwt", with("aud", guard.Resource))); w.Code != http.StatusOK {
		t.Errorf("the API's own address: %d", w.Code)
	}
}
