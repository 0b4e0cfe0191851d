package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

const racers = 64

// race sends the same form to an endpoint from many sides at once.
func (o *op) race(path string, form url.Values, header ...string) []*answer {
	o.t.Helper()
	answers := make([]*answer, racers)
	c := client(nil)
	c.Transport = &http.Transport{MaxIdleConnsPerHost: racers}
	defer c.CloseIdleConnections()
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range answers {
		req := o.request(http.MethodPost, path, form.Encode(), header...)
		done.Go(func() {
			<-start
			answers[i] = o.send(c, req)
		})
	}
	close(start)
	done.Wait()
	return answers
}

func winners(answers []*answer) (won []*answer, other map[string]int) {
	other = map[string]int{}
	for _, a := range answers {
		if a.status == http.StatusOK {
			won = append(won, a)
		} else {
			other[a.member("error")]++
		}
	}
	return won, other
}

// verifier is the code_verifier of requests whose code is redeemed by hand.
const verifier = "every-test-of-this-package-uses-this-verifier"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ask sends a request whose code can be redeemed with the verifier.
func (o *op) ask(r facts.Request) *facts.Authorization {
	o.t.Helper()
	params := map[string]string{"code_challenge": challenge()}
	maps.Copy(params, r.Params)
	r.Params = params
	a := o.Authorize(r)
	if a.Code() == "" {
		o.t.Fatalf("no code: %s, %v", a.Error(), a.Params)
	}
	return a
}

func (o *op) redemption(a *facts.Authorization) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {a.Code()}, "redirect_uri": {a.Sent.Get("redirect_uri")},
		"code_verifier": {verifier},
	}
}

// TestOneCodeManyTimes: of all who redeem one code at the same time exactly one
// gets tokens, and as it was redeemed twice, those are dead too (RFC 6749 §4.1.2).
func TestOneCodeManyTimes(t *testing.T) {
	o := open(t, "buypass")
	for range 5 {
		a := o.ask(facts.Request{Scope: "openid email offline_access"})
		won, other := winners(o.race("/token", o.redemption(a), "Authorization", o.basic("demo-web")))
		if len(won) != 1 || other["invalid_grant"] != racers-1 {
			t.Fatalf("%d won, others %v; want 1 and %d invalid_grant", len(won), other, racers-1)
		}
		if u := o.UserInfo(won[0].member("access_token")); u.Status != http.StatusUnauthorized {
			t.Errorf("UserInfo with the winner's token: %d; want 401, for the grant is revoked", u.Status)
		}
		if r := o.Renew("demo-web", won[0].member("refresh_token"), ""); r.Text("error") != "invalid_grant" {
			t.Errorf("refresh of the winner: %d %s; want invalid_grant", r.Status, r.Text("error"))
		}
		if i := o.Introspect("demo-web", won[0].member("access_token")); i["active"] != false {
			t.Errorf("introspection of the winner's token: %v; want inactive", i)
		}
	}
}

// TestOneRefreshTokenManyTimes: however many use one refresh token at the same
// time, at most one line lives on.
func TestOneRefreshTokenManyTimes(t *testing.T) {
	o := open(t, "buypass")
	for range 5 {
		tokens := o.Login(facts.Request{Scope: "openid email offline_access"})
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh()}}
		won, other := winners(o.race("/token", form, "Authorization", o.basic("demo-web")))
		if len(won) == 0 || len(won)+other["invalid_grant"] != racers {
			t.Fatalf("%d won, others %v; want at least one, and nothing but invalid_grant else", len(won), other)
		}
		living := 0
		for _, a := range won {
			if r := o.Renew("demo-web", a.member("refresh_token"), ""); r.Status == http.StatusOK {
				living++
			}
		}
		if living > 1 {
			t.Errorf("%d of %d answers could be used again; want at most one line", living, len(won))
		}
		if len(won) > 1 {
			// Whoever used an answer that was replaced showed that two hold the token.
			if r := o.Renew("demo-web", tokens.Refresh(), ""); r.Status == http.StatusOK {
				t.Errorf("the first token can still be used; want the line ended")
			}
		}
	}
}
