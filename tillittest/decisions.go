package tillittest

import (
	"net/url"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
)

// A Decision is what a request comes to: one reason for every scope and claim.
type Decision struct {
	tillit.View
	// Error is the standard's error code where nothing would be issued.
	Error string
	// Asked lists what the person is asked to agree to.
	Asked []string

	t TB
}

// Decision says what a request would come to. Nothing is issued.
func (p *Provider) Decision(r Request) *Decision {
	p.t.Helper()
	asked := p.outside().Prepare(p.asked(r))
	person := r.Person
	if person == "" {
		person = p.outside().People(nil)[0].Username
	}
	return p.explained(server.ExplainRequest{
		Realm: p.realm, Endpoint: "authorization", Query: asked.Sent.Encode(), Client: r.Client,
		Person: person, Way: r.Way, Decline: r.Decline, Deny: r.Deny,
	})
}

// MachineDecision says what a token request with client credentials would come
// to. Nothing is issued.
func (p *Provider) MachineDecision(client, scope string) *Decision {
	p.t.Helper()
	query := "grant_type=client_credentials"
	if scope != "" {
		query += "&scope=" + url.QueryEscape(scope)
	}
	return p.explained(server.ExplainRequest{Realm: p.realm, Endpoint: "token", Query: query, Client: client})
}

func (p *Provider) explained(r server.ExplainRequest) *Decision {
	p.t.Helper()
	x, err := p.house.Provider.Explain(p.t.Context(), r)
	if err != nil {
		p.t.Fatalf("tillittest: explain: %v", err)
	}
	d := &Decision{View: x.View, Asked: x.Asked, t: p.t}
	if x.Error != nil {
		d.Error = x.Error.Code
	}
	return d
}

// Why tells why tokens have what they have, from the record that was written
// when they were issued.
func (p *Provider) Why(tokens *Tokens) *Decision {
	p.t.Helper()
	jti, _ := tokens.Claims["jti"].(string)
	if jti == "" {
		p.t.Fatalf("tillittest: the access token has no jti to find its record by")
	}
	view, err := p.house.Provider.ExplainToken(p.t.Context(), p.realm, jti)
	if err != nil {
		p.t.Fatalf("tillittest: record of %s: %v", jti, err)
	}
	return &Decision{View: *view, t: p.t}
}

// Gives demands that the scopes are given.
func (d *Decision) Gives(scopes ...string) *Decision {
	d.t.Helper()
	for _, scope := range scopes {
		if reason := d.reason(scope); reason != tillit.Given {
			d.t.Errorf("scope %s: %s; want it given", scope, told(reason))
		}
	}
	return d
}

// Leaves demands that a scope is not given, for that reason.
func (d *Decision) Leaves(scope string, because tillit.Reason) *Decision {
	d.t.Helper()
	if reason := d.reason(scope); reason != because {
		d.t.Errorf("scope %s: %s; want %s", scope, told(reason), because)
	}
	return d
}

// Delivers demands that the claims go to the sink: id_token, userinfo,
// access_token, introspection or token_response.
func (d *Decision) Delivers(sink tillit.Sink, claims ...tillit.ClaimName) *Decision {
	d.t.Helper()
	for _, claim := range claims {
		if d.Shape == nil || !slices.Contains(d.Shape.For(sink), claim) {
			d.t.Errorf("claim %s: not delivered in %s; want it there", claim, sink)
		}
	}
	return d
}

// Withholds demands that the claims do not go to the sink.
func (d *Decision) Withholds(sink tillit.Sink, claims ...tillit.ClaimName) *Decision {
	d.t.Helper()
	for _, claim := range claims {
		if d.Shape != nil && slices.Contains(d.Shape.For(sink), claim) {
			d.t.Errorf("claim %s: delivered in %s; want it left out", claim, sink)
		}
	}
	return d
}

// Refuses demands that the request is refused with the standard's error code.
func (d *Decision) Refuses(code string) *Decision {
	d.t.Helper()
	if d.Error != code {
		d.t.Errorf("error %q; want %q", d.Error, code)
	}
	return d
}

// Asks demands that the person is asked to agree to exactly these.
func (d *Decision) Asks(items ...string) *Decision {
	d.t.Helper()
	got, want := slices.Sorted(slices.Values(d.Asked)), slices.Sorted(slices.Values(items))
	if !slices.Equal(got, want) {
		d.t.Errorf("the person is asked for %v; want %v", got, want)
	}
	return d
}

func (d *Decision) reason(scope string) tillit.Reason {
	for i := range d.Scopes {
		if string(d.Scopes[i].Scope) == scope {
			return d.Scopes[i].Reason
		}
	}
	return ""
}

func told(reason tillit.Reason) string {
	if reason == "" {
		return "not asked for"
	}
	return string(reason)
}
