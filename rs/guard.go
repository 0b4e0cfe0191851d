package rs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A Guard checks access tokens of one issuer for one audience. Its fields are
// set before the first request and not changed afterwards.
type Guard struct {
	// Issuer is the exact iss of the tokens.
	Issuer string
	// Audience must be among the aud of the tokens.
	Audience string
	// Keys gives the issuer's public keys.
	Keys Keys
	// Algorithms is the list of signature algorithms accepted; empty: ES256,
	// RS256, PS256 and EdDSA.
	Algorithms []jose.SignatureAlgorithm
	// Now is the clock; nil: the wall clock.
	Now func() time.Time
	// Proof checks that who sends a token holds the key it is bound to (cnf.jkt,
	// RFC 9449 §7.1); an error wraps [ErrInvalidToken], or is ours. nil: bound
	// tokens are refused, for without its proof one is a stolen one.
	Proof func(r *http.Request, accessToken, thumbprint string) error
	// Revoked asks whether a token was revoked before it expired; nil: a token
	// lives until it expires. An error refuses the request with 503.
	Revoked func(ctx context.Context, token *Token) (bool, error)
}

// Keys gives the public keys an issuer signs with.
type Keys interface {
	// Keys gives those that may have signed with the key id; "" asks for all.
	// An error says that no keys could be had, not that none matched.
	Keys(ctx context.Context, id string) ([]jose.JSONWebKey, error)
}

// Require lets requests pass whose token carries every one of the scopes. The
// handler finds the token with [FromContext].
func (g *Guard) Require(scopes ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, refused := g.check(r, scopes)
			if refused != nil {
				refused.write(w)
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

func (g *Guard) check(r *http.Request, scopes []string) (*Token, *refusal) {
	scheme, text, refused := g.presented(r)
	if refused != nil {
		return nil, refused
	}
	token, err := g.Verify(r.Context(), text)
	if err == nil {
		err = g.confirm(r, scheme, text, token)
	}
	if errors.Is(err, ErrInvalidToken) {
		return nil, invalidToken().by(scheme)
	}
	if err != nil {
		return nil, unavailable()
	}
	if g.Revoked != nil {
		revoked, err := g.Revoked(r.Context(), token)
		if err != nil {
			return nil, unavailable()
		}
		if revoked {
			return nil, invalidToken()
		}
	}
	for _, scope := range scopes {
		if !slices.Contains(token.Scopes, scope) {
			return nil, insufficientScope(scopes)
		}
	}
	return token, nil
}

// confirm takes a bound token with its proof alone, and an unbound one as a
// Bearer alone.
func (g *Guard) confirm(r *http.Request, scheme, text string, token *Token) error {
	switch bound := token.Thumbprint != ""; {
	case bound != (scheme == schemeDPoP):
		return fmt.Errorf("%w: scheme %s does not suit it", ErrInvalidToken, scheme)
	case bound:
		return g.Proof(r, text, token.Thumbprint)
	}
	return nil
}

const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// presented reads the one token of the Authorization header (RFC 6750 §2.1,
// RFC 9449 §7.1). Tokens in a body or in the address are not accepted.
func (g *Guard) presented(r *http.Request) (scheme, text string, refused *refusal) {
	values := r.Header.Values("Authorization")
	if len(values) > 1 {
		return "", "", invalidRequest("one Authorization header, not several")
	}
	if len(values) == 0 {
		return "", "", noCredentials()
	}
	scheme, text, _ = strings.Cut(values[0], " ")
	switch {
	case strings.EqualFold(scheme, schemeBearer):
		scheme = schemeBearer
	case strings.EqualFold(scheme, schemeDPoP) && g.Proof != nil:
		scheme = schemeDPoP
	default:
		return "", "", noCredentials()
	}
	text = strings.TrimLeft(text, " ")
	if text == "" || strings.ContainsAny(text, " ,\t") {
		return "", "", invalidRequest("Authorization: " + scheme + " and one token")
	}
	return scheme, text, nil
}

func (g *Guard) now() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}

func (g *Guard) algorithms() []jose.SignatureAlgorithm {
	if len(g.Algorithms) > 0 {
		return g.Algorithms
	}
	return []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA}
}
