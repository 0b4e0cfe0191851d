package token

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// A MasterKey encrypts what is kept at rest: private keys of signatures and
// certificates. It comes from a file or the environment, never from the store.
type MasterKey struct {
	aead   cipher.AEAD
	former []cipher.AEAD // open what was sealed before a change of keys
}

// masterKeySize is in bytes: AES-256.
const masterKeySize = 32

// ErrSealed says that a sealed value cannot be opened: another master key, other
// associated data, or damage.
var ErrSealed = errors.New("cannot be decrypted: sealed under another master key, for another purpose, or damaged")

// NewMasterKey makes a master key of 32 random bytes.
func NewMasterKey(raw []byte) (MasterKey, error) {
	if len(raw) != masterKeySize {
		return MasterKey{}, fmt.Errorf("master key: %d bytes; right would be %d random ones", len(raw), masterKeySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return MasterKey{}, fmt.Errorf("master key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return MasterKey{}, fmt.Errorf("master key: %w", err)
	}
	return MasterKey{aead: aead}, nil
}

// ParseMasterKey reads a master key as [GenerateMasterKey] writes it: base64url
// of 32 bytes, white space around it ignored.
func ParseMasterKey(text string) (MasterKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	if err != nil {
		// The decoder's error is left out: it quotes from the key.
		return MasterKey{}, errors.New("master key: not base64url; right would be 43 characters of it")
	}
	return NewMasterKey(raw)
}

// LoadMasterKey reads a master key from a file.
func LoadMasterKey(path string) (MasterKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("master key: %w", err)
	}
	key, err := ParseMasterKey(string(text))
	if err != nil {
		return MasterKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// GenerateMasterKey makes the text of a new master key, to be kept in a file
// that only the server can read.
func GenerateMasterKey(random io.Reader) (string, error) {
	raw := make([]byte, masterKeySize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("master key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Seal encrypts and authenticates plain; the same purpose is needed to open it,
// so that a sealed value cannot be moved to another place of the store.
func (k MasterKey) Seal(plain []byte, purpose string) []byte {
	return k.aead.Seal(nil, nil, plain, []byte(purpose))
}

// Open decrypts what Seal made for the purpose, under this key or a former one,
// else [ErrSealed].
func (k MasterKey) Open(sealed []byte, purpose string) ([]byte, error) {
	plain, err := k.aead.Open(nil, nil, sealed, []byte(purpose))
	for i := 0; err != nil && i < len(k.former); i++ {
		plain, err = k.former[i].Open(nil, nil, sealed, []byte(purpose))
	}
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// After gives the key that seals as this one does and opens also what the former
// keys sealed.
func (k MasterKey) After(former ...MasterKey) MasterKey {
	k.former = slices.Clone(k.former)
	for _, f := range former {
		k.former = append(append(k.former, f.aead), f.former...)
	}
	return k
}

// Rewrap gives a sealed value sealed anew, nil where that is not needed: it was
// sealed under this key.
func (k MasterKey) Rewrap(sealed []byte, purpose string) ([]byte, error) {
	if _, err := k.aead.Open(nil, nil, sealed, []byte(purpose)); err == nil {
		return nil, nil
	}
	plain, err := k.Open(sealed, purpose)
	if err != nil {
		return nil, err
	}
	return k.Seal(plain, purpose), nil
}
