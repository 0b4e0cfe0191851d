package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"regexp"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// codeRules, in the order that matters: nothing is spent until possession is
// proven (RFC 6749 §4.1.3, RFC 7636 §4.6).
var codeRules = []struct {
	name  string
	error string
	wrong func(t *tokenRequest, code *tillit.Code) bool
	told  string
}{
	{"code is of the client", "invalid_grant", otherClient, "the code is not known or no longer valid"},
	{"code has not expired", "invalid_grant", codeExpired, "the code is not known or no longer valid"},
	{"same redirect_uri", "invalid_grant", otherRedirect, "redirect_uri differs from the one of the authorization request"},
	{"same key as dpop_jkt", "invalid_grant", otherKey, "the DPoP proof is not of the key that the authorization request named"},
	{"code_verifier matches", "invalid_grant", verifierWrong, "code_verifier is missing, malformed or does not match"},
}

func otherClient(t *tokenRequest, code *tillit.Code) bool { return code.Client != t.client.ID }

func codeExpired(t *tokenRequest, code *tillit.Code) bool { return code.Expires <= t.now }

func otherRedirect(t *tokenRequest, code *tillit.Code) bool {
	return t.form.Get("redirect_uri") != code.RedirectURI
}

// otherKey holds the code to the key named by dpop_jkt (RFC 9449 §10).
func otherKey(t *tokenRequest, code *tillit.Code) bool {
	return code.Grant.Context.JKT != "" && code.Grant.Context.JKT != t.jkt
}

var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// verifierWrong also refuses a verifier where no challenge was sent: it would be
// a downgrade (RFC 9700 §4.8.2).
func verifierWrong(t *tokenRequest, code *tillit.Code) bool {
	verifier := t.form.Get("code_verifier")
	if code.Challenge == "" {
		return verifier != ""
	}
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	return !verifierPattern.MatchString(verifier) || subtle.ConstantTimeCompare([]byte(challenge), []byte(code.Challenge)) != 1
}

// redeemCode redeems an authorization code. A scope parameter is no input here
// (SC-8).
func redeemCode(p *Provider, ctx context.Context, t *tokenRequest) (*ticket, error) {
	value := t.form.Get("code")
	if value == "" {
		return nil, refuse("invalid_request", "the parameter code is missing")
	}
	code, err := p.Store.Code(ctx, t.realm.name, token.Hash(value))
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, refuse("invalid_grant", "the code is not known or no longer valid")
	}
	if err != nil {
		return nil, err
	}
	if code.Client == t.client.ID && code.Spent != 0 {
		return nil, p.codeReused(ctx, t, code)
	}
	for _, rule := range codeRules {
		if p.on(rule.name) && rule.wrong(t, code) {
			return nil, refuse(rule.error, "%s", rule.told)
		}
	}
	bindPublic(t, &code.Grant)
	ticket, err := p.ticketOf(ctx, t.realm, t.client, &code.Grant)
	if err != nil {
		return nil, err
	}
	if err := t.narrowResources(ticket); err != nil {
		return nil, err
	}
	if err := p.narrowDetails(t, ticket.facts); err != nil {
		return nil, err
	}
	ticket.code = true
	if !p.on("scope beside a code is ignored") {
		ticket.facts.Narrow, _ = tillit.ParseScopes(t.form.Get("scope"), "")
	}
	ticket.refreshToken = p.newRefresh(t, &code.Grant)
	ticket.spend = func(ctx context.Context, out *minted, grant *tillit.Grant, record *tillit.AuditRecord) error {
		err := p.Store.RedeemCode(ctx, code, grant, out.refresh, out.opaque, record)
		if errors.Is(err, tillit.ErrSpent) {
			return p.codeReused(ctx, t, code)
		}
		return err
	}
	return ticket, nil
}

// codeReused ends the grant of a code that was redeemed before, and what was
// answered beside the code: somebody else may have it (RFC 6749 §4.1.2).
func (p *Provider) codeReused(ctx context.Context, t *tokenRequest, code *tillit.Code) error {
	if !p.on("reuse revokes the grant") {
		return refuse("invalid_grant", "the code has been redeemed before")
	}
	for _, grant := range []string{code.Grant.ID, code.Grant.Context.Front} {
		if grant == "" {
			continue
		}
		record := &tillit.AuditRecord{Realm: t.realm.name, Time: t.now, Event: "code_reused", Client: t.client.ID, Grant: grant}
		if err := p.Store.RevokeGrant(ctx, t.realm.name, grant, t.now, record); err != nil && !errors.Is(err, tillit.ErrNotFound) {
			return err
		}
	}
	return refuse("invalid_grant", "the code has been redeemed before")
}

// bindPublic binds the refresh tokens of a public client to the key it proved or
// the certificate it presented: it has nothing else to prove who it is with
// (RFC 9449 §5, RFC 8705 §4). Of a confidential client only the access token is
// bound.
func bindPublic(t *tokenRequest, grant *tillit.Grant) {
	grant.Context.JKT, grant.Context.X5T = "", ""
	if t.client.Public() {
		grant.Context.JKT, grant.Context.X5T = t.jkt, t.x5t
	}
}
