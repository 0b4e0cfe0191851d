package rs

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ErrInvalidProof says that a DPoP proof is missing or does not prove anything
// here (RFC 9449 §4.3).
var ErrInvalidProof = errors.New("invalid DPoP proof")

// A DPoP checks proofs of possession and remembers those it has seen. The zero
// value is ready to use by one process; [DPoP.Check] is the [Guard]'s Proof.
type DPoP struct {
	// Now is the clock; nil: the wall clock.
	Now func() time.Time
	// Address gives the address of a request as its client knows it; nil: by
	// Host and the connection, which a proxy may change.
	Address func(r *http.Request) string
	// NonceSecret, if there is one, makes proofs bear a nonce that this API gave
	// lately (RFC 9449 §9). Nonces are made of it and the clock: processes that
	// share it take each other's. Use at least 32 random bytes.
	NonceSecret []byte

	mu            sync.Mutex
	seen, earlier map[[sha256.Size]byte]struct{} // since begun, and in the time before
	begun         int64
}

const (
	maxProof    = 8 << 10 // bytes
	proofWindow = 60      // seconds around our clock in which iat may lie
	maxProofs   = 100_000 // that are remembered
	maxID       = 256     // bytes of a jti
)

var proofAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.RS256, jose.PS256, jose.EdDSA}

func joined(algorithms []jose.SignatureAlgorithm) string {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = string(a)
	}
	return strings.Join(names, " ")
}

// Check checks the one DPoP header of a request: of the key with that
// thumbprint, for this request and this token, and not seen before.
func (d *DPoP) Check(r *http.Request, accessToken, thumbprint string) error {
	sent := r.Header.Values("DPoP")
	if len(sent) != 1 || len(sent[0]) > maxProof {
		return fmt.Errorf("%w: not one DPoP header of at most %d bytes", ErrInvalidProof, maxProof)
	}
	payload, key, err := openProof(sent[0])
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(thumbprint)) != 1 {
		// The proof is good, the token is somebody else's.
		return fmt.Errorf("%w: the proof is of another key", ErrInvalidToken)
	}
	var claims struct {
		ID      string   `json:"jti"`
		Method  string   `json:"htm"`
		Address string   `json:"htu"`
		Issued  *instant `json:"iat"`
		Token   string   `json:"ath"`
		Nonce   string   `json:"nonce"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return fmt.Errorf("%w: claims are not what RFC 9449 says", ErrInvalidProof)
	}
	now, issued := d.now(), claims.Issued.seconds()
	hash := sha256.Sum256([]byte(accessToken))
	switch {
	case claims.ID == "" || len(claims.ID) > maxID:
		return fmt.Errorf("%w: no jti of at most %d bytes", ErrInvalidProof, maxID)
	case claims.Method != r.Method:
		return fmt.Errorf("%w: htm is not the method", ErrInvalidProof)
	case !sameAddress(claims.Address, d.address(r)):
		return fmt.Errorf("%w: htu is not the address", ErrInvalidProof)
	case issued < now-proofWindow || issued > now+proofWindow:
		return fmt.Errorf("%w: iat is not now", ErrInvalidProof)
	case subtle.ConstantTimeCompare([]byte(claims.Token), []byte(base64.RawURLEncoding.EncodeToString(hash[:]))) != 1:
		return fmt.Errorf("%w: ath is not of the token", ErrInvalidProof)
	case len(d.NonceSecret) > 0 && !goodNonce(d.NonceSecret, claims.Nonce, now):
		return UseNonce(nonceOf(d.NonceSecret, now/nonceTime))
	}
	return d.spend(sha256.Sum256([]byte(key+"\x00"+claims.ID)), now)
}

// openProof verifies a proof with the public key in its own header: it shows
// that the sender holds that key, not who they are.
func openProof(text string) (payload []byte, thumbprint string, err error) {
	signed, err := jose.ParseSignedCompact(text, proofAlgorithms)
	if err != nil {
		return nil, "", fmt.Errorf("%w: not a JWS of an accepted algorithm", ErrInvalidProof)
	}
	header := signed.Signatures[0].Protected
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if typ != "dpop+jwt" || header.JSONWebKey == nil || !header.JSONWebKey.IsPublic() || !header.JSONWebKey.Valid() {
		return nil, "", fmt.Errorf("%w: typ is not dpop+jwt, or jwk no public key", ErrInvalidProof)
	}
	if payload, err = signed.Verify(header.JSONWebKey); err != nil {
		return nil, "", fmt.Errorf("%w: signature", ErrInvalidProof)
	}
	sum, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, "", fmt.Errorf("%w: jwk", ErrInvalidProof)
	}
	return payload, base64.RawURLEncoding.EncodeToString(sum), nil
}

// spend uses a proof up. Those of a window are forgotten when the next one is
// over, for by then they would be too old. When more come than are remembered it
// refuses for a while rather than believe one twice.
func (d *DPoP) spend(id [sha256.Size]byte, now int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	const window = 2*proofWindow + 1 // in which one proof can be taken
	if passed := now - d.begun; d.seen == nil || passed >= window {
		d.earlier, d.seen, d.begun = d.seen, map[[sha256.Size]byte]struct{}{}, now
		if passed >= 2*window {
			d.earlier = nil
		}
	}
	_, lately := d.seen[id]
	_, before := d.earlier[id]
	switch {
	case lately || before:
		return fmt.Errorf("%w: used before", ErrInvalidProof)
	case len(d.seen) >= maxProofs:
		return errors.New("more proofs at a time than can be remembered")
	}
	d.seen[id] = struct{}{}
	return nil
}

func (d *DPoP) now() int64 {
	if d.Now != nil {
		return d.Now().Unix()
	}
	return time.Now().Unix()
}

func (d *DPoP) address(r *http.Request) string {
	if d.Address != nil {
		return d.Address(r)
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return scheme + "://" + r.Host + path
}

// sameAddress compares without query, fragment, default port, and the case of
// scheme and host (RFC 9449 §4.3).
func sameAddress(a, b string) bool {
	x, okX := spelled(a)
	y, okY := spelled(b)
	return okX && okY && x == y
}

func spelled(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return "", false
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path, true
}
