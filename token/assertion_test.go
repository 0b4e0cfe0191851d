package token

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuer = "https://op.example.no/buypass"
	us     = issuer + "/token"
)

var now = start.Unix()

func goodAssertion() map[string]any {
	return map[string]any{"iss": "demo-jwt", "sub": "demo-jwt", "aud": issuer, "jti": "one", "iat": now, "exp": now + 60}
}

func assertionRules() AssertionRules {
	return AssertionRules{Client: "demo-jwt", Audiences: []string{issuer}, At: now}
}

func TestVerifyAssertionOfEveryAlgorithm(t *testing.T) {
	p := newPeer()
	for _, algorithm := range AsymmetricAlgorithms {
		for _, kid := range []string{algorithm, ""} {
			text := p.sign(t, algorithm, kid, "client-authentication+jwt", goodAssertion())
			got, err := VerifyAssertion(text, p.keys, assertionRules())
			want := Assertion{Client: "demo-jwt", ID: "one", Expires: now + 60, Algorithm: algorithm, KeyID: kid}
			if err != nil || got != want {
				t.Errorf("%s: %+v, %v", algorithm, got, err)
			}
			if client, err := AssertionClient(text); err != nil || client != "demo-jwt" {
				t.Errorf("%s: client %q, %v", algorithm, client, err)
			}
		}
	}
}

func TestVerifyAssertionClaims(t *testing.T) {
	p, good := newPeer(), goodAssertion()
	for name, test := range map[string]struct {
		claims map[string]any
		typ    string
		want   string
	}{
		"as it should be":         {good, "client-authentication+jwt", ""},
		"no typ":                  {good, "", ""},
		"JWT":                     {good, "JWT", ""},
		"a long media type":       {good, "application/client-authentication+JWT", ""},
		"an access token":         {good, "at+jwt", WrongType},
		"a proof":                 {good, "dpop+jwt", WrongType},
		"a request object":        {good, "oauth-authz-req+jwt", WrongType},
		"a logout token":          {good, "logout+jwt", WrongType},
		"another issuer":          {but(good, "iss", "other"), "", WrongIssuer},
		"no issuer":               {but(good, "iss", nil), "", WrongIssuer},
		"issuer is a list":        {but(good, "iss", []string{"demo-jwt"}), "", Malformed},
		"another subject":         {but(good, "sub", "other"), "", WrongSubject},
		"no subject":              {but(good, "sub", nil), "", WrongSubject},
		"the token endpoint":      {but(good, "aud", us), "", WrongAudience},
		"a list":                  {but(good, "aud", []string{issuer}), "", WrongAudience},
		"a longer issuer":         {but(good, "aud", issuer+"/"), "", WrongAudience},
		"no audience":             {but(good, "aud", nil), "", WrongAudience},
		"audience is null":        {but(good, "aud", json.RawMessage("null")), "", WrongAudience},
		"expired now":             {but(good, "exp", now), "", Expired},
		"expired":                 {but(good, "exp", now-1, "iat", now-100), "", Expired},
		"no exp":                  {but(good, "exp", nil), "", Malformed},
		"exp is text":             {but(good, "exp", "2000000000"), "", Malformed},
		"exp is null":             {but(good, "exp", json.RawMessage("null")), "", Malformed},
		"exp is beyond numbers":   {but(good, "exp", json.RawMessage("1e999")), "", Malformed},
		"exp has a fraction":      {but(good, "exp", float64(now)+60.5), "", ""},
		"ten minutes":             {but(good, "exp", now+600), "", ""},
		"ten minutes by its iat":  {but(good, "exp", now+610, "iat", now+10), "", ""},
		"more than ten minutes":   {but(good, "exp", now+601), "", TooLong},
		"long without iat":        {but(good, "exp", now+660, "iat", nil), "", TooLong},
		"long in the past":        {but(good, "exp", now+60, "iat", now-600), "", TooLong},
		"no iat":                  {but(good, "iat", nil), "", ""},
		"iat 10 s ahead":          {but(good, "iat", now+10), "", ""},
		"iat 61 s ahead":          {but(good, "iat", now+61, "exp", now+90), "", NotYetValid},
		"nbf 10 s ahead":          {but(good, "nbf", now+10), "", ""},
		"nbf 61 s ahead":          {but(good, "nbf", now+61, "exp", now+90), "", NotYetValid},
		"no jti":                  {but(good, "jti", nil), "", MissingID},
		"empty jti":               {but(good, "jti", ""), "", MissingID},
		"jti is a number":         {but(good, "jti", 7), "", Malformed},
		"a jti without measure":   {but(good, "jti", strings.Repeat("x", maxID+1)), "", Malformed},
		"another client's claims": {but(good, "iss", "other", "sub", "other"), "", WrongIssuer},
		"names in capitals":       {but(good, "exp", nil, "EXP", now+60), "", Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyAssertion(p.sign(t, "ES256", "ES256", test.typ, test.claims), p.keys, assertionRules())
			refused(t, err, test.want)
		})
	}
}

func TestVerifyAssertionOlderAudiences(t *testing.T) {
	p, rules := newPeer(), assertionRules()
	rules.Audiences, rules.AnyAudienceShape = []string{issuer, us}, true
	for _, aud := range []any{issuer, us, []string{"https://other.example.no", us}} {
		_, err := VerifyAssertion(p.sign(t, "ES256", "ES256", "", but(goodAssertion(), "aud", aud)), p.keys, rules)
		refused(t, err, "")
	}
	for _, aud := range []any{[]string{}, []any{issuer, 7}, []any{nil}, "https://other.example.no", map[string]any{}} {
		_, err := VerifyAssertion(p.sign(t, "ES256", "ES256", "", but(goodAssertion(), "aud", aud)), p.keys, rules)
		refused(t, err, WrongAudience)
	}
}

func TestVerifyAssertionKeys(t *testing.T) {
	p := newPeer()
	narrow := assertionRules()
	narrow.Algorithms = []string{"PS256"}
	_, err := VerifyAssertion(p.sign(t, "ES256", "ES256", "", goodAssertion()), p.keys, narrow)
	refused(t, err, WrongAlgorithm)
	_, err = VerifyAssertion(p.sign(t, "ES256", "another", "", goodAssertion()), p.keys, assertionRules())
	refused(t, err, UnknownKey)
	_, err = VerifyAssertion(p.sign(t, "RS256", "PS256", "", goodAssertion()), p.keys, assertionRules())
	refused(t, err, WrongAlgorithm)
	_, err = VerifyAssertion(p.sign(t, "ES256", "", "", goodAssertion()), KeySet{}, assertionRules())
	refused(t, err, UnknownKey)

	old := KeySet{Keys: []PublicKey{{ID: "k", Public: p.private["ES256"].Public(), Expires: now}}}
	_, err = VerifyAssertion(p.sign(t, "ES256", "k", "", goodAssertion()), old, assertionRules())
	refused(t, err, ExpiredKey)
	old.Keys[0].Expires++
	_, err = VerifyAssertion(p.sign(t, "ES256", "k", "", goodAssertion()), old, assertionRules())
	refused(t, err, "")

	for _, key := range []PublicKey{
		{ID: "k", Public: p.private["ES256"].Public(), Use: "enc"},
		{ID: "k", Public: p.private["ES256"].Public(), operations: []string{"deriveKey"}},
		{ID: "k", Public: p.private["ES256"].Public(), Algorithm: "ECDH-ES"},
	} {
		_, err = VerifyAssertion(p.sign(t, "ES256", "k", "", goodAssertion()), KeySet{Keys: []PublicKey{key}}, assertionRules())
		refused(t, err, WrongAlgorithm)
	}
}

// What an attacker without the client's key would send.
func TestVerifyAssertionHostile(t *testing.T) {
	p, thief := newPeer(), p256(t)
	text, _ := json.Marshal(goodAssertion())
	claims := string(text)
	jwk := publicJWK(t, thief.Public())
	good := p.sign(t, "ES256", "ES256", "", goodAssertion())
	parts := strings.Split(good, ".")
	rsaPublic, _ := json.Marshal(jose.JSONWebKey{Key: p.private["RS256"].Public()})
	hmac := func(secret string) string {
		return signWith(t, "HS256", jose.JSONWebKey{Key: []byte(secret), KeyID: "RS256"}, nil, claims)
	}
	for name, test := range map[string]struct{ text, want string }{
		"another key":               {forge(t, thief, `{"alg":"ES256","kid":"ES256"}`, claims), BadSignature},
		"a key in the header":       {forge(t, thief, `{"alg":"ES256","jwk":`+jwk+`}`, claims), BadSignature},
		"an address in the header":  {forge(t, thief, `{"alg":"ES256","kid":"ES256","jku":"https://thief.example/jwks"}`, claims), BadSignature},
		"a certificate's address":   {forge(t, thief, `{"alg":"ES256","kid":"ES256","x5u":"https://thief.example/c"}`, claims), BadSignature},
		"a chain in the header":     {forge(t, thief, `{"alg":"ES256","kid":"ES256","x5c":["AAAA"]}`, claims), BadSignature},
		"a kid that is a path":      {forge(t, thief, `{"alg":"ES256","kid":"../../dev/null"}`, claims), UnknownKey},
		"crit":                      {forge(t, thief, `{"alg":"ES256","kid":"ES256","crit":["exp"]}`, claims), WrongHeader},
		"empty crit":                {forge(t, thief, `{"alg":"ES256","kid":"ES256","crit":[]}`, claims), WrongHeader},
		"unencoded payload":         {forge(t, thief, `{"alg":"ES256","kid":"ES256","crit":["b64"],"b64":false}`, claims), WrongHeader},
		"compressed":                {forge(t, thief, `{"alg":"ES256","kid":"ES256","zip":"DEF"}`, claims), WrongHeader},
		"two algorithms":            {forge(t, thief, `{"alg":"ES256","alg":"none","kid":"ES256"}`, claims), Malformed},
		"alg is a list":             {forge(t, thief, `{"alg":["ES256"]}`, claims), Malformed},
		"no alg":                    {forge(t, thief, `{"kid":"ES256"}`, claims), Malformed},
		"unknown alg":               {forge(t, thief, `{"alg":"XS256","kid":"ES256"}`, claims), WrongAlgorithm},
		"alg in small letters":      {forge(t, thief, `{"alg":"es256","kid":"ES256"}`, claims), WrongAlgorithm},
		"none":                      {encode([]byte(`{"alg":"none"}`)) + "." + encode(text) + ".", WrongAlgorithm},
		"None":                      {encode([]byte(`{"alg":"None"}`)) + "." + encode(text) + ".", Malformed},
		"none with a signature":     {encode([]byte(`{"alg":"none"}`)) + "." + encode(text) + ".AAAA", WrongAlgorithm},
		"HMAC with the public key":  {hmac(string(rsaPublic)), WrongAlgorithm},
		"HMAC with the JWK Set":     {hmac(p.jwks), WrongAlgorithm},
		"no signature":              {parts[0] + "." + parts[1] + ".", Malformed},
		"a signature of zeroes":     {parts[0] + "." + parts[1] + "." + encode(make([]byte, 64)), BadSignature},
		"a short signature":         {parts[0] + "." + parts[1] + "." + encode(make([]byte, 63)), BadSignature},
		"other claims":              {parts[0] + "." + encode([]byte(strings.Replace(claims, "one", "two", 1))) + "." + parts[2], BadSignature},
		"a claim twice":             {forge(t, thief, `{"alg":"ES256"}`, twice(claims, `"exp":9999999999`)), Malformed},
		"a claim twice inside":      {forge(t, thief, `{"alg":"ES256"}`, twice(claims, `"x":[{"a":1,"a":2}]`)), Malformed},
		"a claim twice by escape":   {forge(t, thief, `{"alg":"ES256"}`, twice(claims, `"\u0065xp":1`)), Malformed},
		"claims that are a list":    {forge(t, thief, `{"alg":"ES256"}`, `[]`), Malformed},
		"claims that are null":      {forge(t, thief, `{"alg":"ES256"}`, `null`), Malformed},
		"claims and more":           {forge(t, thief, `{"alg":"ES256"}`, claims+`{}`), Malformed},
		"not UTF-8":                 {forge(t, thief, `{"alg":"ES256"}`, "{\"iss\":\"\xff\"}"), Malformed},
		"a deep nest":               {forge(t, thief, `{"alg":"ES256"}`, `{"x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`), Malformed},
		"huge":                      {good + strings.Repeat("A", maxAssertion), Malformed},
		"dots":                      {strings.Repeat(".", 4000), Malformed},
		"five parts":                {good + ".A.A", Malformed},
		"the JSON serialization":    {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, Malformed},
		"padding":                   {parts[0] + "." + parts[1] + "." + parts[2] + "==", Malformed},
		"a line break":              {parts[0] + "." + parts[1] + ".\n" + parts[2], Malformed},
		"nothing":                   {"", Malformed},
		"standard Base64 in header": {base64.StdEncoding.EncodeToString([]byte(`{"alg":"ES256" }`)) + "." + parts[1] + "." + parts[2], Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyAssertion(test.text, p.keys, assertionRules())
			refused(t, err, test.want)
			if err != nil && strings.Contains(err.Error(), "demo-jwt") {
				t.Errorf("the refusal quotes what was sent: %v", err)
			}
		})
	}
}

func TestVerifyAssertionHMAC(t *testing.T) {
	secret := strings.Repeat("s", 43)
	sign := func(algorithm, secret string) string {
		return signWith(t, algorithm, []byte(secret), nil, goodAssertion())
	}
	got, err := VerifyAssertionHMAC(sign("HS256", secret), []byte(secret), assertionRules())
	if want := (Assertion{Client: "demo-jwt", ID: "one", Expires: now + 60, Algorithm: "HS256"}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = VerifyAssertionHMAC(sign("HS256", secret), []byte(secret+"x"), assertionRules())
	refused(t, err, BadSignature)
	_, err = VerifyAssertionHMAC(sign("HS512", strings.Repeat("s", 64)), []byte(strings.Repeat("s", 64)), assertionRules())
	refused(t, err, WrongAlgorithm)
	_, err = VerifyAssertionHMAC(newPeer().sign(t, "ES256", "", "", goodAssertion()), []byte(secret), assertionRules())
	refused(t, err, WrongAlgorithm)
	_, err = VerifyAssertion(sign("HS256", secret), newPeer().keys, assertionRules())
	refused(t, err, WrongAlgorithm)

	_, empty, _ := strings.Cut(sign("HS256", secret), ".")
	_, err = VerifyAssertionHMAC(encode([]byte(`{"alg":"HS256"}`))+"."+empty, nil, assertionRules())
	refused(t, err, BadSignature)
}

func FuzzVerifyAssertion(f *testing.F) {
	p := newPeer()
	for _, algorithm := range []string{"ES256", "RS256", "EdDSA"} {
		f.Add(p.sign(f, algorithm, algorithm, "JWT", goodAssertion()))
	}
	f.Add(forge(f, p256(f), `{"alg":"ES256","crit":["b64"],"b64":false}`, `{}`))
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := VerifyAssertion(text, p.keys, assertionRules()); err == nil && (a.ID == "" || a.Expires <= now || a.Client != "demo-jwt") {
			t.Errorf("%q is believed: %+v", text, a)
		} else if err != nil {
			refused(t, err, err.(*Refusal).Key)
		}
	})
}
