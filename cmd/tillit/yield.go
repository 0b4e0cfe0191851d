package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
)

type clientShowCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
	ID    string `arg:"" name:"client" help:"Client to show."`
}

// A shown client, and what it may ask for.
type shownClient struct {
	*tillit.Client
	Revision int64         `json:"revision"`
	Secrets  []shownSecret `json:"secrets,omitempty"`
	Yields   []yield       `json:"yields"`
}

// A shownSecret says that there is a secret, never which.
type shownSecret struct {
	Method  string `json:"method"`
	Expires int64  `json:"expires,omitempty"`
}

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

// Run shows a client and decides about every scope of its realm as if the client
// asked for it, with nothing beside it but openid.
func (s *clientShowCommand) Run(c *console) error {
	p, err := s.look(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	client, catalog, err := p.client(c, s.Realm, s.ID)
	if err != nil {
		return err
	}
	access, err := p.access(c, catalog, client)
	if err != nil {
		return err
	}
	shown := shownClient{Client: client, Revision: client.Revision, Yields: yields(catalog, client, access)}
	for _, secret := range client.Secrets {
		shown.Secrets = append(shown.Secrets, shownSecret{secret.Method, secret.Expires})
	}
	return c.print(shown, shown.write)
}

// access gives the scopes that the client's organization was let in to.
func (p *premises) access(c *console, catalog *tillit.Catalog, client *tillit.Client) ([]tillit.ScopeName, error) {
	var granted []tillit.ScopeName
	for i := range catalog.Scopes {
		if catalog.Scopes[i].Eligible == tillit.EligibleGranted {
			granted = append(granted, catalog.Scopes[i].Name)
		}
	}
	organization := client.Organization
	if client.Supplier != "" {
		organization = client.Supplier
	}
	if len(granted) == 0 {
		return nil, nil
	}
	return p.store.Access(c.ctx, catalog.Registry, organization, granted)
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

// grants without a person, at the token endpoint.
var machineGrants = []string{"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"}

// reach gives the endpoints at which a client can ask for anything.
func reach(client *tillit.Client) (usable tillit.Endpoints) {
	if len(client.Answers()) > 0 {
		usable |= tillit.AtAuthorization
	}
	if slices.ContainsFunc(machineGrants, client.MayUse) {
		usable |= tillit.AtToken
	}
	return usable
}

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
	for _, c := range d.Claims {
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

func (s *shownClient) write(w io.Writer) {
	rows := [][]string{{"client", string(s.ID)}, {"name", s.Name.In("en")}, {"type", s.Type + ", " + s.Application}}
	if s.Organization != "" {
		rows = append(rows, []string{"organization", s.Organization})
	}
	rows = append(rows, []string{"authentication", s.AuthMethod}, []string{"grants", strings.Join(s.GrantTypes, " ")},
		[]string{"redirects", strings.Join(s.RedirectURIs, " ")}, []string{"revision", fmt.Sprint(s.Revision)})
	table(w, rows)
	s.writeYields(w, "\nmay ask for\n", true)
	s.writeYields(w, "\nmay not ask for\n", false)
}

func (s *shownClient) writeYields(w io.Writer, title string, may bool) {
	wide := 0
	for _, y := range s.Yields {
		wide = max(wide, len(y.Scope))
	}
	for _, y := range s.Yields {
		if y.May != may {
			continue
		}
		io.WriteString(w, title)
		title = ""
		fmt.Fprintf(w, "  %-*s  %s\n", wide, y.Scope, y.words())
		for _, sink := range sinks(y.Claims) {
			fmt.Fprintf(w, "  %-*s  > %s: %s\n", wide, "", sink, joined(y.Claims[sink]))
		}
	}
}

func sinks(claims map[tillit.Sink][]tillit.ClaimName) []tillit.Sink {
	var list []tillit.Sink
	for sink := range claims {
		list = append(list, sink)
	}
	slices.Sort(list)
	return list
}

// words are the first line about a scope.
func (y *yield) words() string {
	words := []string{"at " + y.Endpoint}
	if !y.May {
		words = append(words, strings.TrimSpace(string(y.Reason)+" "+y.By))
	}
	if len(y.With) > 0 {
		words = append(words, "with "+strings.Join(y.With, " "))
	}
	if y.Consent != "" && y.Consent != tillit.ConsentNever {
		words = append(words, "consent "+string(y.Consent))
	}
	if len(y.Audience) > 0 {
		words = append(words, "audience "+strings.Join(y.Audience, " "))
	}
	if y.Role != "" {
		words = append(words, "role "+y.Role)
	}
	for _, c := range y.Not {
		words = append(words, fmt.Sprintf("not %s (%s)", c.Claim, c.Reason))
	}
	return strings.Join(words, "; ")
}
