package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/tillit/tillit"
)

// Algorithms lists the JWS algorithms a realm can sign with (RFC 7518 §3.1,
// RFC 8037 §3.1).
var Algorithms = []string{"ES256", "RS256", "PS256", "EdDSA"}

// rsaBits is the least that RFC 7518 §3.3 allows; a larger key signs several
// times slower, and keys here live for months.
const rsaBits = 2048

// A key is a private key in memory, ready to sign or, when it is of one of
// [EncryptionAlgorithms], to decrypt.
type key struct {
	tillit.SigningKey
	signer  crypto.Signer
	jwk     json.RawMessage // public part
	headers sync.Map        // typ → prepared first part of a JWS
}

// generate makes a new private key for the algorithm.
func generate(algorithm string, random io.Reader) (crypto.Signer, error) {
	switch algorithm {
	case "ES256", "ECDH-ES":
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case "RS256", "PS256", "RSA-OAEP-256":
		return rsa.GenerateKey(random, rsaBits)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(random)
		return private, err
	}
	return nil, fmt.Errorf("algorithm %q is not one we have keys for; right would be one of %v or %v", algorithm, Algorithms, EncryptionAlgorithms)
}

// KeyPurpose binds a sealed signing key to its realm and kid.
func KeyPurpose(realm, kid string) string { return "signing-key\x00" + realm + "\x00" + kid }

// seal writes a private key for the store, named by its thumbprint.
func seal(master MasterKey, realm, algorithm string, signer crypto.Signer) (tillit.SigningKey, error) {
	kid, err := Thumbprint(signer.Public())
	if err != nil {
		return tillit.SigningKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return tillit.SigningKey{}, err
	}
	return tillit.SigningKey{Realm: realm, ID: kid, Algorithm: algorithm, Private: master.Seal(der, KeyPurpose(realm, kid))}, nil
}

// open makes a stored key ready to sign.
func open(master MasterKey, stored tillit.SigningKey) (*key, error) {
	fault := func(err error) error {
		return fmt.Errorf("signing key %s of realm %s: %w", stored.ID, stored.Realm, err)
	}
	der, err := master.Open(stored.Private, KeyPurpose(stored.Realm, stored.ID))
	if err != nil {
		return nil, fault(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fault(err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok || !suits(stored.Algorithm, signer.Public()) {
		return nil, fault(fmt.Errorf("a %T is no key for %s", private, stored.Algorithm))
	}
	jwk, err := json.Marshal(published(stored.Algorithm, stored.ID, signer.Public()))
	if err != nil {
		return nil, fault(err)
	}
	return &key{SigningKey: stored, signer: signer, jwk: jwk}, nil
}

// suits reports whether a public key is of the algorithm's kind.
func suits(algorithm string, public crypto.PublicKey) bool {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return (algorithm == "ES256" || algorithm == "ECDH-ES") && public.Curve == elliptic.P256()
	case *rsa.PublicKey:
		return (algorithm == "RS256" || algorithm == "PS256" || algorithm == "RSA-OAEP-256") && public.N.BitLen() >= rsaBits
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

// published is the JWK of a public key of ours. The RSA key for encryption names
// no algorithm: it is for RSA-OAEP as well as for RSA-OAEP-256.
func published(algorithm, kid string, public crypto.PublicKey) jose.JSONWebKey {
	jwk := jose.JSONWebKey{Key: public, KeyID: kid, Algorithm: algorithm, Use: "sig"}
	if slices.Contains(EncryptionAlgorithms, algorithm) {
		jwk.Use = "enc"
	}
	if algorithm == "RSA-OAEP-256" {
		jwk.Algorithm = ""
	}
	return jwk
}

// signs reports whether the key is the kind that signs at the instant.
func (k *key) signs(algorithm string, at int64) bool {
	return k.Algorithm == algorithm && k.Activates <= at && (k.Retires == 0 || at < k.Retires)
}

// published reports whether the key stands in the JWK Set at the instant.
func (k *key) published(at int64) bool { return k.Expires == 0 || at < k.Expires }

// Thumbprint is the JWK SHA-256 thumbprint of a public key (RFC 7638), base64url.
// It names keys (kid) and binds tokens to them (jkt, RFC 9449 §6.1).
func Thumbprint(public crypto.PublicKey) (string, error) {
	jwk := jose.JSONWebKey{Key: public}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("thumbprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}
