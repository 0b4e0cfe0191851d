package impact

import (
	"slices"

	"github.com/tillit/tillit"
)

// A question is what a client asks for to get one scope.
type question struct {
	scope tillit.ScopeName
	at    tillit.Endpoints
	asks  []tillit.ScopeName // the scope and what it cannot be asked without
	acts  map[string]bool
	ask   tillit.Ask
}

// questionAbout makes the question as clients ask it today, by the old catalog;
// by the new one where the scope is new. It depends on the client only through
// its required scopes and response types.
func questionAbout(old, latest *tillit.Catalog, name tillit.ScopeName, at tillit.Endpoints) question {
	c := old
	if c == nil || c.Scope(name) == nil {
		c = latest
	}
	q := question{scope: name, at: at, acts: map[string]bool{}}
	q.ask = tillit.Ask{Endpoint: at}
	q.add(c, name)
	if at == tillit.AtAuthorization && c.Scope(tillit.OpenID) != nil {
		q.add(c, tillit.OpenID)
	}
	return q
}

// add asks for a scope, the first of its companions, and what its page or
// parameter wants.
func (q *question) add(c *tillit.Catalog, name tillit.ScopeName) {
	s := c.Scope(name)
	if s == nil || slices.Contains(q.asks, s.Name) {
		if s == nil && !slices.Contains(q.asks, name) {
			q.asks = append(q.asks, name)
		}
		return
	}
	q.asks = append(q.asks, s.Name)
	if s.Needs != "" {
		q.acts[string(s.Needs)] = true
	}
	if len(s.Variants) > 0 {
		if q.ask.Parameters == nil {
			q.ask.Parameters = map[string]string{}
		}
		q.ask.Parameters[s.Variants[0].Parameter] = "x"
	}
	if s.Consent == tillit.ConsentPrompted {
		q.ask.Prompt = []string{"consent"}
	}
	if len(s.ResponseTypes) > 0 && q.at == tillit.AtAuthorization && q.ask.ResponseType == "" {
		q.ask.ResponseType = s.ResponseTypes[0]
	}
	held := func(other tillit.ScopeName) bool { return slices.Contains(q.asks, other) }
	if len(s.RequiresOneOf) > 0 && !slices.ContainsFunc(s.RequiresOneOf, held) {
		for _, other := range s.RequiresOneOf {
			if o := c.Scope(other); o != nil && o.At&q.at != 0 {
				q.add(c, other)
				return
			}
		}
	}
}

// by gives the ask of a client, and whether it can ask there at all.
func (q *question) by(client *tillit.Client) (tillit.Ask, bool) {
	ask := q.ask
	ask.Scopes, ask.Dialect = q.asks, client.Dialect
	for _, name := range client.RequiredScopes {
		if !slices.Contains(ask.Scopes, name) {
			ask.Scopes = append(slices.Clip(ask.Scopes), name)
		}
	}
	if q.at == tillit.AtToken {
		for _, grant := range []string{"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"} {
			if client.MayUse(grant) {
				ask.GrantType = grant
				return ask, true
			}
		}
		return ask, false
	}
	answers := client.Answers()
	if len(answers) == 0 || !client.MayUse("authorization_code") && !client.MayUse("implicit") {
		return ask, false
	}
	if ask.ResponseType == "" || !slices.Contains(answers, ask.ResponseType) {
		ask.ResponseType = answers[0]
	}
	return ask, true
}

// facts are the best that can be: everything is agreed to and done, the owners
// have let everybody in.
func (q *question) facts(c *tillit.Catalog, ask *tillit.Ask, way *tillit.Way) tillit.Facts {
	f := tillit.Facts{Now: 1000, Acts: q.acts, Access: ask.Scopes}
	if q.at == tillit.AtToken {
		return f
	}
	f.Consent.Asked = true
	for _, name := range ask.Scopes {
		s := c.Scope(name)
		if s == nil {
			continue
		}
		shown := slices.Clone(s.Claims)
		for i := range s.Variants {
			shown = append(shown, s.Variants[i].Claims...)
		}
		f.Consent.Agreed = append(f.Consent.Agreed, tillit.Agreement{Item: string(s.Name), Claims: shown, Now: true, At: f.Now})
	}
	if way != nil {
		f.SignIn = &tillit.SignIn{Way: way.Code, AuthTime: f.Now, Fresh: true, Evidence: way.Evidence, Subject: "someone"}
		if len(way.ACR) > 0 {
			f.SignIn.ACR = way.ACR[0]
			if acr := c.FindACR(way.ACR[0]); acr != nil {
				f.SignIn.Level = acr.Level
			}
		}
	}
	return f
}
