package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// An owner answers as told and counts how often it was asked.
type owner struct {
	mu    sync.Mutex
	asked int
	body  string
	age   time.Duration
	err   error
	wait  chan struct{}
}

func (o *owner) Get(ctx context.Context, _ string) (*Document, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	if o.wait != nil {
		select {
		case <-o.wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if o.err != nil {
		return nil, o.err
	}
	return &Document{Body: []byte(o.body), MaxAge: o.age}, nil
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func newJWKS(o *owner) (*JWKS[string], *clock) {
	c := &clock{time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	parse := func(body []byte) (string, error) {
		if string(body) == "bad" {
			return "", errors.New("not a JWK Set")
		}
		return string(body), nil
	}
	return NewJWKS(o, parse, c.now), c
}

const uri = "https://client.example/jwks"

func want(t *testing.T, o *owner, got string, err error, body string, asked int) {
	t.Helper()
	if got != body || (err != nil) != (body == "") || o.asked != asked {
		t.Errorf("%q, %v after %d readings; want %q after %d", got, err, o.asked, body, asked)
	}
}

func TestJWKSKeepsWithinBounds(t *testing.T) {
	for told, fresh := range map[time.Duration]time.Duration{
		-1: keptUntold, 0: keptLeast, time.Second: keptLeast, time.Hour: time.Hour, 8760 * time.Hour: keptMost,
	} {
		t.Run(fmt.Sprint(told), func(t *testing.T) {
			o := &owner{body: "one", age: told}
			cache, clock := newJWKS(o)
			for range 2 {
				got, err := cache.Get(t.Context(), uri)
				want(t, o, got, err, "one", 1)
			}
			o.body = "two"
			clock.advance(fresh - time.Second)
			got, err := cache.Get(t.Context(), uri)
			want(t, o, got, err, "one", 1)
			clock.advance(time.Second)
			got, err = cache.Get(t.Context(), uri)
			want(t, o, got, err, "two", 2)
		})
	}
}

func TestJWKSRefresh(t *testing.T) {
	o := &owner{body: "one", age: time.Hour}
	cache, clock := newJWKS(o)
	got, err := cache.Refresh(t.Context(), uri)
	want(t, o, got, err, "one", 1)
	o.body = "two"
	for range 100 { // somebody sends a hundred unknown kids
		got, err = cache.Refresh(t.Context(), uri)
		want(t, o, got, err, "one", 1)
	}
	clock.advance(againAfter)
	got, err = cache.Refresh(t.Context(), uri)
	want(t, o, got, err, "two", 2)
}

func TestJWKSFailures(t *testing.T) {
	o := &owner{err: errors.New("away")}
	cache, clock := newJWKS(o)
	for range 3 {
		got, err := cache.Get(t.Context(), uri)
		want(t, o, got, err, "", 1)
	}
	o.err, o.body, o.age = nil, "one", time.Hour
	clock.advance(againAfter)
	got, err := cache.Get(t.Context(), uri)
	want(t, o, got, err, "one", 2)

	o.body = "bad" // the older keys stay for a while
	clock.advance(time.Hour)
	got, err = cache.Get(t.Context(), uri)
	want(t, o, got, err, "one", 3)
	clock.advance(keptAnyway)
	got, err = cache.Get(t.Context(), uri)
	want(t, o, got, err, "", 4)
}

func TestJWKSWhoGivesUpFailsAlone(t *testing.T) {
	o := &owner{body: "one", wait: make(chan struct{})}
	cache, _ := newJWKS(o)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.Get(gone, uri); err == nil {
		t.Error("an answer without a reading")
	}
	close(o.wait)
	got, err := cache.Get(t.Context(), uri)
	if err != nil || got != "one" {
		t.Errorf("the next one: %q, %v", got, err)
	}
}

func TestJWKSReadsOnceForMany(t *testing.T) {
	o := &owner{body: "one", wait: make(chan struct{})}
	cache, _ := newJWKS(o)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if got, err := cache.Get(context.Background(), uri); err != nil || got != "one" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	close(o.wait)
	group.Wait()
	if o.asked != 1 {
		t.Errorf("%d readings, want one", o.asked)
	}
}

func TestJWKSIsBounded(t *testing.T) {
	o := &owner{body: "one", age: time.Hour}
	cache, clock := newJWKS(o)
	for i := range mostEntries + 10 {
		clock.advance(time.Millisecond)
		if _, err := cache.Get(t.Context(), fmt.Sprint(uri, i)); err != nil {
			t.Fatal(err)
		}
		cache.Get(t.Context(), uri) // in use
	}
	if len(cache.entries) != mostEntries || cache.entries[uri] == nil {
		t.Errorf("%d entries; the one in use is there: %t", len(cache.entries), cache.entries[uri] != nil)
	}
}

func TestMaxAge(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                          -1,
		"public":                    -1,
		"max-age=60":                time.Minute,
		"public, Max-Age=\"60\"":    time.Minute,
		"max-age=60, no-store":      0,
		"no-cache":                  0,
		"max-age=-1":                0,
		"max-age=":                  0,
		"max-age=99999999999999999": 0,
		"s-maxage=60":               -1,
	} {
		if got := maxAge(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
