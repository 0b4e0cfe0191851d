package token

import (
	"slices"
	"strings"
)

// maxDocumentHeader bounds the encoded header of a stranger's JWS, in bytes: a
// chain of certificates may stand there.
const maxDocumentHeader = 24 << 10

// maxID bounds jti and kid, in bytes: they are remembered.
const maxID = 512

// A document is a compact JWS that somebody else made, taken apart and not yet
// believed. Keys and addresses in its header (jwk, jku, x5u) count for nothing
// unless its kind says so.
type document struct {
	algorithm, kid, typ string
	header, claims      members
	input, signature    []byte
}

// readDocument takes a compact JWS of at most size bytes apart. Only alg none
// has no signature.
func readDocument(text string, size int) (*document, error) {
	malformed := func(why string) error { return refuse(Malformed, "not a signed JWT: "+why) }
	if len(text) > size {
		return nil, malformed("too large")
	}
	if strings.Count(text, ".") != 2 {
		return nil, malformed("not three parts with dots between")
	}
	first, last := strings.IndexByte(text, '.'), strings.LastIndexByte(text, '.')
	if first > maxDocumentHeader {
		return nil, malformed("the header is too large")
	}
	header, err := decode(text[:first])
	if err != nil {
		return nil, malformed("the header is not base64url")
	}
	payload, err := decode(text[first+1 : last])
	if err != nil {
		return nil, malformed("the claims are not base64url")
	}
	d := &document{input: []byte(text[:last])}
	if d.header, err = readMembers(header); err != nil {
		return nil, malformed("the header is " + err.Error())
	}
	if d.claims, err = readMembers(payload); err != nil {
		return nil, malformed("the claims are " + err.Error())
	}
	if err := d.readHeader(); err != nil {
		return nil, err
	}
	if d.algorithm == "none" && last == len(text)-1 {
		return d, nil
	}
	if d.signature, err = decode(text[last+1:]); err != nil {
		return nil, malformed("the signature is not base64url")
	}
	return d, nil
}

// readHeader reads what every kind has, and refuses extensions that would have
// to be understood (RFC 7515 §4.1.11, RFC 7797 among them): we know none.
func (d *document) readHeader() error {
	var okA, okK, okT bool
	d.algorithm, _, okA = d.header.text("alg")
	d.kid, _, okK = d.header.text("kid")
	d.typ, _, okT = d.header.text("typ")
	if !okA || !okK || !okT || d.algorithm == "" || len(d.kid) > maxID {
		return refuse(Malformed, "not a signed JWT: alg, kid and typ have to be text, and alg is required")
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, ok := d.header[name]; ok {
			return refuse(WrongHeader, "the header may not hold crit, b64 or zip")
		}
	}
	return nil
}

// is reports whether the header's type is one of those; "" stands for none.
// Letter case and a leading "application/" do not count (RFC 7515 §4.1.9).
func (d *document) is(types ...string) bool {
	typ := strings.ToLower(d.typ)
	return slices.Contains(types, strings.TrimPrefix(typ, "application/"))
}

// verify checks the signature with one of the keys, all of which suit the
// algorithm.
func (d *document) verify(keys []PublicKey) error {
	for _, k := range keys {
		if verifies(d.algorithm, k.Public, d.input, d.signature) {
			return nil
		}
	}
	return refuse(BadSignature, "the signature does not verify")
}

// allow refuses an algorithm that is not on the list; nil is every asymmetric
// one. None and HMAC are never on it.
func (d *document) allow(algorithms []string) error {
	if !slices.Contains(AsymmetricAlgorithms, d.algorithm) || algorithms != nil && !slices.Contains(algorithms, d.algorithm) {
		return refuse(WrongAlgorithm, "the algorithm is not one that is taken here")
	}
	return nil
}

// claim gives a text claim that is required.
func (d *document) claim(name, key string) (string, error) {
	value, present, ok := d.claims.text(name)
	if !ok {
		return "", refuse(Malformed, name+" is not text")
	}
	if !present || value == "" {
		return "", refuse(key, name+" is missing")
	}
	return value, nil
}

// id gives jti, which may be missing.
func (d *document) id() (string, error) {
	id, _, ok := d.claims.text("jti")
	if !ok || len(id) > maxID {
		return "", refuse(Malformed, "jti is not text, or too long")
	}
	return id, nil
}

// A span holds the times of a JWT, and bounds them.
type span struct {
	at      int64 // our clock
	ahead   int64 // how far iat and nbf may lie ahead of it, seconds
	longest int64 // how long it may live, seconds; 0: without bound
}

// check reads exp, nbf and iat. A missing exp or iat is 0 and is the caller's
// to refuse.
func (s span) check(d *document) (expires, issued int64, err error) {
	expires, bounded, ok1 := d.claims.instant("exp")
	begins, _, ok2 := d.claims.instant("nbf")
	issued, dated, ok3 := d.claims.instant("iat")
	switch {
	case !ok1 || !ok2 || !ok3:
		err = refuse(Malformed, "exp, nbf and iat have to be times in unix seconds")
	case bounded && s.at >= expires:
		err = refuse(Expired, "exp has passed")
	case begins > s.at+s.ahead:
		err = refuse(NotYetValid, "nbf is ahead of our clock")
	case issued > s.at+s.ahead:
		err = refuse(NotYetValid, "iat is ahead of our clock")
	case s.longest > 0 && bounded && (expires > s.at+s.longest+clockLag || dated && expires-issued > s.longest):
		err = refuse(TooLong, "it lives too long; right would be an exp that is nearer")
	}
	return expires, issued, err
}

// clockLag is how far ahead of ours, in seconds, a careful client's clock may
// go without its longest JWT being refused.
const clockLag = 10
