package tillit

import (
	"encoding/json"
	"strings"
)

// judgeSignIn narrows the ways to sign in, and finds out whether the person who
// is there, if any, is there well enough.
func (q *question) judgeSignIn() {
	if q.d.Refused != nil {
		return
	}
	offered, asked, essential := q.waysAsked()
	if len(offered) == 0 {
		q.refuse(ACRUnmet, "acr_values", "", "unmet_authentication_requirements")
		return
	}
	signIn := q.facts.SignIn
	if signIn != nil && (signIn.Fresh || q.facts.NoInteraction) {
		q.judgeFresh(signIn, offered, asked && essential)
		return
	}
	ways := q.narrowWays(offered, asked)
	if q.d.Refused != nil {
		return
	}
	if signIn == nil || !q.suffices(signIn, ways) {
		q.d.Needs = append(q.d.Needs, Need{Kind: NeedSignIn, Again: signIn != nil, SignIn: &SignInNeed{
			Ways: codes(ways), Level: q.leastLevel(), Fresh: q.wantsFresh(), Subject: q.ask.Subject,
		}})
		q.wait(SignInMissing)
		return
	}
	if signIn.Hinted {
		q.dropUnproven()
	}
}

// wait marks every scope that is alive as waiting.
func (q *question) wait(reason Reason) {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() && c.pending == "" {
			c.pending = reason
		}
	}
}

// judgeFresh looks at a sign-in of this transaction: nothing steps up again.
// What it cannot carry is left out or, where a flow depends on it, refused.
func (q *question) judgeFresh(signIn *SignIn, offered []*Way, mustMeet bool) {
	way := q.cat.ways[signIn.Way]
	if q.ask.Subject != "" && signIn.Subject != q.ask.Subject && !q.cat.off[WrongPerson] {
		q.refuse(WrongPerson, "sub", "", "login_required")
		return
	}
	if mustMeet && !containsWay(offered, way) && !q.facts.NoInteraction {
		q.refuse(ACRUnmet, "acr", "", "unmet_authentication_requirements")
		return
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if c.alive() && !carries(c, way, signIn.Level) {
			q.unsuitable(c, signIn.Way)
		}
	}
	if signIn.Hinted {
		q.dropUnproven()
	}
}

// dropUnproven leaves out what rests on evidence that a hint does not bring.
func (q *question) dropUnproven() {
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() && provesByWay(c) {
			q.unsuitable(c, "id_token_hint")
		}
	}
}

func provesByWay(c *candidate) bool {
	if c.scope.Needs != "" {
		return true
	}
	for _, condition := range c.conditions() {
		if len(condition.By) > 0 {
			return true
		}
	}
	return false
}

func (q *question) unsuitable(c *candidate, by string) {
	if q.cat.off[SignInUnsuitable] {
		return
	}
	c.lose(SignInUnsuitable, by)
	if c.scope.Needs != "" && q.facts.Prior == nil {
		q.refuse(SignInUnsuitable, string(c.name), by, "access_denied")
	}
}

// waysAsked gives the ways the client may use that meet the acr asked for.
// asked says whether an acr of this realm was asked for at all; values the realm
// does not know are no obstacle unless they are essential (Core §3.1.2.1, CL-8).
func (q *question) waysAsked() (ways []*Way, asked, essential bool) {
	values, essential := q.acrAsked()
	wanted := make([]*ACR, 0, len(values))
	for _, value := range values {
		if a := q.cat.acr[value]; a != nil {
			wanted = append(wanted, a)
		}
	}
	asked = len(wanted) > 0 || essential && len(values) > 0
	ways = make([]*Way, 0, len(q.cat.Definition.Ways))
	for i := range q.cat.Definition.Ways {
		w := &q.cat.Definition.Ways[i]
		if len(q.client.Ways) > 0 && !contains(q.client.Ways, w.Code) || q.cat.levelOf(w) < q.client.MinLevel {
			continue
		}
		if w.TestOnly && q.cat.Environment == Production {
			continue
		}
		if !asked || q.cat.meets(w, wanted) {
			ways = append(ways, w)
		}
	}
	return ways, asked, essential
}

// acrAsked gives the acr values asked for; the claims parameter wins over
// acr_values (CL-8).
func (q *question) acrAsked() (values []string, essential bool) {
	for i := range q.ask.Claims.IDToken {
		entry := &q.ask.Claims.IDToken[i]
		if entry.Name != "acr" || len(entry.Values) == 0 {
			continue
		}
		for _, raw := range entry.Values {
			var s string
			if json.Unmarshal(raw, &s) == nil {
				values = append(values, s)
			}
		}
		return values, entry.Essential
	}
	return q.ask.ACRValues, false
}

// meets reports whether a way can yield one of the values: of the same framework
// at the same level or above; without framework, any way of that level.
func (c *Catalog) meets(w *Way, wanted []*ACR) bool {
	for _, a := range wanted {
		for _, value := range w.ACR {
			own := c.acr[value]
			if own.Level >= a.Level && (a.Framework == "" || a.Framework == own.Framework) {
				return true
			}
		}
	}
	return false
}

func (c *Catalog) levelOf(w *Way) int {
	level := 0
	for _, value := range w.ACR {
		level = max(level, c.acr[value].Level)
	}
	return level
}

// narrowWays lets the scopes narrow the ways, where no acr was asked for; a flow
// first. A scope for which no way is left is unsuitable.
func (q *question) narrowWays(ways []*Way, asked bool) []*Way {
	for _, flows := range [...]bool{true, false} {
		for i := range q.candidates {
			c := &q.candidates[i]
			if !c.alive() || (c.scope.Needs != "") != flows {
				continue
			}
			kept := make([]*Way, 0, len(ways))
			for _, w := range ways {
				if carries(c, w, q.cat.levelOf(w)) {
					kept = append(kept, w)
				}
			}
			switch {
			case len(kept) == 0:
				q.unsuitable(c, strings.Join(q.ask.ACRValues, " "))
			case !asked:
				ways = kept
			}
		}
	}
	return ways
}

// carries reports whether a sign-in by the way, at the level, can carry a scope.
func carries(c *candidate, w *Way, level int) bool {
	for _, condition := range c.conditions() {
		if len(condition.By) > 0 && (w == nil || !contains(condition.By, w.Code)) || level < condition.Level {
			return false
		}
	}
	return true
}

// suffices reports whether an earlier sign-in can be leant on (Core §3.1.2.1).
func (q *question) suffices(signIn *SignIn, ways []*Way) bool {
	if !containsWay(ways, q.cat.ways[signIn.Way]) || signIn.Level < q.leastLevel() {
		return false
	}
	if q.wantsFresh() {
		return false
	}
	if q.ask.MaxAge != nil && q.facts.Now-signIn.AuthTime > *q.ask.MaxAge {
		return false
	}
	if signIn.Hinted {
		for i := range q.candidates {
			if c := &q.candidates[i]; c.alive() && provesByWay(c) {
				return false
			}
		}
	}
	return q.ask.Subject == "" || q.ask.Subject == signIn.Subject
}

func (q *question) wantsFresh() bool {
	if q.ask.Prompts("login") || q.ask.Prompts("select_account") || q.ask.MaxAge != nil && *q.ask.MaxAge == 0 {
		return true
	}
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() && c.scope.SignIn.Fresh {
			return true
		}
	}
	return false
}

func (q *question) leastLevel() int {
	level := q.client.MinLevel
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() {
			continue
		}
		for _, condition := range c.conditions() {
			level = max(level, condition.Level)
		}
	}
	return level
}

// judgeActs asks for the pages that scopes declare (sign, change_password, …).
func (q *question) judgeActs() {
	if q.d.Refused != nil {
		return
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() || c.scope.Needs == "" {
			continue
		}
		done, known := q.facts.Acts[string(c.scope.Needs)]
		switch {
		case known && !done:
			c.lose(ActDeclined, string(c.scope.Needs))
			q.refuse(ActDeclined, string(c.name), "", "access_denied")
		case !known && q.facts.NoInteraction:
			c.lose(ActMissing, string(c.scope.Needs))
		case !known:
			c.pending = ActMissing
			q.d.Needs = append(q.d.Needs, Need{Kind: c.scope.Needs, Scope: c.name})
		}
	}
}

func containsWay(ways []*Way, way *Way) bool { return way != nil && contains(ways, way) }

func codes(ways []*Way) []string {
	list := make([]string, len(ways))
	for i, w := range ways {
		list[i] = w.Code
	}
	return list
}
