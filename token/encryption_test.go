package token

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// encryptionKey finds a key for encryption in the realm's JWK Set as a client
// would.
func encryptionKey(t *testing.T, ring *Ring, algorithm string) jose.JSONWebKey {
	t.Helper()
	kind := strings.Replace(algorithm, "RSA-OAEP-256", "RSA-OAEP", 1)
	if err := ring.Ensure(t.Context(), "buypass", EncryptionAlgorithms...); err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(jwks(t, ring)), &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		key := PublicKey{Algorithm: k.Algorithm, Use: k.Use, Public: k.Key}
		if k.Use == "enc" && key.encrypts(kind) {
			return k
		}
	}
	t.Fatalf("no key for %s is published", algorithm)
	return jose.JSONWebKey{}
}

// encryptTo makes a JWE with go-jose.
func encryptTo(t *testing.T, key any, algorithm, content, plain string, options *jose.EncrypterOptions) string {
	t.Helper()
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(content), jose.Recipient{Algorithm: jose.KeyAlgorithm(algorithm), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	object, err := encrypter.Encrypt([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDecryptRefuses(t *testing.T) {
	ring, store, clock := newRing(t)
	to := encryptionKey(t, ring, "ECDH-ES")
	good := encryptTo(t, to, "ECDH-ES", "A256GCM", "plain", nil)
	parts := strings.Split(good, ".")
	head := func(header string) string { return encode([]byte(header)) + "." + strings.Join(parts[1:], ".") }
	bare := func(algorithm string) string {
		return encryptTo(t, encryptionKey(t, ring, algorithm).Key, algorithm, "A128CBC-HS256", "plain", nil)
	}
	signing, err := ring.signing(t.Context(), "buypass", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		jwe  string
		good bool
	}{
		"as it should be":       {good, true},
		"no kid, EC":            {bare("ECDH-ES"), true},
		"no kid, RSA":           {bare("RSA-OAEP"), true},
		"to the signing key":    {encryptTo(t, jose.JSONWebKey{Key: signing.signer.Public(), KeyID: signing.ID}, "ECDH-ES", "A256GCM", "plain", nil), false},
		"compressed":            {encryptTo(t, to, "ECDH-ES", "A256GCM", strings.Repeat("x", 1<<16), &jose.EncrypterOptions{Compression: jose.DEFLATE}), false},
		"wrapped":               {encryptTo(t, to, "ECDH-ES+A128KW", "A256GCM", "plain", nil), false},
		"another kid":           {encryptTo(t, jose.JSONWebKey{Key: to.Key, KeyID: "x"}, "ECDH-ES", "A256GCM", "plain", nil), false},
		"RSA1_5":                {head(`{"alg":"RSA1_5","enc":"A128GCM"}`), false},
		"dir":                   {head(`{"alg":"dir","enc":"A128GCM"}`), false},
		"a password":            {head(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2000000000,"p2s":"AAAA"}`), false},
		"A128KW, no key":        {head(`{"alg":"A128KW","enc":"A128GCM"}`), false},
		"no epk":                {head(`{"alg":"ECDH-ES","enc":"A128GCM"}`), false},
		"an epk off the curve":  {head(`{"alg":"ECDH-ES","enc":"A128GCM","epk":{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("B", 43) + `"}}`), false},
		"an epk of RSA":         {head(`{"alg":"ECDH-ES","enc":"A128GCM","epk":` + publicJWK(t, newPeer().private["RS256"].Public()) + `}`), false},
		"unknown enc":           {head(`{"alg":"ECDH-ES","enc":"XC20P"}`), false},
		"crit":                  {head(`{"alg":"ECDH-ES","enc":"A256GCM","crit":["x"]}`), false},
		"alg twice":             {head(`{"alg":"ECDH-ES","alg":"dir","enc":"A256GCM"}`), false},
		"another tag":           {strings.Join(parts[:4], ".") + "." + encode(make([]byte, 16)), false},
		"no tag":                {strings.Join(parts[:4], ".") + ".", false},
		"a key that has no use": {parts[0] + ".AAAA." + strings.Join(parts[2:], "."), false},
		"four parts":            {strings.Join(parts[:4], "."), false},
		"too large":             {good + strings.Repeat("A", maxJWE), false},
		"nothing":               {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			plain, err := ring.Decrypt(t.Context(), "buypass", test.jwe)
			if test.good && (err != nil || string(plain) != "plain") {
				t.Errorf("%q, %v", plain, err)
			}
			if !test.good && !errors.Is(err, ErrInvalid) {
				t.Errorf("%q, %v; want ErrInvalid", plain, err)
			}
		})
	}
	if _, err := ring.Decrypt(t.Context(), "bankid", good); !errors.Is(err, ErrInvalid) {
		t.Errorf("in another realm: %v", err)
	}

	if _, err := ring.Rotate(t.Context(), "buypass", "ECDH-ES", start, time.Hour); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(jwks(t, ring), to.KeyID) {
		t.Error("a retired key is still offered for encryption")
	}
	if _, err := ring.Decrypt(t.Context(), "buypass", good); err != nil {
		t.Errorf("a retired key does not decrypt: %v", err)
	}
	clock.advance(time.Hour)
	if _, err := ring.Decrypt(t.Context(), "buypass", good); !errors.Is(err, ErrInvalid) {
		t.Errorf("an expired key decrypts: %v", err)
	}
	if len(store.keys) == 0 || strings.Contains(string(store.keys[0].Private), "RSA") {
		t.Error("keys for encryption are not sealed")
	}
}

func TestEncryptionKeysOnlySignNothing(t *testing.T) {
	ring, store, _ := newRing(t)
	for _, algorithm := range EncryptionAlgorithms {
		if _, err := ring.Sign(t.Context(), "buypass", algorithm, "", []byte(claims)); err == nil || len(store.keys) != 0 {
			t.Errorf("%s signs, or a key was made for it", algorithm)
		}
		key, err := ring.EncryptionKey(t.Context(), "buypass", algorithm)
		if err != nil || key.Use != "enc" {
			t.Fatalf("%+v, %v", key, err)
		}
		k, err := ring.named(t.Context(), "buypass", key.ID)
		if err != nil {
			t.Fatal(err)
		}
		forged := signWithKey(t, k, algorithm)
		if _, _, _, err := ring.Verify(t.Context(), "buypass", forged); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: a token signed with a key for encryption: %v", algorithm, err)
		}
		store.keys = nil
	}
	if _, err := ring.EncryptionKey(t.Context(), "buypass", "ES256"); err == nil {
		t.Error("a signing key is given for encryption")
	}
}

// signWithKey signs with the key whatever it is for.
func signWithKey(t *testing.T, k *key, algorithm string) string {
	t.Helper()
	input := encode([]byte(`{"alg":"`+algorithm+`","kid":"`+k.ID+`"}`)) + "." + encode([]byte(claims))
	signature, err := (&key{SigningKey: k.SigningKey, signer: k.signer}).sign(nil, []byte(input))
	if err != nil {
		return input + ".AAAA"
	}
	return input + "." + encode(signature)
}

func TestEncrypt(t *testing.T) {
	p := newPeer()
	keys := map[string]PublicKey{
		"RSA-OAEP":     {ID: "one", Use: "enc", Public: p.private["RS256"].Public()},
		"RSA-OAEP-256": {ID: "one", Use: "enc", Public: p.private["RS256"].Public()},
		"ECDH-ES":      {ID: "one", Public: p.private["ES384"].Public()},
	}
	private := map[string]any{"RSA-OAEP": p.private["RS256"], "RSA-OAEP-256": p.private["RS256"], "ECDH-ES": p.private["ES384"]}
	for _, algorithm := range KeyManagement {
		for _, content := range ContentEncryption {
			text, err := Encrypt(goldenEdDSA, keys[algorithm], algorithm, content)
			if err != nil {
				t.Fatal(err)
			}
			object, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.KeyAlgorithm(algorithm)}, []jose.ContentEncryption{jose.ContentEncryption(content)})
			if err != nil {
				t.Fatal(err)
			}
			plain, err := object.Decrypt(private[algorithm])
			if cty := object.Header.ExtraHeaders["cty"]; err != nil || string(plain) != goldenEdDSA || object.Header.KeyID != "one" || cty != "JWT" {
				t.Errorf("%s %s: %q, kid %q, cty %v, %v", algorithm, content, plain, object.Header.KeyID, cty, err)
			}
		}
	}
	for algorithm, key := range map[string]PublicKey{
		"RSA1_5":  keys["RSA-OAEP"],
		"ECDH-ES": keys["RSA-OAEP"],
		"RSA-OAEP": {
			Use: "sig", Public: p.private["RS256"].Public()},
	} {
		if _, err := Encrypt(goldenEdDSA, key, algorithm, "A256GCM"); err == nil {
			t.Errorf("%s: encrypted to a key that is not for it", algorithm)
		}
	}
	if _, err := Encrypt(goldenEdDSA, keys["ECDH-ES"], "ECDH-ES", "XC20P"); err == nil {
		t.Error("encrypted with an unknown algorithm")
	}
}
