package tillit

import "sync"

// Decide answers an ask: one verdict with one reason for every scope, claim,
// resource and authorization detail, what is still missing, and the shape of
// what will be issued. It is pure: the same arguments always give the same
// decision. None of the arguments is kept or changed.
//
// The order is the pipeline of OAuth and OpenID Connect put end to end: what is
// asked, who asks, fatal or not, ways to sign in, acts, consent, claims, what
// withholds, shape, and last of all the intersection with an earlier grant.
func Decide(catalog *Catalog, client *Client, ask *Ask, facts *Facts) Decision {
	q := questions.Get().(*question)
	q.cat, q.client, q.ask, q.facts = catalog, client, ask, facts
	q.answer()
	d := q.end()
	clear(q.room[:min(len(q.candidates), len(q.room))])
	clear(q.opened)
	q.asked, q.told, q.opened = asked{}, q.told[:0], q.opened[:0] // nothing of this question stays for the next
	questions.Put(q)
	return d
}

// questions keeps the scratch room of questions: a decision costs about as much
// as the memory it fills.
var questions = sync.Pool{New: func() any { return new(question) }}

// answer goes through the pipeline; where the request is refused it stops.
func (q *question) answer() {
	q.begin()
	q.judgeResources()
	q.judgeDetails()
	q.judgeAsk()
	q.judgeClient()
	if q.settle(); q.d.Refused != nil {
		return
	}
	if q.ask.Endpoint == AtAuthorization {
		q.judgeSignIn()
		q.judgeActs()
		q.findSingles()
		q.judgeConsent()
	}
	if q.facts.Prior != nil { // last: what fell by itself keeps its own reason
		q.keepToPrior()
	}
	if q.settle(); q.d.Refused != nil {
		return
	}
	q.projectClaims()
	q.shape()
}

// A question is a decision in the making, with scratch room that outlasts it.
type question struct {
	asked
	room   [16]candidate // the common request fits here
	told   []*Claim      // whose verdicts d.Claims holds, nil for unknown ones
	opened []Roles       // what the shape's roles are copied from
	ways   []*Way        // on offer
}

// asked is what belongs to one question alone.
type asked struct {
	cat    *Catalog
	client *Client
	ask    *Ask
	facts  *Facts
	d      Decision

	registrar    Registrar // who puts scopes on the client
	openid       bool      // asked for
	unregistered bool      // a type of client whose evidence stands for registration
	candidates   []candidate
	singles      []single // claims asked for one by one
	resources    []*Server
	chosen       []*Detail // for each granted detail the one of the token request that lies within it
	restrictions []*Scope  // asked for or standing, that withhold claims
	declined     bool      // the person said no to something
	idToken      bool      // one is issued
	userInfo     bool      // the access token opens UserInfo
	plain        bool      // nothing about client, ask or grant decides on single claims
}

// begin lists what is judged. A spelling becomes the scope's own name, and what
// was asked for twice is asked for once.
func (q *question) begin() {
	asked := q.ask.Scopes
	switch {
	case len(asked) > 0:
	case q.facts.Prior != nil:
		asked = q.facts.Prior.Scopes // what the defaults came to then
	default:
		asked = q.client.DefaultScopes
	}
	q.candidates = q.room[:0]
	for _, name := range asked {
		scope := q.cat.Scope(name)
		if scope != nil {
			name = scope.Name
		}
		if !q.listed(name, scope) {
			q.candidates = append(q.candidates, candidate{name: name, scope: scope})
			q.openid = q.openid || name == OpenID && scope != nil
		}
	}
	if t := q.cat.types[q.client.Type]; t != nil {
		q.unregistered = t.Unregistered
	}
	q.findRestrictions()
}

// listed reports whether the scope is among those to be judged already.
func (q *question) listed(name ScopeName, scope *Scope) bool {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.scope == scope && c.name == name {
			return true
		}
	}
	return false
}

// canonical is the scope's own name for a spelling of it.
func (q *question) canonical(name ScopeName) ScopeName {
	if scope := q.cat.Scope(name); scope != nil {
		return scope.Name
	}
	return name
}

// asks reports whether the scope is among those asked for.
func (q *question) asks(name ScopeName) bool {
	for i := range q.candidates {
		if q.candidates[i].name == name {
			return true
		}
	}
	return false
}

// holds reports whether the scope was asked for and nothing has taken it away.
func (q *question) holds(name ScopeName) bool {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.name == name && c.alive() {
			return true
		}
	}
	return false
}

// gives reports whether the scope is given: it is held and waits for nothing.
func (q *question) gives(name ScopeName) bool {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.name == name && c.given() {
			return true
		}
	}
	return false
}

// has reports whether the scope, by whatever spelling, is on the client.
func (q *question) has(scope *Scope) bool {
	if q.client.Has(scope.Name) {
		return true
	}
	for _, alias := range scope.Aliases {
		if q.client.Has(alias) {
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
	if len(q.candidates) == 0 && q.cat.Settings.WithoutScope != "allow" && q.facts.Prior == nil {
		q.refuse(ScopeMissing, "scope", "", "invalid_scope")
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		which := ruleSet(1)
		if c.scope != nil {
			which = c.scope.askRules
		}
		q.judge(askRules, which, 0, c)
	}
	q.judgeParameters()
}

// judgeParameters refuses a parameter of a scope that was not asked for. Of
// several the first by name is told, so that the answer is always the same.
func (q *question) judgeParameters() {
	if q.facts.Prior != nil || q.cat.off[ParameterConflict] {
		return
	}
	stray := ""
	for name, value := range q.ask.Parameters {
		scope := q.cat.variants[name]
		if value != "" && scope != nil && !q.asks(scope.Name) && (stray == "" || name < stray) {
			stray = name
		}
	}
	if stray != "" {
		q.refuse(ParameterConflict, stray, string(q.cat.variants[stray].Name), "invalid_request")
	}
}

func (q *question) judgeClient() {
	if q.ask.Consumer != "" && q.ask.Consumer == q.client.Organization && q.facts.Prior == nil && !q.cat.off[ConsumerIsSelf] {
		q.refuse(ConsumerIsSelf, "consumer", "", "invalid_request")
	}
	for i := range q.candidates {
		if q.candidates[i].alive() {
			q.judge(clientRules, q.candidates[i].scope.clientRules, len(askRules), &q.candidates[i])
		}
	}
}

// settle lets scopes fall whose companions fell, and refuses the request when a
// verdict so far does, when openid was lost, or when nothing is left.
func (q *question) settle() {
	if q.d.Refused != nil {
		return
	}
	if c := q.fatal(); c != nil {
		q.refuse(c.reason, string(c.name), c.by, errorOf(c.reason))
		return
	}
	q.dropCompanionless()
	left, narrowed, lostOpenID := 0, false, Reason("")
	for i := range q.candidates {
		switch c := &q.candidates[i]; {
		case c.alive():
			left++
		case c.reason == NotAskedNow:
			narrowed = true
		case c.name == OpenID:
			lostOpenID = c.reason
		}
	}
	prior := q.facts.Prior
	switch {
	case prior == nil && lostOpenID != "":
		q.refuse(lostOpenID, string(OpenID), "", "invalid_scope")
	case prior != nil && lostOpenID != "" && prior.HasScope(OpenID),
		prior != nil && left == 0 && !narrowed && len(prior.Scopes) > 0:
		q.refuse(GrantEnded, "", "", "invalid_grant")
	case left == 0 && len(q.candidates) > 0 && (prior == nil || narrowed):
		code := "invalid_scope"
		if q.declined && prior == nil {
			code = "access_denied"
		}
		q.refuse(NothingLeft, "scope", "", code)
	}
}

// fatal gives the scope that refuses the request, if any: the one that the
// earliest rule objects to, whatever the order of the request.
func (q *question) fatal() *candidate {
	var first *candidate
	for i := range q.candidates {
		if c := &q.candidates[i]; c.fatal > 0 && (first == nil || c.fatal < first.fatal) {
			first = c
		}
	}
	return first
}

// dropCompanionless lets a scope fall whose last required companion was left out
// on the way.
func (q *question) dropCompanionless() {
	if q.cat.off[RequirementMissing] {
		return
	}
	for again := true; again; {
		again = false
		for i := range q.candidates {
			c := &q.candidates[i]
			if !c.alive() {
				continue
			}
			if missing := q.companion(c.scope, q.holds); missing != "" {
				c.lose(RequirementMissing, missing)
				again = true
			}
		}
	}
}

// companion names a required companion of the scope when none is there. Only
// companions that can be asked for here count; where none can, none is required.
func (q *question) companion(scope *Scope, there func(ScopeName) bool) (missing string) {
	for _, name := range scope.RequiresOneOf {
		other := q.cat.Scope(name)
		if other.At&q.ask.Endpoint == 0 || !other.State.Works() {
			continue
		}
		if there(other.Name) {
			return ""
		}
		missing = string(name)
	}
	return missing
}

// keepToPrior lets nothing in that the stored grant does not hold, and leaves
// out what the refresh request leaves out (SC-9).
func (q *question) keepToPrior() {
	if q.d.Refused != nil {
		return
	}
	prior := q.facts.Prior
	var narrow []ScopeName
	for _, name := range q.facts.Narrow {
		name = q.canonical(name)
		if !prior.HasScope(name) {
			q.refuse(NotInGrant, string(name), "", "invalid_scope")
			return
		}
		narrow = append(narrow, name)
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		switch {
		case !c.alive():
		case !prior.HasScope(c.name):
			c.lose(NotInGrant, "")
		case narrow != nil && !contains(narrow, c.name):
			c.lose(NotAskedNow, "")
		}
	}
	q.keepToPriorDetails()
}

func (q *question) refuse(reason Reason, what, also, code string) {
	if q.d.Refused == nil {
		q.d.Refused = &Refusal{Reason: reason, What: what, Also: also, Error: code}
	}
}

// end writes the verdicts: a scope that no rule objects to and that waits for
// nothing is given. A request that was refused needs and yields nothing.
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
	if q.d.Refused != nil {
		q.d.Needs, q.d.Shape = nil, Shape{}
	}
	return q.d
}
