package rs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// oracle answers introspection; what it says of a token is set by a test.
type oracle struct {
	*httptest.Server
	mu    sync.Mutex
	says  map[string]map[string]any
	down  bool
	asked atomic.Int64
}

func newOracle(t *testing.T) *oracle {
	o := &oracle{says: map[string]map[string]any{}}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			json.NewEncoder(w).Encode(map[string]any{"issuer": o.URL, "introspection_endpoint": o.URL + "/introspect"})
			return
		}
		o.asked.Add(1)
		client, secret, _ := r.BasicAuth()
		client, _ = url.QueryUnescape(client)
		secret, _ = url.QueryUnescape(secret)
		switch {
		case o.down:
			w.WriteHeader(http.StatusBadGateway)
		case client != "the api" || secret != "s%cr:t" || r.FormValue("token_type_hint") != "access_token":
			w.WriteHeader(http.StatusUnauthorized)
		case o.says[r.FormValue("token")] == nil:
			w.Write([]byte(`{"active":false}`))
		default:
			json.NewEncoder(w).Encode(o.says[r.FormValue("token")])
		}
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *oracle) say(token string, answer map[string]any) {
	o.mu.Lock()
	o.says[token] = answer
	o.mu.Unlock()
}

func (o *oracle) fail(down bool) { o.mu.Lock(); o.down = down; o.mu.Unlock() }

func active(more ...any) map[string]any {
	answer := map[string]any{"active": true, "aud": audience, "exp": at + 300, "scope": "tree.read", "client_id": "c1", "sub": "bjarne"}
	for i := 0; i < len(more); i += 2 {
		if answer[more[i].(string)] = more[i+1]; more[i+1] == nil {
			delete(answer, more[i].(string))
		}
	}
	return answer
}

func TestOpaqueTokens(t *testing.T) {
	o := newOracle(t)
	guard := &Guard{Issuer: o.URL, Audience: audience, Now: func() time.Time { return time.Unix(at, 0) },
		Introspector: &Introspection{Issuer: o.URL, Client: "the api", Secret: "s%cr:t"}}
	for name, row := range map[string]struct {
		answer map[string]any
		status int
	}{
		"good":              {active(), 200},
		"without an end":    {active("exp", nil), 200},
		"several audiences": {active("aud", []string{"x", audience}), 200},
		"inactive":          {map[string]any{"active": false}, 401},
		"other audience":    {active("aud", "x"), 401},
		"no audience":       {active("aud", nil), 401},
		"expired":           {active("exp", at), 401},
		"not yet":           {active("nbf", at+5), 401},
		"other issuer":      {active("iss", "https://elsewhere.example"), 401},
		"bound":             {active("cnf", map[string]any{"jkt": "x"}), 401},
		"other scope":       {active("scope", "tree.fell"), 403},
		"no answer":         {map[string]any{"error": "x"}, 503},
	} {
		o.say(name, row.answer)
		token := strings.ReplaceAll(name, " ", "-")
		o.say(token, row.answer)
		if w := ask(guard, []string{"tree.read"}, "Bearer "+token); w.Code != row.status {
			t.Errorf("%s: %d %s; want %d", name, w.Code, w.Body, row.status)
		}
	}
	if w := ask(guard, nil, "Bearer unheard-of"); w.Code != 401 {
		t.Errorf("unknown: %d", w.Code)
	}
}

// Answers are kept for a while, not beyond it, and never for longer than the
// token lives; strangers' tokens push nothing out.
func TestIntrospectionIsRemembered(t *testing.T) {
	o := newOracle(t)
	now := int64(at)
	asker := &Introspection{Issuer: o.URL, Client: "the api", Secret: "s%cr:t", Size: 10}
	guard := &Guard{Issuer: o.URL, Audience: audience, Now: func() time.Time { return time.Unix(now, 0) }, Introspector: asker}
	status := func(token string) int { return ask(guard, nil, "Bearer "+token).Code }
	o.say("t", active())
	for range 10 {
		if got := status("t"); got != 200 {
			t.Fatal(got)
		}
	}
	if o.asked.Load() != 1 {
		t.Errorf("asked %d times", o.asked.Load())
	}
	for n := range 100 {
		status(fmt.Sprint("stranger", n))
	}
	before := o.asked.Load()
	status("t")
	if o.asked.Load() != before || len(asker.bad.entries) > 10 {
		t.Errorf("strangers pushed a good answer out, or %d answers are kept", len(asker.bad.entries))
	}
	o.say("t", map[string]any{"active": false})
	if now += 30; status("t") != 401 {
		t.Error("a revoked token lives on")
	}
	o.say("t", active())
	if status("t") != 401 {
		t.Error("asked again at once; a refusal is remembered too")
	}
	if now += 30; status("t") != 200 {
		t.Error("a refusal is remembered for ever")
	}
	o.fail(true)
	if now += 29; status("t") != 200 {
		t.Error("the issuer is away for a moment")
	}
	if now++; status("t") != 503 {
		t.Error("who cannot ask must say so")
	}
	asker.Stale = time.Minute
	o.fail(false)
	status("t")
	o.fail(true)
	if now += 80; status("t") != 200 {
		t.Error("an old answer may stand in")
	}
	if now += 20; status("t") != 503 {
		t.Error("but not for ever")
	}
}

func TestSameQuestionsAreAskedOnce(t *testing.T) {
	o := newOracle(t)
	o.say("t", active())
	asker := &Introspection{Endpoint: o.URL + "/introspect", Client: "the api", Secret: "s%cr:t"}
	o.mu.Lock() // nobody is answered before all have asked
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if _, err := asker.Introspect(context.Background(), "t", at); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	o.mu.Unlock()
	wait.Wait()
	if got := o.asked.Load(); got > 5 {
		t.Errorf("asked %d times", got)
	}
}

func TestOtherWaysToAuthenticate(t *testing.T) {
	asker := &Introspection{Endpoint: "http://127.0.0.1:1/", Authenticate: func(*http.Request) error { return context.Canceled }}
	if _, err := asker.Introspect(t.Context(), "t", at); err != context.Canceled {
		t.Errorf("%v; want the error of who authenticates", err)
	}
}
