package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/tillit/tillit"
)

// userinfo serves the UserInfo endpoint (OIDC Core §5.3). Claims come from the
// grant, decided again: live values, live revocation.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request, realm *realm) error {
	scheme, value, err := bearer(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	presented, err := p.readAccessToken(ctx, realm, value)
	if errors.Is(err, errInactive) {
		return &Error{Code: "invalid_token", Description: "the access token is not valid"}
	}
	if err != nil {
		return err
	}
	if err := p.confirm(r, realm, scheme, value, presented.claims); err != nil {
		return err
	}
	if presented.grant == nil || presented.grant.Person == "" {
		return p.machineAtUserInfo(realm)
	}
	client, err := p.Store.Client(ctx, realm.catalog.Registry, presented.client)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && !client.Active {
		return &Error{Code: "invalid_token", Description: "the access token is not valid"}
	}
	if err != nil {
		return err
	}
	ticket, err := p.ticketOf(ctx, realm, client, presented.grant)
	if errors.Is(err, tillit.ErrNotFound) {
		return &Error{Code: "invalid_token", Description: "the access token is not valid"}
	}
	if err != nil {
		return err
	}
	if err := presented.narrowed(ticket.catalog, ticket.facts); err != nil {
		return &Error{Code: "invalid_token", Description: "the access token is not valid", Cause: err}
	}
	decision := p.decide(r.Context(), ticket.catalog, client, ticket.ask, ticket.facts)
	if decision.Refused != nil || !decision.Shape.UserInfo && p.on("UserInfo wants its scope") {
		return insufficient(ticket.catalog)
	}
	if demand, short := ticket.catalog.StepUp(&decision.Shape, ticket.facts.SignIn, p.now()); short && p.on("UserInfo demands its sign-in") {
		return stepUp(demand)
	}
	onlySink(&decision.Shape, tillit.SinkUserInfo)
	m := ticket.minting(&tokenRequest{realm: realm, client: client, now: p.now()}, &decision)
	if m.sinks, err = p.fill(ctx, &m.filling); err != nil {
		return err
	}
	return p.writeUserInfo(w, r, m)
}

// narrow gives the token's own scopes, never nil: a token narrowed at refresh
// stays narrow.
func (t *accessToken) narrow() []tillit.ScopeName {
	if t.scopes == nil {
		return []tillit.ScopeName{}
	}
	return t.scopes
}

// machineAtUserInfo refuses a token without a person, as the realm words it.
func (p *Provider) machineAtUserInfo(realm *realm) error {
	if realm.catalog.Tokens["userinfo"].MachineError == "invalid_token" || !p.on("UserInfo wants its scope") {
		return &Error{Code: "invalid_token", Description: "the access token is not a person's"}
	}
	return insufficient(realm.catalog)
}

func insufficient(c *tillit.Catalog) error {
	required := c.Tokens["userinfo"].Requires
	if required == "" {
		required = tillit.OpenID
	}
	return &Error{Code: "insufficient_scope", Description: "the access token does not open UserInfo", Scope: string(required)}
}

// stepUp asks for a sign-in that would do (RFC 9470 §3).
func stepUp(demand tillit.StepUp) error {
	return &Error{Code: "insufficient_user_authentication", Description: "the sign-in behind the access token does not reach", StepUp: demand}
}

// onlySink leaves the claims of one sink: nothing else is fetched.
func onlySink(shape *tillit.Shape, sink tillit.Sink) {
	claims := shape.For(sink)
	shape.Claims = []tillit.SinkClaims{{Sink: sink, Claims: claims}}
}

// writeUserInfo answers with JSON, or a signed JWT where client or realm say so
// (Core §5.3.2); the media type follows from that alone.
func (p *Provider) writeUserInfo(w http.ResponseWriter, r *http.Request, m *minting) error {
	body := m.protocol("userinfo", m.sinks[tillit.SinkUserInfo])
	body["sub"] = string(m.subject)
	algorithm := m.client.UserInfoAlg
	if algorithm == "" && m.catalog.Token("userinfo").Format == tillit.JWT {
		algorithm = m.algorithm("")
	}
	if algorithm == "" || algorithm == "none" {
		delete(body, "iss")
		delete(body, "aud")
		delete(body, "iat")
		delete(body, "exp")
		return writeJSON(w, http.StatusOK, body)
	}
	body["iss"], body["aud"] = m.realm.issuer, string(m.client.ID)
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	signed, err := p.Keys.Sign(r.Context(), m.realm.name, m.algorithm(algorithm), userInfoType, text)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwt")
	w.WriteHeader(http.StatusOK)
	w.Write([]byte(signed))
	return nil
}
