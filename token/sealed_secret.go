package token

import (
	"encoding/base64"
	"errors"

	"github.com/tillit/tillit"
)

// Sealed is the method of a secret that is kept itself, encrypted under the
// master key: an HMAC can be verified with nothing less (client_secret_jwt).
const Sealed = "sealed"

func secretPurpose(registry string, id tillit.ClientID) string {
	return "client secret\x00" + registry + "\x00" + string(id)
}

// SealSecret gives a client's secret as it is stored where it has to be known
// again, without an end.
func SealSecret(master MasterKey, registry string, id tillit.ClientID, secret string) (tillit.SecretHash, error) {
	if len(secret) < smallestHMACKey || len(secret) > maxSecret {
		return tillit.SecretHash{}, errors.New("client secret: right would be 32 to 512 bytes for HMAC")
	}
	sealed := master.Seal([]byte(secret), secretPurpose(registry, id))
	return tillit.SecretHash{Method: Sealed, Hash: base64.RawURLEncoding.EncodeToString(sealed)}, nil
}

// OpenSecret gives back what SealSecret sealed for the same client.
func OpenSecret(master MasterKey, registry string, id tillit.ClientID, kept tillit.SecretHash) (string, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(kept.Hash)
	if err != nil || kept.Method != Sealed {
		return "", ErrSealed
	}
	plain, err := master.Open(sealed, secretPurpose(registry, id))
	return string(plain), err
}

// RewrapSecret gives a sealed secret sealed under the present master key, and
// whether it was not before.
func RewrapSecret(master MasterKey, registry string, id tillit.ClientID, kept tillit.SecretHash) (tillit.SecretHash, bool, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(kept.Hash)
	if err != nil {
		return kept, false, ErrSealed
	}
	anew, err := master.Rewrap(sealed, secretPurpose(registry, id))
	if err != nil || anew == nil {
		return kept, false, err
	}
	kept.Hash = base64.RawURLEncoding.EncodeToString(anew)
	return kept, true, nil
}
