package tillit

// A View is what is recorded of a decision: names, reasons and the shape, never
// a value, a hint or a free text of the request. Of a scope that a client has for a
// reason the record says the reason. A name that is not the catalog's own is what
// somebody wrote into a request, and might be anything, a person's number too:
// it is recorded as Unnamed. Explanations show the Decision itself.
type View struct {
	Catalog   string            `json:"catalog"`
	Dialect   string            `json:"dialect,omitempty"`
	Revision  int64             `json:"client_revision"`
	Endpoint  string            `json:"endpoint"`
	Scopes    []ScopeVerdict    `json:"scopes,omitempty"`
	Reasons   []Provision       `json:"provisioned,omitempty"` // of the scopes given, what had to be noted for them
	Claims    []ClaimVerdict    `json:"claims,omitempty"`
	Resources []ResourceVerdict `json:"resources,omitempty"`
	Details   []DetailVerdict   `json:"authorization_details,omitempty"`
	Refused   *Refusal          `json:"refused,omitempty"`
	Shape     *Shape            `json:"shape,omitempty"`
	Way       string            `json:"way,omitempty"`
	ACR       string            `json:"acr,omitempty"`
	AuthTime  int64             `json:"auth_time,omitempty"`
}

// Unnamed stands in a View for a name that only the request knows.
const Unnamed = "?"

// View gives the record of the decision.
func (d *Decision) View(catalog *Catalog, client *Client, ask *Ask, facts *Facts) View {
	r := recorder{catalog, client, facts}
	v := View{Catalog: catalog.Version, Dialect: catalog.Dialect, Revision: client.Revision, Endpoint: "authorization"}
	if ask.Endpoint == AtToken {
		v.Endpoint = "token"
	}
	for _, s := range d.Scopes {
		v.Scopes = append(v.Scopes, ScopeVerdict{r.scope(s.Scope), s.Reason, r.by(s.Reason, s.By)})
	}
	v.Reasons = d.noted(catalog, client)
	for _, c := range d.ClaimVerdicts(catalog) {
		v.Claims = append(v.Claims, ClaimVerdict{r.claim(c.Claim), c.Sink, c.Via, c.Reason, r.by(c.Reason, c.By)})
	}
	for _, s := range d.Resources {
		v.Resources = append(v.Resources, ResourceVerdict{r.resource(s.Resource), s.Reason})
	}
	for _, s := range d.Details {
		v.Details = append(v.Details, DetailVerdict{r.detail(s.Type), s.Reason, r.by(s.Reason, s.Field)})
	}
	if d.Refused != nil {
		v.Refused = r.refusal(d.Refused)
	} else {
		v.Shape = r.shape(d.Shape)
	}
	if s := facts.SignIn; s != nil {
		v.Way, v.ACR, v.AuthTime = s.Way, s.ACR, s.AuthTime
	}
	return v
}

// noted gives what had to be noted when the given scopes were put on the client:
// on what basis, and what for.
func (d *Decision) noted(catalog *Catalog, client *Client) []Provision {
	var list []Provision
	for _, name := range d.Shape.Scopes {
		scope := catalog.Scope(name)
		if scope == nil || len(scope.ProvisionWith) == 0 {
			continue
		}
		for i := range client.Scopes {
			if p := &client.Scopes[i]; catalog.Scope(p.Scope) == scope {
				notes := make(map[string]string, len(scope.ProvisionWith))
				for _, note := range scope.ProvisionWith {
					if text := p.Notes[note]; text != "" {
						notes[note] = text
					}
				}
				list = append(list, Provision{name, notes})
			}
		}
	}
	return list
}

// A recorder knows which names are the catalog's or the client's own.
type recorder struct {
	catalog *Catalog
	client  *Client
	facts   *Facts
}

func (r *recorder) scope(name ScopeName) ScopeName {
	if r.catalog.Scope(name) == nil {
		return Unnamed
	}
	return name
}

func (r *recorder) claim(name ClaimName) ClaimName {
	if r.catalog.claims[name] == nil {
		return Unnamed
	}
	return name
}

func (r *recorder) resource(value string) string {
	if r.catalog.ServerByAudience(value) == nil {
		return Unnamed
	}
	return value
}

func (r *recorder) detail(name string) string {
	if r.catalog.details[name] == nil {
		return Unnamed
	}
	return name
}

// by keeps what decided, where that is the catalog's word for something.
func (r *recorder) by(reason Reason, by string) string {
	known := true
	switch reason {
	case UnknownDetailsField:
		known = false
	case WrongResponseType:
		known = contains(r.client.Answers(), by)
	case AccessNotGranted, NotDelegated:
		known = by == r.client.Organization || by == r.client.Supplier || by == r.facts.Acting.Consumer
	}
	if by == "" || known {
		return by
	}
	return Unnamed
}

func (r *recorder) refusal(refused *Refusal) *Refusal {
	what := refused.What
	switch reason := refused.Reason; {
	case reason == NotInGrant && refused.Error == "invalid_authorization_details":
		what = r.detail(what)
	case reason == UnknownScope, reason == NotInGrant:
		what = string(r.scope(ScopeName(what)))
	case reason == UnknownResource, reason == ResourceNotPermitted:
		what = r.resource(what)
	case detailReasons[reason]:
		what = r.detail(what)
	}
	return &Refusal{refused.Reason, what, r.by(refused.Reason, refused.Also), refused.Error}
}

var detailReasons = map[Reason]bool{
	UnknownDetailsType: true, UnknownDetailsField: true, MissingDetailsField: true, BadDetailsValue: true,
	DetailsNotPermitted: true, DetailsNotPushed: true, DetailsNotAlone: true, DetailsNotGranted: true,
}

// shape keeps only the types of authorization details, and of the audience what
// the catalog says itself.
func (r *recorder) shape(s Shape) *Shape {
	details := make([]Detail, len(s.Details))
	for i := range s.Details {
		details[i] = Detail{Type: r.detail(s.Details[i].Type)}
	}
	audience := make([]string, len(s.Audience))
	for i, value := range s.Audience {
		if audience[i] = value; !r.forces(s.Scopes, value) {
			audience[i] = r.resource(value)
		}
	}
	s.Details, s.Audience = details, audience
	return &s
}

func (r *recorder) forces(scopes []ScopeName, audience string) bool {
	for _, name := range scopes {
		if scope := r.catalog.Scope(name); scope != nil && scope.Audience == audience {
			return true
		}
	}
	return false
}
