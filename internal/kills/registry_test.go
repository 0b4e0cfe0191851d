package kills

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/facts"
)

const (
	machines = "maskinporten"     // the realm whose clients ask
	ownScope = "skogdata:replika" // of an organization, registered by the test
)

// accessTakenBack: an organization that an owner lets out gets no further token
// where that was said, and at the other replicas no longer than two seconds; a
// scope that is switched off is given no longer than that either.
func accessTakenBack(t *testing.T, r *replicas) {
	e := r.env(t).At(machines)
	e.Metadata()
	owner := e.Succeeded(e.Asserted("demo-provider", "idporten:scopes.write", nil)).Access()
	client := r.machine(t, e, owner)
	consumer := e.Client("demo-consumer").Organization
	access := "/scopes/access/" + consumer + "?scope=" + ownScope
	work := func(want bool) func() bool {
		return func() bool {
			all := true
			r.everywhere(func(int) { all = all && (client.ask() == http.StatusOK) == want })
			return all
		}
	}
	within(t, 2*time.Second, "who was let in gets tokens everywhere", work(true))
	for _, change := range []struct {
		what, method, path, body string
		works                    bool
	}{
		{"who was let out is refused", http.MethodDelete, access, "", false},
		{"who was let in again gets tokens", http.MethodPut, access, "", true},
		{"a scope that was switched off is refused", http.MethodDelete, "/scopes?scope=" + ownScope, "", false},
		{"a scope that was switched on is given", http.MethodPut, "/scopes?scope=" + ownScope, `{"active": true, "description": "Replikaprøve"}`, true},
	} {
		r.point(0)
		send(t, change.method, e.API("scopes")+change.path, owner, change.body, nil)
		if got := client.ask() == http.StatusOK; got != change.works {
			t.Errorf("%s, at the replica that was told: a token is given: %v; want %v", change.what, got, change.works)
		}
		within(t, 2*time.Second, change.what+" everywhere", work(change.works))
	}
}

// keyed is a client that the test registered, with its key.
type keyed struct {
	t   *testing.T
	e   *facts.Env
	id  string
	key jose.JSONWebKey
}

// machine registers a scope of the owner's and, for the consumer that was let in
// to it, a client with a key.
func (r *replicas) machine(t *testing.T, e *facts.Env, owner string) *keyed {
	t.Helper()
	r.point(0)
	defer r.point(-1)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k := &keyed{t: t, e: e, key: jose.JSONWebKey{Key: private, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}
	send(t, http.MethodPost, e.API("scopes")+"/scopes", owner,
		`{"prefix": "skogdata", "subscope": "replika", "description": "Replikaprøve", "allowed_integration_types": ["maskinporten"]}`, nil)
	send(t, http.MethodPut, e.API("scopes")+"/scopes/access/"+e.Client("demo-consumer").Organization+"?scope="+ownScope, owner, "", nil)
	token := e.Succeeded(e.Asserted("demo-consumer", "idporten:dcr.write", nil)).Access()
	var made struct {
		ID string `json:"client_id"`
	}
	send(t, http.MethodPost, e.API("clients")+"/clients", token,
		`{"integration_type": "maskinporten", "client_name": "Replikaprøve", "description": "En prøve", "scopes": ["`+ownScope+`"]}`, &made)
	k.id = made.ID
	keys, err := json.Marshal(map[string]any{"keys": []any{k.key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	send(t, http.MethodPost, e.API("clients")+"/clients/"+k.id+"/jwks", token, string(keys), nil)
	return k
}

// ask asks for a token and gives the status.
func (k *keyed) ask() int {
	k.t.Helper()
	now := time.Now().Unix() // no clock was moved yet
	claims := map[string]any{"iss": k.id, "aud": k.e.Issuer(), "scope": ownScope, "jti": rand.Text(), "iat": now, "exp": now + 60}
	status, _, _ := k.e.PostForm(k.e.Endpoint("token_endpoint"), url.Values{"grant_type": {facts.JWTBearer}, "assertion": {k.e.Signed(k.key, "JWT", claims)}}, nil)
	return status
}

// send asks an API and demands a 200.
func send(t *testing.T, method, address, token, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s %v; want 200", method, address, resp.StatusCode, answer.Bytes(), err)
	}
	if into != nil {
		if err := json.Unmarshal(answer.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
}
