package tillittest

import (
	"slices"
	"strings"

	"github.com/tillit/tillit/internal/facts"
)

// A Request is an authorization request, and what the person says to it.
type Request struct {
	Client  string
	Person  string // user name; "" is the realm's first person
	Scope   string
	Claims  string            // the claims parameter
	Params  map[string]string // further parameters; "" leaves one out that is usually sent
	Way     string            // way to sign in; "" is the first on offer
	Decline []string          // what the person does not agree to
	Deny    bool              // the person leaves the consent page
}

// Tokens is what the token endpoint answered.
type Tokens struct {
	Access, ID, Refresh string
	Scopes              []string
	Claims              map[string]any // of the access token; nil where it is a handle
	IDClaims            map[string]any // of the ID Token; nil where there is none
	Body                map[string]any // the whole answer

	client string
}

// Tokens goes through a request and gives the tokens it ends in.
func (p *Provider) Tokens(r Request) *Tokens {
	p.t.Helper()
	return p.issued(p.outside().Login(p.asked(r)))
}

// Refused goes through a request that must end without tokens, and gives the
// standard's error code.
func (p *Provider) Refused(r Request) string {
	p.t.Helper()
	e := p.outside()
	a := e.Authorize(p.asked(r))
	if a.Code() == "" {
		return a.Error()
	}
	answer := e.Exchange(a)
	if answer.Has("access_token") {
		p.t.Errorf("tillittest: %s got tokens for %q; want it refused", r.Client, r.Scope)
	}
	return answer.Text("error")
}

// Machine gets an access token for a client without a person, by client
// credentials or, where that is the client's grant type, by a signed grant.
func (p *Provider) Machine(client, scope string) *Tokens {
	p.t.Helper()
	e := p.outside()
	var answer *facts.Tokens
	if slices.Contains(e.Client(client).GrantTypes, facts.JWTBearer) {
		answer = e.Asserted(client, scope, nil)
	} else {
		answer = e.Machine(client, scope)
	}
	if answer.Status != 200 {
		p.t.Fatalf("tillittest: %s: %s %q", client, answer.Text("error"), answer.Text("error_description"))
	}
	answer.Client = client
	return p.issued(answer)
}

// Renew uses the refresh token.
func (p *Provider) Renew(tokens *Tokens) *Tokens {
	p.t.Helper()
	answer := p.outside().Renew(tokens.client, tokens.Refresh, "")
	if answer.Status != 200 {
		p.t.Fatalf("tillittest: refresh: %s %q", answer.Text("error"), answer.Text("error_description"))
	}
	answer.Client = tokens.client
	return p.issued(answer)
}

// UserInfo asks the UserInfo endpoint.
func (p *Provider) UserInfo(tokens *Tokens) map[string]any {
	p.t.Helper()
	u := p.outside().UserInfo(tokens.Access)
	if u.Status != 200 {
		p.t.Fatalf("tillittest: UserInfo: %d %s", u.Status, u.Challenge)
	}
	return u.Claims
}

// Introspect asks about the access token as a resource server of the demo data.
func (p *Provider) Introspect(server string, tokens *Tokens) map[string]any {
	p.t.Helper()
	return p.outside().IntrospectAs(server, tokens.Access)
}

// Revoke ends the tokens.
func (p *Provider) Revoke(tokens *Tokens) {
	p.t.Helper()
	p.outside().Revoke(tokens.client, tokens.Access)
	if tokens.Refresh != "" {
		p.outside().Revoke(tokens.client, tokens.Refresh)
	}
}

func (p *Provider) asked(r Request) facts.Request {
	p.t.Helper()
	asked := facts.Request{Client: r.Client, Scope: r.Scope, Claims: r.Claims, Params: r.Params}
	asked.Manners = facts.Manners{Way: r.Way, Decline: r.Decline, Deny: r.Deny, NewPassword: "skogen-er-lys"}
	if r.Person != "" {
		asked.Person = p.outside().Named(r.Person)
	}
	return asked
}

func (p *Provider) issued(answer *facts.Tokens) *Tokens {
	p.t.Helper()
	e := p.outside()
	tokens := &Tokens{
		Access: answer.Access(), ID: answer.ID(), Refresh: answer.Refresh(),
		Scopes: answer.Scopes(), Body: answer.Body, client: answer.Client,
	}
	if strings.Count(tokens.Access, ".") == 2 {
		tokens.Claims = e.Decode(tokens.Access)
	}
	if tokens.ID != "" {
		tokens.IDClaims = e.IDClaims(answer)
	}
	return tokens
}
