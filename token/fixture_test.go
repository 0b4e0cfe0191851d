package token

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit"
)

// A shelf is a KeyStore in memory.
type shelf struct {
	mu    sync.Mutex
	keys  []tillit.SigningKey
	reads int
}

func (s *shelf) Keys(_ context.Context, realm string) ([]tillit.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	var found []tillit.SigningKey
	for _, k := range s.keys {
		if k.Realm == realm {
			found = append(found, k)
		}
	}
	return found, nil
}

func (s *shelf) CreateKeyIfNone(_ context.Context, realm, algorithm string, key tillit.SigningKey) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.keys, func(k tillit.SigningKey) bool { return k.Realm == realm && k.Algorithm == algorithm }) {
		return false, nil
	}
	s.keys = append(s.keys, key)
	return true, nil
}

func (s *shelf) PutKey(_ context.Context, key tillit.SigningKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = slices.DeleteFunc(s.keys, func(k tillit.SigningKey) bool { return k.Realm == key.Realm && k.ID == key.ID })
	s.keys = append(s.keys, key)
	return nil
}

// A clock stands still until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func master(t testing.TB) MasterKey {
	t.Helper()
	key, err := NewMasterKey(bytes.Repeat([]byte{7}, masterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRing(t testing.TB) (*Ring, *shelf, *clock) {
	t.Helper()
	store, time := &shelf{}, &clock{start}
	return NewRing(store, master(t), time.now, rand.Reader), store, time
}

// fixed puts a key of testdata on the shelf.
func fixed(t testing.TB, store *shelf, realm, algorithm, file string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal(master(t), realm, algorithm, private.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	key.Created, key.Activates = start.Unix(), start.Unix()
	store.keys = append(store.keys, key)
}
