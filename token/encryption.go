package token

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// EncryptionAlgorithms lists the kinds of key that a realm can have for others
// to encrypt to, named as [tillit.SigningKey.Algorithm].
var EncryptionAlgorithms = []string{"RSA-OAEP-256", "ECDH-ES"}

// KeyManagement and ContentEncryption list the JWE algorithms we take and use
// (RFC 7518 §4.1, §5.1). RSA1_5 is not among them: its padding is an oracle.
var (
	KeyManagement     = []string{"RSA-OAEP", "RSA-OAEP-256", "ECDH-ES"}
	ContentEncryption = []string{"A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}
)

// maxJWE bounds what Decrypt reads, in bytes, and maxJWEHeader its header.
const (
	maxJWE       = 96 << 10
	maxJWEHeader = 4 << 10
)

// EncryptionKey gives the realm's public key that others may encrypt to, one of
// [EncryptionAlgorithms], and makes it if there is none. From then on it stands
// in the JWK Set, its use enc.
func (r *Ring) EncryptionKey(ctx context.Context, realm, algorithm string) (PublicKey, error) {
	if !slices.Contains(EncryptionAlgorithms, algorithm) {
		return PublicKey{}, fmt.Errorf("realm %s: %q is no kind of key for encryption; right would be one of %v", realm, algorithm, EncryptionAlgorithms)
	}
	k, err := r.signing(ctx, realm, algorithm)
	if err != nil {
		return PublicKey{}, err
	}
	jwk := published(k.Algorithm, k.ID, k.signer.Public())
	return PublicKey{ID: jwk.KeyID, Algorithm: jwk.Algorithm, Use: jwk.Use, Public: jwk.Key}, nil
}

// Decrypt opens a compact JWE that was encrypted to a published key of the realm.
// What is not, or cannot be opened, is [ErrInvalid] whatever the cause: the
// sender learns nothing from it. Any other error is our own fault. What is
// inside is not believed by having been encrypted: anybody can do that.
func (r *Ring) Decrypt(ctx context.Context, realm, jwe string) ([]byte, error) {
	kid, algorithm, err := readJWEHeader(jwe)
	if err != nil {
		return nil, err
	}
	object, err := jose.ParseEncryptedCompact(jwe, names[jose.KeyAlgorithm](KeyManagement), names[jose.ContentEncryption](ContentEncryption))
	if err != nil {
		return nil, ErrInvalid
	}
	candidates, err := r.decrypting(ctx, realm, kid, algorithm)
	if err != nil {
		return nil, err
	}
	for _, k := range candidates {
		if plain, err := object.Decrypt(k.signer); err == nil {
			return plain, nil
		}
	}
	return nil, ErrInvalid
}

// readJWEHeader bounds a compact JWE and reads its header before anything else
// does. Compression is refused: a small text could grow without bound.
func readJWEHeader(jwe string) (kid, algorithm string, err error) {
	first := strings.IndexByte(jwe, '.')
	if len(jwe) > maxJWE || strings.Count(jwe, ".") != 4 || first > maxJWEHeader {
		return "", "", ErrInvalid
	}
	text, err := decode(jwe[:first])
	if err != nil {
		return "", "", ErrInvalid
	}
	header, err := readMembers(text)
	if err != nil {
		return "", "", ErrInvalid
	}
	for _, name := range []string{"crit", "zip"} {
		if _, ok := header[name]; ok {
			return "", "", ErrInvalid
		}
	}
	kid, _, ok1 := header.text("kid")
	algorithm, _, ok2 := header.text("alg")
	if !ok1 || !ok2 || !slices.Contains(KeyManagement, algorithm) {
		return "", "", ErrInvalid
	}
	if agreed := algorithm == "ECDH-ES"; agreed != (jwe[first+1] == '.') {
		return "", "", ErrInvalid // an agreed key is not sent along (RFC 7516 §5.2, step 10)
	}
	return kid, algorithm, nil
}

// mostDecrypting bounds how many keys are tried on a JWE that names none.
const mostDecrypting = 4

// decrypting gives the keys that may open a JWE: the one of the kid, or the
// newest of the kind.
func (r *Ring) decrypting(ctx context.Context, realm, kid, algorithm string) ([]*key, error) {
	kind := algorithm
	if kind == "RSA-OAEP" {
		kind = "RSA-OAEP-256"
	}
	var found []*key
	if kid != "" {
		k, err := r.named(ctx, realm, kid)
		if err != nil {
			return nil, err
		}
		found = append(found, k)
	} else {
		ks, err := r.realm(ctx, realm)
		if err != nil {
			return nil, err
		}
		found = ks.sorted()
		slices.Reverse(found)
	}
	at := r.now().Unix()
	found = slices.DeleteFunc(found, func(k *key) bool { return k == nil || k.Algorithm != kind || !k.published(at) })
	return found[:min(len(found), mostDecrypting)], nil
}

// decrypts reports whether the key is for decryption; it then never signs.
func (k *key) decrypts() bool { return slices.Contains(EncryptionAlgorithms, k.Algorithm) }

// Encrypt wraps a JWS as a nested JWT for whoever holds the key: sign first, then
// encrypt (RFC 7519 §11.2), cty JWT. ID Tokens, UserInfo and JARM answers of
// clients that registered for it go this way. A JARM answer is itself an
// ordinary JWT that [Ring.Sign] makes: iss, aud (the client), exp at most ten
// minutes ahead, and the response's parameters beside them.
func Encrypt(jws string, key PublicKey, algorithm, content string) (string, error) {
	if !slices.Contains(KeyManagement, algorithm) || !slices.Contains(ContentEncryption, content) || !key.encrypts(algorithm) {
		return "", fmt.Errorf("encrypt: algorithm %q with %q and this key; right would be one of %v with one of %v and a key for it", algorithm, content, KeyManagement, ContentEncryption)
	}
	to := jose.Recipient{Algorithm: jose.KeyAlgorithm(algorithm), Key: key.Public, KeyID: key.ID}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(content), to, (&jose.EncrypterOptions{}).WithContentType("JWT"))
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	object, err := encrypter.Encrypt([]byte(jws))
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	return object.CompactSerialize()
}

// names gives the library's own type of name to ours.
func names[T ~string](list []string) []T {
	named := make([]T, len(list))
	for i, name := range list {
		named[i] = T(name)
	}
	return named
}
