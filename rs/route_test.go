package rs

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func pass(guard *Guard, route Route, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	guard.Protect(route)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	return w
}

func request(authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/trees", nil)
	r.Header.Set("Authorization", authorization)
	return r
}

// A person who signed in by too little or too long ago is asked to again, in the
// words of RFC 9470; one who lacks a scope hears of that first.
func TestStepUp(t *testing.T) {
	key := newKey(t)
	guard := guardOf(key)
	claims := with("acr", "substantial")
	claims["auth_time"] = at - 600
	token := "Bearer " + sign(t, key, "k1", "at+jwt", claims)
	silent := "Bearer " + sign(t, key, "k1", "at+jwt", good())
	for _, row := range []struct {
		what, token string
		route       Route
		status      int
		challenge   string
	}{
		{"acr among several", token, Route{ACR: []string{"high", "substantial"}}, 200, ""},
		{"acr too low", token, Route{ACR: []string{"high", "higher"}}, 401, `error="insufficient_user_authentication", error_description="the person must sign in again, as the challenge says", acr_values="high higher"`},
		{"new enough", token, Route{MaxAge: 10 * time.Minute}, 200, ""},
		{"too long ago", token, Route{MaxAge: 5 * time.Minute}, 401, `max_age="300"`},
		{"both", token, Route{ACR: []string{"high"}, MaxAge: 5 * time.Minute}, 401, `acr_values="high", max_age="300"`},
		{"no acr", silent, Route{ACR: []string{"high"}}, 401, `acr_values="high"`},
		{"no auth_time", silent, Route{MaxAge: time.Hour}, 401, `max_age="3600"`},
		{"and a scope", token, Route{Scopes: []string{"tree.fell"}, ACR: []string{"high"}}, 403, `error="insufficient_scope"`},
	} {
		w := pass(guard, row.route, request(row.token))
		if got := w.Header().Get("WWW-Authenticate"); w.Code != row.status || !strings.Contains(got, row.challenge) || row.challenge == "" && got != "" {
			t.Errorf("%s: %d %s", row.what, w.Code, got)
		}
	}
}

func certificateOf(t *testing.T, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(at+1000, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// A token bound to a certificate passes on a connection of that certificate
// (RFC 8705 §3), whoever ends TLS.
func TestCertificateBoundTokens(t *testing.T) {
	key := newKey(t)
	own, other := certificateOf(t, newKey(t)), certificateOf(t, newKey(t))
	sum := sha256.Sum256(own.Raw)
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	token := "Bearer " + sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"x5t#S256": hash}))
	both := sign(t, key, "k1", "at+jwt", with("cnf", map[string]any{"x5t#S256": hash, "jkt": "the-key"}))
	over := func(authorization string, certificate *x509.Certificate) *http.Request {
		r := request(authorization)
		if certificate != nil {
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}}
		}
		return r
	}
	direct, proxied := guardOf(key), guardOf(key)
	proxied.Certificate = func(r *http.Request) *x509.Certificate {
		if r.Header.Get("X-Own") == "" {
			return nil
		}
		return own
	}
	proxied.Proof = func(r *http.Request, _, thumbprint string) error { return nil }
	shown := over(token, nil)
	shown.Header.Set("X-Own", "yes")
	twice := over("DPoP "+both, nil)
	twice.Header.Set("X-Own", "yes")
	for _, row := range []struct {
		what   string
		guard  *Guard
		r      *http.Request
		status int
	}{
		{"its certificate", direct, over(token, own), 200},
		{"another", direct, over(token, other), 401},
		{"none", direct, over(token, nil), 401},
		{"told by a proxy", proxied, shown, 200},
		{"not told by the proxy", proxied, over(token, own), 401},
		{"bound twice, both shown", proxied, twice, 200},
		{"bound twice, no certificate", proxied, over("DPoP "+both, nil), 401},
		{"bound twice, no proof", direct, over("Bearer "+both, own), 401},
	} {
		if w := pass(row.guard, Route{}, row.r); w.Code != row.status {
			t.Errorf("%s: %d; want %d", row.what, w.Code, row.status)
		}
	}
}

// The metadata tell what is guarded, and a challenge where they are (RFC 9728 §5).
func TestMetadata(t *testing.T) {
	guard := guardOf(newKey(t))
	guard.Resource, guard.Name = "https://api.example/trees/", "Trees"
	guard.Proof = (&DPoP{}).Check
	guard.Require("tree.read")
	guard.Protect(Route{Scopes: []string{"tree.fell", "tree.read"}})
	if got := guard.MetadataPath(); got != "/.well-known/oauth-protected-resource/trees" {
		t.Errorf("path %s", got)
	}
	w := httptest.NewRecorder()
	guard.Metadata().ServeHTTP(w, httptest.NewRequest(http.MethodGet, guard.MetadataPath(), nil))
	var got struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Scopes   []string `json:"scopes_supported"`
		Methods  []string `json:"bearer_methods_supported"`
		Algs     []string `json:"dpop_signing_alg_values_supported"`
		Name     string   `json:"resource_name"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if got.Resource != guard.Resource || !slices.Equal(got.Servers, []string{issuer}) || !slices.Equal(got.Scopes, []string{"tree.fell", "tree.read"}) ||
		!slices.Equal(got.Methods, []string{"header"}) || !slices.Contains(got.Algs, "ES256") || got.Name != "Trees" {
		t.Errorf("%+v", got)
	}
	post := httptest.NewRecorder()
	guard.Metadata().ServeHTTP(post, httptest.NewRequest(http.MethodPost, guard.MetadataPath(), nil))
	if post.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.Code)
	}
	refused := pass(guard, Route{}, httptest.NewRequest(http.MethodGet, "/", nil))
	challenges := refused.Header().Values("WWW-Authenticate")
	const address = `resource_metadata="https://api.example/.well-known/oauth-protected-resource/trees"`
	if len(challenges) != 2 || !strings.HasPrefix(challenges[0], "Bearer ") || !strings.HasPrefix(challenges[1], "DPoP ") ||
		!strings.Contains(challenges[0], address) || !strings.Contains(challenges[1], `algs="ES256 ES384 RS256 PS256 EdDSA"`) {
		t.Errorf("challenges %q", challenges)
	}
}

// No value of a configuration ends the quotes it stands in.
func TestChallengeIsQuoted(t *testing.T) {
	guard := guardOf(newKey(t))
	guard.Audience = "a\" evil=\"\r\nX: y\\"
	w := pass(guard, Route{}, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="a\" evil=\"X: y\\"` {
		t.Errorf("%s", got)
	}
}
