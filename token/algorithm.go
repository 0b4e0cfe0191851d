package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"math/big"
)

// AsymmetricAlgorithms lists the JWS algorithms we take from others (RFC 7518
// §3.1, RFC 8037 §3.1). What a realm itself signs with is [Algorithms].
var AsymmetricAlgorithms = []string{"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"}

// largestRSA bounds a stranger's RSA key, in bits: verifying with a huge one is
// slow.
const largestRSA = 8192

// digestOf is the hash of each algorithm, and curveOf the curve of ECDSA ones.
var (
	digestOf = map[string]crypto.Hash{
		"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
		"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
		"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512,
	}
	curveOf = map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}
)

// matches reports whether a public key is of the kind that the algorithm needs.
// The key says what it can do; the header of a token never does.
func matches(algorithm string, public crypto.PublicKey) bool {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return curveOf[algorithm] == public.Curve
	case *rsa.PublicKey:
		return (algorithm[0] == 'R' || algorithm[0] == 'P') && digestOf[algorithm] != 0
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

// verifies checks a JWS signature of an algorithm that matches the key.
func verifies(algorithm string, public crypto.PublicKey, input, signature []byte) bool {
	if algorithm == "" || !matches(algorithm, public) {
		return false
	}
	if key, ok := public.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, input, signature)
	}
	hash := digestOf[algorithm]
	h := hash.New()
	h.Write(input)
	digest := h.Sum(nil)
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, digest, r, s)
	case *rsa.PublicKey:
		if algorithm[0] == 'P' {
			return rsa.VerifyPSS(key, hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
	}
	return false
}
