package rs

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Route is what one of an API's doors asks of a token.
type Route struct {
	// Scopes must all be in the token.
	Scopes []string
	// ACR lists the ways of signing in that will do (values of acr, the one
	// wished for most first); empty: any.
	ACR []string
	// MaxAge is how long ago the person may have signed in, in whole seconds;
	// zero: any time.
	MaxAge time.Duration
}

// Require lets requests pass whose token carries every one of the scopes. The
// handler finds the token with [FromContext].
func (g *Guard) Require(scopes ...string) func(http.Handler) http.Handler {
	return g.Protect(Route{Scopes: scopes})
}

// Protect lets requests pass whose token has what the route asks for. What it
// guards is told in the metadata of the resource, see [Guard.Metadata].
func (g *Guard) Protect(route Route) func(http.Handler) http.Handler {
	g.remember(route.Scopes)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, refused := g.check(r, &route)
			if refused != nil {
				g.write(w, refused)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, token)))
		})
	}
}

type tokenKey struct{}

// FromContext gives the token that opened the door, nil outside a guard.
func FromContext(ctx context.Context) *Token {
	token, _ := ctx.Value(tokenKey{}).(*Token)
	return token
}

// opens checks what the route asks for beyond a good token: scopes first, for a
// person who lacks them would sign in again in vain.
func (route *Route) opens(token *Token, at int64) *refusal {
	for _, scope := range route.Scopes {
		if !token.Has(scope) {
			return insufficientScope(route.Scopes)
		}
	}
	acr := len(route.ACR) == 0 || slices.Contains(route.ACR, token.ACR)
	fresh := route.MaxAge <= 0 || token.AuthTime > 0 && at-token.AuthTime <= int64(route.MaxAge/time.Second)
	if acr && fresh {
		return nil
	}
	return stepUp(route)
}

// remember notes the scopes that a route asks for, for the metadata.
func (g *Guard) remember(scopes []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, scope := range scopes {
		if !slices.Contains(g.scopes, scope) {
			g.scopes = append(g.scopes, scope)
		}
	}
	slices.SortFunc(g.scopes, strings.Compare)
}
