package kills

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

const (
	realm   = "buypass"
	scope   = "openid email myservice.data_read"
	workers = 4
)

// started stands where a world wants to start providers: here one runs already.
type started struct{}

func (started) Shipped() (fs.FS, fs.FS) { return nil, nil }

func (started) Start(t facts.TB, _ facts.Options) (*facts.Provider, error) {
	t.Fatalf("this provider is not started again")
	return nil, nil
}

func envOf(t facts.TB, base string) *facts.Env {
	return (&facts.World{Starter: started{}}).Env(t, &facts.Provider{Base: base}, realm)
}

// TestLoad is the other process: it asks, and notes what it was told. It is run
// by TestKills and does nothing by itself.
func TestLoad(t *testing.T) {
	base, path := os.Getenv("TILLIT_KILLS_BASE"), os.Getenv("TILLIT_KILLS_LEDGER")
	if base == "" {
		return
	}
	book, err := openLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for worker := range workers {
		done.Go(func() {
			for number := 0; ; number++ {
				name := fmt.Sprintf("%d.%d.%d", os.Getpid(), worker, number)
				failures := facts.Record(t.Context(), func(t facts.TB) { oneFlow(t, base, name, worker, book) })
				if len(failures) > 0 { // the provider was killed, or is not there yet
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
	}
	done.Wait()
}

// oneFlow signs a person in, renews, sometimes revokes. A failure ends it.
func oneFlow(t facts.TB, base, name string, worker int, book *ledger) {
	e := envOf(t, base)
	people := e.People(nil)
	person := people[worker%len(people)]
	try := func() { book.note(entry{Flow: name, Op: "try"}) }
	try()
	a := e.Authorize(asking(person))
	code := entry{Flow: name, Op: "try", Person: person.Username, Code: a.Code(), URI: a.Sent.Get("redirect_uri")}
	if code.Code == "" {
		t.Fatalf("no code: %s", a.Error())
	}
	book.note(code)
	tokens := e.Succeeded(redeem(e, code))
	code.Op, code.Refresh, code.Access = "redeemed", tokens.Refresh(), tokens.Access()
	book.note(code)
	for range rand.IntN(6) {
		try()
		tokens = e.Succeeded(e.Renew("demo-web", tokens.Refresh(), ""))
		book.note(entry{Flow: name, Op: "rotated", Refresh: tokens.Refresh(), Access: tokens.Access()})
	}
	if rand.IntN(3) == 0 {
		try()
		e.Revoke("demo-web", tokens.Refresh())
		book.note(entry{Flow: name, Op: "revoked", Refresh: tokens.Refresh(), Access: tokens.Access()})
	}
	for number := range 3 {
		machine(t, e, fmt.Sprintf("%s.m%d", name, number), book)
	}
}

// verifier is the code_verifier of every flow: the test redeems codes again.
const verifier = "the-code-verifier-of-every-flow-before-a-kill"

func asking(person facts.PersonFixture) facts.Request {
	sum := sha256.Sum256([]byte(verifier))
	return facts.Request{
		Scope: scope, Manners: facts.Manners{Person: person, Way: "password"},
		Params: map[string]string{"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:])},
	}
}

func redeem(e *facts.Env, code entry) *facts.Tokens {
	return e.Token("demo-web", url.Values{
		"grant_type": {"authorization_code"}, "code": {code.Code}, "redirect_uri": {code.URI}, "code_verifier": {verifier},
	})
}

// machine gets a token for a client itself, and sometimes revokes it.
func machine(t facts.TB, e *facts.Env, name string, book *ledger) {
	book.note(entry{Flow: name, Op: "try"})
	tokens := e.Succeeded(e.Machine("demo-service", "myservice.data_read"))
	book.note(entry{Flow: name, Op: "machine", Access: tokens.Access()})
	if rand.IntN(2) == 0 {
		book.note(entry{Flow: name, Op: "try"})
		e.Revoke("demo-service", tokens.Access())
		book.note(entry{Flow: name, Op: "machine_revoked", Access: tokens.Access()})
	}
}

// waitFor waits until the provider answers.
func waitFor(ctx context.Context, ready func() bool) bool {
	for !ready() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}
