package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxJWS bounds what Verify reads, in bytes: far above any token of ours.
const maxJWS = 64 << 10

// maxHeader bounds the encoded header, in bytes.
const maxHeader = 1 << 10

// coordinate is the size in bytes of r and of s in an ES256 signature
// (RFC 7518 §3.4).
const coordinate = 32

// ErrInvalid says that a string is no JWS of ours. It does not say why: the
// holder of a bad token learns nothing from it.
var ErrInvalid = errors.New("not a valid token of this realm")

// compact makes a compact JWS (RFC 7515 §7.1) by hand: the header is encoded
// once per key and type, the claims once into their place.
func (k *key) compact(random io.Reader, typ string, claims []byte) (string, error) {
	header := k.header(typ)
	size := len(header) + 1 + base64.RawURLEncoding.EncodedLen(len(claims))
	jws := make([]byte, 0, size+1+signatureRoom(k.Algorithm))
	jws = append(jws, header...)
	jws = append(jws, '.')
	jws = base64.RawURLEncoding.AppendEncode(jws, claims)
	signature, err := k.sign(random, jws)
	if err != nil {
		return "", err
	}
	jws = append(jws, '.')
	return string(base64.RawURLEncoding.AppendEncode(jws, signature)), nil
}

func signatureRoom(algorithm string) int {
	if algorithm == "ES256" || algorithm == "EdDSA" {
		return base64.RawURLEncoding.EncodedLen(64)
	}
	return base64.RawURLEncoding.EncodedLen(rsaBits / 8)
}

// header gives the encoded header. Types come from catalogs, so there are few.
func (k *key) header(typ string) string {
	if prepared, ok := k.headers.Load(typ); ok {
		return prepared.(string)
	}
	text, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
		Type      string `json:"typ,omitempty"`
	}{k.Algorithm, k.ID, typ})
	if err != nil {
		panic("three strings cannot fail to encode: " + err.Error())
	}
	prepared := base64.RawURLEncoding.EncodeToString(text)
	k.headers.Store(typ, prepared)
	return prepared
}

// sign makes the bytes of a JWS signature over the input (RFC 7518 §3.3–3.5,
// RFC 8037 §3.1).
func (k *key) sign(random io.Reader, input []byte) ([]byte, error) {
	if k.Algorithm == "EdDSA" {
		return k.signer.Sign(random, input, crypto.Hash(0))
	}
	digest := sha256.Sum256(input)
	switch k.Algorithm {
	case "PS256":
		return k.signer.Sign(random, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case "RS256":
		return k.signer.Sign(random, digest[:], crypto.SHA256)
	}
	der, err := k.signer.Sign(random, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return rawSignature(der)
}

// rawSignature turns an ASN.1 ECDSA signature, which is what a crypto.Signer
// makes, into r‖s.
func rawSignature(der []byte) ([]byte, error) {
	var inner cryptobyte.String
	input := cryptobyte.String(der)
	r, s := new(big.Int), new(big.Int)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !input.Empty() ||
		!inner.ReadASN1Integer(r) || !inner.ReadASN1Integer(s) || !inner.Empty() ||
		r.Sign() <= 0 || s.Sign() <= 0 || r.BitLen() > 8*coordinate || s.BitLen() > 8*coordinate {
		return nil, errors.New("the signer made no ECDSA signature on P-256")
	}
	raw := make([]byte, 2*coordinate)
	r.FillBytes(raw[:coordinate])
	s.FillBytes(raw[coordinate:])
	return raw, nil
}

// check verifies a signature with the key's own algorithm and no other.
func (k *key) check(input, signature []byte) bool {
	digest := sha256.Sum256(input)
	switch public := k.signer.Public().(type) {
	case *ecdsa.PublicKey:
		if len(signature) != 2*coordinate {
			return false
		}
		r := new(big.Int).SetBytes(signature[:coordinate])
		s := new(big.Int).SetBytes(signature[coordinate:])
		return ecdsa.Verify(public, digest[:], r, s)
	case *rsa.PublicKey:
		if k.Algorithm == "PS256" {
			return rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(public, input, signature)
	}
	return false
}

// A parsed JWS, not yet believed.
type parsed struct {
	algorithm, kid, typ      string
	input, claims, signature []byte
}

// strict refuses stray bits in the last character, so that one token has one
// spelling.
var strict = base64.RawURLEncoding.Strict()

// parse takes a compact JWS apart and bounds what it reads.
func parse(jws string) (parsed, error) {
	if len(jws) > maxJWS || strings.Count(jws, ".") != 2 {
		return parsed{}, ErrInvalid
	}
	first, last := strings.IndexByte(jws, '.'), strings.LastIndexByte(jws, '.')
	if first > maxHeader {
		return parsed{}, ErrInvalid
	}
	header, err := decode(jws[:first])
	if err != nil {
		return parsed{}, err
	}
	p := parsed{input: []byte(jws[:last])}
	if p.claims, err = decode(jws[first+1 : last]); err != nil {
		return parsed{}, err
	}
	if p.signature, err = decode(jws[last+1:]); err != nil {
		return parsed{}, err
	}
	return p, p.readHeader(header)
}

func decode(part string) ([]byte, error) {
	// The decoder would pass over line breaks.
	if part == "" || strings.ContainsAny(part, "\r\n") {
		return nil, ErrInvalid
	}
	raw, err := strict.DecodeString(part)
	if err != nil {
		return nil, ErrInvalid
	}
	return raw, nil
}

// readHeader takes the three members we write and refuses every other: what we
// did not write, we did not sign.
func (p *parsed) readHeader(text []byte) error {
	members := map[string]string{}
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("%w: header", ErrInvalid)
	}
	for name, value := range members {
		switch name {
		case "alg":
			p.algorithm = value
		case "kid":
			p.kid = value
		case "typ":
			p.typ = value
		default:
			return fmt.Errorf("%w: header", ErrInvalid)
		}
	}
	return nil
}
