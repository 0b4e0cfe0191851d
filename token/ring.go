package token

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/recent"
)

// A KeyStore keeps signing keys. Its keys are encrypted before they arrive.
type KeyStore interface {
	// Keys gives all keys of a realm, of every algorithm and age.
	Keys(ctx context.Context, realm string) ([]tillit.SigningKey, error)
	// CreateKeyIfNone stores the key unless the realm has one for the
	// algorithm, and reports whether it did: of two processes that begin
	// together, one wins. Losing is no error.
	CreateKeyIfNone(ctx context.Context, realm, algorithm string, key tillit.SigningKey) (made bool, err error)
	// PutKey inserts a key, or replaces the one of the same realm and id.
	PutKey(ctx context.Context, key tillit.SigningKey) error
}

// A Ring holds the signing keys of every realm. It is safe for concurrent use.
type Ring struct {
	store  KeyStore
	master MasterKey
	now    func() time.Time
	random io.Reader
	make   func(algorithm string) (crypto.Signer, error)

	mu      sync.RWMutex
	realms  map[string]*keys
	loading sync.Mutex // an older reading never replaces a newer one
	making  sync.Mutex // one key is made at a time; making RSA keys is slow

	verified *recent.Values[[sha256.Size]byte, believed]
}

// How many verified tokens are remembered, and how large they may be in bytes:
// an API introspects or reads UserInfo with one token many times.
const (
	mostVerified    = 4096
	largestVerified = 4 << 10
)

// believed is a token whose signature was checked. It counts only as long as its
// key is published.
type believed struct {
	realm  string
	parsed parsed
}

// NewRing makes a ring over a store. Nothing is read yet: keys are read, and
// made, when a realm first needs them.
func NewRing(store KeyStore, master MasterKey, now func() time.Time, random io.Reader) *Ring {
	make := func(algorithm string) (crypto.Signer, error) { return generate(algorithm, random) }
	return &Ring{store: store, master: master, now: now, random: random, make: make, realms: map[string]*keys{}, verified: recent.New[[sha256.Size]byte, believed](mostVerified)}
}

// MakeBy says where new keys come from instead of the ring's randomness: tests
// that start many providers need not wait for a new RSA key each time. It is
// called before anything else is.
func (r *Ring) MakeBy(make func(algorithm string) (crypto.Signer, error)) { r.make = make }

// GenerateKey makes a private key for an algorithm.
func GenerateKey(algorithm string, random io.Reader) (crypto.Signer, error) {
	return generate(algorithm, random)
}

// Sign makes a compact JWS of the claims (JSON) with the realm's current key for
// the algorithm, which is made if there is none. typ is the header's type, ""
// for none.
func (r *Ring) Sign(ctx context.Context, realm, algorithm, typ string, claims []byte) (string, error) {
	if !slices.Contains(Algorithms, algorithm) {
		return "", fmt.Errorf("sign in realm %s: algorithm %q is not one we sign with; right would be one of %v", realm, algorithm, Algorithms)
	}
	k, err := r.signing(ctx, realm, algorithm)
	if err != nil {
		return "", err
	}
	jws, err := k.compact(r.random, typ, claims)
	if err != nil {
		return "", fmt.Errorf("sign with key %s of realm %s: %w", k.ID, realm, err)
	}
	return jws, nil
}

// Verify checks a compact JWS of ours against the published key of the realm
// that it names, with that key's algorithm and no other. It does not look at
// exp. A bad token is [ErrInvalid]; any other error is our own fault.
func (r *Ring) Verify(ctx context.Context, realm, jws string) (claims []byte, typ, algorithm string, err error) {
	digest := sha256.Sum256([]byte(jws))
	before, seen := r.verified.Get(digest)
	seen = seen && before.realm == realm
	p := before.parsed
	if !seen {
		if p, err = parse(jws); err != nil {
			return nil, "", "", err
		}
	}
	k, err := r.named(ctx, realm, p.kid)
	if err != nil {
		return nil, "", "", err
	}
	if k == nil || k.decrypts() || k.Algorithm != p.algorithm || !k.published(r.now().Unix()) || !seen && !k.check(p.input, p.signature) {
		return nil, "", "", ErrInvalid
	}
	if !seen && len(jws) <= largestVerified {
		r.verified.Put(digest, believed{realm, parsed{algorithm: p.algorithm, kid: p.kid, typ: p.typ, claims: p.claims}})
	}
	return bytes.Clone(p.claims), p.typ, p.algorithm, nil
}

// Ensure makes the realm's first key of each algorithm where there is none, so
// that a client that reads the JWK Set before its first token finds it. Keys for
// encryption are made here and by [Ring.EncryptionKey] alone.
func (r *Ring) Ensure(ctx context.Context, realm string, algorithms ...string) error {
	for _, algorithm := range algorithms {
		if _, err := r.signing(ctx, realm, algorithm); err != nil {
			return err
		}
	}
	return nil
}

// Reload reads the keys of every realm in use again, so that a rotation by
// another process counts here. On an error the old keys stay.
func (r *Ring) Reload(ctx context.Context) error {
	r.mu.RLock()
	realms := make([]string, 0, len(r.realms))
	for realm := range r.realms {
		realms = append(realms, realm)
	}
	r.mu.RUnlock()
	for _, realm := range realms {
		if _, err := r.load(ctx, realm); err != nil {
			return err
		}
	}
	return nil
}

// signing gives the key that signs now.
func (r *Ring) signing(ctx context.Context, realm, algorithm string) (*key, error) {
	ks, err := r.realm(ctx, realm)
	if err != nil {
		return nil, err
	}
	if k := ks.current(algorithm, r.now().Unix()); k != nil {
		return k, nil
	}
	return r.first(ctx, realm, algorithm)
}

// first makes the first key of a realm for an algorithm. It signs at once: there
// is no older key whose holders would have to learn of it.
func (r *Ring) first(ctx context.Context, realm, algorithm string) (*key, error) {
	r.making.Lock()
	defer r.making.Unlock()
	ks, err := r.load(ctx, realm) // another may have made it meanwhile
	if err != nil {
		return nil, err
	}
	if k := ks.current(algorithm, r.now().Unix()); k != nil {
		return k, nil
	}
	signer, err := r.make(algorithm)
	if err != nil {
		return nil, fmt.Errorf("key of realm %s: %w", realm, err)
	}
	made, err := seal(r.master, realm, algorithm, signer)
	if err != nil {
		return nil, fmt.Errorf("key of realm %s: %w", realm, err)
	}
	made.Created = r.now().Unix()
	made.Activates = made.Created
	if _, err := r.store.CreateKeyIfNone(ctx, realm, algorithm, made); err != nil {
		return nil, fmt.Errorf("store key of realm %s: %w", realm, err)
	}
	if ks, err = r.load(ctx, realm); err != nil {
		return nil, err
	}
	if k := ks.current(algorithm, r.now().Unix()); k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("realm %s: every key for %s is retired or not yet active; right would be to rotate", realm, algorithm)
}

// named gives the key of a kid, or nil. An unknown one may be another process's
// new key: the store is asked again, at most once a second.
func (r *Ring) named(ctx context.Context, realm, kid string) (*key, error) {
	ks, err := r.realm(ctx, realm)
	if err != nil {
		return nil, err
	}
	if k := ks.byID[kid]; k != nil || ks.read == r.now().Unix() {
		return k, nil
	}
	if ks, err = r.load(ctx, realm); err != nil {
		return nil, err
	}
	return ks.byID[kid], nil
}
