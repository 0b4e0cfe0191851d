package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/token"
)

// A place on this machine where a client keeps a document.
type place struct {
	*httptest.Server
	mu    sync.Mutex
	text  string
	reads int
}

func newPlace(t *testing.T, text string) *place {
	t.Helper()
	p := &place{text: text}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.reads++
		io.WriteString(w, p.text)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *place) put(text string) (reads int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
	return p.reads
}

func signingKey(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	return jose.JSONWebKey{Key: certificateKey(t), KeyID: id, Algorithm: "ES256", Use: "sig"}
}

// published is a JWK Set of public keys, among some that nobody knows here.
func published(t *testing.T, keys ...jose.JSONWebKey) string {
	t.Helper()
	list := []any{map[string]string{"kty": "PQ", "kid": "strange"}, map[string]string{"kty": "EC", "crv": "P-9999", "x": "AA", "y": "AA"}}
	for _, key := range keys {
		list = append(list, key.Public())
	}
	text, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (o *op) machineBy(key jose.JSONWebKey) *answer {
	o.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"myservice.data_read"}}
	form = facts.WithAssertion(form, o.Signed(key, "client-authentication+jwt", o.AssertionClaims("demo-jwt", nil)))
	return o.do(http.MethodPost, "/token", form.Encode())
}

// TestKeysByAddress: keys are read where the client says they are, again when it
// has changed them, but not at every stranger's wish.
func TestKeysByAddress(t *testing.T) {
	o := open(t, "buypass")
	first, second, stranger := signingKey(t, "1"), signingKey(t, "2"), signingKey(t, "3")
	place := newPlace(t, published(t, first))
	o.register("demo-jwt", func(c *tillit.Client) { c.JWKS, c.JWKSURI = "", place.URL })
	if got := o.machineBy(first); got.status != http.StatusOK {
		t.Fatalf("%d %s; want a token", got.status, got.body)
	}
	o.machineBy(first)
	if reads := place.put(published(t, second)); reads != 1 {
		t.Errorf("read %d times for two requests; want 1", reads)
	}
	told(t, o.machineBy(second), 401, "invalid_client") // read a moment ago
	o.Advance(time.Minute)
	if got := o.machineBy(second); got.status != http.StatusOK {
		t.Fatalf("a new key: %d %s; want a token", got.status, got.body)
	}
	told(t, o.machineBy(first), 401, "invalid_client")
	before := place.put(published(t, second))
	for range 20 {
		told(t, o.machineBy(stranger), 401, "invalid_client")
	}
	if reads := place.put("no keys at all"); reads != before {
		t.Errorf("read %d times for unknown keys, a moment after it was read", reads-before)
	}
	o.Advance(2 * time.Minute)
	if got := o.machineBy(second); got.status != http.StatusOK {
		t.Errorf("keys that can no longer be read are kept for a while: %d %s", got.status, got.body)
	}
	o.Advance(3 * time.Hour)
	told(t, o.machineBy(second), 401, "invalid_client")
}

// TestSharedKeys: client_secret_jwt is an HMAC by a secret that is kept sealed;
// while it is changed two are alive.
func TestSharedKeys(t *testing.T) {
	var master token.MasterKey
	o := openWith(t, "buypass", func(c *wiring.Config) { c.Realms, master = everyMethod(t), c.MasterKey })
	registry := o.house.Catalogs.Catalog("buypass", "").Registry
	const old, fresh = "an old secret of some forty characters..", "a new secret of some forty characters..."
	seal := func(secret string, expires int64) tillit.SecretHash {
		sealed, err := token.SealSecret(master, registry, "demo-jwt", secret)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(sealed.Hash, base64.RawURLEncoding.EncodeToString([]byte(secret))) {
			t.Error("the secret is kept as it is")
		}
		sealed.Expires = expires
		return sealed
	}
	o.register("demo-jwt", func(c *tillit.Client) {
		c.AuthMethod, c.JWKS = "client_secret_jwt", ""
		c.Secrets = []tillit.SecretHash{seal(old, o.Now().Unix()+3600), seal(fresh, 0)}
	})
	by := func(secret string) *answer {
		return o.machineBy(jose.JSONWebKey{Key: []byte(secret), Algorithm: "HS256"})
	}
	for _, secret := range []string{old, fresh} {
		if got := by(secret); got.status != http.StatusOK {
			t.Errorf("%s: %d %s; want a token", secret, got.status, got.body)
		}
	}
	told(t, by("another secret of some forty characters."), 401, "invalid_client")
	told(t, o.machineBy(signingKey(t, "1")), 401, "invalid_client")
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"demo-jwt"}, "client_secret": {fresh}}
	told(t, o.do(http.MethodPost, "/token", form.Encode()), 401, "invalid_client")
	o.Advance(2 * time.Hour)
	told(t, by(old), 401, "invalid_client")
	if got := by(fresh); got.status != http.StatusOK {
		t.Errorf("%d %s; want a token", got.status, got.body)
	}
	// Sealed for one client, a secret is no other's.
	o.register("demo-service", func(c *tillit.Client) {
		c.AuthMethod, c.Secrets = "client_secret_jwt", []tillit.SecretHash{seal(fresh, 0)}
	})
	assertion := facts.WithAssertion(url.Values{"grant_type": {"client_credentials"}},
		o.Signed(jose.JSONWebKey{Key: []byte(fresh), Algorithm: "HS256"}, "JWT", o.AssertionClaims("demo-service", nil)))
	if got := o.do(http.MethodPost, "/token", assertion.Encode()); got.status == http.StatusOK {
		t.Error("a secret that was sealed for another client is taken")
	}
}

// TestRequestObjectsByReference: read where the client registered them and
// nowhere else (RFC 9101 §5.2).
func TestRequestObjectsByReference(t *testing.T) {
	edited, err := facts.Edit(realms.Files(), "buypass", "features: [par, request_object, dpop]", "features: [par, request_object, request_uri, dpop]", false)
	if err != nil {
		t.Fatal(err)
	}
	o := openRealms(t, "buypass", edited)
	a := o.Prepare(facts.Request{Client: "demo-jwt", Scope: "openid email", Params: map[string]string{"code_challenge": challenge()}})
	object := o.RequestObject("demo-jwt", a.Sent, nil)
	place, stray := newPlace(t, object), newPlace(t, object)
	sum := sha256.Sum256([]byte(object))
	o.register("demo-jwt", func(c *tillit.Client) { c.RequestURIs = []string{place.URL + "/object", place.URL + "/hashed"} })
	if m := o.Metadata(); m["request_uri_parameter_supported"] != true || m["require_request_uri_registration"] != true {
		t.Error("request objects by reference are not published")
	}
	ask := func(uri string, further ...string) *facts.Authorization {
		a.Exit = nil
		params := url.Values{"client_id": {"demo-jwt"}, "request_uri": {uri}}
		for i := 0; i+1 < len(further); i += 2 {
			params.Set(further[i], further[i+1])
		}
		a.Exit = a.Browser.Open(o.Address(params), facts.Manners{Person: o.Person(nil)})
		return a
	}
	for _, uri := range []string{place.URL + "/object", place.URL + "/hashed#" + base64.RawURLEncoding.EncodeToString(sum[:])} {
		if got := ask(uri); got.Code() == "" {
			t.Errorf("%s: %s %v; want a code", uri, got.Error(), got.Params)
		}
	}
	for uri, want := range map[string]string{
		stray.URL + "/object":                       "invalid_request_uri",
		place.URL + "/other":                        "invalid_request_uri",
		place.URL + "/object?x":                     "invalid_request_uri",
		place.URL + "/hashed#" + object[:43]:        "invalid_request_uri",
		"urn:ietf:params:oauth:request_uri:nothing": "invalid_request_uri",
		"file:///etc/passwd":                        "invalid_request_uri",
	} {
		if got := ask(uri); got.Error() != want || got.Code() != "" {
			t.Errorf("%s: %q; want %s", uri, got.Error(), want)
		}
	}
	if got := ask(place.URL+"/object", "request", object); got.Error() != "invalid_request" {
		t.Errorf("both: %q; want invalid_request", got.Error())
	}
	if reads := stray.put(""); reads != 0 {
		t.Errorf("an address that is not registered was read %d times", reads)
	}
	place.put("nothing of the sort")
	if got := ask(place.URL + "/object"); got.Error() != "invalid_request_object" {
		t.Errorf("something else there: %q; want invalid_request_object", got.Error())
	}
	place.Close()
	if got := ask(place.URL + "/object"); got.Error() != "invalid_request_uri" {
		t.Errorf("nothing there: %q; want invalid_request_uri", got.Error())
	}
	plain := open(t, "buypass")
	if m := plain.Metadata(); m["request_uri_parameter_supported"] != false {
		t.Error("request objects by reference are published where they are off")
	}
}
