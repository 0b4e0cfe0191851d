package token

import (
	"crypto/subtle"
	"net/url"
	"strings"
)

// Bounds of a DPoP proof.
const (
	maxProof    = 8 << 10 // bytes
	proofWindow = 60      // seconds around our clock in which iat may lie
)

// DPoPRules say what a proof has to be for one request.
type DPoPRules struct {
	Method string // of the request, e.g. POST
	// URL is the address of the request as the client knows it; query and
	// fragment do not count.
	URL        string
	Algorithms []string // nil: all of [AsymmetricAlgorithms]
	// AccessToken is the token that came along, whose hash the proof has to
	// bear; "" at the token endpoint.
	AccessToken string
	// Thumbprint is the key that the proof has to be of (cnf.jkt, dpop_jkt);
	// "" is any.
	Thumbprint string
	// Nonce reports whether a nonce is one of ours and still good; nil asks
	// for none.
	Nonce func(nonce string) bool
	At    int64 // now, unix seconds
}

// A Proof is that the sender holds a private key, believed but for its single
// use: the caller spends ID, of this key, until Expires.
type Proof struct {
	Thumbprint string // jkt: JWK SHA-256 thumbprint of the key (RFC 9449 §6.1)
	ID         string // jti
	IssuedAt   int64  // iat, unix seconds
	Expires    int64  // when it would no longer be taken, unix seconds
}

// VerifyDPoP checks the value of the one DPoP header of a request (RFC 9449
// §4.3). That there is only one is the caller's to check. An error is a
// [*Refusal].
func VerifyDPoP(header string, rules DPoPRules) (Proof, error) {
	d, err := readDocument(header, maxProof)
	if err != nil {
		return Proof{}, err
	}
	if !d.is("dpop+jwt") {
		return Proof{}, refuse(WrongType, "typ is not dpop+jwt")
	}
	if err := d.allow(rules.Algorithms); err != nil {
		return Proof{}, err
	}
	thumbprint, err := d.verifyEmbedded()
	if err != nil {
		return Proof{}, err
	}
	if err := d.binds(rules); err != nil {
		return Proof{}, err
	}
	if rules.Thumbprint != "" && rules.Thumbprint != thumbprint {
		return Proof{}, refuse(WrongKey, "the proof is of another key")
	}
	issued, err := d.fresh(rules.At)
	if err != nil {
		return Proof{}, err
	}
	id, err := d.id()
	if err != nil {
		return Proof{}, err
	}
	if id == "" {
		return Proof{}, refuse(MissingID, "jti is missing; right would be a new one in every proof")
	}
	if err := d.nonce(rules.Nonce); err != nil {
		return Proof{}, err
	}
	return Proof{Thumbprint: thumbprint, ID: id, IssuedAt: issued, Expires: issued + proofWindow + 1}, nil
}

// verifyEmbedded verifies with the public key in the header: a proof shows that
// its sender holds that key, not who they are.
func (d *document) verifyEmbedded() (thumbprint string, err error) {
	key, err := parseJWK(d.header["jwk"])
	if err != nil {
		return "", refuse(WrongHeader, "jwk is not a valid public key that is known here")
	}
	if !key.signs(d.algorithm) {
		return "", refuse(WrongAlgorithm, "jwk is not a key for this algorithm")
	}
	if err := d.verify([]PublicKey{key}); err != nil {
		return "", err
	}
	return Thumbprint(key.Public)
}

// binds checks that the proof is for this request and this access token.
func (d *document) binds(rules DPoPRules) error {
	method, err := d.claim("htm", WrongMethod)
	if err != nil {
		return err
	}
	if method != rules.Method {
		return refuse(WrongMethod, "htm is not the method of the request")
	}
	address, err := d.claim("htu", WrongAddress)
	if err != nil {
		return err
	}
	got, ok1 := normal(address)
	want, ok2 := normal(rules.URL)
	if !ok1 || !ok2 || got != want {
		return refuse(WrongAddress, "htu is not the address of the request")
	}
	if rules.AccessToken == "" {
		return nil
	}
	told, err := d.claim("ath", WrongToken)
	if err != nil {
		return err
	}
	if hash := base64Hash(rules.AccessToken); subtle.ConstantTimeCompare([]byte(told), []byte(hash)) != 1 {
		return refuse(WrongToken, "ath is not the hash of the access token")
	}
	return nil
}

// fresh checks iat, which is required, and exp and nbf where a proof bears them.
func (d *document) fresh(at int64) (issued int64, err error) {
	_, issued, err = span{at: at, ahead: proofWindow}.check(d)
	if err != nil {
		return 0, err
	}
	if _, present := d.claims["iat"]; !present {
		return 0, refuse(Malformed, "iat is missing")
	}
	if issued < at-proofWindow {
		return 0, refuse(Expired, "iat lies too far back")
	}
	return issued, nil
}

func (d *document) nonce(ours func(string) bool) error {
	if ours == nil {
		return nil
	}
	if told, present, ok := d.claims.text("nonce"); !present || !ok || len(told) > maxID || !ours(told) {
		return refuse(UseNonce, "the proof needs the nonce of the header DPoP-Nonce")
	}
	return nil
}

// normal spells an address so that equal ones compare equal (RFC 9449 §4.3,
// RFC 3986 §6.2.2, §6.2.3): scheme and host in small letters, no default port,
// no query, no fragment.
func normal(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Hostname() == "" {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`%/\?#@"<>`, r) }) {
		return "", false // a zone, or what no host of ours is spelled with
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	switch port := u.Port(); {
	case scheme != "https" && scheme != "http":
		return "", false
	case port != "" && !(scheme == "https" && port == "443") && !(scheme == "http" && port == "80"):
		host += ":" + port
	}
	path := upperEscapes(u.EscapedPath())
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path, true
}

// upperEscapes spells percent-encodings with capital letters.
func upperEscapes(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	b := []byte(path)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToUpper(string(b[i+1:i+3])))
		}
	}
	return string(b)
}
