package rs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// forge signs any header and claims with any key, as no library would.
func forge(t *testing.T, key any, header map[string]any, claims map[string]any) string {
	t.Helper()
	encode := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(input))
	var signature []byte
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		size := (key.Curve.Params().BitSize + 7) / 8
		signature = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	case []byte:
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		signature = signed.Signatures[0].Signature
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// None of these opens the door, whatever the header says about how to check it.
func TestHostileTokens(t *testing.T) {
	key, thief := newKey(t), newKey(t)
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	spki, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	embedded := jose.JSONWebKey{Key: &thief.PublicKey, KeyID: "k1", Algorithm: "ES256"}
	certificate := selfSigned(t, thief)
	head := func(more ...any) map[string]any {
		header := map[string]any{"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
		for i := 0; i < len(more); i += 2 {
			header[more[i].(string)] = more[i+1]
		}
		return header
	}
	good := forge(t, key, head(), good())
	guard := &Guard{Issuer: issuer, Audience: audience, Now: func() time.Time { return time.Unix(at, 0) }, Keys: fixedKeys{keys: []jose.JSONWebKey{
		public(key, "k1"), {Key: &wide.PublicKey, KeyID: "k384"}, {Key: &rsaKey.PublicKey, KeyID: "rsa", Algorithm: "RS256"}, {Key: []byte("a secret that slipped into the set"), KeyID: "oct"},
	}}}
	if w := ask(guard, nil, "Bearer "+good); w.Code != http.StatusOK {
		t.Fatalf("the pattern of the forgeries is refused: %d %s", w.Code, w.Body)
	}
	idToken := with("nonce", "n")
	idToken["aud"] = audience
	for name, token := range map[string]string{
		"none":                        forge(t, nil, head("alg", "none"), with("jti", "x")),
		"None":                        forge(t, nil, head("alg", "None"), with("jti", "x")),
		"no algorithm":                forge(t, key, map[string]any{"typ": "at+jwt", "kid": "k1"}, with("jti", "x")),
		"no signature":                good[:len(good)-86],
		"HMAC with the public key":    forge(t, asPEM, head("alg", "HS256"), with("jti", "x")),
		"HMAC with the key's DER":     forge(t, spki, head("alg", "HS256"), with("jti", "x")),
		"HMAC with a key of the set":  forge(t, []byte("a secret that slipped into the set"), head("alg", "HS256", "kid", "oct"), with("jti", "x")),
		"an EC signature as RS256":    forge(t, key, head("alg", "RS256"), with("jti", "x")),
		"ES256 under an RSA key's id": forge(t, key, head("kid", "rsa"), with("jti", "x")),
		"ES256 of a longer curve":     forge(t, wide, head("kid", "k384"), with("jti", "x")),
		"a key in the header":         forge(t, thief, head("jwk", embedded), with("jti", "x")),
		"a key in the header, no id":  forge(t, thief, map[string]any{"alg": "ES256", "typ": "at+jwt", "jwk": embedded}, with("jti", "x")),
		"an address of keys":          forge(t, thief, head("jku", "https://thief.example/keys"), with("jti", "x")),
		"a certificate in the header": forge(t, thief, head("x5c", []string{certificate}), with("jti", "x")),
		"an address of certificates":  forge(t, thief, head("x5u", "https://thief.example/cert"), with("jti", "x")),
		"what must be understood":     forge(t, key, head("crit", []string{"exp"}, "exp", 1), with("jti", "x")),
		"not encoded":                 forge(t, key, head("b64", false, "crit", []string{"b64"}), with("jti", "x")),
		"of a key taken back":         forge(t, thief, head("kid", "k0"), with("jti", "x")),
		"of an issuer that sounds so": forge(t, key, head(), with("iss", issuer+"/")),
		"of an issuer, as a list":     forge(t, key, head(), with("iss", []string{issuer})),
		"without issuer":              forge(t, key, head(), with("iss", nil)),
		"without audience":            forge(t, key, head(), with("aud", nil)),
		"an audience that begins so":  forge(t, key, head(), with("aud", audience+"/more")),
		"an ID Token":                 forge(t, key, head("typ", "JWT"), idToken),
		"an ID Token without typ":     forge(t, key, map[string]any{"alg": "ES256", "kid": "k1"}, idToken),
		"a logout token":              forge(t, key, head("typ", "logout+jwt"), with("jti", "x")),
		"a DPoP proof":                forge(t, key, head("typ", "dpop+jwt"), with("jti", "x")),
		"an end that is a text":       forge(t, key, head(), with("exp", "4102444800")),
		"an end beyond numbers":       forge(t, key, head(), with("exp", json.Number("1e400"))),
		"bound by something unknown":  forge(t, key, head(), with("cnf", map[string]any{"jwk": "x"})),
		"bound by what is empty":      forge(t, key, head(), with("cnf", map[string]any{"jkt": ""})),
		"bound by a list":             forge(t, key, head(), with("cnf", []string{"x"})),
		"two tokens":                  good + "." + good,
		"with spaces":                 good[:20] + " " + good[20:],
		"in another alphabet":         good + "=",
	} {
		w := ask(guard, nil, "Bearer "+token)
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func selfSigned(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	der := certificateOf(t, key).Raw
	return base64.StdEncoding.EncodeToString(der)
}

// A token that was believed is not believed longer than it should be.
func TestWarmTokensGrowCold(t *testing.T) {
	key, second := newKey(t), newKey(t)
	now, keys := int64(at), &fixedKeys{keys: []jose.JSONWebKey{public(key, "k1")}}
	guard := &Guard{Issuer: issuer, Audience: audience, Keys: keys, Now: func() time.Time { return time.Unix(now, 0) }}
	token := sign(t, key, "k1", "at+jwt", good())
	first, err := guard.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := guard.Verify(t.Context(), token); err != nil || again != first {
		t.Errorf("a warm token is checked again: %v", err)
	}
	keys.keys = []jose.JSONWebKey{public(key, "k1")} // fetched anew, the same
	if again, err := guard.Verify(t.Context(), token); err != nil || again != first {
		t.Errorf("the same key, fetched anew: %v", err)
	}
	keys.keys = []jose.JSONWebKey{public(second, "k1")}
	if _, err := guard.Verify(t.Context(), token); err == nil {
		t.Error("its key was taken back, and another has its id")
	}
	keys.keys = []jose.JSONWebKey{public(key, "k1")}
	if _, err := guard.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	keys.err = ErrNoKeys
	if _, err := guard.Verify(t.Context(), token); err == nil {
		t.Error("no keys can be had")
	}
	keys.err, now = nil, at+60
	if _, err := guard.Verify(t.Context(), token); err == nil {
		t.Error("it has expired")
	}
	if changed := token[:len(token)-4] + "AAAA"; changed != token {
		now = at
		if _, err := guard.Verify(t.Context(), changed); err == nil {
			t.Error("a warm token with another signature passes")
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := cache[int]{size: 50}
	key := func(n int) *[32]byte { sum := sha256.Sum256([]byte{byte(n), byte(n >> 8)}); return &sum }
	for n := range 1000 {
		c.put(key(n), n, 100, 200+int64(n))
		if value, found := c.get(key(n), 100); !found || value != n {
			t.Fatalf("%d is not found when it was just put", n)
		}
	}
	if len(c.entries) > 50 {
		t.Errorf("%d entries", len(c.entries))
	}
	c.put(key(1), 1, 100, 100)
	if _, found := c.get(key(999), 1199); found {
		t.Error("an entry outlives its end")
	}
	c.put(key(2000), 1, 5000, 6000)
	if len(c.entries) > 50 {
		t.Errorf("%d entries", len(c.entries))
	}
}
