package rs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"
)

// An Introspector asks the issuer about a token (RFC 7662).
type Introspector interface {
	// Introspect gives the issuer's answer, a JSON object with active. at is the
	// guard's clock, unix seconds. An error says that there was no answer.
	Introspect(ctx context.Context, token string, at int64) (json.RawMessage, error)
}

// An Introspection asks an issuer about tokens and keeps its answers for a
// while. Its fields are set before the first request.
type Introspection struct {
	// Endpoint is the address to ask; "": what the metadata of Issuer names.
	Endpoint string
	Issuer   string
	// Client and Secret are how the API proves who it is (client_secret_basic);
	// Authenticate, where it is set, does it in another way.
	Client, Secret string
	Authenticate   func(r *http.Request) error
	// MaxAge is how long an answer is believed, and so how late a revocation may
	// be noticed; zero: 30 seconds, negative: every request asks.
	MaxAge time.Duration
	// Stale is how much longer an answer stands in while the issuer cannot be
	// reached; zero: not at all.
	Stale time.Duration
	// Size bounds how many answers are kept; zero: 4096.
	Size int
	// HTTP asks; nil: a client with a deadline that follows no redirects.
	HTTP *http.Client

	good   cache[answer] // of living tokens
	bad    cache[answer] // apart, so that strangers' tokens push nothing out
	asking singleflight.Group
}

type answer struct {
	body  json.RawMessage
	asked int64 // when, unix seconds
}

// Introspect gives the issuer's answer, from memory where that is new enough.
// Requests with one token that come together ask once.
func (i *Introspection) Introspect(ctx context.Context, token string, at int64) (json.RawMessage, error) {
	sum := fingerprint(token)
	known, held := i.good.get(&sum, at)
	if held && at-known.asked < i.maxAge() {
		return known.body, nil
	}
	if refused, found := i.bad.get(&sum, at); found {
		return refused.body, nil
	}
	// The question is not one request's own: who goes away does not end it for
	// the others.
	result := i.asking.DoChan(string(sum[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		body, active, err := i.ask(ctx, token)
		if err == nil {
			i.keep(&sum, answer{body, at}, active)
		}
		return body, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-result:
		if got.Err != nil && held {
			return known.body, nil
		}
		body, _ := got.Val.(json.RawMessage)
		return body, got.Err
	}
}

func (i *Introspection) keep(sum *[32]byte, a answer, active bool) {
	i.good.size, i.bad.size = i.Size, i.Size
	if len(a.body) > maxKept {
		return
	}
	if active {
		i.good.put(sum, a, a.asked, a.asked+i.maxAge()+int64(i.Stale/time.Second))
		return
	}
	i.good.remove(sum)
	i.bad.put(sum, a, a.asked, a.asked+i.maxAge())
}

func (i *Introspection) ask(ctx context.Context, token string) (body json.RawMessage, active bool, err error) {
	endpoint := i.Endpoint
	if endpoint == "" {
		m, err := issuerMetadata(ctx, clientOr(i.HTTP), i.Issuer)
		if err != nil {
			return nil, false, err
		}
		endpoint = m.Introspection
	}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	if i.Authenticate != nil {
		err = i.Authenticate(request)
	} else {
		request.SetBasicAuth(url.QueryEscape(i.Client), url.QueryEscape(i.Secret))
	}
	if err != nil {
		return nil, false, err
	}
	reply, err := clientOr(i.HTTP).Do(request)
	if err != nil {
		return nil, false, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, false, fmt.Errorf("introspection answers %d", reply.StatusCode)
	}
	if body, err = io.ReadAll(io.LimitReader(reply.Body, maxDocument)); err != nil {
		return nil, false, err
	}
	var told struct {
		Active *bool `json:"active"`
	}
	if json.Unmarshal(body, &told) != nil || told.Active == nil {
		return nil, false, errors.New("introspection answers without active")
	}
	return body, *told.Active, nil
}

func (i *Introspection) maxAge() int64 {
	switch {
	case i.MaxAge < 0:
		return 0
	case i.MaxAge == 0:
		return 30
	}
	return int64(i.MaxAge / time.Second)
}

// introspected checks what the issuer says of a token: that it lives, and is for
// this API.
func (g *Guard) introspected(ctx context.Context, text string) (*Token, error) {
	body, err := g.Introspector.Introspect(ctx, text, g.now().Unix())
	if err != nil {
		return nil, fmt.Errorf("introspection at %s: %w", g.Issuer, err)
	}
	var m members
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("introspection at %s: %w", g.Issuer, err)
	}
	switch {
	case !m.Active:
		return nil, fmt.Errorf("%w: not active", ErrInvalidToken)
	case m.Issuer != "" && m.Issuer != g.Issuer:
		return nil, fmt.Errorf("%w: of another issuer", ErrInvalidToken)
	}
	if err := g.alive(&m); err != nil {
		return nil, err
	}
	if err := g.meant(m.Audience); err != nil {
		return nil, err
	}
	return m.token(body)
}
