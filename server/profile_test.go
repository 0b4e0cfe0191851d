package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
)

// A held client is demo-jwt, held to the FAPI 2.0 Security Profile.
type held struct {
	*op
	prover *facts.Prover
}

func hold(t *testing.T, change func(*tillit.Client)) *held {
	t.Helper()
	o := open(t, "buypass")
	o.register("demo-jwt", func(c *tillit.Client) {
		c.Profile, c.Application = tillit.ProfileFAPI2, "native"
		if change != nil {
			change(c)
		}
	})
	return &held{o, o.NewProver()}
}

// ready makes the parameters of a good request.
func (h *held) ready() *facts.Authorization {
	return h.Prepare(facts.Request{Client: "demo-jwt", Scope: "openid email offline_access", Params: map[string]string{"code_challenge": challenge(), "prompt": "consent"}})
}

// push pushes parameters with an assertion made with the change.
func (h *held) push(params url.Values, change map[string]any) *answer {
	h.t.Helper()
	form := facts.WithAssertion(params, h.Assertion("demo-jwt", change))
	return h.do(http.MethodPost, "/par", form.Encode())
}

// code walks a pushed request to its code.
func (h *held) code(a *facts.Authorization) {
	h.t.Helper()
	pushed := h.push(a.Sent, nil)
	if pushed.status != http.StatusCreated {
		h.t.Fatalf("PAR: %d %s; want 201", pushed.status, pushed.body)
	}
	a.Exit = a.Browser.Open(h.Address(h.ByReference("demo-jwt", pushed.member("request_uri"))), facts.Manners{Person: h.Person(nil)})
	if a.Code() == "" {
		h.t.Fatalf("no code: %s, %v", a.Error(), a.Params)
	}
	if a.Params.Get("iss") != h.Issuer() {
		h.t.Errorf("iss %q; want the issuer in every answer", a.Params.Get("iss"))
	}
}

// redeem posts to the token endpoint with a proof, "" for none.
func (h *held) redeem(form url.Values, proof string) *answer {
	h.t.Helper()
	form = facts.WithAssertion(form, h.Assertion("demo-jwt", nil))
	if proof == "" {
		return h.do(http.MethodPost, "/token", form.Encode())
	}
	return h.do(http.MethodPost, "/token", form.Encode(), "DPoP", proof)
}

func (h *held) proof() string {
	return h.prover.Proof(http.MethodPost, h.Endpoint("token_endpoint"), "", nil)
}

// TestFAPI2: the whole of the profile, as it is meant to go.
func TestFAPI2(t *testing.T) {
	h := hold(t, nil)
	a := h.ready()
	h.code(a)
	tokens := h.redeem(h.redemption(a), h.proof())
	if tokens.status != http.StatusOK || tokens.member("token_type") != "DPoP" {
		t.Fatalf("%d %s; want DPoP tokens", tokens.status, tokens.body)
	}
	for _, text := range []string{tokens.member("access_token"), tokens.member("id_token")} {
		if algorithm := algorithmOf(t, text); !slices.Contains([]string{"PS256", "ES256", "EdDSA"}, algorithm) {
			t.Errorf("signed by %s", algorithm)
		}
	}
	access := tokens.member("access_token")
	if info := h.UserInfoBy("DPoP", access, h.prover.Proof(http.MethodGet, h.Endpoint("userinfo_endpoint"), access, nil)); info.Status != http.StatusOK {
		t.Errorf("UserInfo: %d; want 200", info.Status)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.member("refresh_token")}}
	for range 3 {
		again := h.redeem(refresh, h.proof())
		if again.status != http.StatusOK || again.member("refresh_token") != tokens.member("refresh_token") {
			t.Fatalf("%d; want a token, and the refresh token as it was", again.status)
		}
	}
	told(t, h.redeem(refresh, ""), 400, "invalid_dpop_proof")
}

func algorithmOf(t *testing.T, jws string) string {
	t.Helper()
	signed, err := jose.ParseSigned(jws, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return signed.Signatures[0].Header.Algorithm
}

// TestFAPI2Pushing: what is refused at the pushed authorization endpoint, and
// what when it was not pushed.
func TestFAPI2Pushing(t *testing.T) {
	h := hold(t, nil)
	without := func(names ...string) func(url.Values) {
		return func(v url.Values) {
			for _, name := range names {
				v.Del(name)
			}
		}
	}
	with := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	for name, c := range map[string]struct {
		change    func(url.Values)
		assertion map[string]any
		status    int
		error     string
	}{
		"no PKCE":                    {without("code_challenge", "code_challenge_method"), nil, 400, "invalid_request"},
		"PKCE by plain":              {with("code_challenge_method", "plain"), nil, 400, "invalid_request"},
		"PKCE by default":            {without("code_challenge_method"), nil, 400, "invalid_request"},
		"no redirect_uri":            {without("redirect_uri"), nil, 400, "invalid_request"},
		"another redirect_uri":       {with("redirect_uri", "https://thief.example/"), nil, 400, "invalid_request"},
		"response_type with a token": {with("response_type", "code id_token"), nil, 400, "unauthorized_client"},
		"implicit":                   {with("response_type", "id_token token"), nil, 400, "unauthorized_client"},
		"a request_uri inside":       {with("request_uri", "urn:ietf:params:oauth:request_uri:x"), nil, 400, "invalid_request"},
		"aud is the endpoint":        {nil, map[string]any{"aud": h.Endpoint("token_endpoint")}, 401, "invalid_client"},
		"aud is a list":              {nil, map[string]any{"aud": []string{h.Issuer()}}, 401, "invalid_client"},
		"assertion of tomorrow":      {nil, map[string]any{"iat": time.Now().Add(2 * time.Minute).Unix()}, 401, "invalid_client"},
		"assertion that is over":     {nil, map[string]any{"exp": time.Now().Add(-2 * time.Minute).Unix()}, 401, "invalid_client"},
		"a clock 8 seconds ahead":    {nil, map[string]any{"iat": time.Now().Add(8 * time.Second).Unix()}, 201, ""},
		"a nonce of 64":              {with("nonce", strings.Repeat("n", 64)), nil, 201, ""},
		"good":                       {nil, nil, 201, ""},
	} {
		t.Run(name, func(t *testing.T) {
			params := maps.Clone(h.ready().Sent)
			if c.change != nil {
				c.change(params)
			}
			if got := h.push(params, c.assertion); got.status != c.status || got.member("error") != c.error {
				t.Errorf("%d %s; want %d %s", got.status, got.body, c.status, c.error)
			}
		})
	}
	t.Run("not pushed", func(t *testing.T) {
		a := h.ready()
		a.Exit = a.Browser.Open(h.Address(a.Sent), facts.Manners{Person: h.Person(nil)})
		h.Refused(a, "invalid_request")
	})
	t.Run("as a request object that was not pushed", func(t *testing.T) {
		a := h.ready()
		params := url.Values{"client_id": a.Sent["client_id"], "request": {h.RequestObject("demo-jwt", a.Sent, nil)}}
		a.Exit = a.Browser.Open(h.Address(params), facts.Manners{Person: h.Person(nil)})
		h.Refused(a, "invalid_request")
	})
	t.Run("pushed without credentials", func(t *testing.T) {
		told(t, h.do(http.MethodPost, "/par", h.ready().Sent.Encode()), 401, "invalid_client")
	})
}

// TestFAPI2Redeeming: what is refused at the token endpoint and at UserInfo.
func TestFAPI2Redeeming(t *testing.T) {
	h := hold(t, nil)
	a := h.ready()
	h.code(a)
	form := h.redemption(a)
	told(t, h.redeem(form, ""), 400, "invalid_dpop_proof")
	told(t, h.redeem(form, h.rsaProof(t, jose.RS256)), 400, "invalid_dpop_proof")
	wrong := maps.Clone(form)
	wrong.Set("code_verifier", strings.Repeat("x", 43))
	told(t, h.redeem(wrong, h.proof()), 400, "invalid_grant")
	told(t, h.redeem(url.Values{"grant_type": {"client_credentials"}, "scope": {"myservice.data_read"}}, ""), 400, "invalid_dpop_proof")
	tokens := h.redeem(form, h.rsaProof(t, jose.PS256))
	if tokens.status != http.StatusOK {
		t.Fatalf("%d %s; want tokens", tokens.status, tokens.body)
	}
	if info := h.UserInfoBy("Bearer", tokens.member("access_token"), ""); info.Status != http.StatusUnauthorized {
		t.Errorf("UserInfo as a Bearer: %d; want 401", info.Status)
	}
	told(t, h.redeem(form, h.proof()), 400, "invalid_grant") // a code is used once

	late := h.ready()
	h.code(late)
	h.Advance(61 * time.Second)
	told(t, h.redeem(h.redemption(late), h.proof()), 400, "invalid_grant")
}

// rsaProof is a DPoP proof by an RSA key.
func (h *held) rsaProof(t *testing.T, algorithm jose.SignatureAlgorithm) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{"jti": rand.Text(), "htm": "POST", "htu": h.Endpoint("token_endpoint"), "iat": h.Now().Unix()})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestFAPI2Registrations: a client that is registered otherwise than the profile
// wants gets nothing, whatever let it in.
func TestFAPI2Registrations(t *testing.T) {
	for name, change := range map[string]func(*tillit.Client){
		"a secret": func(c *tillit.Client) { c.AuthMethod = "client_secret_basic" },
		"a shared key": func(c *tillit.Client) {
			c.AuthMethod = "client_secret_jwt"
		},
		"no credentials": func(c *tillit.Client) { c.AuthMethod = "none" },
	} {
		t.Run(name, func(t *testing.T) {
			h := hold(t, change)
			if got := h.push(h.ready().Sent, nil); got.status != http.StatusUnauthorized {
				t.Errorf("%d %s; want 401", got.status, got.body)
			}
			form := h.ready().Sent
			got := h.do(http.MethodPost, "/par", form.Encode())
			told(t, got, 401, "invalid_client")
		})
	}
	t.Run("RS256", func(t *testing.T) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		h := hold(t, func(c *tillit.Client) { c.JWKS = keySet(t, key.Public()) })
		for algorithm, want := range map[string]int{"RS256": 401, "PS256": 201} {
			private := jose.JSONWebKey{Key: key, KeyID: "one", Algorithm: algorithm}
			form := facts.WithAssertion(h.ready().Sent, h.Signed(private, "client-authentication+jwt", h.AssertionClaims("demo-jwt", nil)))
			if got := h.do(http.MethodPost, "/par", form.Encode()); got.status != want {
				t.Errorf("%s: %d %s; want %d", algorithm, got.status, got.body, want)
			}
		}
	})
	t.Run("plain HTTP on the network", func(t *testing.T) {
		h := hold(t, func(c *tillit.Client) { c.Application = "web" })
		told(t, h.push(h.ready().Sent, nil), 400, "invalid_request")
	})
	t.Run("ID Tokens by RS256", func(t *testing.T) {
		h := hold(t, func(c *tillit.Client) { c.IDTokenAlg = "RS256" })
		a := h.ready()
		h.code(a)
		if algorithm := algorithmOf(t, h.redeem(h.redemption(a), h.proof()).member("id_token")); algorithm == "RS256" {
			t.Error("an ID Token by RS256")
		}
	})
}

// TestFAPI2ByCertificate: the other way to prove oneself and to bind tokens.
func TestFAPI2ByCertificate(t *testing.T) {
	m := openMutual(t)
	own := issue(t, m.authority, nil)
	m.register("demo-jwt", func(c *tillit.Client) {
		c.Profile, c.Application, c.AuthMethod = tillit.ProfileFAPI2, "native", "tls_client_auth"
		c.SubjectDN = `CN=client.example,O=Example\, Inc.,C=NO`
	})
	a := m.Prepare(facts.Request{Client: "demo-jwt", Scope: "openid email", Params: map[string]string{"code_challenge": challenge()}})
	told(t, m.post("pushed_authorization_request_endpoint", nil, a.Sent), 401, "invalid_client")
	pushed := m.post("pushed_authorization_request_endpoint", own, a.Sent)
	a.Exit = a.Browser.Open(m.Address(m.ByReference("demo-jwt", pushed.member("request_uri"))), facts.Manners{Person: m.Person(nil)})
	form := m.redemption(a)
	form.Set("client_id", "demo-jwt")
	tokens := m.post("token_endpoint", own, form)
	if tokens.status != http.StatusOK {
		t.Fatalf("%d %s; want tokens", tokens.status, tokens.body)
	}
	if cnf, _ := m.Decode(tokens.member("access_token"))["cnf"].(map[string]any); cnf["x5t#S256"] == nil {
		t.Errorf("cnf %v; want the certificate's thumbprint", cnf)
	}
}
