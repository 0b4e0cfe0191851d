package rs

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// benchIssuer is an issuer whose keys are at hand, as after the first request.
func benchIssuer(b *testing.B) (*Guard, func(id int) string, *ecdsa.PrivateKey) {
	t := &testing.T{}
	key := newKey(t)
	p := httptest.NewServer(nil)
	mux := http.NewServeMux()
	p.Config.Handler = mux
	b.Cleanup(p.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, p.URL, p.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		text, _ := public(key, "k1").MarshalJSON()
		fmt.Fprintf(w, `{"keys":[%s]}`, text)
	})
	guard := &Guard{Issuer: p.URL, Audience: audience, Keys: &IssuerKeys{Issuer: p.URL}, Now: func() time.Time { return time.Unix(at, 0) }}
	return guard, func(id int) string {
		claims := with("iss", p.URL)
		claims["jti"] = fmt.Sprint(id)
		return sign(t, key, "k1", "at+jwt", claims)
	}, key
}

// BenchmarkSignature is the bare check of an ES256 signature, which others are
// measured against.
func BenchmarkSignature(b *testing.B) {
	_, token, key := benchIssuer(b)
	input, text, _ := cutLast(token(1))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		b.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	for b.Loop() {
		sum := sha256.Sum256([]byte(input))
		if !ecdsa.Verify(&key.PublicKey, sum[:], r, s) {
			b.Fatal("refused")
		}
	}
}

func cutLast(token string) (before, after string, found bool) {
	i := strings.LastIndexByte(token, '.')
	return token[:i], token[i+1:], true
}

// BenchmarkFirst is a token that was not seen before.
func BenchmarkFirst(b *testing.B) {
	guard, token, _ := benchIssuer(b)
	guard.verified.size = 1
	two := [2]string{token(1), token(2)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := guard.Verify(b.Context(), two[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWarm is a token that was seen before, all that a guard does about it.
func BenchmarkWarm(b *testing.B) {
	guard, token, _ := benchIssuer(b)
	text := token(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := guard.Verify(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGuarded is a request through the guard with a warm token.
func BenchmarkGuarded(b *testing.B) {
	guard, token, _ := benchIssuer(b)
	handler := guard.Require("tree.read")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest(http.MethodGet, "/trees", nil)
	r.Header.Set("Authorization", "Bearer "+token(1))
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, r)
	}
	if w.Code != http.StatusOK {
		b.Fatal(w.Body)
	}
}

// A warm token costs no memory: what a request does beside it is the two values
// in which the handler finds the token.
func TestWarmTokensAllocateNothing(t *testing.T) {
	key := newKey(t)
	p := newProvider(t)
	p.set(public(key, "k1"))
	guard := &Guard{Issuer: p.URL, Audience: audience, Keys: &IssuerKeys{Issuer: p.URL}, Now: func() time.Time { return time.Unix(at, 0) }}
	text := sign(t, key, "k1", "at+jwt", with("iss", p.URL))
	if _, err := guard.Verify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if allocations := testing.AllocsPerRun(100, func() { guard.Verify(t.Context(), text) }); allocations > 1 {
		t.Errorf("%v allocations; want none", allocations)
	}
	handler := guard.Require("tree.read")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r, w := request("Bearer "+text), httptest.NewRecorder()
	if allocations := testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) }); allocations > 4 {
		t.Errorf("%v allocations of a request; want 2", allocations)
	}
}
