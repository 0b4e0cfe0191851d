package tillit

// Decide answers an ask: one verdict with one reason for every scope, claim,
// resource and authorization detail, what is still missing, and the shape of
// what will be issued. It is pure: the same arguments always give the same
// decision. None of the arguments is kept or changed.
//
// The order is the pipeline of OAuth and OpenID Connect put end to end: what is
// asked, who asks, fatal or not, ways to sign in, acts, consent, claims, what
// withholds, shape, and last of all the intersection with an earlier grant.
func Decide(catalog *Catalog, client *Client, ask *Ask, facts *Facts) Decision {
	q := question{cat: catalog, client: client, ask: ask, facts: facts}
	q.begin()
	q.judgeResources()
	q.judgeDetails()
	q.judgeAsk()
	q.judgeClient()
	if q.settle(); q.d.Refused != nil {
		return q.end()
	}
	if ask.Endpoint == AtAuthorization {
		q.judgeSignIn()
		q.judgeActs()
		q.judgeConsent()
	}
	if facts.Prior != nil { // last: what fell by itself keeps its own reason
		q.keepToPrior()
	}
	if q.settle(); q.d.Refused != nil {
		return q.end()
	}
	q.projectClaims()
	q.shape()
	return q.end()
}

// A question is a decision in the making.
type question struct {
	cat    *Catalog
	client *Client
	ask    *Ask
	facts  *Facts
	d      Decision

	openid       bool // asked for
	unregistered bool // a type of client whose evidence stands for registration
	candidates   []candidate
	singles      []single // claims asked for one by one
	resources    []*Server
	declined     bool // the person said no to something

	// The common request fits here; nothing is allocated for it.
	room [16]candidate
}

func (q *question) begin() {
	asked := q.ask.Scopes
	if len(asked) == 0 {
		asked = q.client.DefaultScopes
	}
	q.candidates = q.room[:0]
	for _, name := range asked {
		scope := q.cat.scopes[name]
		q.candidates = append(q.candidates, candidate{name: name, scope: scope})
		q.openid = q.openid || scope != nil && scope.Name == OpenID
	}
	if t := q.cat.types[q.client.Type]; t != nil {
		q.unregistered = t.Unregistered
	}
}

// asks reports whether the scope, by whatever spelling, is among those asked for.
func (q *question) asks(name ScopeName) bool {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.name == name || c.scope != nil && c.scope.Name == name {
			return true
		}
	}
	return false
}

// given reports whether the scope was asked for and is still alive.
func (q *question) given(name ScopeName) bool {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() && c.scope.Name == name {
			return true
		}
	}
	return false
}

// organization is the one whose access counts: the consumer when the client
// acts for one, else who runs the client.
func (q *question) organization() string {
	switch {
	case q.ask.Consumer != "":
		return q.ask.Consumer
	case q.client.Supplier != "":
		return q.client.Supplier
	}
	return q.client.Organization
}

func (q *question) judgeAsk() {
	if len(q.candidates) == 0 && q.cat.Settings.WithoutScope != "allow" {
		q.refuse(ScopeMissing, "scope", "", "invalid_scope")
	}
	for i := range q.candidates {
		q.judge(askRules, &q.candidates[i])
	}
	for name := range q.ask.Parameters {
		if s := q.cat.variants[name]; s != nil && !q.asks(s.Name) {
			q.refuse(ParameterConflict, name, string(s.Name), "invalid_request")
		}
	}
	q.findSingles()
}

// judgeClient waits until the request as sent has passed.
func (q *question) judgeClient() {
	for i := range q.candidates {
		if q.candidates[i].alive() {
			q.judge(clientRules, &q.candidates[i])
		}
	}
}

// settle refuses the request when a verdict so far does, when openid was lost,
// or when nothing is left; and lets scopes fall whose companions fell.
func (q *question) settle() {
	if q.d.Refused != nil {
		return
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if c.fatal {
			q.refuse(c.reason, string(c.name), c.by, q.errorOf(c.reason))
			return
		}
	}
	q.dropCompanionless()
	left, lostOpenID := 0, Reason("")
	for i := range q.candidates {
		c := &q.candidates[i]
		if c.alive() {
			left++
		} else if c.scope != nil && c.scope.Name == OpenID && c.reason != NotAskedNow {
			lostOpenID = c.reason
		}
	}
	switch {
	case q.facts.Prior != nil:
		if lostOpenID != "" && q.facts.Prior.HasScope(OpenID) || left == 0 && len(q.facts.Prior.Scopes) > 0 {
			q.refuse(GrantEnded, "", "", "invalid_grant")
		}
	case lostOpenID != "":
		q.refuse(lostOpenID, string(OpenID), "", "invalid_scope")
	case left == 0 && len(q.candidates) > 0:
		code := "invalid_scope"
		if q.declined {
			code = "access_denied"
		}
		q.refuse(NothingLeft, "scope", "", code)
	}
}

// dropCompanionless lets a scope fall whose last required companion was left out
// on the way.
func (q *question) dropCompanionless() {
	for again := true; again; {
		again = false
		for i := range q.candidates {
			c := &q.candidates[i]
			if !c.alive() || len(c.scope.RequiresOneOf) == 0 || q.cat.off[RequirementMissing] {
				continue
			}
			missing := ""
			for _, name := range c.scope.RequiresOneOf {
				other := q.cat.scopes[name]
				if other.At&q.ask.Endpoint == 0 || !other.State.works() {
					continue
				}
				if q.given(name) {
					missing = ""
					break
				}
				missing = string(name)
			}
			if missing != "" {
				c.lose(RequirementMissing, missing)
				again = true
			}
		}
	}
}

// keepToPrior lets nothing in that the stored grant does not hold, and leaves
// out what the refresh request leaves out (SC-9).
func (q *question) keepToPrior() {
	for _, name := range q.facts.Narrow {
		if !q.facts.Prior.HasScope(name) {
			q.refuse(NotInGrant, string(name), "", "invalid_scope")
			return
		}
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		switch {
		case !c.alive():
		case !q.facts.Prior.HasScope(c.name):
			c.lose(NotInGrant, "")
		case q.facts.Narrow != nil && !contains(q.facts.Narrow, c.name):
			c.lose(NotAskedNow, "")
		}
	}
}

func (q *question) refuse(reason Reason, what, also, code string) {
	if q.d.Refused == nil {
		q.d.Refused = &Refusal{Reason: reason, What: what, Also: also, Error: code}
	}
}

// errorOf gives the standard's code of a reason that refuses.
func (q *question) errorOf(reason Reason) string {
	for _, table := range [...][]rule{askRules, clientRules} {
		for i := range table {
			if table[i].reason == reason {
				return table[i].error
			}
		}
	}
	return "access_denied"
}

// end writes the verdicts. A scope that is alive was given, unless the request
// was refused or a need holds it back.
func (q *question) end() Decision {
	q.d.Scopes = make([]ScopeVerdict, len(q.candidates))
	for i := range q.candidates {
		c := &q.candidates[i]
		v := ScopeVerdict{Scope: c.name, Reason: c.reason, By: c.by}
		switch {
		case v.Reason != "":
		case c.pending != "":
			v.Reason = c.pending
		default:
			v.Reason = Given
		}
		q.d.Scopes[i] = v
	}
	return q.d
}
