package token

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"io"
)

// A Kind is the prefix of an opaque handle: it tells people, and scanners of
// leaked secrets, what they have found. It carries no meaning to the server.
type Kind string

const (
	Code    Kind = "tc_" // authorization code
	Refresh Kind = "tr_" // refresh token
	Access  Kind = "ta_" // opaque access token
	Session Kind = "ts_" // session cookie
	Browser Kind = "tb_" // cookie that ties an interaction to its browser
	Client  Kind = "tk_" // client secret

	Initial      Kind = "ti_" // initial access token (RFC 7591 §3)
	Registration Kind = "tm_" // registration access token (RFC 7592 §3)
)

// secretSize is in bytes: 256 bits of randomness.
const secretSize = 32

// NewSecret makes a handle with 256 bits of randomness, and the hash under which
// it is stored. It panics when randomness fails, as crypto/rand does: there is
// nothing safe to go on with.
func NewSecret(kind Kind, random io.Reader) (value string, hash []byte) {
	var raw [secretSize]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		panic("token: no randomness: " + err.Error())
	}
	value = string(kind) + base64.RawURLEncoding.EncodeToString(raw[:])
	return value, Hash(value)
}

// Hash is the SHA-256 under which a handle is stored and looked up. A fast hash
// is right for 256 random bits: there is nothing to guess.
func Hash(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}

// HalfHash is at_hash and c_hash (OpenID Connect Core §3.1.3.6, §3.3.2.11): the
// left half of the hash that goes with the ID Token's algorithm, base64url.
func HalfHash(algorithm, value string) string {
	if algorithm == "EdDSA" { // Ed25519 hashes with SHA-512
		sum := sha512.Sum512([]byte(value))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
