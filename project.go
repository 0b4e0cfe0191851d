package tillit

// A single is a claim asked for one by one, by the claims parameter. Its
// governor is the scope whose conditions it is subject to: the claims parameter
// opens no way around a scope (CL-9).
type single struct {
	ask      *ClaimAsk
	sink     Sink
	claim    *Claim // nil: unknown
	follows  bool   // requested scopes yield it: one box for both
	governor *Scope // nil: of no scope, or governed by a requested one
	reason   Reason
	by       string
	pending  Reason
}

// released lists what agreeing to the claim releases.
func (s *single) released() []ClaimName {
	return append([]ClaimName{s.claim.Name}, s.claim.Brings...)
}

// findSingles reads the claims parameter. Without openid it has no effect (SC-7).
func (q *question) findSingles() {
	if q.d.Refused != nil {
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
	s := single{ask: entry, sink: sink, claim: q.claimOnWire(string(entry.Name), sink)}
	switch {
	case s.claim == nil:
		s.reason = UnknownClaim
	case !q.openid:
		s.reason = OpenIDMissing
	case sink == SinkUserInfo && !q.ask.yieldsAccessToken() && !q.cat.off[WrongSink]: // CL-4
		s.reason = WrongSink
	case !q.goesTo(s.claim, sink, true):
		s.reason = WrongSink
	default:
		if s.reason = q.claimFor(s.claim); s.reason == "" {
			q.findGovernor(&s)
		}
	}
	if by, held := q.withheldOf(s.claim); held && s.reason == "" {
		s.reason, s.by = Withheld, by
	}
	if s.reason == "" && q.needs(NeedSignIn) {
		s.pending = SignInMissing
	}
	q.singles = append(q.singles, s)
}

// claimOnWire gives the claim that bears the name; of several the one that this
// client may have there.
func (q *question) claimOnWire(name string, sink Sink) *Claim {
	for _, claim := range q.cat.wire[name] {
		if q.goesTo(claim, sink, true) && q.claimFor(claim) == "" {
			return claim
		}
	}
	return q.cat.ClaimOnWire(name, sink)
}

// findGovernor finds what a single claim is subject to: the requested scopes
// that yield it, else one that the client could ask for now. Of those the person
// need not be asked about any.
func (q *question) findGovernor(s *single) {
	if q.framed(s.claim) {
		return
	}
	for i := range q.candidates {
		if q.candidates[i].yields(s.claim) {
			s.follows = true
			return
		}
	}
	s.reason = NotProvisioned
	for _, scope := range s.claim.scopes {
		c := candidate{name: scope.Name, scope: scope}
		q.judge(governorRules, concerned(governorRules, scope), 0, &c)
		switch {
		case c.alive() && !c.yields(s.claim):
		case c.alive() && (s.governor == nil || scope.Consent == ConsentNever || scope.Consent == ""):
			s.governor, s.reason, s.by = scope, "", ""
		case s.governor == nil:
			s.reason, s.by = c.reason, c.by
		}
	}
}

// governorRules are the rules of a scope that hold for its claims asked singly.
// A scope with a page of its own governs nothing: its page was not asked for.
var governorRules = []rule{
	{ScopeInactive, drops, "", scopeInactive, nil},
	{WrongEndpoint, drops, "", wrongEndpoint, nil},
	{Excluded, drops, "", excluded, nil},
	{RequirementMissing, drops, "", companionMissing, nil},
	{WrongResponseType, drops, "", wrongResponseType, nil},
	{ParameterMissing, drops, "", parameterMissing, nil},
	{NotPrompted, drops, "", notPrompted, nil},
	{OtherResource, drops, "", otherResource, nil},
	{NotProvisioned, drops, "", notProvisioned, nil},
	{WrongClientType, drops, "", wrongClientType, nil},
	{AccessNotGranted, drops, "", accessNotGranted, nil},
	{SignInUnsuitable, drops, "", uncarried, nil},
	{ActMissing, drops, "", wantsPage, nil},
}

func companionMissing(q *question, c *candidate) (string, bool) {
	missing := q.companion(c.scope, q.holds)
	return missing, missing != ""
}

func wantsPage(_ *question, c *candidate) (string, bool) {
	return string(c.scope.Needs), c.scope.Needs != ""
}

// claimFor says why a claim cannot be this client's at all, or "".
func (q *question) claimFor(claim *Claim) Reason {
	switch {
	case !claim.State.Works() && !q.cat.off[ClaimInactive]:
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
		if q.cat.frames[i].sink.Standard() && contains(q.cat.frames[i].claims, claim) {
			return true
		}
	}
	return false
}

// goesTo reports whether a claim may be delivered to a sink: its own, or one it
// may also go to when it is placed or asked for there.
func (q *question) goesTo(claim *Claim, sink Sink, asked bool) bool {
	return contains(claim.Sinks, sink) ||
		contains(claim.MayAlso, sink) && (asked || contains(q.client.Placements[claim.Name], sink))
}

// projectClaims finds the claims of every sink: the frames, what the given scopes
// yield, what comes with the given details, what was asked for singly.
func (q *question) projectClaims() {
	q.idToken = !q.machine() && q.gives(OpenID)
	q.userInfo = q.idToken && q.ask.yieldsAccessToken() && q.gives(q.userInfoScope())
	q.plain = len(q.restrictions) == 0 && q.facts.Prior == nil && q.client.Claims == nil && len(q.client.Placements) == 0 && len(q.singles) == 0
	q.projectFrames()
	for i := range q.candidates {
		q.projectScope(&q.candidates[i])
	}
	for i := range q.d.Details {
		q.projectDetail(&q.d.Details[i])
	}
	for i := range q.singles {
		q.projectSingle(&q.singles[i])
	}
	q.projectExtraFrames()
}

// machine reports whether tokens are for the client itself.
func (q *question) machine() bool { return q.ask.Endpoint == AtToken }

// frames are the claims that are there whatever the scopes.
func (q *question) frames() []frame {
	if q.machine() {
		return q.cat.machine
	}
	return q.cat.frames
}

func (q *question) projectFrames() {
	for i := range q.frames() {
		if f := &q.frames()[i]; f.sink.Standard() && q.opens(f.sink) {
			q.projectFrame(f)
		}
	}
}

// projectExtraFrames completes the realm's own tokens: such a token exists only
// when something that was asked for goes there.
func (q *question) projectExtraFrames() {
	for i := range q.frames() {
		if f := &q.frames()[i]; !f.sink.Standard() && len(q.d.Shape.For(f.sink)) > 0 {
			q.projectFrame(f)
		}
	}
}

func (q *question) projectFrame(f *frame) {
	for _, claim := range f.claims {
		if claim.State.Works() && (len(claim.Types) == 0 || contains(claim.Types, q.client.Type)) {
			q.deliver(claim, f.sink, "")
		}
	}
}

// opens reports whether a sink exists in this answer. The response of the token
// endpoint, and with it the realm's own tokens, exists where a code is redeemed.
func (q *question) opens(sink Sink) bool {
	switch sink {
	case SinkIDToken:
		return q.idToken
	case SinkUserInfo:
		return q.userInfo
	case SinkAccessToken, SinkIntrospection:
		return q.ask.yieldsAccessToken()
	}
	return q.machine() || q.ask.Answers("code")
}

// userInfoScope is the scope an access token must have at UserInfo: openid unless
// the realm says otherwise.
func (q *question) userInfoScope() ScopeName {
	if q.cat.userInfo.Requires != "" {
		return q.cat.userInfo.Requires
	}
	return OpenID
}

func (q *question) projectScope(c *candidate) {
	if c.scope == nil {
		return
	}
	if sink := c.scope.bulk; q.plain && sink != "" && c.given() && q.opens(sink) {
		list := q.sink(sink) // all at once: what follows would come to the same
		list.Claims = append(list.Claims, c.scope.Claims...)
		return
	}
	for _, claims := range c.claims() {
		for _, claim := range claims {
			q.projectScopeClaim(c, claim)
		}
	}
}

func (q *question) projectScopeClaim(c *candidate, claim *Claim) {
	via := string(c.name)
	switch {
	case c.reason != "":
		q.tell(claim, claim.Name, firstSink(claim), via, ScopeNotGiven, string(c.reason))
		return
	case c.pending != "":
		q.tell(claim, claim.Name, firstSink(claim), via, ScopeNotGiven, string(c.pending))
		return
	}
	if reason := q.claimFor(claim); reason != "" {
		q.tell(claim, claim.Name, firstSink(claim), via, reason, "")
		return
	}
	delivered := false
	for _, sink := range claim.Sinks {
		delivered = q.give(claim, sink, via) || delivered
	}
	for _, sink := range claim.MayAlso {
		// Without an access token UserInfo is out of reach, and Core §5.4 puts the
		// claims of scopes in the ID Token (CL-2).
		moved := sink == SinkIDToken && !q.ask.yieldsAccessToken()
		if !contains(claim.Sinks, sink) && (moved || contains(q.client.Placements[claim.Name], sink)) {
			delivered = q.give(claim, sink, via) || delivered
		}
	}
	if !delivered {
		q.tell(claim, claim.Name, firstSink(claim), via, WrongSink, "")
	}
}

// projectDetail delivers the claims that come with a detail that was given. They
// are subject to what every claim of a scope is.
func (q *question) projectDetail(v *DetailVerdict) {
	t := q.cat.details[v.Type]
	if t == nil || v.Reason != Given {
		return
	}
	for _, name := range t.Claims {
		claim := q.cat.claims[name]
		if reason := q.claimFor(claim); reason != "" {
			q.tell(claim, name, firstSink(claim), v.Type, reason, "")
			continue
		}
		for _, sink := range claim.Sinks {
			q.give(claim, sink, v.Type)
		}
	}
}

func firstSink(claim *Claim) Sink {
	if len(claim.Sinks) == 0 {
		return ""
	}
	return claim.Sinks[0]
}

// give delivers a claim to a sink that exists in this answer, and reports
// whether there is one.
func (q *question) give(claim *Claim, sink Sink, via string) bool {
	if !q.opens(sink) {
		return false
	}
	if claim.alone && len(q.singles) == 0 {
		q.deliver(claim, sink, via) // that it was given follows from the shape
		return true
	}
	if v := q.verdict(claim, claim.Name, sink); v != nil && v.Reason == Given {
		return true
	}
	if q.deliver(claim, sink, via) {
		q.tell(claim, claim.Name, sink, via, Given, "")
	}
	return true
}

func (q *question) projectSingle(s *single) {
	if s.claim == nil {
		q.tell(nil, s.ask.Name, s.sink, "claims", s.reason, "")
		return
	}
	reason, by := q.singleReason(s)
	if reason == "" && !q.give(s.claim, s.sink, "claims") {
		reason, by = ScopeNotGiven, string(q.userInfoScope())
	}
	if reason != "" {
		q.tell(s.claim, s.claim.Name, s.sink, "claims", reason, by)
		return
	}
	for _, brought := range s.claim.Brings {
		claim := q.cat.claims[brought]
		if q.goesTo(claim, s.sink, true) && q.claimFor(claim) == "" {
			q.give(claim, s.sink, "claims")
		}
	}
}

// singleReason says why a single claim is not given, or "". What requested
// scopes yield is given when one of them is; an item declined is declined
// whichever way it was asked for.
func (q *question) singleReason(s *single) (reason Reason, by string) {
	switch {
	case s.reason != "":
		return s.reason, s.by
	case s.pending != "":
		return s.pending, ""
	case !s.follows:
		return "", ""
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.yields(s.claim) {
			continue
		}
		switch {
		case c.given():
			return "", ""
		case c.pending != "" && c.alive():
			reason, by = c.pending, ""
		case c.reason == ConsentDeclined || c.reason == ConsentMissing:
			reason, by = c.reason, ""
		case reason == "":
			reason, by = ScopeNotGiven, string(c.reason)
		}
	}
	return reason, by
}

// findRestrictions lists the scopes that hold claims back: those asked for,
// given or not, and those that stand on the client.
func (q *question) findRestrictions() {
	if q.cat.off[Withheld] {
		return
	}
	for i := range q.candidates {
		if c := &q.candidates[i]; c.scope != nil && len(c.scope.Withholds) > 0 {
			q.restrictions = append(q.restrictions, c.scope)
		}
	}
	for _, scope := range q.cat.standing {
		if q.has(scope) && !contains(q.restrictions, scope) {
			q.restrictions = append(q.restrictions, scope)
		}
	}
}

// withheld names the scope that holds a claim back.
func (q *question) withheld(name ClaimName) (by string, held bool) {
	for _, scope := range q.restrictions {
		if contains(scope.Withholds, name) {
			return string(scope.Name), true
		}
	}
	return "", false
}

func (q *question) withheldOf(claim *Claim) (by string, held bool) {
	if claim == nil {
		return "", false
	}
	return q.withheld(claim.Name)
}

// tell writes a claim's verdict. Given stays, and wins over everything, as does
// the token's frame; that a scope was not given gives way to what another scope
// came to.
func (q *question) tell(claim *Claim, name ClaimName, sink Sink, via string, reason Reason, by string) {
	if reason != Given && contains(q.d.Shape.For(sink), name) {
		reason, via, by = Given, "", ""
	}
	v := q.verdict(claim, name, sink)
	switch {
	case v == nil:
		q.told = append(q.told, claim)
		q.d.Claims = append(q.d.Claims, ClaimVerdict{Claim: name, Sink: sink, Via: via, Reason: reason, By: by})
	case v.Reason != Given && (reason == Given || v.Reason == ScopeNotGiven):
		v.Reason, v.Via, v.By = reason, via, by
	}
}

// verdict gives what was told of a claim in a sink, or nil.
func (q *question) verdict(claim *Claim, name ClaimName, sink Sink) *ClaimVerdict {
	if claim != nil && claim.alone && len(q.singles) == 0 {
		// Only one scope yields it: whatever was told of it in another sink stands
		// among the last verdicts.
		return q.lastVerdict(claim, sink)
	}
	for i, told := range q.told {
		if told == claim && q.d.Claims[i].Sink == sink && (claim != nil || q.d.Claims[i].Claim == name) {
			return &q.d.Claims[i]
		}
	}
	return nil
}

func (q *question) lastVerdict(claim *Claim, sink Sink) *ClaimVerdict {
	for i := len(q.told) - 1; i >= 0 && q.told[i] == claim; i-- {
		if q.d.Claims[i].Sink == sink {
			return &q.d.Claims[i]
		}
	}
	return nil
}

// deliver puts a claim into a sink. Here, where nothing gets past, restrictions
// win over everything that yields the claim, and the stored grant over what is
// decided again; only what a resource server may learn is out of their reach.
func (q *question) deliver(claim *Claim, sink Sink, via string) bool {
	if by, held := q.withheld(claim.Name); held {
		q.tell(claim, claim.Name, sink, via, Withheld, by)
		return false
	}
	if q.facts.Prior != nil && !contains(q.facts.Prior.For(sink), claim.Name) {
		q.tell(claim, claim.Name, sink, via, NotInGrant, "")
		return false
	}
	sc := q.sink(sink)
	if via == "" || !claim.alone && q.inFrame(claim, sink) {
		if contains(sc.Claims, claim.Name) {
			return true
		}
	}
	sc.Claims = append(sc.Claims, claim.Name)
	return true
}

// inFrame reports whether the claim is there whatever the scopes.
func (q *question) inFrame(claim *Claim, sink Sink) bool {
	for i := range q.frames() {
		if f := &q.frames()[i]; f.sink == sink {
			return contains(f.claims, claim)
		}
	}
	return false
}

// sink gives the list of a sink's claims.
func (q *question) sink(sink Sink) *SinkClaims {
	s := &q.d.Shape
	for i := range s.Claims {
		if s.Claims[i].Sink == sink {
			return &s.Claims[i]
		}
	}
	if s.Claims == nil {
		s.Claims = make([]SinkClaims, 0, 4)
	}
	room := 4
	for i := range q.candidates {
		if c := &q.candidates[i]; c.given() && (c.scope.bulk == sink || c.scope.bulk == "") {
			room += len(c.scope.yields)
		}
	}
	s.Claims = append(s.Claims, SinkClaims{Sink: sink, Claims: make([]ClaimName, 0, room)})
	return &s.Claims[len(s.Claims)-1]
}
