package token

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// JWKS gives the realm's published public keys as a JWK Set (RFC 7517 §5):
// those that sign, those that will, and those whose tokens may still be alive;
// after them those that clients may encrypt to.
func (r *Ring) JWKS(ctx context.Context, realm string) ([]byte, error) {
	ks, err := r.realm(ctx, realm)
	if err != nil {
		return nil, err
	}
	at := r.now().Unix()
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{[]json.RawMessage{}}
	for _, k := range ks.sorted() {
		// Nobody is to encrypt to a retired key any more, though it still decrypts.
		if k.published(at) && !(k.decrypts() && k.Retires != 0 && at >= k.Retires) {
			set.Keys = append(set.Keys, k.jwk)
		}
	}
	return json.Marshal(set)
}

// sorted lists keys by algorithm in our order of preference, then oldest first.
func (ks *keys) sorted() []*key {
	list, order := slices.Clone(ks.list), slices.Concat(Algorithms, EncryptionAlgorithms)
	slices.SortFunc(list, func(a, b *key) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Algorithm), slices.Index(order, b.Algorithm)),
			cmp.Compare(a.Activates, b.Activates),
			cmp.Compare(a.ID, b.ID))
	})
	return list
}

// Rotate makes a new key for the algorithm that signs from the instant on, when
// the present one retires; that one stays published for another publishedFor,
// which has to be longer than any token signed with it lives. The instant has to
// lie further ahead than the JWK Set may be cached and other processes lag, so
// that every verifier knows the key before the first token bears it.
func (r *Ring) Rotate(ctx context.Context, realm, algorithm string, at time.Time, publishedFor time.Duration) (kid string, err error) {
	r.making.Lock()
	defer r.making.Unlock()
	now := r.now().Unix()
	if at.Unix() < now {
		return "", fmt.Errorf("rotate %s of realm %s: the instant has passed; right would be one later than now", algorithm, realm)
	}
	ks, err := r.load(ctx, realm)
	if err != nil {
		return "", err
	}
	signer, err := r.make(algorithm)
	if err != nil {
		return "", fmt.Errorf("rotate key of realm %s: %w", realm, err)
	}
	made, err := seal(r.master, realm, algorithm, signer)
	if err != nil {
		return "", fmt.Errorf("rotate key of realm %s: %w", realm, err)
	}
	made.Created, made.Activates = now, at.Unix()
	// The new key first: between the two writes there are two keys, never none.
	if err := r.store.PutKey(ctx, made); err != nil {
		return "", fmt.Errorf("store key of realm %s: %w", realm, err)
	}
	for _, k := range ks.list {
		if k.Algorithm != algorithm || k.Retires != 0 {
			continue
		}
		old := k.SigningKey
		old.Retires, old.Expires = at.Unix(), at.Add(publishedFor).Unix()
		if err := r.store.PutKey(ctx, old); err != nil {
			return "", fmt.Errorf("retire key %s of realm %s: %w", old.ID, realm, err)
		}
	}
	if _, err := r.load(ctx, realm); err != nil {
		return "", err
	}
	return made.ID, nil
}
