package rs

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
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
	// Also are further names of the API: an aud with any of them will do.
	Also []string
	// ByScope says that the issuer makes aud from the scopes it grants: a token
	// for another audience is one without our scopes, and is told so (403, RFC
	// 6750 §3.1) instead of being called invalid (401).
	ByScope bool
	// Unrestricted takes tokens that name no audience as well: those of issuers
	// that restrict a token only when its client asks for that (RFC 8707 §2).
	Unrestricted bool
	// Keys gives the issuer's public keys; nil: no token is checked by itself,
	// all are introspected.
	Keys Keys
	// Introspector asks the issuer about tokens that cannot be checked here; nil:
	// only JWTs are taken.
	Introspector Introspector
	// Algorithms is the list of signature algorithms accepted; empty: ES256,
	// RS256, PS256 and EdDSA.
	Algorithms []jose.SignatureAlgorithm
	// Now is the clock; nil: the wall clock.
	Now func() time.Time
	// Leeway is how far the issuer's clock may be off; zero: not at all.
	Leeway time.Duration
	// Proof checks that who sends a token holds the key it is bound to (cnf.jkt,
	// RFC 9449 §7.1), as [DPoP.Check] does; an error wraps [ErrInvalidProof],
	// [ErrInvalidToken] or a [UseNonce], or is ours. nil: bound tokens are refused, for without
	// its proof one is a stolen one.
	Proof func(r *http.Request, accessToken, thumbprint string) error
	// Certificate gives the client's certificate of the connection, nil for none
	// (cnf.x5t#S256, RFC 8705 §3). nil: what r.TLS says. An API behind a proxy
	// that ends TLS reads it from where its proxy puts it.
	Certificate func(r *http.Request) *x509.Certificate
	// Revoked asks whether a token was revoked before it expired; nil: a token
	// lives until it expires. An error refuses the request with 503.
	Revoked func(ctx context.Context, token *Token) (bool, error)
	// Resource is the API's own address, under which its metadata is published
	// (RFC 9728); "": it has none.
	Resource string
	// Name is what people know the API by, told in its metadata.
	Name string

	verified cache[*verified]
	mu       sync.Mutex
	scopes   []string // that routes ask for
}

// Keys gives the public keys an issuer signs with.
type Keys interface {
	// Keys gives those that may have signed with the key id; "" asks for all.
	// An error says that no keys could be had, not that none matched.
	Keys(ctx context.Context, id string) ([]jose.JSONWebKey, error)
}

// check finds out whether the request may pass.
func (g *Guard) check(r *http.Request, route *Route) (*Token, *refusal) {
	scheme, text, refused := g.presented(r)
	if refused != nil {
		return nil, refused
	}
	token, err := g.Verify(r.Context(), text)
	if err == nil {
		err = g.confirm(r, scheme, text, token)
	}
	if err != nil {
		return nil, refusalOf(err, route.Scopes).by(scheme)
	}
	if g.Revoked != nil {
		revoked, err := g.Revoked(r.Context(), token)
		if err != nil {
			return nil, unavailable()
		}
		if revoked {
			return nil, invalidToken().by(scheme)
		}
	}
	if refused := route.opens(token, g.now().Unix()); refused != nil {
		return nil, refused.by(scheme)
	}
	return token, nil
}

func refusalOf(err error, scopes []string) *refusal {
	nonce, needed := errors.AsType[UseNonce](err)
	switch {
	case errors.Is(err, errElsewhere):
		return insufficientScope(scopes)
	case errors.Is(err, ErrInvalidToken):
		return invalidToken()
	case needed:
		return useNonce(string(nonce))
	case errors.Is(err, ErrInvalidProof):
		return invalidProof()
	}
	return unavailable()
}

// confirm takes a bound token with its proof alone, and an unbound one as a
// Bearer alone.
func (g *Guard) confirm(r *http.Request, scheme, text string, token *Token) error {
	if bound := token.Thumbprint != ""; bound != (scheme == schemeDPoP) {
		return fmt.Errorf("%w: scheme %s does not suit it", ErrInvalidToken, scheme)
	}
	if token.Certificate != "" {
		if err := g.shown(r, token.Certificate); err != nil {
			return err
		}
	}
	switch {
	case token.Thumbprint == "":
		return nil
	case g.Proof == nil:
		return fmt.Errorf("%w: bound to a key that was not shown", ErrInvalidToken)
	}
	return g.Proof(r, text, token.Thumbprint)
}

const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// presented reads the one token of the Authorization header (RFC 6750 §2.1,
// RFC 9449 §7.1). Tokens in a body or in the address are not accepted.
func (g *Guard) presented(r *http.Request) (scheme, text string, refused *refusal) {
	values := r.Header["Authorization"]
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

// fingerprint names a token without being it.
func fingerprint(text string) (sum [sha256.Size]byte) {
	var space [2048]byte
	return sha256.Sum256(append(space[:0], text...))
}

func (g *Guard) now() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}

var defaultAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA}

func (g *Guard) algorithms() []jose.SignatureAlgorithm {
	if len(g.Algorithms) > 0 {
		return g.Algorithms
	}
	return defaultAlgorithms
}
