package tillit

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
)

// judgeConsent finds what the person still has to be asked about, over the
// scopes and single claims that are alive. A narrower list than agreed to never
// asks again; a wider one does (SC-23).
func (q *question) judgeConsent() {
	if q.d.Refused != nil {
		return
	}
	var items []ConsentItem
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() {
			continue
		}
		switch q.consents(string(c.name), c.scope.Consent, c.scope.text, c) {
		case ConsentDeclined:
			q.decline(c)
		case ConsentMissing:
			if q.facts.NoInteraction {
				c.lose(ConsentMissing, "")
				continue
			}
			c.wait(ConsentMissing)
			items = append(items, q.scopeItem(c))
		}
	}
	for i := range q.singles {
		items = q.judgeSingle(&q.singles[i], items)
	}
	items = q.judgeDetailConsent(items)
	items = q.confirm(items)
	if len(items) > 0 && q.d.Refused == nil {
		q.d.Needs = append(q.d.Needs, Need{Kind: NeedConsent, Items: items})
	}
}

// judgeSingle asks about a claim that no requested scope yields: the entry bears
// the claim's name, and there is one however often the claim was asked for.
func (q *question) judgeSingle(s *single, items []ConsentItem) []ConsentItem {
	if s.reason != "" || s.governor == nil {
		return items
	}
	switch reason := q.consents(string(s.claim.Name), s.governor.Consent, s.claim.text, s); reason {
	case ConsentDeclined:
		s.reason = reason
		q.declined = true
	case ConsentMissing:
		if q.facts.NoInteraction {
			s.reason = reason
			break
		}
		s.pending = reason
		if !slices.ContainsFunc(items, func(item ConsentItem) bool { return item.Claim && item.Name == string(s.claim.Name) }) {
			items = append(items, q.claimItem(s))
		}
	}
	return items
}

// consents gives Given, ConsentDeclined or ConsentMissing for one item: the
// person is asked again about claims or a text that they have not been shown.
func (q *question) consents(item string, mode ConsentMode, text string, what releases) Reason {
	if contains(q.facts.Consent.Declined, item) && !q.cat.off[ConsentDeclined] {
		return ConsentDeclined
	}
	if mode == ConsentNever || mode == "" || q.cat.off[ConsentMissing] {
		return Given
	}
	everyTime := mode == ConsentAlways || mode == ConsentPrompted || q.ask.Prompts("consent")
	for i := range q.facts.Consent.Agreed {
		a := &q.facts.Consent.Agreed[i]
		if a.Item != item || everyTime && !a.Now {
			continue
		}
		if q.facts.NoInteraction || (a.Text == "" || a.Text == text) && what.within(q, a.Claims) {
			return Given
		}
	}
	return ConsentMissing
}

// releases is what a person is asked about: a scope or a claim.
type releases interface {
	// within reports whether everything that would be released was shown.
	within(q *question, shown []ClaimName) bool
}

func (c *candidate) within(q *question, shown []ClaimName) bool {
	for _, claims := range c.claims() {
		for _, claim := range claims {
			if q.releases(claim) && !contains(shown, claim.Name) {
				return false
			}
		}
	}
	return true
}

func (s *single) within(_ *question, shown []ClaimName) bool {
	for _, name := range s.claim.Brings {
		if !contains(shown, name) {
			return false
		}
	}
	return contains(shown, s.claim.Name)
}

// releases reports whether this client would get the claim of a scope.
func (q *question) releases(claim *Claim) bool {
	_, held := q.withheld(claim.Name)
	return !held && q.claimFor(claim) == ""
}

// decline takes a scope away because the person said no. What the client cannot
// do without ends the request.
func (q *question) decline(c *candidate) {
	c.lose(ConsentDeclined, "")
	q.declined = true
	if q.facts.Prior == nil && (c.scope.Name == OpenID || contains(q.client.RequiredScopes, c.scope.Name)) {
		q.refuse(ConsentDeclined, string(c.name), "", "access_denied")
	}
}

// confirm makes a page of what needs no box, when prompt=consent wants one and
// none was shown yet.
func (q *question) confirm(items []ConsentItem) []ConsentItem {
	if !q.ask.Prompts("consent") || q.facts.NoInteraction || q.facts.Consent.Asked {
		return items
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if c.alive() && (c.scope.Consent == ConsentNever || c.scope.Consent == "") {
			item := q.scopeItem(c)
			item.Required = true
			items = append(items, item)
		}
	}
	return items
}

func (q *question) scopeItem(c *candidate) ConsentItem {
	return ConsentItem{
		Name: string(c.name), Title: c.scope.Title, Longer: c.scope.Description, State: c.scope.State,
		Claims: q.yields(c), Required: contains(q.client.RequiredScopes, c.scope.Name),
		Text: c.scope.text,
	}
}

func (q *question) claimItem(s *single) ConsentItem {
	return ConsentItem{
		Name: string(s.claim.Name), Claim: true, Title: s.claim.Title, Longer: s.claim.Description,
		Claims: s.released(), State: s.governor.State, Text: s.claim.text,
	}
}

// yields lists the claims a scope would release to this client.
func (q *question) yields(c *candidate) []ClaimName {
	var list []ClaimName
	for _, claims := range c.claims() {
		for _, claim := range claims {
			if q.releases(claim) {
				list = append(list, claim.Name)
			}
		}
	}
	return list
}

// TextDigest is the digest of what a person was shown: title and description in
// every language, base64url of SHA-256. It is quoted by the agreement.
func TextDigest(texts ...Text) string {
	h := sha256.New()
	for _, text := range texts {
		languages := make([]string, 0, len(text))
		for language := range text {
			languages = append(languages, language)
		}
		slices.Sort(languages)
		for _, language := range languages {
			h.Write([]byte(language + "\x00" + text[language] + "\x00"))
		}
		h.Write([]byte{1})
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
