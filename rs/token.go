package rs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// ErrInvalidToken says that a token is not one of ours, or no longer.
var ErrInvalidToken = errors.New("invalid token")

// maxToken bounds an access token, in bytes.
const maxToken = 32 << 10

// A Token is an access token that was checked.
type Token struct {
	Issuer   string
	Subject  string // of the person; of the client, or "", without one
	Client   string // client_id or azp
	ID       string // jti
	Scopes   []string
	Audience []string
	Expires  int64           // unix seconds
	Claims   json.RawMessage // all members
	// Thumbprint is of the key the token is bound to (cnf.jkt), "" for a Bearer.
	Thumbprint string
}

// Has reports whether the token carries the scope.
func (t *Token) Has(scope string) bool { return slices.Contains(t.Scopes, scope) }

type members struct {
	Issuer       string          `json:"iss"`
	Subject      string          `json:"sub"`
	Audience     jwt.Audience    `json:"aud"`
	Expires      *float64        `json:"exp"`
	NotBefore    *float64        `json:"nbf"`
	ID           string          `json:"jti"`
	Client       string          `json:"client_id"`
	Authorized   string          `json:"azp"`
	Scope        string          `json:"scope"`
	Confirmation json.RawMessage `json:"cnf"`
}

// Verify checks an access token as RFC 9068 §4 asks. The error wraps
// [ErrInvalidToken] when the token is at fault; any other is ours.
func (g *Guard) Verify(ctx context.Context, text string) (*Token, error) {
	if len(text) > maxToken {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrInvalidToken, maxToken)
	}
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
		if keys[i].Algorithm != "" && keys[i].Algorithm != header.Algorithm {
			continue
		}
		if payload, err := signed.Verify(&keys[i]); err == nil {
			return g.read(payload)
		}
	}
	return nil, fmt.Errorf("%w: no key of the issuer made the signature", ErrInvalidToken)
}

// isAccessToken tells access tokens from ID Tokens, logout tokens and assertions,
// which the same key signs.
func isAccessToken(header jose.Header) bool {
	typ, _ := header.ExtraHeaders[jose.HeaderType].(string)
	typ = strings.ToLower(typ)
	return typ == "at+jwt" || typ == "application/at+jwt"
}

func (g *Guard) read(payload []byte) (*Token, error) {
	var m members
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, fmt.Errorf("%w: claims are not what RFC 9068 says", ErrInvalidToken)
	}
	now := float64(g.now().Unix())
	switch {
	case m.Issuer != g.Issuer:
		return nil, fmt.Errorf("%w: of another issuer", ErrInvalidToken)
	case !slices.Contains(m.Audience, g.Audience):
		return nil, fmt.Errorf("%w: for another audience", ErrInvalidToken)
	case m.Expires == nil || now >= *m.Expires:
		return nil, fmt.Errorf("%w: expired", ErrInvalidToken)
	case m.NotBefore != nil && now < *m.NotBefore:
		return nil, fmt.Errorf("%w: not valid yet", ErrInvalidToken)
	}
	thumbprint, ok := m.bound()
	if !ok || thumbprint != "" && g.Proof == nil {
		// A bound token without its proof is a stolen one (RFC 9449 §7.1).
		return nil, fmt.Errorf("%w: bound to a key that was not shown", ErrInvalidToken)
	}
	client := m.Client
	if client == "" {
		client = m.Authorized
	}
	return &Token{
		Issuer: m.Issuer, Subject: m.Subject, Client: client, ID: m.ID, Scopes: strings.Fields(m.Scope),
		Audience: m.Audience, Expires: int64(*m.Expires), Claims: payload, Thumbprint: thumbprint,
	}, nil
}

// bound gives the key a token is bound to; ok is false when it is bound by
// something that cannot be shown here, such as a certificate.
func (m *members) bound() (thumbprint string, ok bool) {
	if len(m.Confirmation) == 0 || string(m.Confirmation) == "null" {
		return "", true
	}
	var cnf map[string]string
	if json.Unmarshal(m.Confirmation, &cnf) != nil || len(cnf) != 1 || cnf["jkt"] == "" {
		return "", false
	}
	return cnf["jkt"], true
}
