package token

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestParseJWKS(t *testing.T) {
	p := newPeer()
	if len(p.keys.Keys) != len(AsymmetricAlgorithms) || len(p.keys.Skipped) != 0 {
		t.Fatalf("%d keys, skipped %v", len(p.keys.Keys), p.keys.Skipped)
	}
	for _, algorithm := range AsymmetricAlgorithms {
		if found := p.keys.Find(algorithm, algorithm); len(found) != 1 || found[0].ID != algorithm {
			t.Errorf("%s: %v", algorithm, found)
		}
		if found := p.keys.Find("", algorithm); len(found) != 1 {
			t.Errorf("%s without kid: %d keys", algorithm, len(found))
		}
	}
	if found := p.keys.Find("RS256", "RS512"); len(found) != 0 {
		t.Error("a key for RS256 is found for RS512")
	}
	if found := p.keys.Find("", ""); len(found) != 0 {
		t.Error("keys are found for no algorithm")
	}
}

// One key of a kind nobody knows yet does not take the others with it.
func TestParseJWKSSkips(t *testing.T) {
	good := publicJWK(t, newPeer().private["ES256"].Public())
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, strange := range map[string]string{
		"unknown kty":       `{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}`,
		"unknown crv":       `{"kty":"EC","crv":"P-999","x":"AAAA","y":"AAAA"}`,
		"X25519":            `{"kty":"OKP","crv":"X25519","x":"` + strings.Repeat("A", 43) + `"}`,
		"no kty":            `{"kid":"x"}`,
		"off the curve":     `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("B", 43) + `"}`,
		"1024 bits":         publicJWK(t, small.Public()),
		"not an object":     `7`,
		"null":              `null`,
		"exp is text":       `{"exp":"soon",` + good[1:],
		"key_ops is text":   `{"key_ops":"verify",` + good[1:],
		"a weak Ed25519":    `{"kty":"OKP","crv":"Ed25519","x":"` + encode(make([]byte, 32)) + `"}`,
		"exponent one":      `{"kty":"RSA","n":"` + encode([]byte(strings.Repeat("\xff", 256))) + `","e":"AQ"}`,
		"a modulus too big": `{"kty":"RSA","n":"` + encode([]byte(strings.Repeat("\xff", 2048))) + `","e":"AQAB"}`,
	} {
		t.Run(name, func(t *testing.T) {
			set, err := ParseJWKS(fmt.Appendf(nil, `{"keys":[%s,%s],"more":true}`, strange, good))
			if err != nil || len(set.Keys) != 1 || len(set.Skipped) != 1 {
				t.Errorf("%d keys, skipped %v, %v", len(set.Keys), set.Skipped, err)
			}
		})
	}
}

func TestParseJWKSIgnoresCertificates(t *testing.T) {
	good := publicJWK(t, newPeer().private["ES256"].Public())
	set, err := ParseJWKS([]byte(`{"keys":[{"x5c":["not one"],"x5u":"http://x","x5t":"x",` + good[1:] + `]}`))
	if err != nil || len(set.Keys) != 1 {
		t.Errorf("%v, %v", set, err)
	}
}

func TestParseJWKSRefuses(t *testing.T) {
	p := newPeer()
	good := publicJWK(t, p.private["ES256"].Public())
	private, err := json.Marshal(jose.JSONWebKey{Key: p.private["ES256"]})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"private key":         `{"keys":[` + good + `,` + string(private) + `]}`,
		"symmetric key":       `{"keys":[{"kty":"oct","k":"AAAA"}]}`,
		"unknown private key": `{"keys":[{"kty":"AKP","priv":"AAAA"}]}`,
		"fifty-one keys":      `{"keys":[` + strings.Repeat(good+",", mostKeys) + good + `]}`,
		"too large":           `{"keys":[],"x":"` + strings.Repeat("x", maxKeySet) + `"}`,
		"no keys":             `{}`,
		"keys is null":        `{"keys":null}`,
		"keys is an object":   `{"keys":{}}`,
		"keys twice":          `{"keys":[],"keys":[` + good + `]}`,
		"a member twice":      `{"keys":[{"kty":"EC",` + good[1:] + `]}`,
		"one key":             good,
		"not JSON":            `keys`,
		"nothing":             ``,
	} {
		t.Run(name, func(t *testing.T) {
			set, err := ParseJWKS([]byte(text))
			refused(t, err, Malformed)
			if len(set.Keys) != 0 {
				t.Error("keys were taken from it")
			}
		})
	}
}

func TestFindEncryption(t *testing.T) {
	p := newPeer()
	rsaKey, ecKey := p.private["RS256"].Public(), p.private["ES256"].Public()
	set := KeySet{Keys: []PublicKey{
		{ID: "signs", Use: "sig", Public: rsaKey},
		{ID: "old", Use: "enc", Public: rsaKey, Expires: 10},
		{ID: "rsa", Use: "enc", Public: rsaKey, Algorithm: "RSA-OAEP"},
		{ID: "ec", Public: ecKey, operations: []string{"deriveKey"}},
	}}
	for algorithm, want := range map[string]string{"RSA-OAEP": "rsa", "ECDH-ES": "ec", "RSA-OAEP-256": "", "RSA1_5": "", "dir": ""} {
		if k, ok := set.FindEncryption(algorithm, 10); k.ID != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", algorithm, k.ID, want)
		}
	}
	if k, _ := set.FindEncryption("RSA-OAEP-256", 9); k.ID != "old" {
		t.Errorf("before it expires: %q", k.ID)
	}
}

func FuzzParseJWKS(f *testing.F) {
	f.Add([]byte(newPeer().jwks))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"},{"kty":"AKP"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := ParseJWKS(text)
		if err != nil {
			refused(t, err, Malformed)
		}
		for _, k := range set.Keys {
			if _, err := Thumbprint(k.Public); err != nil {
				t.Errorf("a key without a thumbprint was taken: %v", err)
			}
		}
	})
}
