package impact

import (
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// A question is about what one scope comes to for a client, beside another scope
// or not: over all the ways in which it can be asked for.
type question struct {
	scope  tillit.ScopeName
	beside tillit.ScopeName // asked for and given with it; "": whatever it needs
	at     tillit.Endpoints
	asks   []tillit.ScopeName // all that stand in any of the sets
	sets   []set
}

// A set is one way to ask: the scope and what it cannot be asked without.
type set struct {
	names []tillit.ScopeName
	text  string // the names in order
	acts  map[string]bool
	ask   tillit.Ask
}

// mostSets bounds in how many ways a scope is asked for: with each companion it
// can have, and of those with each that they can have.
const mostSets = 64

// questionAbout makes the question by the rules of both catalogs: what clients
// ask for today, and what they would have to ask for. Who asks has no part in
// it but for required scopes, response types and grant types.
func questionAbout(old, latest *tillit.Catalog, name, beside tillit.ScopeName, at tillit.Endpoints) question {
	q := question{scope: name, beside: beside, at: at}
	catalogs := slices.DeleteFunc([]*tillit.Catalog{old, latest}, func(c *tillit.Catalog) bool { return c == nil })
	var made [][]tillit.ScopeName
	for _, c := range catalogs {
		for _, base := range bases(c, name, beside, at) {
			made = companions(c, at, base, made)
		}
	}
	for _, names := range made {
		q.add(catalogs, names)
	}
	return q
}

// bases are the sets before companions. Beside openid stands the scope without
// which UserInfo stays shut; where the realm lets OAuth do without openid, the
// set without it counts too.
func bases(c *tillit.Catalog, name, beside tillit.ScopeName, at tillit.Endpoints) [][]tillit.ScopeName {
	plain := unique(canonical(c, name))
	if beside != "" {
		plain = unique(canonical(c, name), canonical(c, beside))
	}
	if at == tillit.AtToken || c.Scope(tillit.OpenID) == nil {
		return [][]tillit.ScopeName{plain}
	}
	list := [][]tillit.ScopeName{unique(append(slices.Clone(plain), tillit.OpenID)...)}
	if requires := c.Tokens["userinfo"].Requires; requires != "" && !slices.Contains(list[0], requires) {
		list = append(list, append(slices.Clone(list[0]), requires))
	}
	if c.Settings.WithoutOpenID == "oauth" && !slices.Contains(plain, tillit.OpenID) {
		list = append(list, plain)
	}
	return list
}

func canonical(c *tillit.Catalog, name tillit.ScopeName) tillit.ScopeName {
	if s := c.Scope(name); s != nil {
		return s.Name
	}
	return name
}

func unique(names ...tillit.ScopeName) []tillit.ScopeName {
	var list []tillit.ScopeName
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// companions adds the sets that names grows to: with each companion of a scope
// that has none yet, in turn.
func companions(c *tillit.Catalog, at tillit.Endpoints, names []tillit.ScopeName, made [][]tillit.ScopeName) [][]tillit.ScopeName {
	if len(made) == mostSets {
		return made
	}
	for _, name := range names {
		choices := lacks(c, at, name, names)
		for _, other := range choices {
			made = companions(c, at, append(slices.Clone(names), other), made)
		}
		if len(choices) > 0 {
			return made
		}
	}
	sorted := slices.Sorted(slices.Values(names))
	if !slices.ContainsFunc(made, func(other []tillit.ScopeName) bool {
		return slices.Equal(slices.Sorted(slices.Values(other)), sorted)
	}) {
		made = append(made, names)
	}
	return made
}

// lacks lists the companions of which a scope wants one; nil where it has one, or
// where none can be asked for.
func lacks(c *tillit.Catalog, at tillit.Endpoints, name tillit.ScopeName, names []tillit.ScopeName) []tillit.ScopeName {
	s := c.Scope(name)
	if s == nil {
		return nil
	}
	var choices []tillit.ScopeName
	for _, other := range s.RequiresOneOf {
		o := c.Scope(other)
		switch {
		case o == nil || o.At&at == 0 || o.State == tillit.Inactive || o.State == tillit.Disabled:
		case slices.Contains(names, o.Name):
			return nil
		default:
			choices = append(choices, o.Name)
		}
	}
	return choices
}

// add asks for the names with what their pages and parameters want: once for
// each parameter that one of them may come with.
func (q *question) add(catalogs []*tillit.Catalog, names []tillit.ScopeName) {
	q.asks = unique(append(q.asks, names...)...)
	sorted := make([]string, len(names))
	for i, name := range names {
		sorted[i] = string(name)
	}
	slices.Sort(sorted)
	text := strings.Join(sorted, " ")
	for i := 0; ; i++ {
		s := set{names: names, text: text, acts: map[string]bool{}, ask: tillit.Ask{Endpoint: q.at, Scopes: names}}
		more := false
		for _, name := range names {
			for _, c := range catalogs {
				if scope := c.Scope(name); scope != nil {
					s.want(scope, i)
					more = more || i+1 < len(scope.Variants)
				}
			}
		}
		q.sets = append(q.sets, s)
		if !more {
			return
		}
	}
}

// want notes what a scope is asked for with.
func (s *set) want(scope *tillit.Scope, variant int) {
	if scope.Needs != "" {
		s.acts[string(scope.Needs)] = true
	}
	if last := len(scope.Variants) - 1; last >= 0 {
		for i := range scope.Variants { // the same scope on the other catalog may have fewer
			delete(s.ask.Parameters, scope.Variants[i].Parameter)
		}
		if s.ask.Parameters == nil {
			s.ask.Parameters = map[string]string{}
		}
		s.ask.Parameters[scope.Variants[min(variant, last)].Parameter] = "x"
	}
	if scope.Consent == tillit.ConsentPrompted {
		s.ask.Prompt = []string{"consent"}
	}
}

// by gives the asks of a client, none where it cannot ask there at all.
func (s *set) by(client *tillit.Client) []tillit.Ask {
	ask := s.ask
	ask.Dialect = client.Dialect
	ask.Scopes = unique(append(slices.Clone(s.names), client.RequiredScopes...)...)
	if ask.Endpoint == tillit.AtToken {
		for _, grant := range []string{"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"} {
			if client.MayUse(grant) {
				ask.GrantType = grant
				return []tillit.Ask{ask}
			}
		}
		return nil
	}
	if !client.MayUse("authorization_code") && !client.MayUse("implicit") {
		return nil
	}
	var asks []tillit.Ask
	for _, answer := range client.Answers() {
		ask.ResponseType = answer
		asks = append(asks, ask)
	}
	return asks
}

// facts are the best that can be: everything is agreed to and done, the owners
// have let everybody in.
func (s *set) facts(c *tillit.Catalog, ask *tillit.Ask, way *tillit.Way) tillit.Facts {
	f := tillit.Facts{Now: 1000, Acts: s.acts, Access: ask.Scopes}
	if ask.Endpoint == tillit.AtToken {
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
