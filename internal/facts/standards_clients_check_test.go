package facts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The checks of this file are about what clients may do and be held to, at the
// plain OpenID realm.

func standardsProofNonce(t TB, e *Env) {
	strict := e.With(Fault{Old: "features: [par, request_object, dpop]", New: "features: [par, request_object, dpop, dpop_nonce]"})
	prover, endpoint := strict.NewProver(), strict.Endpoint("token_endpoint")
	proof := func(method, address, access, nonce string) string {
		change := map[string]any{}
		if nonce != "" {
			change["nonce"] = nonce
		}
		return prover.Proof(method, address, access, change)
	}
	a := strict.Authorize(Request{Scope: "openid"})
	token := func(nonce string) *Tokens {
		return strict.TokenWith("demo-web", a.Redemption(), proof(http.MethodPost, endpoint, "", nonce))
	}
	refused := token("")
	strict.Failed(refused, 400, "use_dpop_nonce")
	nonce := refused.Header.Get("DPoP-Nonce")
	if nonce == "" {
		t.Fatalf("use_dpop_nonce without the header DPoP-Nonce")
	}
	strict.Failed(token(nonce[:len(nonce)-1]+"~"), 400, "use_dpop_nonce")
	tokens := strict.Succeeded(token(nonce))
	strict.Equal("token_type", tokens.Text("token_type"), "DPoP")

	userinfo := func(nonce string) *UserInfo {
		return strict.UserInfoBy("DPoP", tokens.Access(), proof(http.MethodGet, strict.Endpoint("userinfo_endpoint"), tokens.Access(), nonce))
	}
	if got := userinfo(""); got.Status != http.StatusUnauthorized || !challenges(got.Challenge, "use_dpop_nonce") || got.Header.Get("DPoP-Nonce") == "" {
		t.Errorf("UserInfo without a nonce: %d %q; want 401 use_dpop_nonce, and one to use", got.Status, got.Challenge)
	}
	strict.Equal("UserInfo with the nonce: status", userinfo(nonce).Status, http.StatusOK)

	address := strict.Endpoint("pushed_authorization_request_endpoint")
	push := func(nonce string) (int, http.Header, map[string]any) {
		form, authenticate := strict.authenticated("demo-web", strict.Prepare(Request{Scope: "openid"}).Sent)
		status, header, body := strict.PostForm(address, form, func(r *http.Request) {
			authenticate(r)
			r.Header.Set("DPoP", proof(http.MethodPost, address, "", nonce))
		})
		return status, header, strict.object("pushed request", body)
	}
	strict.Advance(10 * time.Minute)
	status, header, body := push(nonce) // an old one by now
	strict.Equal("pushing with a nonce of ten minutes ago: status", status, http.StatusBadRequest)
	strict.Equal("pushing with a nonce of ten minutes ago: error", body["error"], "use_dpop_nonce")
	status, header, _ = push(header.Get("DPoP-Nonce"))
	strict.Equal("pushing with the new nonce: status", status, http.StatusCreated)
	if header.Get("DPoP-Nonce") == "" {
		t.Errorf("pushing with the new nonce: no DPoP-Nonce to go on with")
	}
}

func standardsScripts(t TB, e *Env) {
	from := func(method, address string) http.Header {
		r := e.request(method, address, nil)
		r.Header.Set("Origin", "https://app.example")
		if method == http.MethodOptions {
			r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			r.Header.Set("Access-Control-Request-Headers", "authorization, content-type, dpop")
		}
		_, header, _ := e.send(r)
		return header
	}
	read := map[string]string{
		"discovery": e.Issuer() + "/.well-known/openid-configuration", "keys": e.Endpoint("jwks_uri"), "UserInfo": e.Endpoint("userinfo_endpoint"),
	}
	for what, address := range read {
		header := from(http.MethodGet, address)
		e.Equal(what+": Access-Control-Allow-Origin", header.Get("Access-Control-Allow-Origin"), "*")
		for _, name := range []string{"WWW-Authenticate", "DPoP-Nonce"} {
			if !strings.Contains(header.Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("%s: scripts cannot read %s", what, name)
			}
		}
		e.Equal(what+": Access-Control-Allow-Credentials", header.Get("Access-Control-Allow-Credentials"), "")
	}
	e.Equal("token endpoint: Access-Control-Allow-Origin", from(http.MethodPost, e.Endpoint("token_endpoint")).Get("Access-Control-Allow-Origin"), "*")
	for _, what := range []string{"token_endpoint", "userinfo_endpoint"} {
		header := from(http.MethodOptions, e.Endpoint(what))
		e.Equal(what+" asked before: Access-Control-Allow-Origin", header.Get("Access-Control-Allow-Origin"), "*")
		for _, name := range []string{"Authorization", "Content-Type", "DPoP"} {
			if !strings.Contains(header.Get("Access-Control-Allow-Headers"), name) {
				t.Errorf("%s: scripts cannot send %s", what, name)
			}
		}
	}
	for _, what := range []string{"authorization_endpoint", "end_session_endpoint"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			e.Equal(method+" "+what+": Access-Control-Allow-Origin", from(method, e.Endpoint(what)).Get("Access-Control-Allow-Origin"), "")
		}
	}
}

func standardsByReference(t TB, e *Env) {
	referring := e.With(Fault{Old: "features: [par, request_object, dpop]", New: "features: [par, request_object, request_uri, dpop]"})
	a := referring.Prepare(Request{Client: "demo-jwt", Scope: "openid email"})
	object := referring.RequestObject("demo-jwt", a.Sent, nil)
	var stray atomic.Int64
	place := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/object" {
			stray.Add(1)
		}
		w.Header().Set("Content-Type", "application/oauth-authz-req+jwt")
		w.Write([]byte(object))
	}))
	t.Cleanup(place.Close)
	referring.Change("demo-jwt", map[string]any{"request_uris": []string{place.URL + "/object"}})
	refused := referring.visit(a, url.Values{"client_id": {e.N("demo-jwt")}, "request_uri": {place.URL + "/other"}})
	e.Equal("at another address: error", refused.Error(), "invalid_request_uri")
	e.Equal("requests for another address", stray.Load(), 0)
	taken := referring.visit(a, url.Values{"client_id": {e.N("demo-jwt")}, "request_uri": {place.URL + "/object"}})
	referring.Granted(referring.Succeeded(referring.Exchange(taken)), "openid email")
}

// held gives a provider of its own in which demo-jwt is held to the profile.
func (e *Env) held(edits ...Fault) *Env {
	e.t.Helper()
	held := e.With(edits...)
	held.Change("demo-jwt", map[string]any{"profile": "fapi2", "application_type": "native"})
	return held
}

func standardsProfilePushes(t TB, e *Env) {
	held := e.held()
	held.Refused(held.Authorize(Request{Client: "demo-jwt", Scope: "openid"}), "invalid_request")
	held.Refused(held.Authorize(Request{Client: "demo-jwt", Scope: "openid", By: ByObject}), "invalid_request")
	if a := held.Authorize(Request{Client: "demo-jwt", Scope: "openid", By: ByPush}); a.Code() == "" {
		t.Errorf("pushed: error %q; want a code", a.Error())
	}
}

func standardsProfileBinds(t TB, e *Env) {
	held := e.held()
	prover := held.NewProver()
	a := held.Authorize(Request{Client: "demo-jwt", Scope: "openid", By: ByPush})
	held.Failed(held.Exchange(a), 400, "invalid_dpop_proof")
	tokens := held.Succeeded(held.TokenProved("demo-jwt", a.Redemption(), prover))
	held.Equal("access token: cnf.jkt", Dig(held.AccessClaims(tokens), "cnf", "jkt"), prover.Thumbprint())
	held.Failed(held.Renew("demo-jwt", tokens.Refresh(), ""), 400, "invalid_dpop_proof")
	held.Failed(held.Machine("demo-jwt", "service-api"), 400, "invalid_dpop_proof")
}

func standardsProfileAlgorithms(t TB, e *Env) {
	held := e.held()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatalf("key: %v", err)
	}
	machine := func(algorithm jose.SignatureAlgorithm) *Tokens {
		options := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
		proof := held.signed(jose.SigningKey{Algorithm: algorithm, Key: key}, options, map[string]any{
			"jti": random(), "htm": http.MethodPost, "htu": held.Endpoint("token_endpoint"), "iat": held.Now().Unix(),
		})
		return held.TokenWith("demo-jwt", url.Values{"grant_type": {"client_credentials"}, "scope": {e.N("service-api")}}, proof)
	}
	held.Failed(machine(jose.RS256), 400, "invalid_dpop_proof")
	held.Succeeded(machine(jose.PS256))

	signing := e.held(Fault{Demo: true, Old: "    auth: private_key_jwt\n    keys: ES256\n", New: "    auth: private_key_jwt\n    keys: RS256\n"})
	pushed := signing.Push(signing.Prepare(Request{Client: "demo-jwt", Scope: "openid"}))
	signing.Equal("assertion by RS256: status", pushed.Status, http.StatusUnauthorized)
	signing.Equal("assertion by RS256: error", pushed.Error(), "invalid_client")
}

func standardsProfileSecrets(t TB, e *Env) {
	held := e.With()
	held.Change("demo-web", map[string]any{"profile": "fapi2", "application_type": "native"})
	pushed := held.Push(held.Prepare(Request{Scope: "openid"}))
	held.Equal("by a secret: status", pushed.Status, http.StatusUnauthorized)
	held.Equal("by a secret: error", pushed.Error(), "invalid_client")
}

func standardsToldOfLogout(t TB, e *Env) {
	told := make(chan string, 4)
	client := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.FormValue("logout_token") }))
	t.Cleanup(client.Close)
	fresh := e.With()
	fresh.Change("demo-post", map[string]any{"backchannel_logout_uri": client.URL + "/bye"})
	b := fresh.NewBrowser()
	first := fresh.Login(Request{Scope: "openid", Browser: b})
	other := fresh.IDClaims(fresh.Login(Request{Client: "demo-post", Scope: "openid", Browser: b}))
	fresh.Logout(b, url.Values{"id_token_hint": {first.ID()}, "client_id": {e.N("demo-web")}, "post_logout_redirect_uri": {fresh.LogoutURI("demo-web")}})
	select {
	case text := <-told:
		claims, header := fresh.DecodeWith(text)
		fresh.Equal("logout token: typ", header.ExtraHeaders["typ"], "logout+jwt")
		for name, want := range map[string]any{"iss": fresh.Issuer(), "aud": "demo-post", "sub": other["sub"], "sid": other["sid"]} {
			fresh.Equal("logout token: "+name, claims[name], want)
		}
		fresh.Present("logout token", claims, "iat", "exp", "jti")
		fresh.Absent("logout token", claims, "nonce")
		if Dig(claims, "events", "http://schemas.openid.net/event/backchannel-logout") == nil {
			t.Errorf("logout token: events %v", claims["events"])
		}
	case <-time.After(20 * time.Second):
		t.Errorf("the client of the session was not told")
	}
}

// selfMade gives a new certificate that nobody vouches for (DER).
func (e *Env) selfMade() []byte {
	e.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		e.t.Fatalf("key: %v", err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: e.Now().Add(-time.Hour), NotAfter: e.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		e.t.Fatalf("certificate: %v", err)
	}
	return der
}

func standardsCertificateBinds(t TB, e *Env) {
	behind := e.Behind()
	behind.Change("demo-web", map[string]any{"tls_client_certificate_bound_access_tokens": true})
	own, other := behind.selfMade(), behind.selfMade()
	show := func(r *http.Request, der []byte) {
		if der != nil {
			r.Header.Set("Client-Cert", ":"+base64.StdEncoding.EncodeToString(der)+":")
		}
	}
	a := behind.Authorize(Request{Scope: "openid"})
	redeem := func(der []byte) *Tokens {
		form, authenticate := behind.authenticated("demo-web", a.Redemption())
		status, header, body := behind.PostForm(behind.Endpoint("token_endpoint"), form, func(r *http.Request) {
			authenticate(r)
			show(r, der)
		})
		return &Tokens{Status: status, Header: header, Body: behind.object("token endpoint", body), Client: "demo-web"}
	}
	behind.Failed(redeem(nil), 400, "invalid_request")
	tokens := behind.Succeeded(redeem(own))
	sum := sha256.Sum256(own)
	behind.Equal("access token: cnf", behind.AccessClaims(tokens)["cnf"], map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])})
	for what, c := range map[string]struct {
		der  []byte
		want int
	}{"its own certificate": {own, http.StatusOK}, "another one": {other, http.StatusUnauthorized}, "none": {nil, http.StatusUnauthorized}} {
		r := behind.request(http.MethodGet, behind.Endpoint("userinfo_endpoint"), nil)
		r.Header.Set("Authorization", "Bearer "+tokens.Access())
		show(r, c.der)
		behind.Equal("UserInfo with "+what+": status", behind.userInfo(r).Status, c.want)
	}
}
