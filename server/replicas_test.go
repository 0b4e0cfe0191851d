package server_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/store/pgtest"
)

// A pair is two providers on one store, behind one address. Who asks there is
// answered by the one that the test points at.
type pair struct {
	*op
	each    [2]*op
	pointed atomic.Int64
	from    netip.Addr // where requests come from, as far as the providers know
}

// onStores runs a test on every store that two processes can share.
func onStores(t *testing.T, test func(t *testing.T, store string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "tillit.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, pgtest.URL(t)) })
}

// openPair starts them.
func openPair(t *testing.T, realm, store string, files fs.FS) *pair {
	t.Helper()
	p := &pair{from: netip.MustParseAddr("203.0.113.9")}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dev/fixtures.json" {
			p.each[0].fixtures(w, r)
			return
		}
		p.each[p.pointed.Load()].house.Handler.ServeHTTP(w, r)
	}))
	for i := range p.each {
		p.each[i] = openWith(t, realm, func(c *wiring.Config) {
			c.Base, c.Store, c.Realms, c.Operations.Throttle = front.URL, store, files, true
		})
		p.each[i].house.Provider.Address = func(*http.Request) netip.Addr { return p.from }
	}
	t.Cleanup(front.Close)
	first := p.each[0]
	p.op = &op{t: t, base: front.URL, realm: realm, house: first.house, log: first.log}
	world := &facts.World{Starter: started{}}
	p.Env = world.Env(t, &facts.Provider{Base: front.URL, Advance: func(by time.Duration) {
		for _, o := range p.each {
			o.house.Advance(by)
		}
	}}, realm)
	return p
}

// at lets one of them answer.
func (p *pair) at(i int) *pair {
	p.pointed.Store(int64(i % len(p.each)))
	return p
}

// everywhere runs a check against each.
func (p *pair) everywhere(check func(where string)) {
	for i := range p.each {
		p.at(i)
		check(fmt.Sprintf("provider %d", i))
	}
}

// TestThrottledEverywhere: what is got wrong at one provider counts at the other.
func TestThrottledEverywhere(t *testing.T) {
	onStores(t, func(t *testing.T, store string) {
		p := openPair(t, "bankid", store, realms.Files())
		t.Run("passwords", func(t *testing.T) {
			p.wrongSignIns(t, func(person *facts.PersonFixture) { person.Password = "certainly not" })
		})
		t.Run("one-time codes", func(t *testing.T) {
			p.wrongSignIns(t, func(person *facts.PersonFixture) {
				wrong := map[string]string{"otp": "000000"}
				for name, value := range person.Fields {
					if name != "otp" {
						wrong[name] = value
					}
				}
				person.Fields = wrong
			})
		})
		t.Run("client secrets", p.wrongSecrets)
		t.Run("authorization codes", p.wrongCodes)
	})
}

// wrongSignIns: failures are counted per account, wherever and from wherever they
// were made; others can sign in all the while.
func (p *pair) wrongSignIns(t *testing.T, spoil func(*facts.PersonFixture)) {
	people := p.People(func(claims map[string]any) bool { return true })
	var able []facts.PersonFixture
	for _, person := range people {
		if person.Fields["otp"] != "" {
			able = append(able, person)
		}
	}
	try := func(person facts.PersonFixture) string {
		return p.Authorize(facts.Request{Scope: "openid", Params: map[string]string{"login_hint": "BID"}, Manners: facts.Manners{Person: person, Way: "BID"}}).Code()
	}
	mine, other := able[0], able[1]
	p.Advance(time.Hour) // of an earlier test nothing is left
	wrong := mine
	spoil(&wrong)
	for i := range 10 {
		p.from = netip.MustParseAddr(fmt.Sprintf("203.0.113.%d", 20+i))
		if p.at(i); try(wrong) != "" {
			t.Fatal("a wrong proof is taken")
		}
	}
	p.everywhere(func(where string) {
		if try(mine) != "" {
			t.Errorf("%s: after ten wrong ones at all the right one is taken at once", where)
		}
		if try(other) == "" {
			t.Errorf("%s: somebody else cannot sign in", where)
		}
	})
	p.Advance(16 * time.Minute)
	p.everywhere(func(where string) {
		if try(mine) == "" {
			t.Errorf("%s: a quarter of an hour later the right one is refused", where)
		}
	})
}

// wrongSecrets: failures are counted per client and address.
func (p *pair) wrongSecrets(t *testing.T) {
	try := func(header string) int {
		return p.do(http.MethodPost, "/token", "grant_type=client_credentials", "Authorization", header).status
	}
	wrong := "Basic " + basicOf(p.op, "demo-service", "wrong")
	p.counted(t, func() int { return try(wrong) }, http.StatusUnauthorized)
	p.everywhere(func(where string) {
		if got := try(p.basic("demo-service")); got == http.StatusTooManyRequests || got == http.StatusUnauthorized {
			t.Errorf("%s: the right secret: %d", where, got)
		}
		if got := try("Basic " + basicOf(p.op, "demo-web", "wrong")); got != http.StatusUnauthorized {
			t.Errorf("%s: another client: %d; want 401", where, got)
		}
	})
}

// wrongCodes: likewise.
func (p *pair) wrongCodes(t *testing.T) {
	try := func(client string) int {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {"guess"}, "redirect_uri": {"http://127.0.0.1/callback"}}
		return p.do(http.MethodPost, "/token", form.Encode(), "Authorization", p.basic(client)).status
	}
	p.counted(t, func() int { return try("demo-web") }, http.StatusBadRequest)
	p.everywhere(func(where string) {
		if got := try("demo-basic"); got != http.StatusBadRequest {
			t.Errorf("%s: another client: %d; want 400", where, got)
		}
	})
}

// counted gets something wrong twenty times, at each in turn, and demands that both
// tell to wait from then on, from that address alone and for a minute.
func (p *pair) counted(t *testing.T, try func() int, refused int) {
	t.Helper()
	p.from = netip.MustParseAddr("203.0.113.9")
	for i := range 20 {
		p.at(i)
		if got := try(); got != refused {
			t.Fatalf("no. %d: %d; want %d", i+1, got, refused)
		}
	}
	expect := func(when string, want int) {
		t.Helper()
		p.everywhere(func(where string) {
			if got := try(); got != want {
				t.Errorf("%s, %s: %d; want %d", where, when, got, want)
			}
		})
	}
	expect("one more", http.StatusTooManyRequests)
	p.from = netip.MustParseAddr("203.0.113.10")
	expect("another address", refused)
	p.from = netip.MustParseAddr("203.0.113.9")
	p.Advance(61 * time.Second)
	expect("a minute later", refused)
}

// TestProofsEverywhere: a nonce that one provider gave is good at the other, and a
// proof that one of them took is used up at both (RFC 9449 §8, §11.1).
func TestProofsEverywhere(t *testing.T) {
	text, err := fs.ReadFile(realms.Files(), "buypass.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const without, with = "features: [par, request_object, dpop]", "features: [par, request_object, dpop, dpop_nonce]"
	if !strings.Contains(string(text), without) {
		t.Fatal("the realm does not say what is changed here")
	}
	files := fstest.MapFS{"buypass.yaml": {Data: []byte(strings.Replace(string(text), without, with, 1))}}
	onStores(t, func(t *testing.T, store string) {
		p := openPair(t, "buypass", store, files)
		prover := p.NewProver()
		token := func(proof string) *answer {
			return p.do(http.MethodPost, "/token", "grant_type=client_credentials&scope=service-api", "Authorization", p.basic("demo-service"), "DPoP", proof)
		}
		proof := func(nonce string) string {
			return prover.Proof(http.MethodPost, p.Endpoint("token_endpoint"), "", map[string]any{"nonce": nonce})
		}
		for i := range 2 {
			p.at(i)
			told(t, token(proof("made up")), 400, "use_dpop_nonce")
			nonce := token(proof("made up")).header.Get("DPoP-Nonce")
			p.at(i + 1)
			used := proof(nonce)
			if got := token(used); got.status != http.StatusOK {
				t.Fatalf("a nonce of provider %d at the other: %d %s", i, got.status, got.body)
			}
			p.everywhere(func(string) { told(t, token(used), 400, "invalid_dpop_proof") })
		}
	})
}

// TestLogoutsTogether: two providers that tell clients of logouts side by side tell
// each once, and the one that failed again until it has heard.
func TestLogoutsTogether(t *testing.T) {
	onStores(t, func(t *testing.T, store string) {
		p := openPair(t, "buypass", store, realms.Files())
		deaf, good := p.listener(1), p.listener(0)
		for _, o := range p.each { // each remembers clients for a while
			o.registered("demo-web", func(c *tillit.Client) { c.BackChannelLogoutURI = deaf.URL })
			o.registered("demo-post", func(c *tillit.Client) { c.BackChannelLogoutURI = good.URL })
		}
		b := p.NewBrowser()
		tokens := p.Login(facts.Request{Scope: "openid", Browser: b, Client: "demo-web"})
		p.at(1).Login(facts.Request{Scope: "openid", Browser: b, Client: "demo-post"})
		sid := p.IDClaims(tokens)["sid"]
		p.Logout(b, url.Values{"id_token_hint": {tokens.ID()}, "post_logout_redirect_uri": {p.LogoutURI("demo-web")}})
		p.bothTell(t)
		select {
		case <-deaf.refused:
		case <-time.After(20 * time.Second):
			t.Fatalf("nobody tried to tell the client that fails\n%s\n%s", p.each[0].log, p.each[1].log)
		}
		heard := p.Decode(good.hear(t))
		if heard["aud"] != "demo-post" || heard["sid"] != sid {
			t.Errorf("told %v; want its own aud, and the sid %v", heard, sid)
		}
		// Seconds pass until the pause is over, fewer than the lease is long.
		for seconds := 0; len(deaf.heard) == 0 && seconds < 50; seconds++ {
			p.Advance(time.Second)
			p.bothTell(t)
			select {
			case text := <-deaf.heard:
				deaf.heard <- text
			case <-time.After(100 * time.Millisecond): // until it is noted that it was not told
			}
		}
		if again := p.Decode(deaf.hear(t)); again["aud"] != "demo-web" || again["sid"] != sid {
			t.Errorf("told %v; want its own aud, and the sid %v", again, sid)
		}
		p.bothTell(t)
		if len(deaf.heard) > 0 || len(good.heard) > 0 {
			t.Errorf("told once more: %d and %d times", len(deaf.heard), len(good.heard))
		}
	})
}

// bothTell lets both tell whom they find, at once.
func (p *pair) bothTell(t *testing.T) {
	t.Helper()
	var both sync.WaitGroup
	for _, o := range p.each {
		both.Go(func() {
			if err := o.house.Provider.TellLogouts(t.Context()); err != nil {
				t.Errorf("telling: %v", err)
			}
		})
	}
	both.Wait()
}

// TestLogoutAfterChangeElsewhere: the process that ends a session may still have
// an older registration in memory; a client that just said where it hears of
// logouts is told all the same, for nobody asks again.
func TestLogoutAfterChangeElsewhere(t *testing.T) {
	onStores(t, func(t *testing.T, store string) {
		p := openPair(t, "buypass", store, realms.Files())
		heard := p.listener(0)
		b := p.NewBrowser()
		tokens := p.Login(facts.Request{Scope: "openid", Browser: b, Client: "demo-web"})
		p.each[1].registered("demo-web", func(c *tillit.Client) { c.BackChannelLogoutURI = heard.URL })
		p.Logout(b, url.Values{"id_token_hint": {tokens.ID()}})
		if told := p.Decode(heard.hear(t)); told["aud"] != "demo-web" || told["sid"] != p.IDClaims(tokens)["sid"] {
			t.Errorf("told %v; want its own aud and sid", told)
		}
	})
}
