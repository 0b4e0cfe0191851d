package tillit

import "math/bits"

// The rules of a decision, in the order that matters. For every requested scope
// the first rule that objects gives the one reason. Layers run one after the
// other over all scopes: nothing about the client is looked at before the
// request as sent has been judged.

// An effect is what an objection does to the request.
type effect uint8

const (
	drops      effect = iota // the scope is left out, the rest goes on
	refuses                  // the request is refused
	byUnknown                // as the realm's setting unknown_scope says
	byAssigned               // as unassigned_scope says, or the scope's own
)

type rule struct {
	reason  Reason
	effect  effect
	error   string // the standard's code when it refuses
	objects func(*question, *candidate) (by string, objects bool)
	// concerns reports whether the rule can ever object to the scope; nil: always.
	// It is asked once, when the catalog is compiled.
	concerns func(*Scope) bool
}

// askRules judge what is asked, from catalog and ask alone.
var askRules = []rule{
	{UnknownScope, byUnknown, "invalid_scope", unknownScope, func(s *Scope) bool { return s == nil }},         // OIDC Core §3.1.2.1, SC-5
	{ScopeInactive, refuses, "invalid_scope", scopeInactive, func(s *Scope) bool { return !s.State.Works() }}, // switched off by its owner or the operator
	{WrongEndpoint, refuses, "invalid_scope", wrongEndpoint, nil},                                             // not to be asked for here
	{OpenIDMissing, refuses, "invalid_scope", openidMissing, nil},                                             // SC-7
	{Excluded, refuses, "invalid_scope", excluded, func(s *Scope) bool { return len(s.Excludes) > 0 }},        // two that never go together
	{RequirementMissing, refuses, "invalid_scope", requirementMissing, func(s *Scope) bool { return len(s.RequiresOneOf) > 0 }},
	{WrongResponseType, refuses, "invalid_scope", wrongResponseType, func(s *Scope) bool { return len(s.ResponseTypes) > 0 }},
	{ParameterMissing, refuses, "invalid_request", parameterMissing, hasVariants},
	{ParameterConflict, refuses, "invalid_request", parameterConflict, hasVariants},
	{NotPrompted, drops, "", notPrompted, func(s *Scope) bool { return s.Consent == ConsentPrompted }},              // SC-11
	{OtherResource, drops, "", otherResource, func(s *Scope) bool { return s.Server != "" || len(s.Variants) > 0 }}, // RFC 8707 §2, SC-13
}

// clientRules judge who asks: the client, its organization, for whom it acts.
var clientRules = []rule{
	{NotProvisioned, byAssigned, "invalid_scope", notProvisioned, nil}, // SC-17
	{WrongClientType, refuses, "invalid_scope", wrongClientType, nil},
	{CannotRefresh, drops, "", cannotRefresh, func(s *Scope) bool { return s.Name == OfflineAccess }}, // OIDC Core §11, SC-11
	{NotDelegable, refuses, "invalid_scope", notDelegable, nil},
	{NotDelegated, refuses, "invalid_scope", notDelegated, nil},
	{AccessNotGranted, byAssigned, "invalid_scope", accessNotGranted, func(s *Scope) bool { return s.Eligible == EligibleGranted }},
}

// Rules gives the reasons of all rules about scopes, in the order in which they
// are asked.
func Rules() []Reason {
	var reasons []Reason
	for _, table := range [...][]rule{askRules, clientRules} {
		for i := range table {
			reasons = append(reasons, table[i].reason)
		}
	}
	return reasons
}

func hasVariants(s *Scope) bool { return len(s.Variants) > 0 }

// A ruleSet says which rows of a table concern a scope, a bit for each.
type ruleSet uint16

// concerned picks the rows of a table that can object to a scope, nil for one
// that is unknown: then the first row objects, and nothing else is looked at.
func concerned(rules []rule, scope *Scope) ruleSet {
	if scope == nil {
		return 1
	}
	var set ruleSet
	for i := range rules {
		if rules[i].concerns == nil || rules[i].concerns(scope) {
			set |= 1 << i
		}
	}
	return set
}

// A candidate is one requested scope on its way through the rules.
type candidate struct {
	name    ScopeName
	scope   *Scope // nil: unknown
	variant *Variant
	reason  Reason // "" while it is alive
	pending Reason // what it still waits for
	by      string
	fatal   int // the request is refused by the rule of that position, from 1
}

func (c *candidate) alive() bool { return c.reason == "" }

func (c *candidate) given() bool { return c.reason == "" && c.pending == "" }

func (c *candidate) lose(reason Reason, by string) { c.reason, c.by = reason, by }

// wait notes what the scope waits for first.
func (c *candidate) wait(reason Reason) {
	if c.pending == "" {
		c.pending = reason
	}
}

// server is the resource server the scope opens in this request, or nil.
func (c *candidate) server() *Server {
	if c.variant != nil && c.variant.server != nil {
		return c.variant.server
	}
	return c.scope.server
}

// designation is the designator and role of the scope at that server, "" where
// it opens none.
func (c *candidate) designation() (designator, role string) {
	if c.variant != nil && c.variant.server != nil {
		return c.variant.server.designate(c.name)
	}
	return c.scope.designator, c.scope.role
}

// claims are those the scope yields and those its variant adds.
func (c *candidate) claims() [2][]*Claim {
	if c.variant != nil {
		return [2][]*Claim{c.scope.yields, c.variant.yields}
	}
	return [2][]*Claim{c.scope.yields}
}

// yields reports whether the scope, as it was asked for, yields the claim.
func (c *candidate) yields(claim *Claim) bool {
	if c.scope == nil {
		return false
	}
	claims := c.claims()
	return contains(claims[0], claim) || contains(claims[1], claim)
}

// conditions are the scope's own and those of its variant.
func (c *candidate) conditions() [2]SignInCondition {
	if c.variant != nil {
		return [2]SignInCondition{c.scope.SignIn, c.variant.SignIn}
	}
	return [2]SignInCondition{c.scope.SignIn}
}

// judge lets a table of rules loose on one candidate. before is how many rules
// stand in the tables before it.
func (q *question) judge(rules []rule, which ruleSet, before int, c *candidate) {
	for ; which != 0; which &= which - 1 {
		i := bits.TrailingZeros16(uint16(which))
		r := &rules[i]
		if q.cat.off != nil && q.cat.off[r.reason] {
			continue
		}
		by, objects := r.objects(q, c)
		if !objects {
			continue
		}
		c.lose(r.reason, by)
		if q.refuses(r, c) {
			c.fatal = before + i + 1
		}
		return
	}
}

// errorOf gives the standard's code of a reason that refuses.
func errorOf(reason Reason) string {
	for _, table := range [...][]rule{askRules, clientRules} {
		for i := range table {
			if table[i].reason == reason {
				return table[i].error
			}
		}
	}
	return "access_denied"
}

// refuses reports whether the rule's objection refuses the request. At
// redemption and refresh nothing of it does: what has been lost since is left
// out (SC-10). Without a person nothing is ever left out silently (SC-5).
func (q *question) refuses(r *rule, c *candidate) bool {
	if q.facts.Prior != nil {
		return false
	}
	policy := Drop
	switch r.effect {
	case refuses:
		return true
	case byUnknown:
		policy = q.cat.Settings.UnknownScope
	case byAssigned:
		policy = q.cat.Settings.UnassignedScope
		if c.scope.Unassigned != "" {
			policy = c.scope.Unassigned
		}
	case drops:
		return false
	}
	return policy != Drop || q.ask.Endpoint == AtToken
}

func unknownScope(_ *question, c *candidate) (string, bool) { return "", c.scope == nil }

func scopeInactive(_ *question, c *candidate) (string, bool) {
	return string(c.scope.State), !c.scope.State.Works()
}

func wrongEndpoint(q *question, c *candidate) (string, bool) {
	return "", c.scope.At&q.ask.Endpoint == 0
}

// openidMissing objects to everything where the realm insists on openid, and
// else to scopes and response types that mean nothing without it.
func openidMissing(q *question, c *candidate) (string, bool) {
	if q.openid || q.ask.Endpoint == AtToken {
		return "", false
	}
	return "", q.cat.Settings.WithoutOpenID != "oauth" || c.scope.standard || q.ask.Answers("id_token")
}

func excluded(q *question, c *candidate) (string, bool) {
	for _, name := range c.scope.Excludes {
		if q.asks(q.canonical(name)) {
			return string(name), true
		}
	}
	return "", false
}

func requirementMissing(q *question, c *candidate) (string, bool) {
	if len(c.scope.RequiresOneOf) == 0 {
		return "", false
	}
	wanted := q.companion(c.scope, q.asks)
	return wanted, wanted != ""
}

func wrongResponseType(q *question, c *candidate) (string, bool) {
	if len(c.scope.ResponseTypes) == 0 || q.ask.Endpoint == AtToken || contains(c.scope.ResponseTypes, q.ask.ResponseType) {
		return "", false
	}
	return q.ask.ResponseType, true
}

func parameterMissing(q *question, c *candidate) (string, bool) {
	if len(c.scope.Variants) == 0 {
		return "", false
	}
	for i := range c.scope.Variants {
		if q.ask.Parameters[c.scope.Variants[i].Parameter] != "" {
			c.variant = &c.scope.Variants[i]
			return "", false
		}
	}
	return c.scope.Variants[0].Parameter, true
}

func parameterConflict(q *question, c *candidate) (string, bool) {
	for i := range c.scope.Variants {
		v := &c.scope.Variants[i]
		if q.ask.Parameters[v.Parameter] != "" && c.variant != v {
			return v.Parameter, true
		}
	}
	return "", false
}

func notPrompted(q *question, c *candidate) (string, bool) {
	return "", c.scope.Consent == ConsentPrompted && !q.ask.Prompts("consent")
}

// otherResource leaves out what belongs to a server that was not named. Scopes
// of no server are the provider's own and stay (SC-13).
func otherResource(q *question, c *candidate) (string, bool) {
	server := c.server()
	if server == nil || len(q.ask.Resources) == 0 || q.cat.Settings.Resource != "registered" {
		return "", false
	}
	return server.Name, !contains(q.resources, server)
}

// open reports whether the client may ask for a scope that is not on it.
func (q *question) open(s *Scope) bool { return s.Eligible == EligibleAny && !q.client.Bounded }

func notProvisioned(q *question, c *candidate) (string, bool) {
	return "", !q.open(c.scope) && !q.unregistered && !q.has(c.scope)
}

func wrongClientType(q *question, c *candidate) (string, bool) {
	if len(c.scope.Types) == 0 {
		return "", q.unregistered
	}
	return q.client.Type, !contains(c.scope.Types, q.client.Type)
}

// accessNotGranted asks whether the scope's owner let in the organization whose
// access counts: the consumer acted for, else who runs the client.
func accessNotGranted(q *question, c *candidate) (string, bool) {
	if c.scope.Eligible != EligibleGranted || q.unregistered {
		return "", false
	}
	organization := q.organization()
	if organization != "" && organization == c.scope.Owner {
		return "", false
	}
	return organization, !contains(q.facts.Access, c.scope.Name)
}

// cannotRefresh leaves out offline_access where no refresh token can come of it.
func cannotRefresh(q *question, c *candidate) (string, bool) {
	if c.scope.Name != OfflineAccess {
		return "", false
	}
	return "", !q.openid || !q.ask.Answers("code") || !q.client.MayUse("refresh_token")
}

func notDelegable(q *question, c *candidate) (string, bool) {
	return "", q.ask.Consumer != "" && c.scope.Delegation == ""
}

func notDelegated(q *question, c *candidate) (string, bool) {
	return q.ask.Consumer, q.ask.Consumer != "" && !contains(q.facts.Acting.Delegated, c.scope.Name)
}
