package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
)

// nonceTime is how long a nonce is the newest (seconds). Each is taken while it
// is, and for as long again.
const nonceTime = 120

// Nonce gives the nonce that proofs are to bear at a time (RFC 9449 §8). It is made
// of a secret and the clock alone: nothing is kept, and whoever has the secret
// knows those of all others.
func Nonce(secret []byte, at int64) string { return nonceOf(secret, at/nonceTime) }

// GoodNonce reports whether proofs may bear a nonce at a time: the newest, the
// former one, or the next, which another process has given whose clock is ahead.
func GoodNonce(secret []byte, nonce string, at int64) bool {
	good := 0
	for turn := at/nonceTime - 1; turn <= at/nonceTime+1; turn++ {
		good |= subtle.ConstantTimeCompare([]byte(nonce), []byte(nonceOf(secret, turn)))
	}
	return good == 1
}

func nonceOf(secret []byte, turn int64) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(binary.BigEndian.AppendUint64([]byte("dpop nonce "), uint64(turn)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
