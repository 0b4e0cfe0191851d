package guard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/rs"
)

func challengeOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// An api is two collections behind guards: trees take JWTs, stones handles.
type api struct {
	*httptest.Server
	t     *testing.T
	later atomic.Int64 // seconds by which its clock is ahead
}

func newAPI(t *testing.T, p *peer) *api {
	a := &api{t: t}
	now := func() time.Time { return time.Now().Add(time.Duration(a.later.Load()) * time.Second) }
	keys := &rs.IssuerKeys{Issuer: p.issuer, Now: now}
	trees := &rs.Guard{Issuer: p.issuer, Audience: "urn:trees", Keys: keys, Now: now, Proof: (&rs.DPoP{Now: now}).Check, Certificate: told}
	stones := &rs.Guard{Issuer: p.issuer, Audience: "urn:stones", Keys: keys, Now: now,
		Introspector: &rs.Introspection{Issuer: p.issuer, Client: "api", Secret: p.secret}}
	mux := http.NewServeMux()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, rs.FromContext(r.Context()).Subject) })
	mux.Handle("GET /trees", trees.Require("tree.read")(handler))
	mux.Handle("DELETE /trees", trees.Require("tree.fell")(handler))
	mux.Handle("GET /old-trees", trees.Protect(rs.Route{Scopes: []string{"tree.read"}, MaxAge: time.Minute})(handler))
	mux.Handle("GET /stones", stones.Require("stone.read")(handler))
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

// told reads the certificate from where the peer's stand-in for a TLS proxy puts
// it.
func told(r *http.Request) *x509.Certificate {
	der, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Certificate"))
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}

// ask sends a request and demands a status and part of a challenge.
func (a *api) ask(what, method, path, authorization string, status int, challenge string, headers ...string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.URL+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if got := answer.Header.Get("WWW-Authenticate"); answer.StatusCode != status || !strings.Contains(got, challenge) {
		a.t.Errorf("%s: %d %s %s; want %d %s", what, answer.StatusCode, got, body, status, challenge)
	}
}

func TestTokensOfAnotherProvider(t *testing.T) {
	p := newPeer(t)
	a := newAPI(t, p)
	tree := "Bearer " + p.token("machine", "urn:trees", "tree.read", nil)
	a.ask("a JWT", "GET", "/trees", tree, 200, "")
	a.ask("without the scope", "DELETE", "/trees", tree, 403, `scope="tree.fell"`)
	a.ask("without a sign-in", "GET", "/old-trees", tree, 401, `error="insufficient_user_authentication"`)
	a.ask("a JWT for the other API", "GET", "/stones", tree, 401, `error="invalid_token"`)

	handle := p.token("machine", "urn:stones", "stone.read", nil)
	a.ask("a handle", "GET", "/stones", "Bearer "+handle, 200, "")
	a.ask("a handle where JWTs belong", "GET", "/trees", "Bearer "+handle, 401, `error="invalid_token"`)
	a.ask("a handle nobody gave", "GET", "/stones", "Bearer made-up", 401, `error="invalid_token"`)
	p.post("machine", "/token/revocation", url.Values{"token": {handle}}, nil)
	a.later.Add(31)
	a.ask("a revoked handle, when its answer is old", "GET", "/stones", "Bearer "+handle, 401, `error="invalid_token"`)

	tokens := p.signIn("openid tree.read", "urn:trees")
	access, _ := tokens["access_token"].(string)
	idToken, _ := tokens["id_token"].(string)
	if idToken == "" {
		t.Fatalf("no ID Token: %v", tokens)
	}
	a.ask("a person's token", "GET", "/trees", "Bearer "+access, 200, "")
	a.ask("an ID Token as an access token", "GET", "/trees", "Bearer "+idToken, 401, `error="invalid_token"`)
}

// A key that is new is found at once, one that is gone is not believed, and an
// issuer that is away refuses nobody.
func TestRotationAndAbsence(t *testing.T) {
	p := newPeer(t)
	a := newAPI(t, p)
	before := "Bearer " + p.token("machine", "urn:trees", "tree.read", nil)
	a.ask("before", "GET", "/trees", before, 200, "")
	p.rotate()
	after := "Bearer " + p.token("machine", "urn:trees", "tree.read", nil)
	a.ask("a new key, at once", "GET", "/trees", after, 200, "")
	a.ask("a key that was taken back", "GET", "/trees", before, 401, `error="invalid_token"`)
	fresh := "Bearer " + p.token("machine", "urn:trees", "tree.read", nil)
	p.stop()
	a.later.Add(400) // the keys are old now, and nobody answers
	a.ask("an issuer that is away, a warm token", "GET", "/trees", after, 200, "")
	a.ask("and one never seen", "GET", "/trees", fresh, 200, "")
	a.ask("handles cannot be asked about", "GET", "/stones", "Bearer handle", 503, "")
}

func TestTokensBoundByAnotherProvider(t *testing.T) {
	p := newPeer(t)
	a := newAPI(t, p)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	prove := func(method, address, token string) string { return proof(t, key, method, address, token) }
	bound := p.token("machine", "urn:trees", "tree.read", func(r *http.Request) {
		r.Header.Set("DPoP", prove("POST", p.issuer+"/token", ""))
	})
	once := prove("GET", a.URL+"/trees", bound)
	a.ask("with its proof", "GET", "/trees", "DPoP "+bound, 200, "", "DPoP", once)
	a.ask("the same proof again", "GET", "/trees", "DPoP "+bound, 401, `error="invalid_dpop_proof"`, "DPoP", once)
	a.ask("as a Bearer", "GET", "/trees", "Bearer "+bound, 401, `error="invalid_token"`)

	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := base64.StdEncoding.EncodeToString(der)
	held := p.token("certified", "urn:trees", "tree.read", func(r *http.Request) { r.Header.Set("X-Certificate", certificate) })
	a.ask("on its certificate's connection", "GET", "/trees", "Bearer "+held, 200, "", "X-Certificate", certificate)
	a.ask("on another connection", "GET", "/trees", "Bearer "+held, 401, `error="invalid_token"`)
}

// proof makes a DPoP proof (RFC 9449 §4.2).
func proof(t *testing.T, key *ecdsa.PrivateKey, method, address, token string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": time.Now().Unix()}
	if token != "" {
		claims["ath"] = challengeOf(token)
	}
	text, _ := json.Marshal(claims)
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}
