package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A peer is a client as others write them: its keys are made by crypto, its
// tokens by go-jose.
type peer struct {
	private map[string]crypto.Signer // by algorithm, which is also the kid
	keys    KeySet
	jwks    string
}

var newPeer = sync.OnceValue(func() *peer {
	p := &peer{private: map[string]crypto.Signer{}}
	two, _ := rsa.GenerateKey(rand.Reader, 2048)
	for _, algorithm := range AsymmetricAlgorithms {
		switch algorithm[0] {
		case 'R', 'P':
			p.private[algorithm] = two
		default:
			if curve := curveOf[algorithm]; curve != nil {
				p.private[algorithm], _ = ecdsa.GenerateKey(curve, rand.Reader)
			} else {
				_, p.private[algorithm], _ = ed25519.GenerateKey(rand.Reader)
			}
		}
	}
	var set jose.JSONWebKeySet
	for _, algorithm := range AsymmetricAlgorithms {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: p.private[algorithm].Public(), KeyID: algorithm, Algorithm: algorithm, Use: "sig"})
	}
	text, _ := json.Marshal(set)
	p.jwks = string(text)
	p.keys, _ = ParseJWKS(text)
	return p
})

// sign makes a JWS with go-jose; kid "" names no key.
func (p *peer) sign(t testing.TB, algorithm, kid, typ string, claims any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	if typ == "" {
		options = nil
	}
	return signWith(t, algorithm, jose.JSONWebKey{Key: p.private[algorithm], KeyID: kid}, options, claims)
}

// prove makes a DPoP proof with go-jose.
func (p *peer) prove(t testing.TB, algorithm string, claims any) string {
	t.Helper()
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	return signWith(t, algorithm, p.private[algorithm], options, claims)
}

func signWith(t testing.TB, algorithm string, key any, options *jose.SignerOptions, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, ok := claims.(string)
	if !ok {
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		payload = string(text)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forge signs any header at all, as an attacker with a P-256 key would.
func forge(t testing.TB, key *ecdsa.PrivateKey, header, claims string) string {
	t.Helper()
	input := encode([]byte(header)) + "." + encode([]byte(claims))
	forger := &key1{key}
	signature, err := forger.sign(input)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encode(signature)
}

type key1 struct{ private *ecdsa.PrivateKey }

func (k *key1) sign(input string) ([]byte, error) {
	der, err := k.private.Sign(rand.Reader, Hash(input), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return rawSignature(der)
}

func p256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicJWK(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: public})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// but gives claims with some changed; nil takes one away.
func but(claims map[string]any, changes ...any) map[string]any {
	changed := maps.Clone(claims)
	for i := 0; i < len(changes); i += 2 {
		name := changes[i].(string)
		if changed[name] = changes[i+1]; changes[i+1] == nil {
			delete(changed, name)
		}
	}
	return changed
}

// refused checks that an error is a refusal for this reason.
func refused(t testing.TB, err error, key string) {
	t.Helper()
	var refusal *Refusal
	switch {
	case key == "" && err != nil:
		t.Errorf("refused: %v", err)
	case key != "" && !errors.As(err, &refusal):
		t.Errorf("%v, want a refusal: %s", err, key)
	case key != "" && refusal.Key != key:
		t.Errorf("refused as %s (%s), want %s", refusal.Key, refusal.Why, key)
	}
}

// twice repeats the first member of a JSON object.
func twice(object, member string) string { return strings.Replace(object, "{", "{"+member+",", 1) }
