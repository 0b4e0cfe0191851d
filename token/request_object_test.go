package token

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func goodRequest() map[string]any {
	return map[string]any{
		"iss": "demo-jwt", "aud": issuer, "exp": now + 300, "nbf": now, "jti": "one",
		"client_id": "demo-jwt", "response_type": "code", "scope": "openid email",
		"redirect_uri": "https://client.example/callback", "max_age": 300, "require": true,
		"claims":   map[string]any{"id_token": map[string]any{"acr": map[string]any{"essential": true}}},
		"resource": []string{"https://a.example", "https://b.example"}, "login_hint": nil,
	}
}

func requestRules() RequestObjectRules {
	return RequestObjectRules{Client: "demo-jwt", Issuer: issuer, At: now}
}

const requestType = "oauth-authz-req+jwt"

func TestParseRequestObject(t *testing.T) {
	p := newPeer()
	for _, algorithm := range AsymmetricAlgorithms {
		got, err := ParseRequestObject(p.sign(t, algorithm, algorithm, requestType, goodRequest()), p.keys, requestRules())
		if err != nil {
			t.Fatal(err)
		}
		if !got.Signed || got.Encrypted || got.Algorithm != algorithm || got.ID != "one" || got.Expires != now+300 {
			t.Errorf("%+v", got)
		}
		values, err := got.Values()
		want := url.Values{
			"client_id": {"demo-jwt"}, "response_type": {"code"}, "scope": {"openid email"},
			"redirect_uri": {"https://client.example/callback"}, "max_age": {"300"}, "require": {"true"},
			"claims":   {`{"id_token":{"acr":{"essential":true}}}`},
			"resource": {"https://a.example", "https://b.example"},
		}
		if diff := cmp.Diff(want, values); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", algorithm, err, diff)
		}
	}
}

func TestParseRequestObjectClaims(t *testing.T) {
	p, good := newPeer(), goodRequest()
	strict, lax := requestRules(), requestRules()
	strict.ExpiryRequired, lax.OmitNames = true, true
	for name, test := range map[string]struct {
		claims map[string]any
		typ    string
		rules  RequestObjectRules
		want   string
	}{
		"JWT":                         {good, "JWT", requestRules(), ""},
		"no typ":                      {good, "", requestRules(), ""},
		"a client assertion's typ":    {good, "client-authentication+jwt", requestRules(), WrongType},
		"a proof's typ":               {good, "dpop+jwt", requestRules(), WrongType},
		"another client":              {but(good, "iss", "other"), requestType, requestRules(), WrongIssuer},
		"another client_id":           {but(good, "client_id", "other"), requestType, requestRules(), WrongIssuer},
		"no iss":                      {but(good, "iss", nil), requestType, requestRules(), WrongIssuer},
		"no iss, where allowed":       {but(good, "iss", nil, "aud", nil), requestType, lax, ""},
		"another iss, where absent":   {but(good, "iss", "other"), requestType, lax, WrongIssuer},
		"another aud, where absent":   {but(good, "aud", "https://other.example"), requestType, lax, WrongAudience},
		"a client assertion":          {but(good, "sub", "demo-jwt"), requestType, requestRules(), WrongSubject},
		"sub is a list":               {but(good, "sub", []string{"demo-jwt"}), requestType, requestRules(), WrongSubject},
		"another sub":                 {but(good, "sub", "x"), requestType, requestRules(), ""},
		"aud is a list with us":       {but(good, "aud", []string{"x", issuer}), requestType, requestRules(), ""},
		"aud is a list without us":    {but(good, "aud", []string{"x"}), requestType, requestRules(), WrongAudience},
		"no aud":                      {but(good, "aud", nil), requestType, requestRules(), WrongAudience},
		"expired":                     {but(good, "exp", now), requestType, requestRules(), Expired},
		"too long":                    {but(good, "exp", now+4000), requestType, requestRules(), TooLong},
		"nbf ahead":                   {but(good, "nbf", now+61), requestType, requestRules(), NotYetValid},
		"nbf 10 s ahead":              {but(good, "nbf", now+10), requestType, requestRules(), ""},
		"no exp":                      {but(good, "exp", nil), requestType, requestRules(), ""},
		"no exp, where required":      {but(good, "exp", nil), requestType, strict, Malformed},
		"no nbf, where required":      {but(good, "nbf", nil), requestType, strict, Malformed},
		"an old nbf, where required":  {but(good, "nbf", now-3601), requestType, strict, Expired},
		"both, where required":        {good, requestType, strict, ""},
		"a request inside":            {but(good, "request", "x"), requestType, requestRules(), NestedRequest},
		"a request_uri inside":        {but(good, "request_uri", "x"), requestType, requestRules(), NestedRequest},
		"a request inside that is 0":  {but(good, "request", 0), requestType, requestRules(), NestedRequest},
		"iss is a number":             {but(good, "iss", 7), requestType, requestRules(), WrongIssuer},
		"a jti that is a number":      {but(good, "jti", 7), requestType, requestRules(), Malformed},
		"encryption, where it is due": {good, requestType, RequestObjectRules{Client: "demo-jwt", Issuer: issuer, At: now, EncryptedRequired: true}, NotEncrypted},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseRequestObject(p.sign(t, "ES256", "ES256", test.typ, test.claims), p.keys, test.rules)
			refused(t, err, test.want)
		})
	}
}

func TestParseRequestObjectUnsigned(t *testing.T) {
	p := newPeer()
	text, _ := json.Marshal(goodRequest())
	unsigned := encode([]byte(`{"alg":"none"}`)) + "." + encode(text) + "."
	_, err := ParseRequestObject(unsigned, p.keys, requestRules())
	refused(t, err, Unsigned)
	rules := requestRules()
	rules.AllowUnsigned = true
	got, err := ParseRequestObject(unsigned, p.keys, rules)
	if err != nil || got.Signed || got.Algorithm != "none" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = ParseRequestObject(unsigned+"AAAA", p.keys, rules)
	refused(t, err, Unsigned)
	_, err = ParseRequestObject(forge(t, p256(t), `{"alg":"ES256","kid":"ES256"}`, string(text)), p.keys, rules)
	refused(t, err, BadSignature)
	_, err = ParseRequestObject(forge(t, p256(t), `{"alg":"NONE"}`, string(text)), p.keys, rules)
	refused(t, err, WrongAlgorithm)
	_, err = ParseRequestObject(encode([]byte(`{"alg":"none"}`))+"."+encode([]byte(twice(string(text), `"scope":"x"`)))+".", p.keys, rules)
	refused(t, err, Malformed)
	_, err = ParseRequestObject(unsigned+strings.Repeat("A", maxRequestObject), p.keys, rules)
	refused(t, err, Malformed)
}

func TestParseRequestObjectEncrypted(t *testing.T) {
	p := newPeer()
	ring, _, _ := newRing(t)
	rules := requestRules()
	rules.EncryptedRequired = true
	rules.Decrypt = func(jwe string) ([]byte, error) { return ring.Decrypt(t.Context(), "buypass", jwe) }
	signed := p.sign(t, "PS256", "PS256", requestType, goodRequest())
	for _, algorithm := range KeyManagement {
		to := encryptionKey(t, ring, algorithm)
		for _, content := range ContentEncryption {
			jwe := encryptTo(t, to, algorithm, content, signed, nil)
			got, err := ParseRequestObject(jwe, p.keys, rules)
			if err != nil || !got.Encrypted || !got.Signed || got.Algorithm != "PS256" {
				t.Errorf("%s %s: %+v, %v", algorithm, content, got, err)
			}
		}
	}
	to := encryptionKey(t, ring, "ECDH-ES")
	text, _ := json.Marshal(goodRequest())
	_, err := ParseRequestObject(encryptTo(t, to, "ECDH-ES", "A256GCM", string(text), nil), p.keys, rules)
	refused(t, err, Unsigned) // anybody can encrypt
	nested := encryptTo(t, to, "ECDH-ES", "A256GCM", encryptTo(t, to, "ECDH-ES", "A256GCM", signed, nil), nil)
	_, err = ParseRequestObject(nested, p.keys, rules)
	refused(t, err, Malformed)
	_, err = ParseRequestObject(encryptTo(t, p256(t).Public(), "ECDH-ES", "A256GCM", signed, nil), p.keys, rules)
	refused(t, err, NotDecryptable)

	rules.AllowUnsigned = true
	got, err := ParseRequestObject(encryptTo(t, to, "ECDH-ES", "A256GCM", string(text), nil), p.keys, rules)
	if err != nil || got.Signed || !got.Encrypted {
		t.Errorf("%+v, %v", got, err)
	}
	fault := errors.New("the store is away")
	rules.Decrypt = func(string) ([]byte, error) { return nil, fault }
	if _, err = ParseRequestObject(nested, p.keys, rules); !errors.Is(err, fault) {
		t.Errorf("%v, want our own fault", err)
	}
	rules.Decrypt = nil
	_, err = ParseRequestObject(nested, p.keys, rules)
	refused(t, err, NotDecryptable)
}

func FuzzParseRequestObject(f *testing.F) {
	p := newPeer()
	ring, _, _ := newRing(f)
	if err := ring.Ensure(f.Context(), "buypass", EncryptionAlgorithms...); err != nil {
		f.Fatal(err)
	}
	signed := p.sign(f, "ES256", "ES256", requestType, goodRequest())
	f.Add(signed)
	f.Add(encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(`{"aud":[],"resource":["a",1],"x":-0.0e1}`)) + ".")
	key, err := ring.EncryptionKey(f.Context(), "buypass", "ECDH-ES")
	if err != nil {
		f.Fatal(err)
	}
	jwe, err := Encrypt(signed, key, "ECDH-ES", "A128GCM")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(jwe)
	f.Add(encode([]byte(`{"alg":"ECDH-ES","enc":"A128GCM","epk":{}}`)) + "....")
	rules := requestRules()
	rules.AllowUnsigned, rules.OmitNames = true, true
	f.Fuzz(func(t *testing.T, text string) {
		rules := rules
		rules.Decrypt = func(jwe string) ([]byte, error) { return ring.Decrypt(t.Context(), "buypass", jwe) }
		object, err := ParseRequestObject(text, p.keys, rules)
		var refusal *Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("%q is our own fault: %v", text, err)
		}
		if _, err := object.Values(); err != nil {
			t.Errorf("%q was read but has no values: %v", text, err)
		}
	})
}
