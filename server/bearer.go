package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// An accessToken is one of ours that was presented, alive.
type accessToken struct {
	body    json.RawMessage
	claims  members // the same, read
	client  tillit.ClientID
	scopes  []tillit.ScopeName
	expires int64
	jti     string
	grant   *tillit.Grant // nil: the client acts for itself
}

var errInactive = errors.New("not an active access token of this realm")

// readAccessToken finds out whether a token is one of the realm's, alive:
// signed by us or known by its hash, not expired, not revoked, its grant alive.
func (p *Provider) readAccessToken(ctx context.Context, realm *realm, value string) (*accessToken, error) {
	body, err := p.tokenBody(ctx, realm, value)
	if err != nil {
		return nil, err
	}
	claims := decodeObject(body)
	if claims == nil {
		return nil, errInactive
	}
	t := &accessToken{body: body, claims: claims}
	var issuer, scope, client, party string
	var ok bool
	t.expires, ok = claims["exp"].(int64)
	ok = ok && textMember(claims, "iss", &issuer) && textMember(claims, "jti", &t.jti) && textMember(claims, "scope", &scope) &&
		textMember(claims, "client_id", &client) && textMember(claims, "azp", &party)
	if !ok || issuer != realm.issuer || t.expires <= p.now() || t.jti == "" {
		return nil, errInactive
	}
	t.client = tillit.ClientID(cmp.Or(client, party))
	t.scopes, _ = tillit.ParseScopes(scope, realm.catalog.Settings.ScopeLetters)
	t.grant, err = p.livingGrant(ctx, realm.name, t.jti)
	if err != nil {
		return nil, err
	}
	if t.grant != nil {
		t.client = t.grant.Client
	}
	return t, nil
}

// livingGrant gives the grant a token belongs to, nil for one without. A token
// that was taken back, by itself or with its grant, is errInactive.
func (p *Provider) livingGrant(ctx context.Context, realm, jti string) (*tillit.Grant, error) {
	id := grantOf(jti)
	if id == "" {
		revoked, err := p.Store.TokenRevoked(ctx, realm, jti)
		if err == nil && revoked {
			err = errInactive
		}
		return nil, err
	}
	grant, err := p.Store.GrantOfToken(ctx, realm, id, jti)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && grant.Revoked != 0 {
		return nil, errInactive
	}
	return grant, err
}

// textMember reads a member that is a string or absent, in which case "" stays.
func textMember(claims members, name string, into *string) bool {
	value, present := claims[name]
	if !present || value == nil {
		return true
	}
	text, ok := value.(string)
	*into = text
	return ok
}

// tokenBody gives the claims of a JWT of ours, or those stored with a handle.
func (p *Provider) tokenBody(ctx context.Context, realm *realm, value string) (json.RawMessage, error) {
	if strings.Count(value, ".") == 2 {
		body, typ, _, err := p.Keys.Verify(ctx, realm.name, value)
		if err != nil || typ != accessTokenType {
			return nil, errInactive
		}
		return body, nil
	}
	opaque, err := p.Store.OpaqueToken(ctx, realm.name, token.Hash(value))
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, errInactive
	}
	if err != nil {
		return nil, err
	}
	return opaque.Claims, nil
}

// bearer reads the token of a request: in the header alone, never in the query
// (RFC 9700 §4.3.2).
func bearer(r *http.Request) (scheme, value string, err error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", "", &Error{Code: "no_credentials", Description: "no access token"}
	}
	scheme, value, _ = strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "DPoP") || value == "" || len(value) > maxParameter {
		return "", "", &Error{Code: "invalid_request", Description: "the header Authorization is not of scheme Bearer or DPoP"}
	}
	return scheme, strings.TrimSpace(value), nil
}

// TokenRevoked reports whether a token of the realm has been taken back, by
// itself or with its grant. Resource servers in the same process ask it.
func (p *Provider) TokenRevoked(ctx context.Context, realm, jti string) (bool, error) {
	_, err := p.livingGrant(ctx, realm, jti)
	if errors.Is(err, errInactive) {
		return true, nil
	}
	return false, err
}
