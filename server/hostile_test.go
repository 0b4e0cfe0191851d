package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/facts"
)

// object is a JSON object.
type object = map[string]any

// A pen signs the first two parts of a JWS; nil leaves the third empty.
type pen func(t *testing.T, input []byte) []byte

// forged makes a JWS of any header, as no library would.
func forged(t *testing.T, header, claims object, sign pen) string {
	t.Helper()
	part := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := part(header) + "." + part(claims)
	if sign == nil {
		return input + "."
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sign(t, []byte(input)))
}

func es256(key *ecdsa.PrivateKey) pen {
	return func(t *testing.T, input []byte) []byte {
		t.Helper()
		sum := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature
	}
}

// der signs with the right key in the wrong encoding.
func der(key *ecdsa.PrivateKey) pen {
	return func(t *testing.T, input []byte) []byte {
		t.Helper()
		sum := sha256.Sum256(input)
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
}

func hs256(secret []byte) pen {
	return func(_ *testing.T, input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

func bytesOf(signature []byte) pen { return func(*testing.T, []byte) []byte { return signature } }

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// publicTexts are what an attacker knows of a key: secrets of a server that lets
// the header choose between HMAC and signature.
func publicTexts(t *testing.T, key jose.JSONWebKey) map[string][]byte {
	t.Helper()
	jwk, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKIXPublicKey(key.Public().Key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"JWK": jwk, "DER": raw, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw})}
}

// TestForgedAssertions: nobody is a client by an assertion that is not fresh, for
// us, and by the registered key (RFC 7523 §3, OIDC Core §9).
func TestForgedAssertions(t *testing.T) {
	o := open(t, "buypass")
	key := o.Key("demo-jwt")
	own, ok := key.Key.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatalf("the demo client's key is a %T", key.Key)
	}
	other := newKey(t)
	otherJWK := jose.JSONWebKey{Key: other.Public(), KeyID: key.KeyID, Algorithm: "ES256"}
	now := o.Now().Unix()
	right := object{"alg": "ES256", "kid": key.KeyID, "typ": "JWT"}
	with := func(base object, name string, value any) object {
		changed := object{}
		for k, v := range base {
			changed[k] = v
		}
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
		return changed
	}
	send := func(assertion string, more ...string) *answer {
		form := facts.WithAssertion(url.Values{"grant_type": {"client_credentials"}, "scope": {"service-api"}}, assertion)
		return o.do(http.MethodPost, "/token", form.Encode(), more...)
	}
	claims := func(change object) object { return o.AssertionClaims("demo-jwt", change) }
	for story, typ := range map[string]string{"typ JWT": "JWT", "typ of its own": "client-authentication+jwt"} {
		if got := send(forged(t, with(right, "typ", typ), claims(nil), es256(own))); got.status != http.StatusOK {
			t.Fatalf("%s: %d %s; want a token", story, got.status, got.body)
		}
	}
	if got := send(forged(t, with(right, "typ", nil), claims(object{"exp": now + 590}), es256(own))); got.status != http.StatusOK {
		t.Errorf("without typ, nearly ten minutes: %d %s; want a token", got.status, got.body)
	}
	for story, change := range map[string]object{
		"audience is a list":               {"aud": []string{o.Issuer()}},
		"audience is two":                  {"aud": []string{o.Issuer(), "https://other.example"}},
		"audience is the token endpoint":   {"aud": o.Endpoint("token_endpoint")},
		"audience is the issuer and slash": {"aud": o.Issuer() + "/"},
		"audience is another realm":        {"aud": o.base + "/bankid"},
		"audience is the base":             {"aud": o.base},
		"no audience":                      {"aud": nil},
		"audience is an object":            {"aud": object{"iss": o.Issuer()}},
		"eleven minutes":                   {"exp": now + 11*60},
		"no end":                           {"exp": nil},
		"the end is text":                  {"exp": "9999999999"},
		"the end is enormous":              {"exp": 1e300},
		"expired":                          {"iat": now - 600, "exp": now - 120},
		"issued in the future":             {"iat": now + 300, "exp": now + 400},
		"not yet":                          {"nbf": now + 300},
		"issuer is another client":         {"iss": "demo-web"},
		"subject is another client":        {"sub": "demo-web"},
		"both are another client":          {"iss": "demo-web", "sub": "demo-web"},
		"both are nobody":                  {"iss": "nobody", "sub": "nobody"},
		"no subject":                       {"sub": nil},
		"no issuer":                        {"iss": nil},
		"no name":                          {"jti": nil},
		"empty name":                       {"jti": ""},
		"name is a number":                 {"jti": 7},
	} {
		t.Run(story, func(t *testing.T) { told(t, send(forged(t, right, claims(change), es256(own))), 401, "invalid_client") })
	}
	type forgery struct {
		header object
		sign   pen
	}
	forgeries := map[string]forgery{
		"typ of a proof":             {with(right, "typ", "dpop+jwt"), es256(own)},
		"typ of an access token":     {with(right, "typ", "at+jwt"), es256(own)},
		"typ of a request object":    {with(right, "typ", "oauth-authz-req+jwt"), es256(own)},
		"typ of a logout token":      {with(right, "typ", "logout+jwt"), es256(own)},
		"alg none":                   {object{"alg": "none", "typ": "JWT"}, nil},
		"alg None":                   {object{"alg": "None", "typ": "JWT"}, nil},
		"alg none with a signature":  {object{"alg": "none", "typ": "JWT"}, es256(own)},
		"no alg":                     {with(right, "alg", nil), es256(own)},
		"alg of another curve":       {with(right, "alg", "ES384"), es256(own)},
		"alg RS256":                  {with(right, "alg", "RS256"), es256(own)},
		"no signature":               {right, nil},
		"signature of zeros":         {right, bytesOf(make([]byte, 64))},
		"signature in DER":           {right, der(own)},
		"another key":                {right, es256(other)},
		"another key without kid":    {with(right, "kid", nil), es256(other)},
		"embedded jwk":               {with(right, "jwk", otherJWK), es256(other)},
		"embedded jwk without kid":   {with(with(right, "kid", nil), "jwk", otherJWK), es256(other)},
		"jku":                        {with(right, "jku", o.base+"/dev/fixtures.json"), es256(other)},
		"x5u":                        {with(right, "x5u", o.base+"/cert"), es256(other)},
		"x5c":                        {with(right, "x5c", []string{"MIIB"}), es256(other)},
		"kid that is a path":         {with(right, "kid", "../../dev/null"), es256(other)},
		"kid nobody has":             {with(right, "kid", "nobody"), es256(own)},
		"crit that nobody knows":     {with(with(right, "crit", []string{"x"}), "x", true), es256(own)},
		"payload that is not base64": {with(with(right, "crit", []string{"b64"}), "b64", false), es256(own)},
	}
	for name, secret := range publicTexts(t, key) {
		forgeries["HS256 by the public key as "+name] = forgery{with(right, "alg", "HS256"), hs256(secret)}
	}
	forgeries["HS256 by nothing"] = forgery{with(right, "alg", "HS256"), hs256(nil)}
	for story, f := range forgeries {
		t.Run(story, func(t *testing.T) { told(t, send(forged(t, f.header, claims(nil), f.sign)), 401, "invalid_client") })
	}
	good := func() string { return o.Assertion("demo-jwt", nil) }
	once := good()
	if got := send(once); got.status != http.StatusOK {
		t.Fatalf("a good assertion: %d %s", got.status, got.body)
	}
	told(t, send(once), 401, "invalid_client")
	told(t, send(once+"."), 401, "invalid_client")
	told(t, send(once[:len(once)-2]), 401, "invalid_client")
	told(t, send(good(), "Authorization", o.basic("demo-web")), 400, "invalid_request")
	form := facts.WithAssertion(url.Values{"grant_type": {"client_credentials"}}, good())
	form.Set("client_id", "demo-web")
	told(t, o.do(http.MethodPost, "/token", form.Encode()), 400, "invalid_request")
	form.Set("client_id", "demo-jwt")
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
	told(t, o.do(http.MethodPost, "/token", form.Encode()), 401, "invalid_client")
	// The name is spent whatever endpoint took it.
	pushed := good()
	sent := o.Prepare(facts.Request{Client: "demo-jwt", Scope: "openid"}).Sent
	if p := o.PushForm(facts.WithAssertion(sent, pushed), nil); p.Status != http.StatusCreated {
		t.Fatalf("push: %d %v", p.Status, p.Body)
	}
	told(t, send(pushed), 401, "invalid_client")
}
