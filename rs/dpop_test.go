package rs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const resource = "http://api.example/trees"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func thumbprint(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	sum, err := (&jose.JSONWebKey{Key: &key.PublicKey}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

func TestProofs(t *testing.T) {
	key, other := newKey(t), newKey(t)
	jkt := thumbprint(t, key)
	number := 0
	claims := func(more ...any) map[string]any {
		number++
		c := map[string]any{"jti": fmt.Sprint(number), "htm": "GET", "htu": resource, "iat": at, "ath": hashOf("token")}
		for i := 0; i < len(more); i += 2 {
			if c[more[i].(string)] = more[i+1]; more[i+1] == nil {
				delete(c, more[i].(string))
			}
		}
		return c
	}
	head := func(more ...any) map[string]any {
		h := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jose.JSONWebKey{Key: &key.PublicKey}}
		for i := 0; i < len(more); i += 2 {
			if h[more[i].(string)] = more[i+1]; more[i+1] == nil {
				delete(h, more[i].(string))
			}
		}
		return h
	}
	again := forge(t, key, head(), claims())
	proofs := &DPoP{Now: func() time.Time { return time.Unix(at, 0) }}
	check := func(sent ...string) error {
		r := httptest.NewRequest("GET", resource+"?q=1", nil)
		r.RequestURI = "/trees?q=1"
		for _, proof := range sent {
			r.Header.Add("DPoP", proof)
		}
		return proofs.Check(r, "token", jkt)
	}
	for _, row := range []struct {
		what, proof string
		want        error
	}{
		{"good", again, nil},
		{"once more", again, ErrInvalidProof},
		{"capitals and a port", forge(t, key, head(), claims("htu", "HTTP://API.example:80/trees?x#y")), nil},
		{"10 s behind", forge(t, key, head(), claims("iat", at-10)), nil},
		{"of another key", forge(t, other, head("jwk", jose.JSONWebKey{Key: &other.PublicKey}), claims()), ErrInvalidToken},
		{"signed by another", forge(t, other, head(), claims()), ErrInvalidProof},
		{"another typ", forge(t, key, head("typ", "JWT"), claims()), ErrInvalidProof},
		{"no key", forge(t, key, head("jwk", nil), claims()), ErrInvalidProof},
		{"a private key", forge(t, key, head("jwk", jose.JSONWebKey{Key: key}), claims()), ErrInvalidProof},
		{"none", forge(t, nil, head("alg", "none"), claims()), ErrInvalidProof},
		{"another method", forge(t, key, head(), claims("htm", "POST")), ErrInvalidProof},
		{"another address", forge(t, key, head(), claims("htu", resource+"/1")), ErrInvalidProof},
		{"no address", forge(t, key, head(), claims("htu", nil)), ErrInvalidProof},
		{"a user in it", forge(t, key, head(), claims("htu", "http://api.example@x/trees")), ErrInvalidProof},
		{"old", forge(t, key, head(), claims("iat", at-61)), ErrInvalidProof},
		{"early", forge(t, key, head(), claims("iat", at+61)), ErrInvalidProof},
		{"no iat", forge(t, key, head(), claims("iat", nil)), ErrInvalidProof},
		{"another token", forge(t, key, head(), claims("ath", hashOf("other"))), ErrInvalidProof},
		{"no token", forge(t, key, head(), claims("ath", nil)), ErrInvalidProof},
		{"no jti", forge(t, key, head(), claims("jti", nil)), ErrInvalidProof},
		{"endless jti", forge(t, key, head(), claims("jti", strings.Repeat("x", maxID+1))), ErrInvalidProof},
		{"garbage", "x", ErrInvalidProof},
		{"endless", strings.Repeat("x", maxProof+1), ErrInvalidProof},
	} {
		if err := check(row.proof); !errors.Is(err, row.want) {
			t.Errorf("%s: %v; want %v", row.what, err, row.want)
		}
	}
	if err := check(); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("no header: %v", err)
	}
	if err := check(forge(t, key, head(), claims()), forge(t, key, head(), claims())); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("two headers: %v", err)
	}
}

// What was used stays used for as long as it would be taken, and memory is
// bounded.
func TestProofsAreRememberedLongEnough(t *testing.T) {
	d := &DPoP{}
	id := func(text string) [32]byte { return sha256.Sum256([]byte(text)) }
	for _, begun := range []int64{0, 60, 120} { // wherever in a window
		d := &DPoP{}
		d.spend(id("first"), 1000)
		d.spend(id("x"), 1000+begun)
		if err := d.spend(id("x"), 1000+begun+2*proofWindow); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("begun %d: believed twice within its time: %v", begun, err)
		}
	}
	for n := range maxProofs {
		if err := d.spend(id(fmt.Sprint(n)), 1000); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.spend(id("one more"), 1000); err == nil || errors.Is(err, ErrInvalidProof) {
		t.Errorf("more than can be remembered: %v; want our own fault", err)
	}
	if err := d.spend(id("later"), 1000+2*proofWindow+1); err != nil {
		t.Errorf("a window later: %v", err)
	}
}

// The whole way: the guard tells a client what is wrong with its proof.
func TestGuardWithProofs(t *testing.T) {
	key, holder := newKey(t), newKey(t)
	guard := guardOf(key)
	guard.Proof = (&DPoP{Now: guard.Now}).Check
	token := sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"jkt": thumbprint(t, holder)}))
	proof := forge(t, holder, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jose.JSONWebKey{Key: &holder.PublicKey}},
		map[string]any{"jti": "1", "htm": "GET", "htu": "http://example.com/trees", "iat": at, "ath": hashOf(token)})
	r := request("DPoP " + token)
	r.RequestURI = "/trees"
	r.Header.Set("DPoP", proof)
	if w := pass(guard, Route{}, r); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := pass(guard, Route{}, r)
	if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || !strings.HasPrefix(got, "DPoP ") || !strings.Contains(got, `error="invalid_dpop_proof"`) || !strings.Contains(got, `algs="`) {
		t.Errorf("replayed: %d %s", w.Code, got)
	}
}

// A client learns the nonce to use from the refusal, and is told another when that
// one is too old.
func TestGuardWithNonces(t *testing.T) {
	key, holder := newKey(t), newKey(t)
	now, number := int64(at), 0
	clock := func() time.Time { return time.Unix(now, 0) }
	guard := guardOf(key)
	guard.Proof = (&DPoP{Now: clock, NonceSecret: []byte("the secret of all processes of this API")}).Check
	replica := guardOf(key)
	replica.Proof = (&DPoP{Now: clock, NonceSecret: []byte("the secret of all processes of this API")}).Check
	token := sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"jkt": thumbprint(t, holder)}))
	send := func(guard *Guard, nonce any) *httptest.ResponseRecorder {
		number++
		claims := map[string]any{"jti": fmt.Sprint(number), "htm": "GET", "htu": "http://example.com/trees", "iat": now, "ath": hashOf(token)}
		if nonce != nil {
			claims["nonce"] = nonce
		}
		r := request("DPoP " + token)
		r.RequestURI = "/trees"
		r.Header.Set("DPoP", forge(t, holder, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jose.JSONWebKey{Key: &holder.PublicKey}}, claims))
		return pass(guard, Route{}, r)
	}
	w := send(guard, nil)
	nonce := w.Header().Get("DPoP-Nonce")
	if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || nonce == "" || !strings.HasPrefix(got, "DPoP ") || !strings.Contains(got, `error="use_dpop_nonce"`) {
		t.Fatalf("without a nonce: %d %s, DPoP-Nonce %q; want 401 and one to use", w.Code, got, nonce)
	}
	for name, g := range map[string]*Guard{"the same process": guard, "another one": replica} {
		if w := send(g, nonce); w.Code != 200 {
			t.Errorf("with the nonce, %s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, wrong := range []any{"", "x", nonce + "x"} {
		if w := send(guard, wrong); w.Code != 401 || w.Header().Get("DPoP-Nonce") != nonce {
			t.Errorf("nonce %v: %d; want 401 and the right one", wrong, w.Code)
		}
	}
	now += nonceTime
	if w := send(guard, nonce); w.Code != 200 {
		t.Errorf("the former nonce: %d; want it taken", w.Code)
	}
	now += nonceTime
	if w := send(guard, nonce); w.Code != 401 || w.Header().Get("DPoP-Nonce") == nonce {
		t.Errorf("the nonce before: %d; want 401 and the newest", w.Code)
	}
}
