package token

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func goodGrant() map[string]any {
	return map[string]any{"iss": "machine", "aud": issuer, "scope": "skogdata:hogst", "jti": "one", "iat": now, "exp": now + 120}
}

func grantRules() GrantRules {
	return GrantRules{Issuer: "machine", Audiences: []string{issuer}, IssuedRequired: true, At: now}
}

func TestVerifyGrantAssertion(t *testing.T) {
	p := newPeer()
	text := p.sign(t, "RS256", "RS256", "", goodGrant())
	if client, err := GrantIssuer(text); err != nil || client != "machine" {
		t.Errorf("%q, %v", client, err)
	}
	got, err := VerifyGrantAssertion(text, p.keys, grantRules())
	if err != nil || got.Issuer != "machine" || got.ID != "one" || got.Expires != now+120 || got.IssuedAt != now || got.KeyID != "RS256" || got.Chain != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if beyond := got.Beyond("iss", "aud", "iat", "exp", "jti"); !slices.Equal(beyond, []string{"scope"}) {
		t.Errorf("beyond what is known: %v", beyond)
	}
	again, err := VerifyGrantAssertion(p.sign(t, "ES256", "ES256", "", but(goodGrant(), "jti", nil)), p.keys, grantRules())
	if err != nil || !strings.HasPrefix(again.ID, "sha256:") {
		t.Errorf("without jti: %q, %v", again.ID, err)
	}
}

func TestVerifyGrantAssertionClaims(t *testing.T) {
	p, good := newPeer(), goodGrant()
	for name, test := range map[string]struct {
		claims map[string]any
		want   string
	}{
		"as it should be":            {good, ""},
		"its own subject":            {but(good, "sub", "machine"), ""},
		"another issuer":             {but(good, "iss", "other"), WrongIssuer},
		"the token endpoint":         {but(good, "aud", us), WrongAudience},
		"a list":                     {but(good, "aud", []string{issuer}), WrongAudience},
		"without the trailing slash": {but(good, "aud", issuer+"/"), WrongAudience},
		"expired":                    {but(good, "exp", now-1, "iat", now-100), Expired},
		"two minutes and a second":   {but(good, "exp", now+121), TooLong},
		"10 s ahead":                 {but(good, "iat", now+10, "exp", now+130), ""},
		"11 s ahead":                 {but(good, "iat", now+11, "exp", now+100), NotYetValid},
		"no iat":                     {but(good, "iat", nil), Malformed},
		"no exp":                     {but(good, "exp", nil), Malformed},
		"jti is a number":            {but(good, "jti", 1), Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyGrantAssertion(p.sign(t, "RS256", "RS256", "", test.claims), p.keys, grantRules())
			refused(t, err, test.want)
		})
	}
}

// What comes first is told first, whatever else is wrong.
func TestVerifyGrantAssertionOrder(t *testing.T) {
	p, bad := newPeer(), but(goodGrant(), "aud", us, "exp", now-1)
	old := KeySet{Keys: []PublicKey{{ID: "RS256", Public: p.private["RS256"].Public(), Expires: now}}}
	for name, test := range map[string]struct {
		text, want string
		keys       KeySet
	}{
		"not a JWT":       {"x", Malformed, p.keys},
		"no kid":          {p.sign(t, "RS256", "", "", bad), WrongHeader, p.keys},
		"another type":    {p.sign(t, "RS256", "RS256", "at+jwt", bad), WrongType, p.keys},
		"a client's typ":  {p.sign(t, "RS256", "RS256", "client-authentication+jwt", bad), WrongType, p.keys},
		"unknown kid":     {p.sign(t, "RS256", "x", "", bad), UnknownKey, p.keys},
		"expired key":     {p.sign(t, "RS256", "RS256", "", bad), ExpiredKey, old},
		"another's key":   {forge(t, p256(t), `{"alg":"ES256","kid":"ES256"}`, `{}`), BadSignature, p.keys},
		"audience":        {p.sign(t, "RS256", "RS256", "", bad), WrongAudience, p.keys},
		"both kid, x5c":   {forge(t, p256(t), `{"alg":"ES256","kid":"ES256","x5c":[]}`, `{}`), WrongHeader, p.keys},
		"x5c, not taken":  {forge(t, p256(t), `{"alg":"ES256","x5c":["AAAA"]}`, `{}`), WrongHeader, KeySet{}},
		"none with a kid": {encode([]byte(`{"alg":"none","kid":"x"}`)) + "." + encode([]byte(`{}`)) + ".", WrongAlgorithm, p.keys},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyGrantAssertion(test.text, test.keys, grantRules())
			refused(t, err, test.want)
		})
	}
}

// certificate makes one that signs itself; whom it is trusted by is not ours.
func certificate(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "MACHINE AS"}, NotBefore: start, NotAfter: start.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestVerifyGrantAssertionCertificate(t *testing.T) {
	p := newPeer()
	cert := certificate(t, p.private["RS256"])
	sign := func(x5c any) string {
		options := (&jose.SignerOptions{}).WithHeader("x5c", x5c)
		return signWith(t, "RS256", p.private["RS256"], options, goodGrant())
	}
	leaf := base64.StdEncoding.EncodeToString(cert.Raw)
	rules := grantRules()
	rules.Certificate = func(chain []*x509.Certificate) error {
		if !chain[0].Equal(cert) {
			return &Refusal{BadCertificate, "not trusted"}
		}
		return nil
	}
	got, err := VerifyGrantAssertion(sign([]string{leaf}), KeySet{}, rules)
	if err != nil || len(got.Chain) != 1 || got.KeyID != "" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = VerifyGrantAssertion(sign([]string{leaf}), p.keys, rules)
	refused(t, err, WrongHeader) // a client with keys uses them

	for name, x5c := range map[string]any{
		"text":          leaf,
		"nothing":       []string{},
		"null":          []any{nil},
		"base64url":     []string{"_-_-"},
		"not a cert":    []string{"AAAA"},
		"a long chain":  slices.Repeat([]string{leaf}, mostX5C+1),
		"and a number":  []any{leaf, 7},
		"a broken root": []string{leaf, leaf[:len(leaf)-8]},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyGrantAssertion(sign(x5c), KeySet{}, rules)
			refused(t, err, WrongHeader)
		})
	}
	stolen := forge(t, p256(t), `{"alg":"ES256","x5c":["`+leaf+`"]}`, `{}`)
	_, err = VerifyGrantAssertion(stolen, KeySet{}, rules)
	refused(t, err, WrongAlgorithm)
	text, _ := json.Marshal(goodGrant())
	forged := encode([]byte(`{"alg":"RS256","x5c":["`+leaf+`"]}`)) + "." + encode(text) + "." + encode(make([]byte, 256))
	_, err = VerifyGrantAssertion(forged, KeySet{}, rules)
	refused(t, err, BadSignature)
	rules.Certificate = func([]*x509.Certificate) error { return &Refusal{BadCertificate, "not trusted"} }
	_, err = VerifyGrantAssertion(sign([]string{leaf}), KeySet{}, rules)
	refused(t, err, BadCertificate)
	fault := errors.New("the responder is away")
	rules.Certificate = func([]*x509.Certificate) error { return fault }
	if _, err = VerifyGrantAssertion(sign([]string{leaf}), KeySet{}, rules); !errors.Is(err, fault) {
		t.Errorf("%v, want our own fault", err)
	}
}

func TestCertificateThumbprint(t *testing.T) {
	cert := certificate(t, p256(t))
	if got := CertificateThumbprint(cert); got != encode(Hash(string(cert.Raw))) || len(got) != 43 {
		t.Errorf("%q", got)
	}
}

func FuzzVerifyGrantAssertion(f *testing.F) {
	p := newPeer()
	f.Add(p.sign(f, "ES256", "ES256", "", goodGrant()))
	leaf := base64.StdEncoding.EncodeToString(certificate(f, p.private["ES256"]).Raw)
	f.Add(forge(f, p256(f), `{"alg":"ES256","x5c":["`+leaf+`"]}`, `{"iss":"machine"}`))
	f.Add("e30.e30.")
	rules := grantRules()
	rules.Certificate = func([]*x509.Certificate) error { return nil }
	f.Fuzz(func(t *testing.T, text string) {
		for _, keys := range []KeySet{p.keys, {}} {
			g, err := VerifyGrantAssertion(text, keys, rules)
			if err == nil && (g.ID == "" || g.Expires <= now || g.Issuer != "machine") {
				t.Errorf("%q is believed: %+v", text, g)
			} else if err != nil {
				refused(t, err, err.(*Refusal).Key)
			}
		}
	})
}
