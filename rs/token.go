package rs

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// ErrInvalidToken says that a token is not one of ours, or no longer.
var ErrInvalidToken = errors.New("invalid token")

// errElsewhere says that the issuer granted no scope of ours.
var errElsewhere = fmt.Errorf("%w: without a scope of this API", ErrInvalidToken)

// maxToken bounds an access token, in bytes.
const maxToken = 32 << 10

// A Token is an access token that was checked. It is shared between requests:
// whoever reads it changes nothing.
type Token struct {
	Issuer   string
	Subject  string // of the person; of the client, or "", without one
	Client   string // client_id or azp
	ID       string // jti
	Scopes   []string
	Audience []string
	Expires  int64           // unix seconds; 0 where introspection names no end
	ACR      string          // how the person signed in
	AuthTime int64           // when the person signed in, unix seconds; 0: not told
	Claims   json.RawMessage // all members
	// Thumbprint is of the key the token is bound to (cnf.jkt), "" for a Bearer.
	Thumbprint string
	// Certificate is the hash of the certificate it is bound to (cnf.x5t#S256),
	// "" for none.
	Certificate string
}

// Has reports whether the token carries the scope.
func (t *Token) Has(scope string) bool { return slices.Contains(t.Scopes, scope) }

// verified is a token and what made us believe it.
type verified struct {
	token     *Token
	id        string // of the key
	key       crypto.PublicKey
	notBefore int64
}

// Verify checks an access token: a JWT as RFC 9068 §4 asks, any other by
// introspection. The error wraps [ErrInvalidToken] when the token is at fault;
// any other is ours. It does not check that the sender holds the key the token
// is bound to.
func (g *Guard) Verify(ctx context.Context, text string) (*Token, error) {
	switch {
	case len(text) > maxToken:
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrInvalidToken, maxToken)
	case g.Introspector != nil && (g.Keys == nil || strings.Count(text, ".") != 2):
		return g.introspected(ctx, text)
	case g.Keys == nil:
		return nil, fmt.Errorf("%w: the guard has neither keys nor introspection", ErrInvalidToken)
	}
	at, sum := g.now().Unix(), fingerprint(text)
	if known, found := g.verified.get(&sum, at); found {
		keys, err := g.Keys.Keys(ctx, known.id)
		if err != nil {
			return nil, fmt.Errorf("keys of %s: %w", g.Issuer, err)
		}
		if at+g.leeway() >= known.notBefore && holds(keys, known.key) {
			return known.token, nil
		}
		g.verified.remove(&sum)
	}
	found, err := g.verify(ctx, text)
	if err != nil {
		return nil, err
	}
	if len(text) <= maxKept {
		g.verified.put(&sum, found, at, found.token.Expires+g.leeway())
	}
	return found.token, nil
}

// holds reports whether a key is still among the issuer's. As long as the keys
// were not fetched anew, it is the same in memory.
func holds(keys []jose.JSONWebKey, key crypto.PublicKey) bool {
	for i := range keys {
		same := false
		switch one := keys[i].Key.(type) {
		case *ecdsa.PublicKey:
			other, ok := key.(*ecdsa.PublicKey)
			same = ok && (one == other || one.Equal(other))
		case *rsa.PublicKey:
			other, ok := key.(*rsa.PublicKey)
			same = ok && (one == other || one.Equal(other))
		case ed25519.PublicKey:
			same = one.Equal(key)
		}
		if same {
			return true
		}
	}
	return false
}

// verify finds the issuer's key that made the signature. What the header offers
// as a key (jwk, jku, x5c, x5u) is never looked at.
func (g *Guard) verify(ctx context.Context, text string) (*verified, error) {
	signed, err := jose.ParseSignedCompact(text, g.algorithms())
	if err != nil {
		return nil, fmt.Errorf("%w: not a JWS of an accepted algorithm", ErrInvalidToken)
	}
	header := signed.Signatures[0].Protected
	if !isAccessToken(header) {
		return nil, fmt.Errorf("%w: typ is not at+jwt", ErrInvalidToken)
	}
	keys, err := g.Keys.Keys(ctx, header.KeyID)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", g.Issuer, err)
	}
	for i := range keys {
		if keys[i].Algorithm != "" && keys[i].Algorithm != header.Algorithm || !keys[i].IsPublic() {
			continue
		}
		payload, err := signed.Verify(&keys[i])
		if err != nil {
			continue
		}
		m, err := g.read(payload)
		if err != nil {
			return nil, err
		}
		token, err := m.token(payload)
		if err != nil {
			return nil, err
		}
		return &verified{token: token, id: header.KeyID, key: keys[i].Key, notBefore: m.NotBefore.seconds()}, nil
	}
	return nil, fmt.Errorf("%w: no key of the issuer made the signature", ErrInvalidToken)
}

// isAccessToken tells access tokens from ID Tokens, logout tokens and assertions,
// which the same key signs.
func isAccessToken(header jose.Header) bool {
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	return strings.EqualFold(typ, "at+jwt") || strings.EqualFold(typ, "application/at+jwt")
}

// members are the claims that are checked here, of a JWT or of introspection.
type members struct {
	Active       bool            `json:"active"`
	Issuer       string          `json:"iss"`
	Subject      string          `json:"sub"`
	Audience     jwt.Audience    `json:"aud"`
	Expires      *instant        `json:"exp"`
	NotBefore    *instant        `json:"nbf"`
	AuthTime     *instant        `json:"auth_time"`
	ACR          string          `json:"acr"`
	ID           string          `json:"jti"`
	Client       string          `json:"client_id"`
	Authorized   string          `json:"azp"`
	Scope        string          `json:"scope"`
	Confirmation json.RawMessage `json:"cnf"`
}

// An instant is a NumericDate, which need not be whole.
type instant float64

func (i *instant) seconds() int64 {
	if i == nil {
		return 0
	}
	return int64(*i)
}

// read checks the claims of a JWT.
func (g *Guard) read(payload []byte) (*members, error) {
	var m members
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, fmt.Errorf("%w: claims are not what RFC 9068 says", ErrInvalidToken)
	}
	switch {
	case m.Issuer != g.Issuer:
		return nil, fmt.Errorf("%w: of another issuer", ErrInvalidToken)
	case m.Expires == nil:
		return nil, fmt.Errorf("%w: without an end", ErrInvalidToken)
	}
	if err := g.alive(&m); err != nil {
		return nil, err
	}
	return &m, g.meant(m.Audience)
}

// meant reports a token that is for others. Where tokens are restricted on
// demand, one without an audience is for every API, and the API's own address is
// what a client asks for.
func (g *Guard) meant(audience []string) error {
	for _, name := range audience {
		if name == g.Audience || slices.Contains(g.Also, name) || g.Unrestricted && name != "" && name == g.Resource {
			return nil
		}
	}
	switch {
	case g.Unrestricted && len(audience) == 0:
		return nil
	case g.ByScope:
		return errElsewhere
	}
	return fmt.Errorf("%w: for another audience", ErrInvalidToken)
}

func (g *Guard) alive(m *members) error {
	at := g.now().Unix()
	switch {
	case m.Expires != nil && at-g.leeway() >= m.Expires.seconds():
		return fmt.Errorf("%w: expired", ErrInvalidToken)
	case m.NotBefore != nil && at+g.leeway() < m.NotBefore.seconds():
		return fmt.Errorf("%w: not valid yet", ErrInvalidToken)
	}
	return nil
}

func (g *Guard) leeway() int64 { return int64(g.Leeway / time.Second) }

func (m *members) token(claims json.RawMessage) (*Token, error) {
	t := &Token{
		Issuer: m.Issuer, Subject: m.Subject, Client: m.Client, ID: m.ID, Scopes: strings.Fields(m.Scope), Audience: m.Audience,
		Expires: m.Expires.seconds(), ACR: m.ACR, AuthTime: m.AuthTime.seconds(), Claims: claims,
	}
	if t.Client == "" {
		t.Client = m.Authorized
	}
	if !m.bind(t) {
		return nil, fmt.Errorf("%w: bound to what cannot be shown here", ErrInvalidToken)
	}
	return t, nil
}

// bind notes what the token is bound to; false when that is something we could
// not check.
func (m *members) bind(t *Token) bool {
	if len(m.Confirmation) == 0 || string(m.Confirmation) == "null" {
		return true
	}
	var cnf map[string]string
	if json.Unmarshal(m.Confirmation, &cnf) != nil || len(cnf) == 0 {
		return false
	}
	t.Thumbprint, t.Certificate = cnf["jkt"], cnf["x5t#S256"]
	known := 0
	for _, value := range []string{t.Thumbprint, t.Certificate} {
		if value != "" {
			known++
		}
	}
	return known == len(cnf)
}
