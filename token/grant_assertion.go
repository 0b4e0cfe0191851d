package token

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
)

// Bounds of a JWT bearer grant.
const (
	maxGrant = 48 << 10 // bytes: a chain of certificates may come along
	mostX5C  = 6        // certificates
)

// GrantRules say what a JWT that is an authorization grant has to be (RFC 7523
// §2.1, §3).
type GrantRules struct {
	Issuer           string   // iss
	Audiences        []string // the names we answer to
	AnyAudienceShape bool     // take a list as aud
	Algorithms       []string // nil: all of [AsymmetricAlgorithms]
	Longest          int64    // how long exp may lie after iat, seconds; 0: 120
	Ahead            int64    // how far iat may lie ahead of our clock, seconds; 0: 10
	// IssuedRequired refuses a grant without iat.
	IssuedRequired bool
	// Certificate judges the chain of x5c, leaf first: trust, revocation, whose
	// it is. Nil takes no x5c. An error that is no [*Refusal] is a fault of ours.
	Certificate func(chain []*x509.Certificate) error
	At          int64 // now, unix seconds
}

// A GrantAssertion is a believed grant, but for its single use: the caller
// spends ID, of this issuer, until Expires.
type GrantAssertion struct {
	Issuer    string
	ID        string // jti, or the hash of what was signed when there is none
	Expires   int64  // unix seconds
	IssuedAt  int64  // unix seconds; 0: it did not say
	KeyID     string
	Algorithm string
	Chain     []*x509.Certificate // of x5c, leaf first; nil: signed with a registered key
	Claims    map[string]json.RawMessage
}

// Beyond lists the claims that are not among those known, in order.
func (g GrantAssertion) Beyond(known ...string) []string {
	var beyond []string
	for name := range g.Claims {
		if !slices.Contains(known, name) {
			beyond = append(beyond, name)
		}
	}
	slices.Sort(beyond)
	return beyond
}

// GrantIssuer gives the iss of a grant, unverified, after the checks that come
// before the client is known: that it is a JWT, and that its header names
// exactly one of kid and x5c. It believes nothing.
func GrantIssuer(text string) (string, error) {
	d, err := readGrant(text)
	if err != nil {
		return "", err
	}
	return d.claim("iss", WrongIssuer)
}

func readGrant(text string) (*document, error) {
	d, err := readDocument(text, maxGrant)
	if err != nil {
		return nil, err
	}
	if _, chained := d.header["x5c"]; chained == (d.kid != "") {
		return nil, refuse(WrongHeader, "the header has to hold exactly one of kid and x5c")
	}
	return d, nil
}

// VerifyGrantAssertion checks a grant against its issuer's registered keys, in
// this order: form, header, key, signature, iss, aud, times. An error is a
// [*Refusal], or what rules.Certificate returned.
func VerifyGrantAssertion(text string, keys KeySet, rules GrantRules) (GrantAssertion, error) {
	d, err := readGrant(text)
	if err != nil {
		return GrantAssertion{}, err
	}
	if !d.is("", "jwt") {
		return GrantAssertion{}, refuse(WrongType, "typ is that of another kind of JWT; right would be JWT or none")
	}
	if err := d.allow(rules.Algorithms); err != nil {
		return GrantAssertion{}, err
	}
	chain, err := d.verifyGrant(keys, rules)
	if err != nil {
		return GrantAssertion{}, err
	}
	if issuer, err := d.claim("iss", WrongIssuer); err != nil {
		return GrantAssertion{}, err
	} else if issuer != rules.Issuer {
		return GrantAssertion{}, refuse(WrongIssuer, "iss is not the client")
	}
	if err := d.audience(rules.Audiences, rules.AnyAudienceShape); err != nil {
		return GrantAssertion{}, err
	}
	g := GrantAssertion{Issuer: rules.Issuer, KeyID: d.kid, Algorithm: d.algorithm, Chain: chain, Claims: d.claims}
	return g, g.read(d, rules)
}

// verifyGrant verifies with a registered key or, where the issuer has none, with
// the key of a certificate that is trusted.
func (d *document) verifyGrant(keys KeySet, rules GrantRules) ([]*x509.Certificate, error) {
	if d.kid != "" {
		found, err := keys.choose(d, rules.At)
		if err != nil {
			return nil, err
		}
		return nil, d.verify(found)
	}
	if rules.Certificate == nil || len(keys.Keys) > 0 {
		return nil, refuse(WrongHeader, "x5c is not taken from this client; right would be the kid of a registered key")
	}
	chain, err := d.chain()
	if err != nil {
		return nil, err
	}
	if err := rules.Certificate(chain); err != nil {
		return nil, err
	}
	key := PublicKey{Public: chain[0].PublicKey}
	if !key.signs(d.algorithm) {
		return nil, refuse(WrongAlgorithm, "the certificate's key is not for this algorithm")
	}
	return chain, d.verify([]PublicKey{key})
}

// chain reads x5c (RFC 7515 §4.1.6): a list of standard Base64, leaf first.
func (d *document) chain() ([]*x509.Certificate, error) {
	fault := func(why string) error { return refuse(WrongHeader, "x5c "+why) }
	values, single, ok := d.header.texts("x5c")
	if !ok || single || len(values) == 0 || len(values) > mostX5C {
		return nil, fault("has to be a short list of certificates, leaf first")
	}
	chain := make([]*x509.Certificate, len(values))
	for i, value := range values {
		der, err := base64.StdEncoding.Strict().DecodeString(value)
		if err != nil {
			return nil, fault("holds what is not Base64")
		}
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, fault("holds what is not a certificate")
		}
	}
	key := PublicKey{Public: chain[0].PublicKey}
	if err := key.read(nil); err != nil {
		return nil, refuse(BadCertificate, "the certificate's key is too small or too large")
	}
	return chain, nil
}

// read takes the times and the name of a grant that was signed.
func (g *GrantAssertion) read(d *document, rules GrantRules) error {
	limits := span{at: rules.At, ahead: orElse(rules.Ahead, 10), longest: orElse(rules.Longest, 120)}
	var err error
	if g.Expires, g.IssuedAt, err = limits.check(d); err != nil {
		return err
	}
	if g.Expires == 0 {
		return refuse(Malformed, "exp is missing")
	}
	if _, dated := d.claims["iat"]; !dated && rules.IssuedRequired {
		return refuse(Malformed, "iat is missing")
	}
	if g.ID, err = d.id(); err != nil {
		return err
	}
	if g.ID == "" {
		// An ECDSA signature can be altered and still verify; what it signs
		// cannot.
		g.ID = "sha256:" + base64Hash(string(d.input))
	}
	return nil
}

func orElse(value, otherwise int64) int64 {
	if value == 0 {
		return otherwise
	}
	return value
}
