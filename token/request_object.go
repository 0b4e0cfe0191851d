package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Bounds of a request object.
const (
	maxRequestObject  = 64 << 10 // bytes, and of what is inside an encrypted one
	requestObjectLife = 3600     // seconds
	requestAhead      = 30       // seconds
)

// RequestObjectRules say what a request object has to be (RFC 9101, OpenID
// Connect Core §6).
type RequestObjectRules struct {
	Client     string   // client_id of the request around it
	Issuer     string   // our issuer identifier, which aud has to hold
	Algorithms []string // of the signature; nil: all of [AsymmetricAlgorithms]
	// AllowUnsigned takes alg none too: only for a client registered so.
	AllowUnsigned bool
	// OmitNames takes a signed one without iss or aud, which RFC 9101 §4 only
	// recommends.
	OmitNames bool
	// ExpiryRequired refuses one without exp or nbf (FAPI 2.0 Message Signing
	// §5.3.1).
	ExpiryRequired bool
	// EncryptedRequired refuses one that came plain.
	EncryptedRequired bool
	// Decrypt opens a JWE with the realm's keys, [Ring.Decrypt]; nil takes no
	// encrypted ones.
	Decrypt func(jwe string) ([]byte, error)
	At      int64 // now, unix seconds
}

// A RequestObject holds the parameters of an authorization request, believed to
// come from the client when Signed.
type RequestObject struct {
	Parameters map[string]json.RawMessage // without the claims of the JWT itself
	Signed     bool
	Encrypted  bool
	Algorithm  string
	ID         string // jti, "" when it has none
	Expires    int64  // unix seconds; 0: never
}

// claimsOfJWT are about the JWT and are no parameters of the request.
var claimsOfJWT = []string{"iss", "aud", "sub", "exp", "nbf", "iat", "jti"}

// ParseRequestObject reads a request object by value. An error is a [*Refusal],
// or a fault of ours that rules.Decrypt returned.
func ParseRequestObject(text string, keys KeySet, rules RequestObjectRules) (RequestObject, error) {
	inner, encrypted, err := openRequestObject(text, rules)
	if err != nil {
		return RequestObject{}, err
	}
	d, err := readRequestObject(inner, encrypted)
	if err != nil {
		return RequestObject{}, err
	}
	// JWT is what OpenID Connect clients write, none what most did (RFC 9101
	// §10.8 asks for the first).
	if !d.is("oauth-authz-req+jwt", "jwt", "") {
		return RequestObject{}, refuse(WrongType, "typ is that of another kind of JWT; right would be oauth-authz-req+jwt")
	}
	signed := d.algorithm != "none"
	if err := d.verifyRequestObject(keys, rules, signed); err != nil {
		return RequestObject{}, err
	}
	if err := d.checkNames(rules, signed); err != nil {
		return RequestObject{}, err
	}
	o := RequestObject{Signed: signed, Encrypted: encrypted, Algorithm: d.algorithm}
	return o, o.read(d, rules)
}

// openRequestObject decrypts what has the five parts of a JWE.
func openRequestObject(text string, rules RequestObjectRules) (inner string, encrypted bool, err error) {
	if len(text) > maxRequestObject {
		return "", false, refuse(Malformed, "the request object is too large")
	}
	if strings.Count(text, ".") != 4 {
		if rules.EncryptedRequired {
			return "", false, refuse(NotEncrypted, "the request object has to be encrypted")
		}
		return text, false, nil
	}
	if rules.Decrypt == nil {
		return "", true, refuse(NotDecryptable, "encrypted request objects are not taken here")
	}
	plain, err := rules.Decrypt(text)
	if errors.Is(err, ErrInvalid) {
		return "", true, refuse(NotDecryptable, "the request object is not encrypted to a key of ours with an algorithm that is taken here")
	}
	return string(plain), true, err
}

// readRequestObject takes a JWS apart, or the bare claims that an encrypted one
// may hold, which are as good as unsigned.
func readRequestObject(text string, encrypted bool) (*document, error) {
	if !encrypted || !strings.HasPrefix(text, "{") {
		return readDocument(text, maxRequestObject)
	}
	claims, err := readMembers([]byte(text))
	if err != nil {
		return nil, refuse(Malformed, "what is encrypted is "+err.Error())
	}
	return &document{algorithm: "none", claims: claims}, nil
}

func (d *document) verifyRequestObject(keys KeySet, rules RequestObjectRules, signed bool) error {
	if !signed {
		if !rules.AllowUnsigned || len(d.signature) > 0 {
			return refuse(Unsigned, "the request object has to be signed")
		}
		return nil
	}
	if err := d.allow(rules.Algorithms); err != nil {
		return err
	}
	found, err := keys.choose(d, rules.At)
	if err != nil {
		return err
	}
	return d.verify(found)
}

// checkNames checks who made the object, for whom, and that it is neither a
// client assertion (RFC 9101 §10.8) nor wrapped around another one (§4).
func (d *document) checkNames(rules RequestObjectRules, signed bool) error {
	for _, name := range []string{"iss", "client_id"} {
		value, present, ok := d.claims.text(name)
		switch {
		case present && (!ok || value != rules.Client):
			return refuse(WrongIssuer, name+" is not the client of the request")
		case !present && name == "iss" && signed && !rules.OmitNames:
			return refuse(WrongIssuer, "iss is missing; right would be the client_id")
		}
	}
	if sub, _, ok := d.claims.text("sub"); !ok || sub == rules.Client {
		return refuse(WrongSubject, "sub may not be the client: that is what a client assertion looks like")
	}
	if _, present := d.claims["aud"]; present || signed && !rules.OmitNames {
		if err := d.audience([]string{rules.Issuer}, true); err != nil {
			return err
		}
	}
	for _, name := range []string{"request", "request_uri"} {
		if _, present := d.claims[name]; present {
			return refuse(NestedRequest, "a request object may not hold request or request_uri")
		}
	}
	return nil
}

// read takes times and parameters of an object that may be believed.
func (o *RequestObject) read(d *document, rules RequestObjectRules) error {
	var err error
	if o.Expires, _, err = (span{rules.At, requestAhead, requestObjectLife}).check(d); err != nil {
		return err
	}
	begins, begun, _ := d.claims.instant("nbf")
	switch {
	case rules.ExpiryRequired && (o.Expires == 0 || !begun):
		return refuse(Malformed, "exp and nbf are required")
	case rules.ExpiryRequired && begins < rules.At-requestObjectLife:
		return refuse(Expired, "nbf lies too far back")
	}
	if o.ID, err = d.id(); err != nil {
		return err
	}
	o.Parameters = make(map[string]json.RawMessage, len(d.claims))
	for name, value := range d.claims {
		if !slices.Contains(claimsOfJWT, name) {
			o.Parameters[name] = value
		}
	}
	return nil
}

// Values gives the parameters as those of a query: text as it is, numbers and
// truth values as they are written, objects and lists as compact JSON, null as
// absent. A list of resource is a parameter that comes several times (RFC 8707
// §2).
func (o RequestObject) Values() (url.Values, error) {
	values := make(url.Values, len(o.Parameters))
	for name, raw := range o.Parameters {
		if list, single, ok := members(o.Parameters).texts(name); ok && (single || name == "resource") {
			values[name] = list
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return nil, refuse(WrongParameters, "a parameter of the request object is no JSON value")
		}
		if text := compact.String(); text != "null" {
			values.Set(name, text)
		}
	}
	return values, nil
}
