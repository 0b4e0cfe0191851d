package tillit

import "slices"

// A Decision answers one ask: a verdict with one reason for everything asked
// for, what is still missing, and the shape of what will be issued. It holds
// names, never values.
type Decision struct {
	Scopes    []ScopeVerdict
	Claims    []ClaimVerdict // but for those that only the shape tells of; see ClaimVerdicts
	Resources []ResourceVerdict
	Details   []DetailVerdict
	Needs     []Need
	Refused   *Refusal // nil: the request may go on
	Shape     Shape
}

// A ScopeVerdict is what became of one requested scope.
type ScopeVerdict struct {
	Scope  ScopeName `json:"scope"`
	Reason Reason    `json:"reason"`
	By     string    `json:"by,omitempty"` // what decided: the other scope, the way, the agreement
}

// A ClaimVerdict is what became of one claim in one sink.
type ClaimVerdict struct {
	Claim  ClaimName `json:"claim"`
	Sink   Sink      `json:"sink"`
	Via    string    `json:"via,omitempty"` // the scope, the type of detail, "claims" for the claims parameter, "" for the token's frame
	Reason Reason    `json:"reason"`
	By     string    `json:"by,omitempty"`
}

// A ResourceVerdict is what became of one requested resource.
type ResourceVerdict struct {
	Resource string `json:"resource"`
	Reason   Reason `json:"reason"`
}

// A DetailVerdict is what became of one authorization detail.
type DetailVerdict struct {
	Type   string `json:"type"`
	Reason Reason `json:"reason"`
	Field  string `json:"field,omitempty"`
}

// A Refusal ends a request as a whole.
type Refusal struct {
	Reason Reason `json:"reason"`
	What   string `json:"what,omitempty"` // the scope, resource or parameter at fault
	Also   string `json:"also,omitempty"` // its counterpart, where two exclude each other
	Error  string `json:"error"`          // the standard's error code
}

// A Shape is what will be issued: names only.
type Shape struct {
	Scopes   []ScopeName  `json:"scopes,omitempty"` // given, in the order asked for
	Claims   []SinkClaims `json:"claims,omitempty"`
	Audience []string     `json:"audience,omitempty"`
	Roles    []Roles      `json:"roles,omitempty"`
	Details  []Detail     `json:"authorization_details,omitempty"`
	IDToken  bool         `json:"id_token,omitempty"` // one is issued
	UserInfo bool         `json:"userinfo,omitempty"` // the token opens UserInfo
	Offline  bool         `json:"offline,omitempty"`  // the grant outlives the session
	Refresh  bool         `json:"refresh,omitempty"`  // a refresh token is issued
	Pairwise bool         `json:"pairwise,omitempty"` // subject type
	Machine  bool         `json:"machine,omitempty"`  // no person: the frame machine_token
	Format   TokenFormat  `json:"format,omitempty"`   // of the access token
	Access   int64        `json:"access,omitempty"`   // lifetimes in seconds
	ID       int64        `json:"id,omitempty"`
	Inactive int64        `json:"inactive,omitempty"` // refresh token
	Whole    int64        `json:"whole,omitempty"`    // the grant; 0: no bound
}

// SinkClaims are the claims that go to one sink.
type SinkClaims struct {
	Sink   Sink        `json:"sink"`
	Claims []ClaimName `json:"claims"`
}

// Roles are the roles a token has at one designator.
type Roles struct {
	Designator string   `json:"designator"`
	Roles      []string `json:"roles"`
}

// For gives the claims that go to the sink.
func (s *Shape) For(sink Sink) []ClaimName {
	for i := range s.Claims {
		if s.Claims[i].Sink == sink {
			return s.Claims[i].Claims
		}
	}
	return nil
}

// HasScope reports whether the scope was given.
func (s *Shape) HasScope(name ScopeName) bool { return contains(s.Scopes, name) }

// Scope gives the verdict on a requested scope, or "" when it was not asked for.
func (d *Decision) Scope(name ScopeName) Reason {
	for i := range d.Scopes {
		if d.Scopes[i].Scope == name {
			return d.Scopes[i].Reason
		}
	}
	return ""
}

// ClaimVerdicts gives the verdict on every claim that was asked for or yielded,
// once per sink. Most claims come from one scope and are given with it: of those
// the shape says all there is to say, and only here it is written out.
func (d *Decision) ClaimVerdicts(catalog *Catalog) []ClaimVerdict {
	list := slices.Clone(d.Claims)
	for _, sc := range d.Shape.Claims {
		for _, name := range sc.Claims {
			claim := catalog.claims[name]
			if claim != nil && claim.alone && !d.judged(name, sc.Sink) {
				list = append(list, ClaimVerdict{Claim: name, Sink: sc.Sink, Via: string(claim.scopes[0].Name), Reason: Given})
			}
		}
	}
	return list
}

func (d *Decision) judged(name ClaimName, sink Sink) bool {
	for i := range d.Claims {
		if v := &d.Claims[i]; v.Claim == name && v.Sink == sink {
			return true
		}
	}
	return false
}
