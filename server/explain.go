package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// An ExplainRequest is a raw request, and what a person would do on its way.
type ExplainRequest struct {
	Realm    string
	Endpoint string // authorization or token
	Query    string // parameters, form-encoded, as the endpoint gets them
	Client   string // of a token request
	Person   string // username; empty: nobody signs in
	Way      string // way to sign in; empty: the first that would do
	Decline  []string
	Agree    []string // only these; nil: everything that is not declined
	Deny     bool     // leaves the consent page
}

// An Explanation is what would be issued, with the ink withheld: the same calls
// as issuance makes, and the trace.
type Explanation struct {
	Decision tillit.Decision
	View     tillit.View
	Error    *Error // what would be answered instead of tokens
	Way      string
	Asked    []string // items a consent page would show
	// Tokens holds the claims of what would be issued, by kind.
	Tokens map[string]map[string]any
}

// Explain answers a request without issuing anything. It cannot disagree with
// the token: it runs the checks, the decision, the filling and the minting that
// issuance runs.
func (p *Provider) Explain(ctx context.Context, e ExplainRequest) (*Explanation, error) {
	realm := p.realmOf(e.Realm)
	if realm == nil {
		return nil, errors.New("no realm " + e.Realm)
	}
	sent, err := parseParams(e.Query)
	if err != nil {
		return &Explanation{Error: asError(err)}, nil
	}
	if e.Endpoint == "token" {
		return p.explainToken(ctx, realm, e, sent)
	}
	return p.explainAuthorization(ctx, realm, e, sent)
}

func (p *Provider) explainAuthorization(ctx context.Context, realm *realm, e ExplainRequest, sent params) (*Explanation, error) {
	a := &authorization{realm: realm, catalog: realm.catalog, params: sent}
	x := &Explanation{}
	if err := p.check(contextRequest(ctx), a); err != nil {
		x.Error = asError(err)
		return x, nil
	}
	a.facts.Now = p.now()
	if err := p.gatherAccess(ctx, realm, a.catalog, a.client, &a.ask, &a.facts); err != nil {
		return nil, err
	}
	if err := p.gatherHint(ctx, a); err != nil {
		x.Error = asError(err)
		return x, nil
	}
	if a.person != nil {
		if err := p.gatherConsent(ctx, a); err != nil {
			return nil, err
		}
	}
	for range 10 {
		x.Decision = tillit.Decide(a.catalog, a.client, &a.ask, &a.facts)
		x.Decision.Claims = x.Decision.ClaimVerdicts(a.catalog)
		x.View = x.Decision.View(a.catalog, a.client, &a.ask, &a.facts)
		switch {
		case x.Decision.Refused != nil:
			x.Error = a.realm.refusal(a.catalog, x.Decision.Refused, &a.facts)
			return x, nil
		case len(x.Decision.Needs) == 0:
			return x, p.explainTokens(ctx, a, x)
		case a.ask.Prompts("none"):
			x.Error = withoutPage(&x.Decision.Needs[0])
			return x, nil
		}
		if err := p.checkActs(ctx, a, x.Decision.Needs); err != nil {
			x.Error = asError(err)
			return x, nil
		}
		goesOn, err := p.explainNeed(ctx, a, x, e)
		if err != nil || !goesOn {
			return x, err
		}
	}
	return nil, errors.New("the request asks for ever more pages")
}

// explainNeed does what the person would do on the page of the first need.
func (p *Provider) explainNeed(ctx context.Context, a *authorization, x *Explanation, e ExplainRequest) (bool, error) {
	need := &x.Decision.Needs[0]
	switch need.Kind {
	case tillit.NeedSignIn:
		if e.Person == "" {
			return false, nil
		}
		way := a.catalog.Way(need.SignIn.Ways[0])
		for _, code := range []string{e.Way, a.request.Hinted} {
			if slices.Contains(need.SignIn.Ways, code) {
				way = a.catalog.Way(code)
				break
			}
		}
		outcome, err := p.Login.Assume(ctx, a.realm.name, way, e.Person, a.evidence(need.SignIn))
		if err != nil {
			return false, err
		}
		x.Way = way.Code
		a.keepSession(outcome.Person)
		if err := p.setPerson(ctx, a, outcome.Person); err != nil {
			return false, err
		}
		if err := p.noteSignIn(ctx, a, way, outcome, a.catalog.Languages[0]); err != nil {
			return false, err
		}
		return true, p.gatherConsent(ctx, a)
	case tillit.NeedConsent:
		for _, item := range need.Items {
			x.Asked = append(x.Asked, item.Name)
		}
		if e.Deny {
			x.Error = refuse("access_denied", "the person did not agree")
			return false, nil
		}
		a.noteConsent(need, func(item string) bool {
			return !slices.Contains(e.Decline, item) && (e.Agree == nil || slices.Contains(e.Agree, item))
		}, p.now())
		return true, nil
	}
	if p.Needs[need.Kind] == nil {
		x.Error = refuse("interaction_required", "what the scope asks for cannot be done here")
	}
	return false, nil
}

// explainTokens redeems the grant that would be made, without making it.
func (p *Provider) explainTokens(ctx context.Context, a *authorization, x *Explanation) error {
	i := p.unasked(contextRequest(ctx), a)
	grant := p.grant(a, i, &x.Decision)
	t, err := p.ticketOf(ctx, a.realm, a.client, grant)
	if err != nil {
		return err
	}
	t.code = true
	return p.explainTicket(ctx, &tokenRequest{realm: a.realm, client: a.client, now: p.now()}, t, x)
}

func (p *Provider) explainToken(ctx context.Context, realm *realm, e ExplainRequest, sent params) (*Explanation, error) {
	x := &Explanation{}
	client, err := p.Store.Client(ctx, realm.catalog.Registry, tillit.ClientID(e.Client))
	if err != nil {
		return nil, err
	}
	name := cmp.Or(sent.Get("grant_type"), grantOfMachine(realm.catalog, client))
	if client.Public() {
		x.Error = &Error{Code: "invalid_client", Description: "client authentication failed"}
		return x, nil
	}
	if !client.MayUse(name) {
		x.Error = refuse("unauthorized_client", "the client is not registered for this grant_type")
		return x, nil
	}
	request := &tokenRequest{realm: realm, client: client, form: sent, now: p.now()}
	t, err := p.explainedTicket(ctx, request, name)
	if err != nil {
		x.Error = asError(err)
		return x, nil
	}
	x.Decision = tillit.Decide(t.catalog, client, t.ask, t.facts)
	x.Decision.Claims = x.Decision.ClaimVerdicts(t.catalog)
	x.View = x.Decision.View(t.catalog, client, t.ask, t.facts)
	if x.Decision.Refused != nil {
		x.Error = realm.refusal(t.catalog, x.Decision.Refused, t.facts)
		return x, nil
	}
	return x, p.explainTicket(ctx, request, t, x)
}

// grantOfMachine is the grant type that a client without a person uses, where the
// request does not say.
func grantOfMachine(c *tillit.Catalog, client *tillit.Client) string {
	if serves(c, jwtBearer) && client.MayUse(jwtBearer) {
		return jwtBearer
	}
	return "client_credentials"
}

// explainedTicket finds the ticket as the grant type does, and spends nothing.
func (p *Provider) explainedTicket(ctx context.Context, t *tokenRequest, name string) (*ticket, error) {
	if name != jwtBearer || t.realm.catalog.Assertion == nil {
		return redeemClientCredentials(p, ctx, t)
	}
	var err error
	if text := t.form.Get("assertion"); text != "" {
		t.assertion, err = p.verifyGrant(ctx, t.realm, t.client, text)
	} else {
		t.assertion, err = t.unsigned()
	}
	if err != nil {
		return nil, err
	}
	return p.assertedTicket(ctx, t)
}

// unsigned makes a grant of parameters that bear the names of its claims:
// whoever asks why need not sign.
func (t *tokenRequest) unsigned() (*token.GrantAssertion, error) {
	claims := map[string]json.RawMessage{}
	for i := range t.realm.catalog.Assertion.Claims {
		claim := &t.realm.catalog.Assertion.Claims[i]
		values := t.form.Values[claim.Name]
		switch {
		case len(values) == 0:
			continue
		case claim.To == "ask.authorization_details":
			if !json.Valid([]byte(values[0])) {
				return nil, refuse("invalid_authorization_details", "%s is malformed; right would be JSON", claim.Name)
			}
			claims[claim.Name] = json.RawMessage(values[0])
		case claim.To == "ask.resource":
			claims[claim.Name], _ = json.Marshal(values)
		default:
			claims[claim.Name], _ = json.Marshal(values[0])
		}
	}
	return &token.GrantAssertion{Issuer: string(t.client.ID), Claims: claims}, nil
}

// explainTicket is redeem with the ink withheld.
func (p *Provider) explainTicket(ctx context.Context, request *tokenRequest, t *ticket, x *Explanation) error {
	decision := tillit.Decide(t.catalog, request.client, t.ask, t.facts)
	if decision.Refused != nil {
		x.Error = request.realm.refusal(t.catalog, decision.Refused, t.facts)
		return nil
	}
	m := t.minting(request, &decision)
	var err error
	if m.sinks, err = p.fill(ctx, &m.filling); err != nil {
		return err
	}
	x.Decision = decision
	x.View = decision.View(t.catalog, request.client, t.ask, t.facts)
	kind := "access_token"
	if decision.Shape.Machine {
		kind = "machine_token"
	}
	x.Tokens = map[string]map[string]any{"access_token": m.protocol(kind, m.sinks[tillit.SinkAccessToken])}
	if decision.Shape.IDToken {
		id := m.protocol("id_token", m.sinks[tillit.SinkIDToken])
		id["aud"] = string(m.client.ID)
		x.Tokens["id_token"] = id
	}
	if decision.Shape.UserInfo {
		info := m.protocol("userinfo", m.sinks[tillit.SinkUserInfo])
		info["sub"] = string(m.subject)
		x.Tokens["userinfo"] = info
	}
	return nil
}

// ExplainToken tells why a token that was issued has what it has: the view that
// was recorded when it was signed.
func (p *Provider) ExplainToken(ctx context.Context, realm, jti string) (*tillit.View, error) {
	record, err := p.Store.AuditByJTI(ctx, realm, jti)
	if err != nil {
		return nil, err
	}
	var view tillit.View
	if err := json.Unmarshal(record.View, &view); err != nil {
		return nil, err
	}
	return &view, nil
}

// contextRequest is a request without anything but a context: explain has no
// browser.
func contextRequest(ctx context.Context) *http.Request {
	return (&http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}}).WithContext(ctx)
}

// ParseRequest gives the parameters of a raw request: an address or a bare query.
func ParseRequest(raw string) (query string) {
	if u, err := url.Parse(raw); err == nil && (u.Scheme != "" || u.RawQuery != "") {
		return u.RawQuery
	}
	return raw
}
