package token

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func goodProof() map[string]any {
	return map[string]any{"jti": "one", "htm": "POST", "htu": us, "iat": now}
}

func proofRules() DPoPRules { return DPoPRules{Method: "POST", URL: us, At: now} }

func TestVerifyDPoPOfEveryAlgorithm(t *testing.T) {
	p := newPeer()
	for _, algorithm := range AsymmetricAlgorithms {
		got, err := VerifyDPoP(p.prove(t, algorithm, goodProof()), proofRules())
		jkt, _ := Thumbprint(p.private[algorithm].Public())
		if want := (Proof{Thumbprint: jkt, ID: "one", IssuedAt: now, Expires: now + 61}); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", algorithm, got, err, want)
		}
	}
}

// The proof and thumbprint are those of the example in RFC 9449 §4.1 and §6.1.
func TestVerifyDPoPExample(t *testing.T) {
	const example = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	proof, err := VerifyDPoP(example, DPoPRules{Method: "POST", URL: "https://server.example.com/token", At: 1562262616})
	if err != nil || proof.Thumbprint != "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" || proof.ID != "-BwC3ESc6acc2lTc" {
		t.Errorf("%+v, %v", proof, err)
	}
}

func TestVerifyDPoPClaims(t *testing.T) {
	p, good := newPeer(), goodProof()
	for name, test := range map[string]struct {
		claims map[string]any
		want   string
	}{
		"scheme and host in capitals": {but(good, "htu", "HTTPS://OP.EXAMPLE.NO/buypass/token"), ""},
		"the default port":            {but(good, "htu", "https://op.example.no:443/buypass/token"), ""},
		"query and fragment":          {but(good, "htu", us+"?a=b#c"), ""},
		"another port":                {but(good, "htu", "https://op.example.no:8443/buypass/token"), WrongAddress},
		"another scheme":              {but(good, "htu", "http://op.example.no/buypass/token"), WrongAddress},
		"another path":                {but(good, "htu", us+"/"), WrongAddress},
		"a path in capitals":          {but(good, "htu", issuer+"/TOKEN"), WrongAddress},
		"an escaped slash":            {but(good, "htu", issuer+"%2Ftoken"), WrongAddress},
		"a path that climbs":          {but(good, "htu", issuer+"/x/../token"), WrongAddress},
		"a user":                      {but(good, "htu", "https://op.example.no@evil.example/buypass/token"), WrongAddress},
		"another host":                {but(good, "htu", "https://op.example.no.evil.example/buypass/token"), WrongAddress},
		"a relative address":          {but(good, "htu", "/buypass/token"), WrongAddress},
		"no address":                  {but(good, "htu", nil), WrongAddress},
		"an address that is a list":   {but(good, "htu", []string{us}), Malformed},
		"another method":              {but(good, "htm", "GET"), WrongMethod},
		"a method in small letters":   {but(good, "htm", "post"), WrongMethod},
		"no method":                   {but(good, "htm", nil), WrongMethod},
		"10 s ahead":                  {but(good, "iat", now+10), ""},
		"10 s behind":                 {but(good, "iat", now-10), ""},
		"far ahead":                   {but(good, "iat", now+61), NotYetValid},
		"far behind":                  {but(good, "iat", now-61), Expired},
		"no iat":                      {but(good, "iat", nil), Malformed},
		"iat is text":                 {but(good, "iat", "now"), Malformed},
		"no jti":                      {but(good, "jti", nil), MissingID},
		"a jti without measure":       {but(good, "jti", strings.Repeat("x", maxID+1)), Malformed},
		"exp and nbf":                 {but(good, "exp", now+300, "nbf", now), ""},
		"exp passed":                  {but(good, "exp", now-1), Expired},
		"nbf ahead":                   {but(good, "nbf", now+300), NotYetValid},
		"a nonce not asked for":       {but(good, "nonce", "x"), ""},
		"an ath not asked for":        {but(good, "ath", "x"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyDPoP(p.prove(t, "ES256", test.claims), proofRules())
			refused(t, err, test.want)
		})
	}
}

func TestVerifyDPoPBindings(t *testing.T) {
	p, good := newPeer(), goodProof()
	// The access token and its hash are those of the example in RFC 9449 §7.1.
	rules := proofRules()
	rules.AccessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	_, err := VerifyDPoP(p.prove(t, "ES256", but(good, "ath", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")), rules)
	refused(t, err, "")
	for _, ath := range []any{nil, "", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEp", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo="} {
		_, err = VerifyDPoP(p.prove(t, "ES256", but(good, "ath", ath)), rules)
		refused(t, err, WrongToken)
	}

	rules = proofRules()
	rules.Nonce = func(nonce string) bool { return nonce == "fresh" }
	for nonce, want := range map[any]string{nil: UseNonce, "": UseNonce, "stale": UseNonce, 7: UseNonce, "fresh": ""} {
		_, err = VerifyDPoP(p.prove(t, "ES256", but(good, "nonce", nonce)), rules)
		refused(t, err, want)
	}

	rules = proofRules()
	rules.Thumbprint, _ = Thumbprint(p.private["ES256"].Public())
	_, err = VerifyDPoP(p.prove(t, "ES256", good), rules)
	refused(t, err, "")
	_, err = VerifyDPoP(p.prove(t, "EdDSA", good), rules)
	refused(t, err, WrongKey)

	rules = proofRules()
	rules.Algorithms = []string{"PS256"}
	_, err = VerifyDPoP(p.prove(t, "ES256", good), rules)
	refused(t, err, WrongAlgorithm)
}

func TestVerifyDPoPHostile(t *testing.T) {
	p, key := newPeer(), p256(t)
	text, _ := json.Marshal(goodProof())
	claims, jwk := string(text), publicJWK(t, key.Public())
	other := publicJWK(t, p.private["ES256"].Public())
	private, _ := json.Marshal(jose.JSONWebKey{Key: key})
	head := func(rest string) string { return `{"typ":"dpop+jwt","alg":"ES256",` + rest + `}` }
	for name, test := range map[string]struct{ header, want string }{
		"as it should be":        {head(`"jwk":` + jwk), ""},
		"a kid beside it":        {head(`"kid":"x","jwk":` + jwk), ""},
		"no typ":                 {`{"alg":"ES256","jwk":` + jwk + `}`, WrongType},
		"typ JWT":                {`{"typ":"JWT","alg":"ES256","jwk":` + jwk + `}`, WrongType},
		"no jwk":                 {`{"typ":"dpop+jwt","alg":"ES256"}`, WrongHeader},
		"jwk is null":            {head(`"jwk":null`), WrongHeader},
		"jwk is text":            {head(`"jwk":"x"`), WrongHeader},
		"a private key":          {head(`"jwk":` + string(private)), WrongHeader},
		"a symmetric key":        {head(`"jwk":{"kty":"oct","k":"AAAA"}`), WrongHeader},
		"an address for the key": {head(`"jku":"https://thief.example"`), WrongHeader},
		"somebody else's key":    {head(`"jwk":` + other), BadSignature},
		"two keys":               {head(`"jwk":` + other + `,"jwk":` + jwk), Malformed},
		"crit":                   {head(`"crit":["exp"],"jwk":` + jwk), WrongHeader},
		"none":                   {`{"typ":"dpop+jwt","alg":"none","jwk":` + jwk + `}`, WrongAlgorithm},
		"HMAC":                   {`{"typ":"dpop+jwt","alg":"HS256","jwk":` + jwk + `}`, WrongAlgorithm},
		"RSA with an EC key":     {`{"typ":"dpop+jwt","alg":"RS256","jwk":` + jwk + `}`, WrongAlgorithm},
		"a key for encryption":   {head(`"jwk":{"use":"enc",` + jwk[1:]), WrongAlgorithm},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyDPoP(forge(t, key, test.header, claims), proofRules())
			refused(t, err, test.want)
		})
	}
	for name, text := range map[string]string{
		"two proofs":       p.prove(t, "ES256", claims) + "," + p.prove(t, "ES256", claims),
		"too large":        p.prove(t, "ES256", but(goodProof(), "x", strings.Repeat("x", maxProof))),
		"a claim repeated": forge(t, key, head(`"jwk":`+jwk), twice(claims, `"htu":"x"`)),
		"nothing":          "",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := VerifyDPoP(text, proofRules())
			refused(t, err, Malformed)
		})
	}
}

func TestNormal(t *testing.T) {
	for address, want := range map[string]string{
		"https://A.example":            "https://a.example/",
		"http://a.example:80/x":        "http://a.example/x",
		"https://a.example:80/x":       "https://a.example:80/x",
		"https://[::1]:443/x":          "https://[::1]/x",
		"http://127.0.0.1:9000/x?y":    "http://127.0.0.1:9000/x",
		"https://a.example/%c3%a6/%2f": "https://a.example/%C3%A6/%2F",
		"https://a.example/æ":          "https://a.example/%C3%A6",
		"ftp://a.example/":             "",
		"https:a.example":              "",
		"https://u@a.example/":         "",
		"//a.example/":                 "",
		"https://[fe80::1%25lo]/":      "",
		"https://a.ex%41mple/":         "",
		"https://a.example/%":          "",
	} {
		if got, ok := normal(address); got != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func FuzzVerifyDPoP(f *testing.F) {
	p := newPeer()
	for _, algorithm := range []string{"ES256", "RS256", "EdDSA"} {
		f.Add(p.prove(f, algorithm, goodProof()))
	}
	f.Add("e30.e30.AA")
	f.Fuzz(func(t *testing.T, text string) {
		if proof, err := VerifyDPoP(text, proofRules()); err == nil && (proof.ID == "" || len(proof.Thumbprint) != 43) {
			t.Errorf("%q is believed: %+v", text, proof)
		} else if err != nil {
			refused(t, err, err.(*Refusal).Key)
		}
	})
}

func FuzzNormal(f *testing.F) {
	for _, address := range []string{us, "HTTPS://[::1]:443/%zz", "http://a:80?b#c", "https://[fe80::1%25eth0]/", "https://a.example/%e6/æ"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if spelled, ok := normal(address); ok {
			if again, ok := normal(spelled); !ok || again != spelled {
				t.Errorf("%q, spelled %q, is spelled %q", address, spelled, again)
			}
		}
	})
}
