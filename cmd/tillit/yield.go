package main

import (
	"slices"
	"time"

	"github.com/tillit/tillit"
)

// A yield is what one scope would come to if the client asked for it.
type yield struct {
	Scope    tillit.ScopeName                   `json:"scope"`
	Endpoint string                             `json:"endpoint"`
	May      bool                               `json:"may"`
	Reason   tillit.Reason                      `json:"reason"` // given, or why not
	By       string                             `json:"by,omitempty"`
	With     []string                           `json:"with,omitempty"` // what has to stand beside it in the request
	SignIn   []string                           `json:"sign_in,omitempty"`
	Consent  tillit.ConsentMode                 `json:"consent,omitempty"`
	Claims   map[tillit.Sink][]tillit.ClaimName `json:"claims,omitempty"`
	Not      []tillit.ClaimVerdict              `json:"not,omitempty"` // claims of the scope that do not come
	Audience []string                           `json:"audience,omitempty"`
	Role     string                             `json:"role,omitempty"`
}

// yields decides about every scope of the catalog, at each endpoint where it may
// be asked for and that the client may use.
func yields(catalog *tillit.Catalog, client *tillit.Client, access []tillit.ScopeName) []yield {
	usable := reach(client)
	all := []yield{}
	for i := range catalog.Scopes {
		scope := &catalog.Scopes[i]
		at := scope.At & usable
		if at == 0 {
			at = usable // the decision says that it is the wrong place
		}
		for _, endpoint := range []tillit.Endpoints{tillit.AtAuthorization, tillit.AtToken} {
			if at&endpoint != 0 {
				q := &trial{catalog: catalog, client: client, scope: scope}
				all = append(all, q.run(endpoint, access))
			}
		}
	}
	return all
}

// machineGrants are those without a person, at the token endpoint.
var machineGrants = []string{"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"}

// A trial is a request for one scope, with a person who does whatever is asked.
type trial struct {
	catalog *tillit.Catalog
	client  *tillit.Client
	scope   *tillit.Scope
	ask     tillit.Ask
	facts   tillit.Facts
	result  yield
}

// maxTrial bounds how often a request is completed or a page answered.
const maxTrial = 12

func (q *trial) run(endpoint tillit.Endpoints, access []tillit.ScopeName) yield {
	q.result = yield{Scope: q.scope.Name, Endpoint: "authorization", Consent: q.scope.Consent}
	q.ask = tillit.Ask{Endpoint: endpoint, Scopes: []tillit.ScopeName{q.scope.Name}, Dialect: q.catalog.Dialect, Parameters: map[string]string{}}
	q.facts = tillit.Facts{Now: time.Now().Unix(), Access: access, Acts: map[string]bool{}, Acting: tillit.Acting{Consumer: q.client.Organization, Supplier: q.client.Supplier}}
	if endpoint == tillit.AtToken {
		q.result.Endpoint, q.result.Consent = "token", ""
		q.ask.GrantType = machineGrants[slices.IndexFunc(machineGrants, q.client.MayUse)]
	} else {
		q.ask.ResponseType = q.client.Answers()[0]
		if q.scope.Name != tillit.OpenID && q.catalog.Scope(tillit.OpenID) != nil {
			q.ask.Scopes = []tillit.ScopeName{tillit.OpenID, q.scope.Name}
		}
	}
	var decision tillit.Decision
	for range maxTrial {
		decision = tillit.Decide(q.catalog, q.client, &q.ask, &q.facts)
		if !q.completed(&decision) && !q.answered(&decision) {
			break
		}
	}
	q.read(&decision)
	return q.result
}

// completed adds to the request what the verdicts say is missing beside the
// scope, or beside what was added for it.
func (q *trial) completed(d *tillit.Decision) bool {
	for _, v := range d.Scopes {
		var with string
		switch v.Reason {
		case tillit.RequirementMissing:
			with = v.By
		case tillit.ParameterMissing:
			with = v.By + "=…"
		case tillit.NotPrompted:
			with = "prompt=consent"
		}
		if with == "" || slices.Contains(q.result.With, with) {
			continue
		}
		switch v.Reason {
		case tillit.RequirementMissing:
			q.ask.Scopes = append(q.ask.Scopes, tillit.ScopeName(with))
		case tillit.ParameterMissing:
			q.ask.Parameters[v.By] = "…"
		case tillit.NotPrompted:
			q.ask.Prompt = []string{"consent"}
		}
		q.result.With = append(q.result.With, with)
		return true
	}
	return false
}

// answered does what the next page asks for.
func (q *trial) answered(d *tillit.Decision) bool {
	if d.Refused != nil || len(d.Needs) == 0 {
		return false
	}
	need := &d.Needs[0]
	switch {
	case need.SignIn != nil:
		way := q.catalog.Way(need.SignIn.Ways[0])
		acr := q.catalog.FindACR(way.ACR[0])
		q.result.SignIn = need.SignIn.Ways
		q.facts.SignIn = &tillit.SignIn{Way: way.Code, ACR: acr.Value, Level: acr.Level, AuthTime: q.facts.Now, Fresh: true, Evidence: way.Evidence, Subject: need.SignIn.Subject}
	case need.Kind == tillit.NeedConsent:
		q.facts.Consent.Asked = true
		for _, item := range need.Items {
			q.facts.Consent.Agreed = append(q.facts.Consent.Agreed, tillit.Agreement{Item: item.Name, Claims: item.Claims, Text: item.Text, Now: true, At: q.facts.Now})
		}
	default:
		q.facts.Acts[string(need.Kind)] = true
	}
	return true
}

func (q *trial) verdict(d *tillit.Decision) tillit.ScopeVerdict {
	for _, v := range d.Scopes {
		if v.Scope == q.scope.Name {
			return v
		}
	}
	return tillit.ScopeVerdict{}
}

// read takes from the decision what concerns the scope.
func (q *trial) read(d *tillit.Decision) {
	v := q.verdict(d)
	q.result.Reason, q.result.By = v.Reason, v.By
	if d.Refused != nil && v.Reason == tillit.Given {
		q.result.Reason, q.result.By = d.Refused.Reason, d.Refused.What
	}
	q.result.May = q.result.Reason == tillit.Given
	if !q.result.May {
		q.result.With, q.result.SignIn, q.result.Consent = nil, nil, ""
		return
	}
	for _, c := range d.ClaimVerdicts(q.catalog) {
		switch {
		case c.Via != string(q.scope.Name):
		case c.Reason != tillit.Given:
			q.result.Not = append(q.result.Not, c)
		default:
			if q.result.Claims == nil {
				q.result.Claims = map[tillit.Sink][]tillit.ClaimName{}
			}
			q.result.Claims[c.Sink] = append(q.result.Claims[c.Sink], c.Claim)
		}
	}
	if q.scope.Designator() != "" {
		q.result.Audience = d.Shape.Audience
	}
	for _, roles := range d.Shape.Roles {
		if slices.Contains(roles.Roles, q.scope.Role()) {
			q.result.Role = roles.Designator + ": " + q.scope.Role()
		}
	}
}
