package tillit

import (
	"encoding/json"
	"slices"
	"strings"
)

// judgeSignIn narrows the ways to sign in, and finds out whether the person who
// is there, if any, is there well enough.
func (q *question) judgeSignIn() {
	if q.d.Refused != nil {
		return
	}
	signIn := q.facts.SignIn
	if q.facts.NoInteraction {
		q.keepCarried(signIn)
		return
	}
	wish := q.acrWished()
	offered := q.waysOffered(&wish)
	switch {
	case len(offered) == 0:
		q.refuse(ACRUnmet, "acr_values", "", "unmet_authentication_requirements")
		return
	case signIn != nil && signIn.Fresh:
		q.judgeFresh(signIn, &wish)
		return
	}
	ways := q.narrowWays(offered, &wish)
	if q.d.Refused != nil || signIn != nil && q.suffices(signIn, ways, &wish) {
		return
	}
	q.d.Needs = append(q.d.Needs, Need{Kind: NeedSignIn, Again: signIn != nil, SignIn: &SignInNeed{
		Ways: codes(ways), Level: q.leastLevel(), Fresh: q.wantsFresh(), Subject: q.ask.Subject, Evidence: q.evidence(),
	}})
	for i := range q.candidates {
		q.candidates[i].wait(SignInMissing)
	}
}

// needs reports whether a page of the kind is to be shown.
func (q *question) needs(kind NeedKind) bool {
	for i := range q.d.Needs {
		if q.d.Needs[i].Kind == kind {
			return true
		}
	}
	return false
}

// judgeFresh looks at a sign-in of this transaction: nothing steps up again.
// What it cannot carry is left out or, where a flow depends on it, refused; less
// than the client wants, or than what is essential, ends the request.
func (q *question) judgeFresh(signIn *SignIn, wish *acrWish) {
	way := q.cat.ways[signIn.Way]
	switch {
	case q.ask.Subject != "" && signIn.Subject != q.ask.Subject && !q.cat.off[WrongPerson]:
		q.refuse(WrongPerson, "sub", "", "login_required")
	case way == nil || !q.mayUse(way) || signIn.Level < q.client.MinLevel, wish.essential && !q.grants(wish, signIn):
		q.refuse(ACRUnmet, "acr", "", "unmet_authentication_requirements")
	default:
		q.keepCarried(signIn)
	}
}

// keepCarried leaves out what the sign-in cannot carry.
func (q *question) keepCarried(signIn *SignIn) {
	for i := range q.candidates {
		c := &q.candidates[i]
		switch {
		case !c.alive():
		case signIn == nil:
			c.lose(SignInMissing, "")
		default:
			if by, unfit := uncarried(q, c); unfit {
				q.unsuitable(c, by)
			}
		}
	}
}

// uncarried objects to a scope that the present sign-in cannot carry; by a hint
// nothing is carried that rests on the evidence of a way.
func uncarried(q *question, c *candidate) (string, bool) {
	signIn := q.facts.SignIn
	switch {
	case signIn == nil || c.scope.anySignIn:
		return "", false
	case signIn.Hinted && c.wantsEvidence():
		return "id_token_hint", true
	}
	return signIn.Way, !c.carriedBy(q.cat.ways[signIn.Way], signIn.Level) || c.wantsFresh() && !signIn.Fresh || !c.provedBy(signIn)
}

// any reports whether every sign-in would do.
func (s SignInCondition) any() bool {
	return len(s.By) == 0 && s.Level == 0 && !s.Fresh && len(s.Evidence) == 0
}

func (c *candidate) wantsEvidence() bool {
	for _, condition := range c.conditions() {
		if len(condition.By) > 0 || len(condition.Evidence) > 0 {
			return true
		}
	}
	return c.scope.Needs != ""
}

// provedBy reports whether a sign-in really brought the evidence that is wanted.
func (c *candidate) provedBy(signIn *SignIn) bool {
	for _, condition := range c.conditions() {
		for _, kind := range condition.Evidence {
			if !contains(signIn.Evidence, kind) {
				return false
			}
		}
	}
	return true
}

// evidence lists the kinds that scopes still in question ask for, each once.
func (q *question) evidence() []string {
	var kinds []string
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() {
			continue
		}
		for _, condition := range c.conditions() {
			for _, kind := range condition.Evidence {
				if !contains(kinds, kind) {
					kinds = append(kinds, kind)
				}
			}
		}
	}
	return kinds
}

func (c *candidate) wantsFresh() bool {
	if c.scope.anySignIn {
		return false
	}
	conditions := c.conditions()
	return conditions[0].Fresh || conditions[1].Fresh
}

// carriedBy reports whether a sign-in by the way, at the level, can carry it.
func (c *candidate) carriedBy(w *Way, level int) bool {
	for _, condition := range c.conditions() {
		if len(condition.By) > 0 && (w == nil || !contains(condition.By, w.Code)) || level < condition.Level {
			return false
		}
		for _, kind := range condition.Evidence {
			if w == nil || !contains(w.Evidence, kind) {
				return false
			}
		}
	}
	return true
}

// Carries reports whether a sign-in by the way, at the best level that it
// reaches, can carry a scope; nil is no way.
func (c *Catalog) Carries(s *Scope, w *Way) bool {
	if w == nil {
		return false
	}
	level := 0
	for _, value := range w.ACR {
		if acr := c.FindACR(value); acr != nil {
			level = max(level, acr.Level)
		}
	}
	by, evidence := s.SignIn.By, s.SignIn.Evidence
	for _, kind := range evidence {
		if !contains(w.Evidence, kind) {
			return false
		}
	}
	return (len(by) == 0 || contains(by, w.Code)) && level >= s.SignIn.Level
}

// conditional reports whether some way might not carry it.
func (c *candidate) conditional() bool {
	if c.scope.anySignIn {
		return false
	}
	for _, condition := range c.conditions() {
		if len(condition.By) > 0 || condition.Level > 0 || len(condition.Evidence) > 0 {
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

// An acrWish is what was asked for by acr_values or by the claims parameter.
type acrWish struct {
	known     []*ACR // values of this realm, in order
	essential bool
}

// narrows reports whether the wish leaves out ways. Values that the realm does
// not know are no obstacle unless they are essential (Core §3.1.2.1).
func (w *acrWish) narrows() bool { return len(w.known) > 0 || w.essential }

// acrWished reads the wish; the claims parameter wins over acr_values (CL-8).
func (q *question) acrWished() acrWish {
	for i := range q.ask.Claims.IDToken {
		entry := &q.ask.Claims.IDToken[i]
		if entry.Name != "acr" || len(entry.Values) == 0 {
			continue
		}
		wish := acrWish{essential: entry.Essential}
		for _, raw := range entry.Values {
			var value string
			if json.Unmarshal(raw, &value) == nil {
				wish.add(q.cat.acr[value])
			}
		}
		return wish
	}
	var wish acrWish
	for _, value := range q.ask.ACRValues {
		wish.add(q.cat.acr[value])
	}
	return wish
}

func (w *acrWish) add(acr *ACR) {
	if acr != nil {
		w.known = append(w.known, acr)
	}
}

// metBy reports whether an acr grants the wish: of the same framework at the
// same level or above; without framework, any of that level.
func (w *acrWish) metBy(acr *ACR) bool {
	for _, wanted := range w.known {
		if acr.Level >= wanted.Level && (wanted.Framework == "" || wanted.Framework == acr.Framework) {
			return true
		}
	}
	return false
}

// grants reports whether what a sign-in proved grants the wish.
func (q *question) grants(wish *acrWish, signIn *SignIn) bool {
	acr := q.cat.acr[signIn.ACR]
	return acr != nil && wish.metBy(acr)
}

// waysOffered gives the ways the client may use that can grant the wish.
func (q *question) waysOffered(wish *acrWish) []*Way {
	ways := q.ways[:0]
	for i := range q.cat.Definition.Ways {
		w := &q.cat.Definition.Ways[i]
		able := !wish.narrows()
		for _, value := range w.ACR {
			able = able || wish.metBy(q.cat.acr[value])
		}
		if able && q.mayUse(w) {
			ways = append(ways, w)
		}
	}
	q.ways = ways
	return ways
}

// mayUse reports whether people may sign in to the client by the way.
func (q *question) mayUse(w *Way) bool {
	return (len(q.client.Ways) == 0 || contains(q.client.Ways, w.Code)) && q.cat.levelOf(w) >= q.client.MinLevel &&
		(!w.TestOnly || q.cat.Environment == Test)
}

func (c *Catalog) levelOf(w *Way) int {
	level := 0
	for _, value := range w.ACR {
		level = max(level, c.acr[value].Level)
	}
	return level
}

// narrowWays lets the scopes narrow the ways, where no acr was asked for: flows
// first, then in the catalog's order, which the order of the request never
// changes. A scope for which no way is left is unsuitable.
func (q *question) narrowWays(ways []*Way, wish *acrWish) []*Way {
	for _, c := range q.conditional() {
		kept := make([]*Way, 0, len(ways))
		for _, w := range ways {
			if c.carriedBy(w, q.cat.levelOf(w)) {
				kept = append(kept, w)
			}
		}
		switch {
		case len(kept) == 0:
			q.unsuitable(c, wish.String())
		case !wish.narrows():
			ways = kept
		}
	}
	return ways
}

// conditional lists the scopes that not every way carries.
func (q *question) conditional() []*candidate {
	var list []*candidate
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() && c.conditional() {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *candidate) int {
		if flow := a.scope.Needs != ""; flow != (b.scope.Needs != "") {
			if flow {
				return -1
			}
			return 1
		}
		return a.scope.order - b.scope.order
	})
	return list
}

func (w *acrWish) String() string {
	values := make([]string, len(w.known))
	for i, acr := range w.known {
		values[i] = acr.Value
	}
	return strings.Join(values, " ")
}

// suffices reports whether an earlier sign-in can be leant on (Core §3.1.2.1).
func (q *question) suffices(signIn *SignIn, ways []*Way, wish *acrWish) bool {
	way := q.cat.ways[signIn.Way]
	switch {
	case way == nil || !contains(ways, way) || signIn.Level < q.client.MinLevel,
		wish.narrows() && !q.grants(wish, signIn),
		q.wantsFresh(),
		q.ask.MaxAge != nil && q.facts.Now-signIn.AuthTime > *q.ask.MaxAge,
		q.tooOld(signIn),
		q.ask.Subject != "" && q.ask.Subject != signIn.Subject:
		return false
	}
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() {
			if _, unfit := uncarried(q, c); unfit {
				return false
			}
		}
	}
	return true
}

// tooOld reports whether a scope wants a more recent sign-in.
func (q *question) tooOld(signIn *SignIn) bool {
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() {
			continue
		}
		for _, condition := range c.conditions() {
			if condition.MaxAge > 0 && q.facts.Now-signIn.AuthTime > condition.MaxAge {
				return true
			}
		}
	}
	return false
}

func (q *question) wantsFresh() bool {
	if q.ask.Prompts("login") || q.ask.Prompts("select_account") || q.ask.MaxAge != nil && *q.ask.MaxAge == 0 {
		return true
	}
	for i := range q.candidates {
		if c := &q.candidates[i]; c.alive() && c.wantsFresh() {
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

// judgeActs asks for the pages that scopes and authorization details declare
// (sign, change_password, …).
func (q *question) judgeActs() {
	if q.d.Refused != nil {
		return
	}
	for i := range q.d.Details {
		v := &q.d.Details[i]
		if t := q.cat.details[v.Type]; v.Reason == Given && t.Needs != "" {
			v.Reason = q.act(Need{Kind: t.Needs, Detail: v.Type}, v.Type)
			if v.Reason == Given && t.Paged() && q.facts.Prior == nil && q.completed(t, &q.ask.Details[i]) == nil {
				v.Reason = DetailsNotGranted // the page was left without anything for it
			}
		}
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() || c.scope.Needs == "" {
			continue
		}
		switch reason := q.act(Need{Kind: c.scope.Needs, Scope: c.name}, string(c.name)); {
		case reason == Given:
		case reason == ActMissing && !q.facts.NoInteraction:
			c.wait(reason)
		default:
			c.lose(reason, string(c.scope.Needs))
		}
	}
}

// act finds out whether an act was done. One that was declined ends the request;
// one that is missing is needed, where a page can be shown.
func (q *question) act(need Need, what string) Reason {
	done, known := q.facts.Acts[string(need.Kind)]
	switch {
	case done:
		return Given
	case known:
		if q.facts.Prior == nil {
			q.refuse(ActDeclined, what, "", "access_denied")
		}
		return ActDeclined
	case !q.facts.NoInteraction && !q.needs(need.Kind):
		q.d.Needs = append(q.d.Needs, need)
	}
	return ActMissing
}

func codes(ways []*Way) []string {
	list := make([]string, len(ways))
	for i, w := range ways {
		list[i] = w.Code
	}
	return list
}
