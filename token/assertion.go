package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// Bounds of a client assertion.
const (
	maxAssertion    = 16 << 10 // bytes
	assertionLife   = 600      // seconds
	assertionAhead  = 30       // seconds; FAPI 2.0 §5.3.2.1 wants 10 accepted and more than 60 refused
	smallestHMACKey = 32       // bytes, RFC 7518 §3.2
)

// AssertionRules say what a client assertion has to be.
type AssertionRules struct {
	Client string // client_id: both iss and sub
	// Audiences are the names we answer to; the issuer identifier alone, unless
	// the client is allowed the older addresses.
	Audiences []string
	// AnyAudienceShape takes lists too, of which one member has to be in
	// Audiences (RFC 7523 §3); else aud is one string (RFC 7523bis).
	AnyAudienceShape bool
	Algorithms       []string // nil: all of [AsymmetricAlgorithms]
	At               int64    // now, unix seconds
}

// An Assertion is a client's proof of who it is, believed but for its single
// use: the caller spends ID, of this client, until Expires.
type Assertion struct {
	Client    string
	ID        string // jti
	Expires   int64  // unix seconds
	Algorithm string
	KeyID     string // kid, "" when it had none
}

// AssertionClient gives the iss of an assertion, unverified: with it the caller
// finds the client whose keys will verify it. It believes nothing.
func AssertionClient(text string) (string, error) {
	d, err := readDocument(text, maxAssertion)
	if err != nil {
		return "", err
	}
	return d.claim("iss", WrongIssuer)
}

// VerifyAssertion checks a private_key_jwt assertion against the client's
// registered keys (OIDC Core §9, RFC 7523 §3, RFC 7523bis). An error is a
// [*Refusal].
func VerifyAssertion(text string, keys KeySet, rules AssertionRules) (Assertion, error) {
	return verifyAssertion(text, rules, func(d *document) error {
		if err := d.allow(rules.Algorithms); err != nil {
			return err
		}
		found, err := keys.choose(d, rules.At)
		if err != nil {
			return err
		}
		return d.verify(found)
	})
}

// VerifyAssertionHMAC checks a client_secret_jwt assertion, HS256 alone. It
// needs the secret itself: [ClientSecrets] keeps hashes, from which no HMAC can
// be verified, so a client of this method has its secret kept sealed under the
// [MasterKey] and the caller opens it.
func VerifyAssertionHMAC(text string, secret []byte, rules AssertionRules) (Assertion, error) {
	return verifyAssertion(text, rules, func(d *document) error {
		if d.algorithm != "HS256" || rules.Algorithms != nil && !slices.Contains(rules.Algorithms, "HS256") {
			return refuse(WrongAlgorithm, "the algorithm is not one that is taken here")
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(d.input)
		if same := hmac.Equal(mac.Sum(nil), d.signature); !same || len(secret) < smallestHMACKey {
			return refuse(BadSignature, "the signature does not verify")
		}
		return nil
	})
}

func verifyAssertion(text string, rules AssertionRules, verify func(*document) error) (Assertion, error) {
	d, err := readDocument(text, maxAssertion)
	if err != nil {
		return Assertion{}, err
	}
	if !d.is("", "jwt", "client-authentication+jwt") {
		return Assertion{}, refuse(WrongType, "typ is that of another kind of JWT; right would be client-authentication+jwt")
	}
	if err := d.names(rules.Client); err != nil {
		return Assertion{}, err
	}
	if err := verify(d); err != nil {
		return Assertion{}, err
	}
	if err := d.audience(rules.Audiences, rules.AnyAudienceShape); err != nil {
		return Assertion{}, err
	}
	expires, _, err := span{rules.At, assertionAhead, assertionLife}.check(d)
	if err != nil {
		return Assertion{}, err
	}
	if expires == 0 {
		return Assertion{}, refuse(Malformed, "exp is missing")
	}
	id, err := d.id()
	if err != nil {
		return Assertion{}, err
	}
	if id == "" {
		return Assertion{}, refuse(MissingID, "jti is missing; right would be a new one in every assertion")
	}
	return Assertion{Client: rules.Client, ID: id, Expires: expires, Algorithm: d.algorithm, KeyID: d.kid}, nil
}

// names checks that iss and sub are both the client.
func (d *document) names(client string) error {
	for _, part := range []struct{ name, key string }{{"iss", WrongIssuer}, {"sub", WrongSubject}} {
		value, err := d.claim(part.name, part.key)
		if err != nil {
			return err
		}
		if value != client {
			return refuse(part.key, part.name+" is not the client")
		}
	}
	return nil
}

// audience checks that aud is us, as one string unless lists are allowed.
func (d *document) audience(ours []string, lists bool) error {
	values, single, ok := d.claims.texts("aud")
	if !ok {
		return refuse(WrongAudience, "aud is missing or not text")
	}
	if !single && !lists {
		return refuse(WrongAudience, "aud is a list; right would be the issuer identifier as one string")
	}
	if !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(ours, v) }) {
		return refuse(WrongAudience, "aud is not the issuer identifier")
	}
	return nil
}
