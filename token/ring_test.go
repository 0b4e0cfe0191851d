package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/recent"
)

const claims = `{"iss":"https://op.example.no/buypass","sub":"12c2b0de"}`

func TestSignIsReadByGoJose(t *testing.T) {
	ring, _, _ := newRing(t)
	for _, algorithm := range Algorithms {
		for _, typ := range []string{"", "JWT", "at+jwt"} {
			t.Run(algorithm+" "+typ, func(t *testing.T) {
				jws, err := ring.Sign(t.Context(), "buypass", algorithm, typ, []byte(claims))
				if err != nil {
					t.Fatal(err)
				}
				signed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
				if err != nil {
					t.Fatal(err)
				}
				got, err := signed.Verify(publicKey(t, ring, signed.Signatures[0].Header.KeyID))
				if err != nil || string(got) != claims {
					t.Errorf("go-jose read %q, %v", got, err)
				}
				if told, _ := signed.Signatures[0].Header.ExtraHeaders[jose.HeaderType].(string); told != typ {
					t.Errorf("typ %q, want %q", told, typ)
				}
			})
		}
	}
}

func TestVerifyReadsGoJose(t *testing.T) {
	ring, store, _ := newRing(t)
	if err := ring.Ensure(t.Context(), "buypass", Algorithms...); err != nil {
		t.Fatal(err)
	}
	for _, stored := range store.keys {
		k, err := open(master(t), stored)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{
			Algorithm: jose.SignatureAlgorithm(stored.Algorithm),
			Key:       jose.JSONWebKey{Key: k.signer, KeyID: stored.ID},
		}, (&jose.SignerOptions{}).WithType("at+jwt"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		got, typ, algorithm, err := ring.Verify(t.Context(), "buypass", jws)
		if err != nil || string(got) != claims || typ != "at+jwt" || algorithm != stored.Algorithm {
			t.Errorf("%s: %s %s %s, %v", stored.Algorithm, got, typ, algorithm, err)
		}
	}
}

// publicKey finds a key in the realm's JWK Set as a stranger would.
func publicKey(t *testing.T, ring *Ring, kid string) any {
	t.Helper()
	text, err := ring.JWKS(t.Context(), "buypass")
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	found := set.Key(kid)
	if len(found) != 1 {
		t.Fatalf("%d keys are named %q", len(found), kid)
	}
	if !found[0].IsPublic() || found[0].Use != "sig" {
		t.Fatalf("published key %q is private, or not for signatures", kid)
	}
	return found[0].Key
}

func TestGolden(t *testing.T) {
	for _, test := range []struct{ algorithm, file, want string }{
		{"EdDSA", "ed25519.pem", goldenEdDSA},
		{"RS256", "rsa.pem", goldenRS256},
	} {
		ring, store, _ := newRing(t)
		fixed(t, store, "buypass", test.algorithm, test.file)
		got, err := ring.Sign(t.Context(), "buypass", test.algorithm, "at+jwt", []byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.algorithm, got, test.want)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	ring, _, _ := newRing(t)
	good, err := ring.Sign(t.Context(), "buypass", "ES256", "at+jwt", []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	other, err := ring.Sign(t.Context(), "bankid", "ES256", "at+jwt", []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	header, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	kid := kidOf(t, good)
	head := func(text string) string { return encode([]byte(text)) + "." + rest }
	for name, jws := range map[string]string{
		"empty":                    "",
		"two parts":                header + "." + body,
		"four parts":               good + ".x",
		"no signature":             header + "." + body + ".",
		"other claims":             header + "." + encode([]byte(`{"sub":"somebody else"}`)) + "." + signature,
		"alg none":                 head(`{"alg":"none","kid":"` + kid + `"}`),
		"alg of another kind":      head(`{"alg":"HS256","kid":"` + kid + `"}`),
		"unknown kid":              head(`{"alg":"ES256","kid":"somebody"}`),
		"no kid":                   head(`{"alg":"ES256"}`),
		"crit":                     head(`{"alg":"ES256","kid":"` + kid + `","crit":["b64"]}`),
		"key in the header":        head(`{"alg":"ES256","kid":"` + kid + `","jwk":"x"}`),
		"key of another realm":     other,
		"a line break":             header + ".\n" + rest,
		"stray bits":               strayBits(good),
		"longer than any of ours":  good + strings.Repeat("A", maxJWS),
		"a signature of one byte":  header + "." + body + ".AA",
		"header that is no object": head(`[]`),
	} {
		if _, _, _, err := ring.Verify(t.Context(), "buypass", jws); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if _, _, _, err := ring.Verify(t.Context(), "buypass", good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// strayBits spells the same signature another way: the last of 86 characters
// has bits that encode nothing, which a lenient decoder ignores.
func strayBits(jws string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, jws[len(jws)-1])
	return jws[:len(jws)-1] + string(letters[last|1])
}

func TestFirstKeyIsMadeOnce(t *testing.T) {
	store, time := &shelf{}, &clock{start}
	var wait sync.WaitGroup
	for range 8 {
		ring := NewRing(store, master(t), time.now, rand.Reader)
		wait.Go(func() {
			if _, err := ring.Sign(context.Background(), "buypass", "ES256", "", []byte(claims)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if len(store.keys) != 1 {
		t.Errorf("%d keys after eight processes began together, want 1", len(store.keys))
	}
}

func TestUnknownAlgorithm(t *testing.T) {
	ring, store, _ := newRing(t)
	_, err := ring.Sign(t.Context(), "buypass", "HS256", "", []byte(claims))
	if err == nil || !strings.Contains(err.Error(), "ES256") || len(store.keys) != 0 {
		t.Errorf("HS256: %v, %d keys; want an error that names what would be right, and no key", err, len(store.keys))
	}
}

func TestRotateWithoutAFailedVerification(t *testing.T) {
	ring, store, clock := newRing(t)
	other := NewRing(store, master(t), clock.now, rand.Reader) // another process
	sign := func(r *Ring) string {
		t.Helper()
		jws, err := r.Sign(t.Context(), "buypass", "ES256", "", []byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		return jws
	}
	verifies := func(jws string) bool {
		_, _, _, err := other.Verify(t.Context(), "buypass", jws)
		return err == nil
	}
	old := sign(ring)
	sign(other)
	kid, err := ring.Rotate(t.Context(), "buypass", "ES256", start.Add(time.Hour), 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	publicKey(t, ring, kid) // published before it signs
	if kidOf(t, sign(ring)) == kid {
		t.Error("the new key signs before its time")
	}
	clock.advance(time.Hour)
	young := sign(ring)
	if kidOf(t, young) != kid {
		t.Error("the new key does not sign at its time")
	}
	if !verifies(old) || !verifies(young) {
		t.Error("after the rotation the other process refuses a token")
	}
	clock.advance(2 * time.Hour)
	if err := other.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if verifies(old) || !verifies(young) {
		t.Error("an expired key still verifies, or the present one does not")
	}
	if strings.Contains(jwks(t, ring), kidOf(t, old)) {
		t.Error("an expired key is still published")
	}
}

func TestVerifyAgain(t *testing.T) {
	ring, store, clock := newRing(t)
	jws, err := ring.Sign(t.Context(), "buypass", "ES256", "at+jwt", []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, typ, algorithm, err := ring.Verify(t.Context(), "buypass", jws)
		if err != nil || string(got) != claims || typ != "at+jwt" || algorithm != "ES256" {
			t.Fatalf("%s %s %s, %v", got, typ, algorithm, err)
		}
		got[0] = 'x' // what the caller does to it is the caller's
	}
	if _, _, _, err := ring.Verify(t.Context(), "bankid", jws); !errors.Is(err, ErrInvalid) {
		t.Errorf("a token that was believed in one realm, in another: %v", err)
	}
	store.keys = nil // the key is taken away
	clock.advance(time.Second)
	if err := ring.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := ring.Verify(t.Context(), "buypass", jws); !errors.Is(err, ErrInvalid) {
		t.Errorf("a token that was believed, after its key was removed: %v", err)
	}
}

func TestRotateRefusesThePast(t *testing.T) {
	ring, store, _ := newRing(t)
	if _, err := ring.Rotate(t.Context(), "buypass", "ES256", start.Add(-time.Second), time.Hour); err == nil || len(store.keys) != 0 {
		t.Errorf("%v, %d keys; want an error and none", err, len(store.keys))
	}
}

func TestUnknownKidsReadTheStoreOnceASecond(t *testing.T) {
	ring, store, clock := newRing(t)
	if err := ring.Ensure(t.Context(), "buypass", "ES256"); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Minute)
	before := store.reads
	stranger := encode([]byte(`{"alg":"ES256","kid":"somebody"}`)) + "." + encode([]byte(claims)) + "." + encode(make([]byte, 64))
	for range 100 {
		ring.Verify(t.Context(), "buypass", stranger)
	}
	if store.reads != before+1 {
		t.Errorf("a hundred unknown kids read the store %d times, want once", store.reads-before)
	}
}

func TestKeysAtRest(t *testing.T) {
	ring, store, _ := newRing(t)
	if err := ring.Ensure(t.Context(), "buypass", "ES256"); err != nil {
		t.Fatal(err)
	}
	moved := store.keys[0]
	moved.Realm = "bankid"
	if _, err := open(master(t), moved); !errors.Is(err, ErrSealed) {
		t.Errorf("a key moved to another realm: %v, want ErrSealed", err)
	}
	mistaken := store.keys[0]
	mistaken.Algorithm = "RS256"
	if _, err := open(master(t), mistaken); err == nil {
		t.Error("a P-256 key passes for RS256")
	}
}

func jwks(t *testing.T, ring *Ring) string {
	t.Helper()
	text, err := ring.JWKS(t.Context(), "buypass")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func kidOf(t *testing.T, jws string) string {
	t.Helper()
	p, err := parse(jws)
	if err != nil {
		t.Fatal(err)
	}
	return p.kid
}

func FuzzVerify(f *testing.F) {
	ring, store, _ := newRing(f)
	fixed(f, store, "buypass", "EdDSA", "ed25519.pem")
	fixed(f, store, "buypass", "RS256", "rsa.pem")
	fixed(f, store, "buypass", "ES256", "p256.pem")
	f.Add(goldenEdDSA)
	f.Add(goldenRS256)
	f.Add(strings.Replace(goldenEdDSA, ".", "..", 1))
	f.Add("e30.e30.AA")
	f.Fuzz(func(t *testing.T, jws string) {
		_, _, _, err := ring.Verify(t.Context(), "buypass", jws)
		if err == nil && jws != goldenEdDSA && jws != goldenRS256 {
			t.Errorf("%q was never signed", jws)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%q is our own fault: %v", jws, err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	ring, _, _ := newRing(b)
	jws, err := ring.Sign(b.Context(), "buypass", "ES256", "at+jwt", []byte(claims))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			if _, _, _, err := ring.Verify(b.Context(), "buypass", jws); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			ring.verified = recent.New[[sha256.Size]byte, believed](1)
			if _, _, _, err := ring.Verify(b.Context(), "buypass", jws); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	ring, _, _ := newRing(b)
	for _, algorithm := range []string{"ES256", "EdDSA"} {
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				if _, err := ring.Sign(b.Context(), "buypass", algorithm, "at+jwt", []byte(claims)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
