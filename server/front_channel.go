package server

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// frontChannel makes what the authorization endpoint itself answers with: an ID
// Token, an access token, or both (OIDC Core §3.2, §3.3). Its grant is one of
// its own, so that the code's life and this one's do not hang together.
func (p *Provider) frontChannel(ctx context.Context, a *authorization, i *tillit.Interaction, decision *tillit.Decision, code string) (*tillit.Grant, [][2]string, []string, error) {
	grant := p.grant(a, i, decision)
	t, err := p.ticketOf(ctx, a.realm, a.client, grant)
	if err != nil {
		return nil, nil, nil, err
	}
	again := p.decide(ctx, t.catalog, a.client, t.ask, t.facts)
	if again.Refused != nil {
		return nil, nil, nil, a.realm.refusal(t.catalog, again.Refused, t.facts)
	}
	m := t.minting(&tokenRequest{realm: a.realm, client: a.client, now: p.now()}, &again)
	if m.sinks, err = p.fill(ctx, &m.filling); err != nil {
		return nil, nil, nil, err
	}
	fields, jti, err := p.mintFront(ctx, a, m, code)
	return grant, fields, jti, err
}

// mintFront signs in memory; nothing leaves before the commit.
func (p *Provider) mintFront(ctx context.Context, a *authorization, m *minting, code string) ([][2]string, []string, error) {
	out := &minted{response: members{}}
	var fields [][2]string
	access := ""
	if a.ask.Answers("token") {
		m.decision.Shape.Format = tillit.JWT // a handle could not be stored with it
		var err error
		if access, err = p.mintAccess(ctx, m, out); err != nil {
			return nil, nil, err
		}
		fields = append(fields, [2]string{"access_token", access}, [2]string{"token_type", m.tokenType()},
			[2]string{"expires_in", strconv.FormatInt(m.expires-m.now, 10)}, [2]string{"scope", tillit.JoinScopes(m.decision.Shape.Scopes)})
	}
	if a.ask.Answers("id_token") && m.decision.Shape.IDToken {
		idToken, err := p.mintFrontID(ctx, m, access, code, out)
		if err != nil {
			return nil, nil, err
		}
		fields = append(fields, [2]string{"id_token", idToken})
	}
	return fields, out.jti, nil
}

// mintFrontID binds the ID Token to what comes beside it (Core §3.3.2.11).
func (p *Provider) mintFrontID(ctx context.Context, m *minting, access, code string, out *minted) (string, error) {
	algorithm := m.algorithm(m.client.IDTokenAlg)
	claims := m.protocol("id_token", m.sinks[tillit.SinkIDToken])
	claims["aud"] = string(m.client.ID)
	jti := newJTI(m.grant)
	claims["jti"] = jti
	out.jti = append(out.jti, jti)
	if access != "" {
		claims["at_hash"] = token.HalfHash(algorithm, access)
	}
	if code != "" {
		claims["c_hash"] = token.HalfHash(algorithm, code)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return p.Keys.Sign(ctx, m.realm.name, algorithm, idTokenType, body)
}

// sortedWords writes the words of a response type in alphabetical order, the
// form in which they are compared.
func sortedWords(s string) string {
	list := strings.Fields(s)
	slices.Sort(list)
	return strings.Join(list, " ")
}
