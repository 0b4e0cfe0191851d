package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/recent"
	"golang.org/x/crypto/argon2"
)

// Methods of [tillit.SecretHash].
const (
	methodSHA256   = "sha256"   // base64url of the digest
	methodArgon2id = "argon2id" // base64url of salt, ".", base64url of key
)

// Cost of argon2id. It is fixed by the method's name: to change it, add a
// method.
const (
	argonMemory  = 19 << 10 // KiB
	argonPasses  = 2
	argonThreads = 1
	argonKey     = 32 // bytes
	argonSalt    = 16 // bytes
)

// maxSecret bounds a client secret, in bytes.
const maxSecret = 512

// ClientSecrets hashes and checks client secrets. Those we made cost
// microseconds; those that people chose cost what argon2id costs, a few at a
// time.
type ClientSecrets struct {
	random io.Reader
	slots  chan struct{} // bounds the memory of argon2id

	// A secret that argon2id found right is remembered by a keyed digest of the
	// secret and its hash, so that a busy client does not pay at every request.
	key   [32]byte
	right *recent.Values[[sha256.Size]byte, struct{}]
}

// mostSecrets bounds how many are remembered.
const mostSecrets = 1024

// NewClientSecrets makes a ClientSecrets. It panics when randomness fails, as
// crypto/rand does.
func NewClientSecrets(random io.Reader) *ClientSecrets {
	c := &ClientSecrets{
		random: random,
		slots:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		right:  recent.New[[sha256.Size]byte, struct{}](mostSecrets),
	}
	if _, err := io.ReadFull(random, c.key[:]); err != nil {
		panic("token: no randomness: " + err.Error())
	}
	return c
}

// HashSecret gives a secret as it is stored, without an end: SHA-256 when it was
// made by [NewSecret] with kind [Client], argon2id otherwise.
func (c *ClientSecrets) HashSecret(secret string) (tillit.SecretHash, error) {
	if len(secret) > maxSecret || secret == "" {
		return tillit.SecretHash{}, fmt.Errorf("client secret: %d bytes; right would be 1 to %d", len(secret), maxSecret)
	}
	if generated(secret) {
		return tillit.SecretHash{Method: methodSHA256, Hash: base64.RawURLEncoding.EncodeToString(Hash(secret))}, nil
	}
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(c.random, salt); err != nil {
		return tillit.SecretHash{}, fmt.Errorf("client secret: salt: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(salt) + "." + base64.RawURLEncoding.EncodeToString(c.stretch(secret, salt))
	return tillit.SecretHash{Method: methodArgon2id, Hash: text}, nil
}

// CheckSecret reports whether the secret is one of those stored that is valid at
// the instant (unix seconds). Every stored hash is compared, in constant time.
func (c *ClientSecrets) CheckSecret(secret string, stored []tillit.SecretHash, at int64) bool {
	if secret == "" || len(secret) > maxSecret {
		return false
	}
	found := 0
	for _, s := range stored {
		if s.Expires != 0 && at >= s.Expires {
			continue
		}
		found |= c.matches(secret, s)
	}
	return found == 1
}

func (c *ClientSecrets) matches(secret string, stored tillit.SecretHash) int {
	switch stored.Method {
	case methodSHA256:
		want, err := base64.RawURLEncoding.DecodeString(stored.Hash)
		if err != nil || len(want) != sha256.Size {
			return 0
		}
		return subtle.ConstantTimeCompare(want, Hash(secret))
	case methodArgon2id:
		return c.matchesChosen(secret, stored.Hash)
	}
	return 0
}

// matchesChosen compares with argon2id, or remembers having done so.
func (c *ClientSecrets) matchesChosen(secret, stored string) int {
	left, right, _ := strings.Cut(stored, ".")
	salt, err := base64.RawURLEncoding.DecodeString(left)
	if err != nil || len(salt) != argonSalt {
		return 0
	}
	want, err := base64.RawURLEncoding.DecodeString(right)
	if err != nil || len(want) != argonKey {
		return 0
	}
	known := c.digest(secret, stored)
	if _, ok := c.right.Get(known); ok {
		return 1
	}
	same := subtle.ConstantTimeCompare(want, c.stretch(secret, salt))
	if same == 1 {
		c.right.Put(known, struct{}{})
	}
	return same
}

func (c *ClientSecrets) digest(secret, stored string) (sum [32]byte) {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(stored)) // of fixed length, so the two cannot be confused
	mac.Write([]byte(secret))
	mac.Sum(sum[:0])
	return sum
}

func (c *ClientSecrets) stretch(secret string, salt []byte) []byte {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	return argon2.IDKey([]byte(secret), salt, argonPasses, argonMemory, argonThreads, argonKey)
}

// generated reports whether the secret has the form of those we make.
func generated(secret string) bool {
	rest, ok := strings.CutPrefix(secret, string(Client))
	if !ok {
		return false
	}
	raw, err := strict.DecodeString(rest)
	return err == nil && len(raw) == secretSize
}
