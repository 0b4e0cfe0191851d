package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a stranger's JWK Set.
const (
	mostKeys  = 50
	maxKeySet = 64 << 10 // bytes
)

// A PublicKey is a key that somebody else published in a JWK Set (RFC 7517 §4).
type PublicKey struct {
	ID        string // kid
	Algorithm string // alg; "" is every one that suits the key
	Use       string // use: sig, enc or ""
	Expires   int64  // exp, unix seconds; 0: never
	Public    crypto.PublicKey

	operations  []string // key_ops; nil: every one
	certificate string   // thumbprint of the first of x5c; "": none came along
}

// A KeySet is a JWK Set of somebody else, as far as we understand it.
type KeySet struct {
	Keys []PublicKey
	// Skipped says of each key that was left out why, for whoever registers it.
	Skipped []string
}

// errPrivate says that a JWK holds more than a public key.
var errPrivate = errors.New("private key material in a JWK Set; right would be public keys alone, and that private key is to be given up")

// ParseJWKS reads a JWK Set (RFC 7517 §5). Keys of a kind we do not know are
// skipped, as are RSA keys under 2048 bits. Private or symmetric key material
// makes the whole set a [Refusal]: its owner has to learn of it.
func ParseJWKS(raw []byte) (KeySet, error) {
	if len(raw) > maxKeySet {
		return KeySet{}, refuse(Malformed, fmt.Sprintf("JWK Set: larger than %d bytes", maxKeySet))
	}
	set, err := readMembers(raw)
	if err != nil {
		return KeySet{}, refuse(Malformed, "JWK Set: "+err.Error())
	}
	var list []json.RawMessage
	if json.Unmarshal(set["keys"], &list) != nil || list == nil {
		return KeySet{}, refuse(Malformed, "JWK Set: no member keys; right would be a list of JWKs")
	}
	if len(list) > mostKeys {
		return KeySet{}, refuse(Malformed, fmt.Sprintf("JWK Set: %d keys; right would be at most %d", len(list), mostKeys))
	}
	var found KeySet
	for i, text := range list {
		key, err := parseJWK(text)
		if errors.Is(err, errPrivate) {
			return KeySet{}, refuse(Malformed, errPrivate.Error())
		}
		if err != nil {
			found.Skipped = append(found.Skipped, fmt.Sprintf("keys[%d]: %v", i, err))
			continue
		}
		found.Keys = append(found.Keys, key)
	}
	return found, nil
}

// privateMembers are those of private and symmetric keys (RFC 7518 §6.2.2,
// §6.3.2, §6.4, RFC 8037 §2, and priv of the newer kinds).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// parseJWK reads one public JWK.
func parseJWK(text []byte) (PublicKey, error) {
	m, err := readMembers(text)
	if err != nil {
		return PublicKey{}, err
	}
	for _, name := range privateMembers {
		if _, ok := m[name]; ok {
			return PublicKey{}, errPrivate
		}
	}
	certificate := leafOf(m)
	bare := maps.Clone(m)
	for _, name := range []string{"x5c", "x5t", "x5t#S256", "x5u"} {
		delete(bare, name) // the library would parse certificates; the key alone counts
	}
	plain, err := json.Marshal(bare)
	if err != nil {
		return PublicKey{}, err
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(plain); err != nil {
		return PublicKey{}, errors.New("not a kind of key that is known here")
	}
	if !jwk.Valid() || !jwk.IsPublic() {
		return PublicKey{}, errors.New("not a valid public key")
	}
	key := PublicKey{ID: jwk.KeyID, Algorithm: jwk.Algorithm, Use: jwk.Use, Public: jwk.Key}
	if _, present := m["x5c"]; present {
		key.certificate = unusable
		if certificate != nil && sameKey(key.Public, certificate.PublicKey) {
			key.certificate = CertificateThumbprint(certificate)
		}
	}
	return key, key.read(m)
}

// unusable stands for a certificate that is no certificate of the key: the key
// still verifies signatures, and nobody presents that certificate.
const unusable = "unusable"

// leafOf reads the first certificate of x5c (RFC 7517 §4.7), nil without a usable one.
func leafOf(m members) *x509.Certificate {
	values, single, ok := m.texts("x5c")
	if !ok || single || len(values) == 0 {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(values[0])
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}

// read takes what the library leaves, and bounds the key.
func (k *PublicKey) read(m members) error {
	if public, ok := k.Public.(*rsa.PublicKey); ok && (public.N.BitLen() < rsaBits || public.N.BitLen() > largestRSA) {
		return fmt.Errorf("an RSA key of %d bits; right would be %d to %d", public.N.BitLen(), rsaBits, largestRSA)
	}
	var ok bool
	if k.Expires, _, ok = m.instant("exp"); !ok {
		return errors.New("exp is not a time in unix seconds")
	}
	if operations, present := m["key_ops"]; present && json.Unmarshal(operations, &k.operations) != nil {
		return errors.New("key_ops is not a list of strings")
	}
	return nil
}

// Find gives the keys that may verify a signature of the algorithm: those of the
// kid, or all when kid is "". Two keys of different kinds may share a kid
// (RFC 7517 §4.5).
func (s KeySet) Find(kid, algorithm string) []PublicKey {
	var found []PublicKey
	for _, k := range s.Keys {
		if (kid == "" || k.ID == kid) && k.signs(algorithm) {
			found = append(found, k)
		}
	}
	return found
}

// signs reports whether the key was published to verify the algorithm.
func (k *PublicKey) signs(algorithm string) bool {
	return algorithm != "" && (k.Use == "" || k.Use == "sig") && (k.Algorithm == "" || k.Algorithm == algorithm) &&
		(k.operations == nil || slices.Contains(k.operations, "verify")) && matches(algorithm, k.Public)
}

// FindEncryption gives the first key that what we send may be encrypted to with
// the key management algorithm, and false when there is none alive at the
// instant.
func (s KeySet) FindEncryption(algorithm string, at int64) (PublicKey, bool) {
	for _, k := range s.Keys {
		if k.encrypts(algorithm) && (k.Expires == 0 || at < k.Expires) {
			return k, true
		}
	}
	return PublicKey{}, false
}

// encrypts reports whether the key was published to encrypt with the algorithm.
func (k *PublicKey) encrypts(algorithm string) bool {
	if k.Use != "" && k.Use != "enc" || k.Algorithm != "" && k.Algorithm != algorithm {
		return false
	}
	if k.operations != nil && !slices.ContainsFunc(k.operations, func(o string) bool { return o == "encrypt" || o == "wrapKey" || o == "deriveKey" }) {
		return false
	}
	switch k.Public.(type) {
	case *rsa.PublicKey:
		return algorithm == "RSA-OAEP" || algorithm == "RSA-OAEP-256"
	case *ecdsa.PublicKey:
		return algorithm == "ECDH-ES"
	}
	return false
}

// choose gives the keys with which the JWS may have been signed, alive at the
// instant.
func (s KeySet) choose(d *document, at int64) ([]PublicKey, error) {
	found := s.Find(d.kid, d.algorithm)
	if len(found) == 0 {
		known := slices.ContainsFunc(s.Keys, func(k PublicKey) bool { return k.ID == d.kid })
		if d.kid != "" && known {
			return nil, refuse(WrongAlgorithm, "the key that kid names is not for this algorithm")
		}
		return nil, refuse(UnknownKey, "no registered key has this kid and suits the algorithm")
	}
	found = slices.DeleteFunc(found, func(k PublicKey) bool { return k.Expires != 0 && at >= k.Expires })
	if len(found) == 0 {
		return nil, refuse(ExpiredKey, "the key has expired; right would be to register a new one")
	}
	return found, nil
}
