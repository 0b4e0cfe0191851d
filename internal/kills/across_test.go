package kills

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/store/pgtest"
)

// TestAcrossReplicas: what one replica did counts at the others, at once where
// something is taken back or used up, within two seconds where it was changed.
func TestAcrossReplicas(t *testing.T) {
	r := startReplicas(t, build(t), pgtest.URL(t), many())
	for _, test := range []struct {
		name  string
		check func(*testing.T, *replicas)
	}{
		{"a code is redeemed once", redeemedOnce},
		{"what was revoked is", revokedEverywhere},
		{"wrong passwords add up", passwordsAddUp},
		{"a client comes and goes", clientsChange},
		{"what an owner takes back is taken", accessTakenBack},
		{"a key is rotated under load", keyRotates},
		{"realms are read again under load", realmsReload},
	} {
		t.Run(test.name, func(t *testing.T) { test.check(t, r) })
	}
}

// env gives the provider as the test sees it, with everything read that it reads once.
func (r *replicas) env(t *testing.T) *facts.Env {
	t.Helper()
	r.point(-1)
	e := envOf(t, r.base)
	e.Metadata()
	return e
}

// signedIn gives the tokens of a person, and the code they came from.
func signedIn(t *testing.T, e *facts.Env) entry {
	t.Helper()
	a := e.Authorize(asking(e.People(nil)[0]))
	if a.Code() == "" {
		t.Fatalf("no code: %s", a.Error())
	}
	return entry{Code: a.Code(), URI: a.Sent.Get("redirect_uri")}
}

// redeemedOnce: of sixty-four who redeem one code at all replicas one wins, and
// what it got is taken back.
func redeemedOnce(t *testing.T, r *replicas) {
	e := r.env(t)
	code := signedIn(t, e)
	var won atomic.Pointer[facts.Tokens]
	var wins atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if tokens := redeem(e, code); tokens.Status == http.StatusOK {
				wins.Add(1)
				won.Store(tokens)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Fatalf("a code was redeemed %d times", wins.Load())
	}
	tokens := won.Load()
	r.everywhere(func(i int) {
		if u := e.UserInfo(tokens.Access()); u.Status != http.StatusUnauthorized {
			t.Errorf("replica %d: UserInfo with a token of a code that was redeemed again: %d; want 401", i, u.Status)
		}
		if next := e.Renew("demo-web", tokens.Refresh(), ""); next.Text("error") != "invalid_grant" {
			t.Errorf("replica %d: its refresh token: %d %s; want invalid_grant", i, next.Status, next.Text("error"))
		}
	})
}

func revokedEverywhere(t *testing.T, r *replicas) {
	e := r.env(t)
	person, machine := e.Succeeded(redeem(e, signedIn(t, e))), e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
	want := func(status int, active bool) {
		t.Helper()
		r.everywhere(func(i int) {
			if u := e.UserInfo(person.Access()); u.Status != status {
				t.Errorf("replica %d: UserInfo: %d; want %d", i, u.Status, status)
			}
			if got := e.Introspect("demo-service", machine.Access())["active"]; got != active {
				t.Errorf("replica %d: a machine's token is active: %v; want %v", i, got, active)
			}
		})
	}
	want(http.StatusOK, true) // and every replica has seen them
	r.point(0)
	e.Revoke("demo-web", person.Refresh())
	e.Revoke("demo-service", machine.Access())
	want(http.StatusUnauthorized, false)
}

// passwordsAddUp: wrong passwords are counted per name, wherever they are tried.
func passwordsAddUp(t *testing.T, r *replicas) {
	e := r.env(t)
	people := e.People(nil)
	person := people[len(people)-1]
	wrong := person
	wrong.Password = "certainly not"
	for range 20 {
		e.Authorize(asking(wrong))
	}
	r.everywhere(func(i int) {
		if a := e.Authorize(asking(person)); a.Code() != "" {
			t.Errorf("replica %d: the right password works after twenty wrong ones at all", i)
		}
	})
}

// newcomer is registered while the replicas run.
const newcomer = `{"client_id": "newcomer", "type": "confidential", "application_type": "web", "grant_types": ["client_credentials"],
"token_endpoint_auth_method": "client_secret_basic", "scopes": ["myservice.data_read"]}`

// clientsChange: a client that is added works at once, one that was removed does
// not work any longer than two seconds.
func clientsChange(t *testing.T, r *replicas) {
	e := r.env(t)
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	file := filepath.Join(t.TempDir(), "newcomer.json")
	if err := os.WriteFile(file, []byte(newcomer), 0o600); err != nil {
		t.Fatal(err)
	}
	text := r.run("client", "add", "--realm", realm, "--output", "json", file)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	works := func() bool {
		status, _, _ := e.PostForm(e.Endpoint("token_endpoint"), url.Values{"grant_type": {"client_credentials"}, "scope": {"myservice.data_read"}},
			func(req *http.Request) { req.SetBasicAuth(url.QueryEscape(made.ID), url.QueryEscape(made.Secret)) })
		return status == http.StatusOK
	}
	r.everywhere(func(i int) {
		if !works() {
			t.Errorf("replica %d does not know a client that was added", i)
		}
	})
	r.run("client", "remove", "--realm", realm, made.ID)
	within(t, 2*time.Second, "a removed client is refused everywhere", func() bool {
		known := false
		r.everywhere(func(int) { known = known || works() })
		return !known
	})
}

// keyRotates: a new key is published everywhere before it signs, and no good
// request is refused when it does.
func keyRotates(t *testing.T, r *replicas) {
	e := r.env(t)
	stop := r.steady(t)
	before := r.kids(t)
	r.run("key", "rotate", "--realm", realm, "--after", "10m", "--published", "2h")
	within(t, 2*time.Second, "a new key is published everywhere", func() bool {
		everywhere := true
		r.everywhere(func(int) { everywhere = everywhere && len(r.kids(t)) > len(before) })
		return everywhere
	})
	for range 6 { // clocks differ meanwhile, by less than a token lives
		for _, v := range r.each {
			r.between.Lock()
			v.advance(t, 101*time.Second)
			r.between.Unlock()
			time.Sleep(100 * time.Millisecond)
		}
	}
	stop()
	signed := map[bool]bool{}
	r.everywhere(func(int) {
		tokens := e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
		_, header := e.DecodeWith(tokens.Access())
		signed[slices.Contains(before, header.KeyID)] = true
	})
	if signed[true] {
		t.Error("a replica signs with the old key after the new one begins to sign")
	}
}

// advance moves the clock of one replica.
func (v *victim) advance(t *testing.T, by time.Duration) {
	t.Helper()
	resp, err := http.Post("http://"+v.listen+"/dev/clock", "application/json", strings.NewReader(`{"advance":"`+by.String()+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("POST /dev/clock: %d", resp.StatusCode)
	}
}

// kids lists the keys that are published.
func (r *replicas) kids(t *testing.T) []string {
	t.Helper()
	resp, err := http.Get(r.base + "/" + realm + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
	}
	return kids
}

// realmsReload: every replica reads its realms again, one after the other.
func realmsReload(t *testing.T, r *replicas) {
	stop := r.steady(t)
	for _, v := range r.each {
		if err := v.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	stop()
}

// steady asks good requests of all replicas without a pause: tokens of a client,
// their introspection by another replica, renewals of a person's. stop ends it
// and complains of every request that was refused.
func (r *replicas) steady(t *testing.T) (stop func()) {
	t.Helper()
	e := r.env(t)
	tokens := e.Succeeded(redeem(e, signedIn(t, e)))
	var asked atomic.Int64
	var all sync.WaitGroup
	ended := make(chan struct{})
	again := func(do func(t facts.TB, e *facts.Env)) {
		all.Go(func() {
			failures := facts.Record(t.Context(), func(t facts.TB) {
				e := envOf(t, r.base)
				for {
					select {
					case <-ended:
						return
					default:
						func() {
							r.between.RLock() // a token does not grow old between two requests
							defer r.between.RUnlock()
							do(t, e)
						}()
						asked.Add(1)
					}
				}
			})
			for _, failure := range failures {
				t.Errorf("a good request was refused: %s", failure)
			}
		})
	}
	for range 3 {
		again(func(t facts.TB, e *facts.Env) {
			got := e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
			if active := e.Introspect("demo-service", got.Access())["active"]; active != true {
				t.Errorf("a token just given is active: %v", active)
			}
			if !e.Verifies(got.Access()) {
				t.Errorf("a token just given does not verify with the published keys")
			}
		})
	}
	again(func(_ facts.TB, e *facts.Env) {
		tokens = e.Succeeded(e.Renew("demo-web", tokens.Refresh(), ""))
		e.Released(tokens)
	})
	return func() {
		t.Helper()
		close(ended)
		all.Wait()
		t.Logf("%d good requests", asked.Load())
	}
}
