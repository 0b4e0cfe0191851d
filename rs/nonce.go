package rs

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

// UseNonce is the error of a proof that lacks a nonce, or bears one too old: the
// guard tells the one to use (RFC 9449 §9).
type UseNonce string

func (UseNonce) Error() string { return "the DPoP proof needs a nonce that was given lately" }

// goodNonce takes the newest nonce, the former one, and the next, which another
// process has given whose clock is ahead.
func goodNonce(secret []byte, nonce string, now int64) bool {
	good := 0
	for turn := now/nonceTime - 1; turn <= now/nonceTime+1; turn++ {
		good |= subtle.ConstantTimeCompare([]byte(nonce), []byte(nonceOf(secret, turn)))
	}
	return good == 1
}

func nonceOf(secret []byte, turn int64) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(binary.BigEndian.AppendUint64([]byte("api nonce "), uint64(turn)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
