package tillit

// A single is a claim asked for one by one, by the claims parameter. Its
// governor is the scope whose conditions it is subject to: the claims parameter
// opens no way around a scope (CL-9).
type single struct {
	ask      *ClaimAsk
	sink     Sink
	claim    *Claim     // nil: unknown
	governor *Scope     // nil: of no scope, or governed by a requested one
	follows  *candidate // the requested scope that yields it: one box for both
	reason   Reason
	pending  Reason
}

// released lists what agreeing to the claim releases.
func (s *single) released() []ClaimName {
	return append([]ClaimName{s.claim.Name}, s.claim.Brings...)
}

// findSingles reads the claims parameter. Without openid it has no effect (SC-7).
func (q *question) findSingles() {
	if q.ask.Claims.Empty() {
		return
	}
	for i := range q.ask.Claims.UserInfo {
		q.findSingle(&q.ask.Claims.UserInfo[i], SinkUserInfo)
	}
	for i := range q.ask.Claims.IDToken {
		q.findSingle(&q.ask.Claims.IDToken[i], SinkIDToken)
	}
}

func (q *question) findSingle(entry *ClaimAsk, sink Sink) {
	if Reserved[string(entry.Name)] {
		return
	}
	s := single{ask: entry, sink: sink, claim: q.cat.ClaimOnWire(string(entry.Name), sink)}
	switch {
	case s.claim == nil:
		s.reason = UnknownClaim
	case !q.openid:
		s.reason = OpenIDMissing
	case sink == SinkUserInfo && !q.ask.yieldsAccessToken(): // CL-4
		s.reason = WrongSink
	case !q.goesTo(s.claim, sink, true):
		s.reason = WrongSink
	default:
		if s.reason = q.claimFor(s.claim); s.reason == "" {
			q.findGovernor(&s)
		}
	}
	q.singles = append(q.singles, s)
}

// findGovernor picks the scope a single claim is subject to: a requested one, or
// else one that the client has.
func (q *question) findGovernor(s *single) {
	if q.framed(s.claim) {
		return
	}
	for _, scope := range s.claim.scopes {
		for i := range q.candidates {
			if c := &q.candidates[i]; c.scope == scope {
				s.follows = c
				return
			}
		}
	}
	s.reason = NotProvisioned
	for _, scope := range s.claim.scopes {
		c := candidate{name: scope.Name, scope: scope}
		q.judge(governorRules, &c)
		if c.alive() {
			s.governor, s.reason = scope, ""
			return
		}
		s.reason = c.reason
	}
}

// governorRules are the rules of a scope that hold for its claims asked singly.
var governorRules = []rule{
	{ScopeInactive, drops, "", scopeInactive},
	{WrongEndpoint, drops, "", wrongEndpoint},
	{WrongResponseType, drops, "", wrongResponseType},
	{NotPrompted, drops, "", notPrompted},
	{NotProvisioned, drops, "", notProvisioned},
	{WrongClientType, drops, "", wrongClientType},
	{AccessNotGranted, drops, "", accessNotGranted},
}

// claimFor says why a claim cannot be this client's at all, or "".
func (q *question) claimFor(claim *Claim) Reason {
	switch {
	case !claim.State.works() && !q.cat.off[ClaimInactive]:
		return ClaimInactive
	case len(claim.Types) > 0 && !contains(claim.Types, q.client.Type) && !q.cat.off[WrongClientType]:
		return WrongClientType
	case q.client.Claims != nil && !contains(q.client.Claims, claim.Name) && !q.cat.off[NotProvisioned]:
		return NotProvisioned
	}
	return ""
}

// framed reports whether the claim is there whatever the scopes.
func (q *question) framed(claim *Claim) bool {
	for i := range q.cat.frames {
		if contains(q.cat.frames[i].claims, claim) {
			return true
		}
	}
	return false
}

// goesTo reports whether a claim may be delivered to a sink: its own, one the
// client's placement adds, or, when it is asked for there, one it may also go to.
func (q *question) goesTo(claim *Claim, sink Sink, asked bool) bool {
	return contains(claim.Sinks, sink) || contains(q.client.Placements[claim.Name], sink) || asked && contains(claim.MayAlso, sink)
}

// projectClaims finds the claims of every sink: the frames, what the given
// scopes yield, what was asked for singly, less what is withheld.
func (q *question) projectClaims() {
	q.d.Claims = make([]ClaimVerdict, 0, 4*len(q.candidates)+2*len(q.singles))
	if q.machine() {
		q.projectFrames(q.cat.machine)
	} else {
		q.projectFrames(q.cat.frames)
	}
	for i := range q.candidates {
		q.projectScope(&q.candidates[i])
	}
	for i := range q.singles {
		q.projectSingle(&q.singles[i])
	}
	q.projectExtraFrames()
	q.withhold()
	q.keepClaimsToPrior()
}

// machine reports whether tokens are for the client itself.
func (q *question) machine() bool { return q.ask.Endpoint == AtToken }

func (q *question) projectFrames(frames []frame) {
	for i := range frames {
		if !q.opens(frames[i].sink) || !frames[i].sink.Standard() {
			continue
		}
		for _, claim := range frames[i].claims {
			if claim.State.works() && (len(claim.Types) == 0 || contains(claim.Types, q.client.Type)) {
				q.deliver(claim, frames[i].sink)
			}
		}
	}
}

// projectExtraFrames completes the realm's own tokens: such a token exists only
// when something that was asked for goes there.
func (q *question) projectExtraFrames() {
	for i := range q.cat.frames {
		f := &q.cat.frames[i]
		if f.sink.Standard() || len(q.d.Shape.For(f.sink)) == 0 {
			continue
		}
		for _, claim := range f.claims {
			if claim.State.works() {
				q.deliver(claim, f.sink)
			}
		}
	}
}

// opens reports whether a sink exists in this answer.
func (q *question) opens(sink Sink) bool {
	switch sink {
	case SinkIDToken:
		return q.issuesIDToken()
	case SinkUserInfo:
		return q.opensUserInfo()
	case SinkAccessToken, SinkIntrospection:
		return q.ask.yieldsAccessToken()
	}
	return true
}

func (q *question) issuesIDToken() bool {
	return !q.machine() && q.given(OpenID)
}

// opensUserInfo reports whether the access token works at UserInfo: it has the
// scope the realm requires there, openid unless it says otherwise.
func (q *question) opensUserInfo() bool {
	required := q.cat.userInfo.Requires
	if required == "" {
		required = OpenID
	}
	return !q.machine() && q.ask.yieldsAccessToken() && q.given(OpenID) && q.given(required)
}

func (q *question) projectScope(c *candidate) {
	if c.scope == nil {
		return
	}
	via := string(c.scope.Name)
	for _, name := range c.scope.Claims {
		q.projectScopeClaim(c, q.cat.claims[name], via)
	}
	if c.variant != nil {
		for _, name := range c.variant.Claims {
			q.projectScopeClaim(c, q.cat.claims[name], via)
		}
	}
}

func (q *question) projectScopeClaim(c *candidate, claim *Claim, via string) {
	if !c.alive() {
		q.tell(claim.Name, firstSink(claim), via, ScopeNotGiven, string(c.reason))
		return
	}
	if reason := q.claimFor(claim); reason != "" {
		q.tell(claim.Name, firstSink(claim), via, reason, "")
		return
	}
	for _, sink := range claim.Sinks {
		q.give(claim, sink, via)
	}
	for _, sink := range q.client.Placements[claim.Name] {
		if !contains(claim.Sinks, sink) {
			q.give(claim, sink, via)
		}
	}
	// Without an access token UserInfo is out of reach, and Core §5.4 puts the
	// claims of scopes in the ID Token (CL-2).
	if !q.ask.yieldsAccessToken() && !contains(claim.Sinks, SinkIDToken) && contains(claim.MayAlso, SinkIDToken) {
		q.give(claim, SinkIDToken, via)
	}
}

func firstSink(claim *Claim) Sink {
	if len(claim.Sinks) == 0 {
		return ""
	}
	return claim.Sinks[0]
}

func (q *question) give(claim *Claim, sink Sink, via string) {
	if !q.opens(sink) {
		return
	}
	q.tell(claim.Name, sink, via, Given, "")
	q.deliver(claim, sink)
}

func (q *question) projectSingle(s *single) {
	if s.claim == nil {
		q.tell(s.ask.Name, s.sink, "claims", s.reason, "")
		return
	}
	if reason, by := q.singleReason(s); reason != "" {
		q.tell(s.claim.Name, s.sink, "claims", reason, by)
		return
	}
	q.give(s.claim, s.sink, "claims")
	for _, brought := range s.claim.Brings {
		claim := q.cat.claims[brought]
		if q.goesTo(claim, s.sink, true) && q.claimFor(claim) == "" {
			q.give(claim, s.sink, "claims")
		}
	}
}

// singleReason says why a single claim is not given, or "". An item declined is
// declined whichever way it was asked for.
func (q *question) singleReason(s *single) (reason Reason, by string) {
	switch {
	case s.reason != "":
		return s.reason, ""
	case s.pending != "":
		return s.pending, ""
	case s.follows == nil:
		return "", ""
	case s.follows.pending != "":
		return s.follows.pending, ""
	case s.follows.alive():
		return "", ""
	case s.follows.reason == ConsentDeclined || s.follows.reason == ConsentMissing:
		return s.follows.reason, ""
	}
	return ScopeNotGiven, string(s.follows.reason)
}

// withhold takes away what the scopes asked for, given or not, and those that
// stand on the client hold back. It runs last and wins over everything; only
// what a resource server may learn at introspection is out of its reach.
func (q *question) withhold() {
	if q.cat.off[Withheld] {
		return
	}
	for i := range q.candidates {
		if c := &q.candidates[i]; c.scope != nil {
			q.withholdBy(c.scope)
		}
	}
	for _, scope := range q.cat.standing {
		if q.client.Has(scope.Name) {
			q.withholdBy(scope)
		}
	}
}

func (q *question) withholdBy(scope *Scope) {
	for _, name := range scope.Withholds {
		for i := range q.d.Shape.Claims {
			sc := &q.d.Shape.Claims[i]
			for j, claim := range sc.Claims {
				if claim == name {
					sc.Claims = append(sc.Claims[:j:j], sc.Claims[j+1:]...)
					q.overrule(name, sc.Sink, Withheld, string(scope.Name))
					break
				}
			}
		}
	}
}

// overrule replaces the verdicts on a claim in a sink.
func (q *question) overrule(name ClaimName, sink Sink, reason Reason, by string) {
	found := false
	for i := range q.d.Claims {
		if v := &q.d.Claims[i]; v.Claim == name && v.Sink == sink {
			v.Reason, v.By, found = reason, by, true
		}
	}
	if !found {
		q.tell(name, sink, "", reason, by)
	}
}

func (q *question) keepClaimsToPrior() {
	if q.facts.Prior == nil {
		return
	}
	for i := range q.d.Shape.Claims {
		sc := &q.d.Shape.Claims[i]
		allowed := q.facts.Prior.For(sc.Sink)
		kept := sc.Claims[:0]
		for _, name := range sc.Claims {
			if contains(allowed, name) {
				kept = append(kept, name)
			} else {
				q.overrule(name, sc.Sink, NotInGrant, "")
			}
		}
		sc.Claims = kept
	}
}

// tell writes a claim's verdict; one that was given keeps it.
func (q *question) tell(name ClaimName, sink Sink, via string, reason Reason, by string) {
	for i := range q.d.Claims {
		v := &q.d.Claims[i]
		if v.Claim != name || v.Sink != sink {
			continue
		}
		if v.Reason != Given && reason == Given {
			v.Reason, v.Via, v.By = reason, via, by
		}
		return
	}
	q.d.Claims = append(q.d.Claims, ClaimVerdict{Claim: name, Sink: sink, Via: via, Reason: reason, By: by})
}

func (q *question) deliver(claim *Claim, sink Sink) {
	for i := range q.d.Shape.Claims {
		sc := &q.d.Shape.Claims[i]
		if sc.Sink == sink {
			if !contains(sc.Claims, claim.Name) {
				sc.Claims = append(sc.Claims, claim.Name)
			}
			return
		}
	}
	if q.d.Shape.Claims == nil {
		q.d.Shape.Claims = make([]SinkClaims, 0, 5)
	}
	list := make([]ClaimName, 1, 16)
	list[0] = claim.Name
	q.d.Shape.Claims = append(q.d.Shape.Claims, SinkClaims{Sink: sink, Claims: list})
}
