package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/facts"
)

// TestForgedProofs: a DPoP proof is for one request, now, once, by the key in its
// header (RFC 9449 §4.3).
func TestForgedProofs(t *testing.T) {
	o := open(t, "buypass")
	key, other := newKey(t), newKey(t)
	service := []string{"Authorization", o.basic("demo-service")}
	body := url.Values{"grant_type": {"client_credentials"}, "scope": {"myservice.data_read"}}.Encode()
	send := func(proofs ...string) *answer {
		header := service
		for _, proof := range proofs {
			header = append(header, "DPoP", proof)
		}
		return o.do(http.MethodPost, "/token", body, header...)
	}
	here, now := o.Endpoint("token_endpoint"), o.Now().Unix()
	header := func(changes ...any) object {
		h := object{"alg": "ES256", "typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: key.Public()}}
		return changed(h, changes)
	}
	n := 0
	claims := func(changes ...any) object {
		n++
		c := object{"jti": strings.Repeat("x", n), "htm": "POST", "htu": here, "iat": now}
		return changed(c, changes)
	}
	proof := func(h, c object) string { return forged(t, h, c, es256(key)) }
	for story, c := range map[string]object{
		"plain":                  claims(),
		"a query does not count": claims("htu", here+"?a=b#c"),
	} {
		got := send(proof(header(), c))
		if got.status != http.StatusOK || got.member("token_type") != "DPoP" {
			t.Fatalf("%s: %d %s; want a bound token", story, got.status, got.body)
		}
	}
	for story, c := range map[string]object{
		"another method":             claims("htm", "GET"),
		"method in small letters":    claims("htm", "post"),
		"no method":                  claims("htm", nil),
		"another endpoint":           claims("htu", o.Endpoint("userinfo_endpoint")),
		"another realm":              claims("htu", o.base+"/bankid/token"),
		"another host":               claims("htu", "https://other.example/buypass/token"),
		"a host that looks like us":  claims("htu", strings.Replace(here, "127.0.0.1", "127.0.0.1@other.example", 1)),
		"path alone":                 claims("htu", "/buypass/token"),
		"no address":                 claims("htu", nil),
		"address is a list":          claims("htu", []string{here}),
		"old":                        claims("iat", now-120),
		"of the future":              claims("iat", now+120),
		"no time":                    claims("iat", nil),
		"time is text":               claims("iat", "now"),
		"no name":                    claims("jti", nil),
		"empty name":                 claims("jti", ""),
		"expired by its own account": claims("exp", now-100),
	} {
		t.Run(story, func(t *testing.T) { told(t, send(proof(header(), c)), 400, "invalid_dpop_proof") })
	}
	secret := object{"kty": "oct", "k": base64.RawURLEncoding.EncodeToString(make([]byte, 32))}
	for story, text := range map[string]string{
		"typ JWT":                    proof(header("typ", "JWT"), claims()),
		"no typ":                     proof(header("typ", nil), claims()),
		"no key":                     proof(header("jwk", nil), claims()),
		"key is another":             proof(header("jwk", jose.JSONWebKey{Key: other.Public()}), claims()),
		"the private key goes along": proof(header("jwk", jose.JSONWebKey{Key: key}), claims()),
		"kid in place of a key":      proof(header("jwk", nil, "kid", "demo-jwt"), claims()),
		"alg none":                   forged(t, header("alg", "none"), claims(), nil),
		"HS256 by a key inside":      forged(t, header("alg", "HS256", "jwk", secret), claims(), hs256(make([]byte, 32))),
		"no signature":               forged(t, header(), claims(), nil),
		"signature of zeros":         forged(t, header(), claims(), bytesOf(make([]byte, 64))),
		"an assertion":               o.Assertion("demo-jwt", nil),
		"no JWT":                     "a.b.c",
		"very long":                  strings.Repeat("a", 20_000),
	} {
		t.Run(story, func(t *testing.T) { told(t, send(text), 400, "invalid_dpop_proof") })
	}
	once := proof(header(), claims())
	if got := send(once); got.status != http.StatusOK {
		t.Fatalf("once: %d %s", got.status, got.body)
	}
	told(t, send(once), 400, "invalid_dpop_proof")
	told(t, send(proof(header(), claims()), proof(header(), claims())), 400, "invalid_dpop_proof")
}

// TestBoundTokens: who has a bound token without its key has nothing (RFC 9449
// §7.1).
func TestBoundTokens(t *testing.T) {
	o := open(t, "buypass")
	key, thief := o.NewProver(), o.NewProver()
	address := o.Endpoint("userinfo_endpoint")
	a := o.Authorize(facts.Request{Scope: "openid email myservice.data_read"})
	bound := o.Succeeded(o.TokenProved("demo-web", a.Redemption(), key))
	access := bound.Access()
	plain := o.Succeeded(o.Exchange(o.Authorize(facts.Request{Scope: "openid"}))).Access()
	proof := key.Proof(http.MethodGet, address, access, nil)
	if got := o.UserInfoBy("DPoP", access, proof); got.Status != http.StatusOK {
		t.Fatalf("with its proof: %d %s", got.Status, got.Body)
	}
	sum := sha256.Sum256([]byte(plain))
	for story, got := range map[string]*facts.UserInfo{
		"as Bearer":                     o.UserInfoBy("Bearer", access, ""),
		"as Bearer with a proof":        o.UserInfoBy("Bearer", access, key.Proof(http.MethodGet, address, access, nil)),
		"without a proof":               o.UserInfoBy("DPoP", access, ""),
		"the same proof again":          o.UserInfoBy("DPoP", access, proof),
		"proof of another key":          o.UserInfoBy("DPoP", access, thief.Proof(http.MethodGet, address, access, nil)),
		"proof without ath":             o.UserInfoBy("DPoP", access, key.Proof(http.MethodGet, address, "", nil)),
		"proof for another token":       o.UserInfoBy("DPoP", access, key.Proof(http.MethodGet, address, "", object{"ath": base64.RawURLEncoding.EncodeToString(sum[:])})),
		"proof for another method":      o.UserInfoBy("DPoP", access, key.Proof(http.MethodPost, address, access, nil)),
		"proof for another endpoint":    o.UserInfoBy("DPoP", access, key.Proof(http.MethodGet, o.Endpoint("token_endpoint"), access, nil)),
		"a token that is bound to none": o.UserInfoBy("DPoP", plain, thief.Proof(http.MethodGet, address, plain, nil)),
	} {
		if got.Status != http.StatusUnauthorized || !strings.Contains(got.Challenge, "DPoP") {
			t.Errorf("%s: %d %q; want 401 and a challenge for DPoP", story, got.Status, got.Challenge)
		}
	}
	if api := o.do(http.MethodGet, o.API("myservice")+"/data", "", "Authorization", "Bearer "+access); api.status != http.StatusUnauthorized {
		t.Errorf("the API takes a bound token as Bearer: %d", api.status)
	}
	if seen := o.Introspect("demo-web", access); facts.Dig(seen, "cnf", "jkt") != key.Thumbprint() || seen["token_type"] != nil && seen["token_type"] != "DPoP" {
		t.Errorf("introspection: cnf %v token_type %v; want the thumbprint of the key", seen["cnf"], seen["token_type"])
	}
}

// TestKeyOfPublicClient: a client without a secret has its key alone; whoever
// steals its refresh token, or its code under dpop_jkt, cannot use it (RFC 9449
// §5, §10).
func TestKeyOfPublicClient(t *testing.T) {
	o := open(t, "buypass")
	key, thief := o.NewProver(), o.NewProver()
	a := o.Authorize(facts.Request{Client: "demo-spa", Scope: "openid email", Params: map[string]string{"dpop_jkt": key.Thumbprint()}})
	for story, got := range map[string]*facts.Tokens{
		"code by another key": o.TokenProved("demo-spa", a.Redemption(), thief),
		"code by no key":      o.Token("demo-spa", a.Redemption()),
	} {
		if got.Status != http.StatusBadRequest || got.Access() != "" {
			t.Errorf("%s: %d %v; want it refused", story, got.Status, got.Body)
		}
	}
	first := o.Succeeded(o.TokenProved("demo-spa", a.Redemption(), key))
	renewal := func(refresh string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	}
	for story, got := range map[string]*facts.Tokens{
		"refresh by another key": o.TokenProved("demo-spa", renewal(first.Refresh()), thief),
		"refresh by no key":      o.Token("demo-spa", renewal(first.Refresh())),
	} {
		if got.Status != http.StatusBadRequest || got.Access() != "" {
			t.Errorf("%s: %d %v; want it refused", story, got.Status, got.Body)
		}
	}
	second := o.Succeeded(o.TokenProved("demo-spa", renewal(first.Refresh()), key))
	if second.Text("token_type") != "DPoP" || facts.Dig(o.AccessClaims(second), "cnf", "jkt") != key.Thumbprint() {
		t.Errorf("refreshed: %v; want a token bound to the same key", second.Body)
	}
}

// changed sets members in pairs; nil leaves one out.
func changed(base object, pairs []any) object {
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		if base[name] = pairs[i+1]; pairs[i+1] == nil {
			delete(base, name)
		}
	}
	return base
}
