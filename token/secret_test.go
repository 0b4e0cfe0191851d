package token

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit"
)

func TestNewSecret(t *testing.T) {
	value, hash := NewSecret(Code, bytes.NewReader(make([]byte, 32)))
	if want := "tc_" + strings.Repeat("A", 43); value != want {
		t.Errorf("%q, want %q", value, want)
	}
	if !bytes.Equal(hash, Hash(value)) || len(hash) != 32 {
		t.Error("the hash is not that of the value")
	}
}

// The values are those of the example in OpenID Connect Core, appendix A.3 and A.4.
func TestHalfHash(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"},
		{"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", "LDktKdoQak3Pk0cnXxCltA"},
	} {
		for _, algorithm := range []string{"RS256", "ES256", "PS256"} {
			if got := HalfHash(algorithm, test.value); got != test.want {
				t.Errorf("%s: %s, want %s", algorithm, got, test.want)
			}
		}
		if got := HalfHash("EdDSA", test.value); len(got) != 43 {
			t.Errorf("EdDSA: %d characters, want 43: half of SHA-512", len(got))
		}
	}
}

func TestClientSecrets(t *testing.T) {
	secrets := NewClientSecrets(rand.Reader)
	made, _ := NewSecret(Client, rand.Reader)
	for secret, method := range map[string]string{made: methodSHA256, "correct horse battery staple": methodArgon2id, "tk_short": methodArgon2id} {
		stored, err := secrets.HashSecret(secret)
		if err != nil {
			t.Fatal(err)
		}
		if stored.Method != method || strings.Contains(stored.Hash, secret) {
			t.Errorf("%s, want %s, and the secret nowhere", stored.Method, method)
		}
		if !secrets.CheckSecret(secret, []tillit.SecretHash{{Method: "sha256", Hash: "x"}, stored}, 100) {
			t.Errorf("%s: the right secret is refused", method)
		}
		if secrets.CheckSecret(secret+"x", []tillit.SecretHash{stored}, 100) || secrets.CheckSecret("", []tillit.SecretHash{stored}, 100) {
			t.Errorf("%s: a wrong secret passes", method)
		}
		stored.Expires = 100
		if secrets.CheckSecret(secret, []tillit.SecretHash{stored}, 100) || !secrets.CheckSecret(secret, []tillit.SecretHash{stored}, 99) {
			t.Errorf("%s: a secret does not end when it expires", method)
		}
	}
	if _, err := secrets.HashSecret(strings.Repeat("x", maxSecret+1)); err == nil {
		t.Error("a secret without bound is hashed")
	}
}

func TestMasterKey(t *testing.T) {
	text, err := GenerateMasterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := key.Seal([]byte("secret"), "one")
	if plain, err := key.Open(sealed, "one"); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := key.Open(sealed, "two"); !errors.Is(err, ErrSealed) {
		t.Errorf("opened for another purpose: %v", err)
	}
	for _, bad := range []string{"", "short", strings.Repeat("!", 43)} {
		if _, err := ParseMasterKey(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v; want an error that does not quote it", bad, err)
		}
	}
}
