package agree

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// recipes steer a request towards reasons that chance finds too rarely. They
// look for what they want in the catalog; a realm without it stays as it was.
var recipes = []func(*generator, *request){
	withoutOpenID, excludedPair, excludedPair, withoutRequirement, withRefreshUnasked, byUnfitWay, unmetACR,
	declined, hinted, hintedSilently, wrongPerson, withheld, wrongSink, mismatched, inactive, details,
	isolated, foreignType, frontChannel, silent, nothing, flows, granted, unknownScopes, otherEndpoint,
	details, frontChannel, frontRefresh, isolated, strangeResource, hintedSilently, details, withheld,
	details, wrongPerson, details, wrongPerson, details, details, details,
	byUnfitWay, frontRefresh, frontChannel, byUnfitWay, frontRefresh, frontChannel, frontChannel, byUnfitWay,
	frontChannel, byUnfitWay, frontChannel, byUnfitWay,
	excludedPair, flows, unmetACR, wrongPerson, silent, unmetACR, frontRefresh, flows, strangeResource, frontChannel,
	excludedPair, flows, frontRefresh, frontChannel, flows, flows,
}

func (g *generator) set(r *request, scopes ...string) {
	r.Params.Set("scope", strings.Join(scopes, " "))
}

func (g *generator) scope(fits func(*tillit.Scope) bool) *tillit.Scope {
	var found []*tillit.Scope
	for i := range g.catalog.Scopes {
		if s := &g.catalog.Scopes[i]; fits(s) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return pick(g, found)
}

// as lets a client ask that has the scope, where there is one.
func (g *generator) as(r *request, scope tillit.ScopeName) {
	var having []*tillit.Client
	for _, c := range g.clients {
		if c.Has(scope) {
			having = append(having, c)
		}
	}
	if len(having) > 0 {
		r.Client = string(pick(g, having).ID)
	}
}

func withoutOpenID(g *generator, r *request) {
	g.set(r, slices.DeleteFunc(strings.Fields(r.Params.Get("scope")+" email profile"), func(s string) bool { return s == "openid" })...)
}

func excludedPair(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool { return len(s.Excludes) > 0 }); s != nil {
		g.set(r, "openid", string(s.Name), string(pick(g, s.Excludes)))
		g.as(r, s.Name)
	}
}

func withoutRequirement(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool { return len(s.RequiresOneOf) > 0 }); s != nil {
		g.set(r, "openid", string(s.Name))
		g.as(r, s.Name)
	}
}

func withRefreshUnasked(g *generator, r *request) {
	g.set(r, strings.Fields(r.Params.Get("scope")+" openid offline_access")...)
	g.as(r, tillit.OfflineAccess)
	if g.chance(50) {
		r.Params.Set("prompt", "consent")
	}
}

// byUnfitWay signs in below what a scope wants, or by another way.
func byUnfitWay(g *generator, r *request) {
	s := g.scope(func(s *tillit.Scope) bool {
		return g.works(s) && s.At&tillit.AtAuthorization != 0 && (len(s.SignIn.By) > 0 || s.SignIn.Level > 0)
	})
	if s == nil {
		return
	}
	clear(r.Params)
	g.set(r, append([]string{"openid", string(s.Name)}, texts(s.RequiresOneOf)...)...)
	g.as(r, s.Name)
	for _, code := range g.ways[r.Person.Username] {
		acr := g.catalog.FindACR(g.catalog.Way(code).ACR[0])
		if acr.Level < s.SignIn.Level || len(s.SignIn.By) > 0 && !slices.Contains(s.SignIn.By, code) {
			r.Way = code
			r.Params.Set("acr_values", acr.Value)
		}
	}
}

func (g *generator) works(s *tillit.Scope) bool {
	return s.State == "" || s.State == tillit.Active || s.State == tillit.Beta
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, item := range list {
		out = append(out, string(item))
	}
	return out
}

func unmetACR(g *generator, r *request) {
	r.Params.Set("claims", `{"id_token":{"acr":{"essential":true,"value":"urn:no:such"}}}`)
}

func declined(g *generator, r *request) {
	r.Deny = false
	r.Params.Set("prompt", "consent")
	r.Decline = strings.Fields(r.Params.Get("scope"))
}

// hinted sends an ID Token of the first person along (Core §3.1.2.1).
func hinted(g *generator, r *request) {
	for _, client := range slices.Sorted(maps.Keys(g.hints)) {
		if g.chance(50) {
			r.Client = client
		}
	}
	if token := g.hints[r.Client]; token != "" {
		r.Params.Set("id_token_hint", token)
		r.Person = g.people[0]
	}
}

func hintedSilently(g *generator, r *request) {
	hinted(g, r)
	r.Params.Set("prompt", "none")
}

func wrongPerson(g *generator, r *request) {
	hinted(g, r)
	if r.Params.Has("id_token_hint") {
		r.Params.Del("prompt")
		r.Params.Set("prompt", "login")
		r.Person = g.people[len(g.people)-1]
	}
}

func withheld(g *generator, r *request) {
	s := g.scope(func(s *tillit.Scope) bool { return len(s.Withholds) > 0 })
	if s == nil {
		return
	}
	g.as(r, s.Name)
	names := []string{"openid", string(s.Name)}
	for _, claim := range s.Withholds {
		if c := g.catalog.Claim(claim); c != nil {
			for _, by := range c.YieldedBy() {
				names = append(names, string(by.Name))
			}
		}
	}
	g.set(r, names[:min(len(names), 8)]...)
}

func wrongSink(g *generator, r *request) {
	asked := map[string]any{}
	for range 3 {
		c := pick(g, g.catalog.Claims)
		if !slices.Contains(c.Sinks, tillit.SinkIDToken) {
			asked[c.Wire()] = nil
		}
	}
	if text, err := json.Marshal(map[string]any{"id_token": asked}); err == nil && len(asked) > 0 {
		r.Params.Set("claims", string(text))
	}
}

func mismatched(g *generator, r *request) {
	asked := map[string]any{}
	for name := range r.Person.Claims {
		asked[name] = map[string]any{"value": "another"}
	}
	if text, err := json.Marshal(map[string]any{"userinfo": asked}); err == nil {
		r.Params.Set("claims", string(text))
	}
	g.set(r, strings.Fields(r.Params.Get("scope")+" profile email phone")...)
}

func inactive(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool { return s.State == tillit.Inactive || s.State == tillit.Disabled }); s != nil {
		g.set(r, "openid", string(s.Name))
		g.as(r, s.Name)
	}
	for i := range g.catalog.Claims {
		if c := &g.catalog.Claims[i]; c.State == tillit.Inactive || c.State == tillit.Disabled {
			if text, err := json.Marshal(map[string]any{"userinfo": map[string]any{c.Wire(): nil}}); err == nil {
				r.Params.Set("claims", string(text))
			}
		}
	}
}

func details(g *generator, r *request) {
	kind := "no:such:type"
	detail := map[string]any{}
	if len(g.catalog.Details) > 0 && g.chance(90) {
		d := pick(g, g.catalog.Details)
		kind = d.Type
		for _, field := range d.Fields {
			if g.chance(75) {
				detail[field.Name] = g.member(field.Type)
			}
		}
		if g.chance(25) {
			detail["no_such_field"] = 1
		}
	}
	detail["type"] = kind
	list := []any{detail}
	if g.chance(20) {
		list = append(list, map[string]any{"type": "another"})
	}
	if text, err := json.Marshal(list); err == nil {
		r.Params.Set("authorization_details", string(text))
	}
	g.set(r, "openid")
}

// member is a value of a JSON type, sometimes of another.
func (g *generator) member(kind string) any {
	values := map[string]any{
		"object": map[string]any{"a": "b"}, "array": []any{"a"}, "string": "a", "boolean": true, "integer": 7, "number": 1.5,
	}
	if g.chance(60) {
		return values[kind]
	}
	return pick(g, []any{"a", 7, true, []any{}, map[string]any{}})
}

func isolated(g *generator, r *request) {
	s := g.scope(func(s *tillit.Scope) bool { return s.Server != "" && s.At&tillit.AtAuthorization != 0 })
	if s == nil {
		return
	}
	other := g.scope(func(o *tillit.Scope) bool {
		return o.Server != "" && o.Server != s.Server && o.At&tillit.AtAuthorization != 0
	})
	if other == nil {
		other = s
	}
	g.set(r, "openid", string(s.Name), string(other.Name))
	g.as(r, s.Name)
	if server := g.catalog.Server(s.Server); server != nil && server.Audience != "" {
		r.Params["resource"] = []string{server.Audience}
	}
}

func foreignType(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool { return len(s.Types) > 0 }); s != nil {
		g.set(r, "openid", string(s.Name))
		r.Client = string(pick(g, g.clients).ID)
	}
}

func frontChannel(g *generator, r *request) {
	for _, c := range g.clients {
		if len(c.ResponseTypes) > 1 && g.chance(60) {
			r.Client = string(c.ID)
		}
	}
	for _, c := range g.clients {
		if string(c.ID) == r.Client {
			r.Params.Set("response_type", pick(g, c.Answers()))
		}
	}
	if s := g.scope(func(s *tillit.Scope) bool { return g.works(s) && len(s.ResponseTypes) > 0 }); s != nil && g.chance(75) {
		g.set(r, "openid", string(s.Name))
	}
}

// frontRefresh asks for a refresh token where there is no code to redeem.
func frontRefresh(g *generator, r *request) {
	frontChannel(g, r)
	for _, c := range g.clients {
		if c.Has(tillit.OfflineAccess) && slices.Contains(c.Answers(), "id_token token") {
			r.Client = string(c.ID)
			r.Params.Set("response_type", "id_token token")
		}
	}
	g.set(r, "openid", "offline_access")
	r.Params.Set("prompt", "consent")
}

func strangeResource(g *generator, r *request) {
	g.set(r, "openid")
	r.Params["resource"] = []string{pick(g, []string{"https://nowhere.example/api", "https://elsewhere.example/"})}
}

// misdirected names the resource of one server and the scopes of another.
func misdirected(g *generator, r *request) {
	s := g.scope(func(s *tillit.Scope) bool { return g.works(s) && s.At&tillit.AtToken != 0 && s.Server != "" })
	if s == nil {
		return
	}
	g.set(r, string(s.Name))
	for i := range g.catalog.Servers {
		if server := &g.catalog.Servers[i]; server.Name != s.Server && server.Audience != "" {
			r.Params["resource"] = []string{server.Audience}
		}
	}
}

func silent(g *generator, r *request) { r.Params.Set("prompt", "none") }

func nothing(g *generator, r *request) {
	switch g.IntN(3) {
	case 0:
		r.Params.Del("scope")
	case 1:
		g.set(r, "")
	default:
		r.Params.Set("scope", "email")
	}
}

func flows(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool { return s.Needs != "" || len(s.Variants) > 0 }); s != nil {
		g.set(r, "openid", string(s.Name))
		g.as(r, s.Name)
		for range g.IntN(3) {
			if len(s.Variants) > 0 {
				r.Params.Set(pick(g, s.Variants).Parameter, "value")
			}
		}
	}
}

func granted(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool {
		return s.Eligible == tillit.EligibleGranted && s.At&tillit.AtAuthorization != 0
	}); s != nil {
		g.set(r, "openid", string(s.Name))
		g.as(r, s.Name)
	}
}

func unknownScopes(g *generator, r *request) {
	g.set(r, strings.Fields(r.Params.Get("scope")+" No:Such nosuch")...)
}

func otherEndpoint(g *generator, r *request) {
	if s := g.scope(func(s *tillit.Scope) bool { return s.At&tillit.AtAuthorization == 0 }); s != nil {
		g.set(r, "openid", string(s.Name))
		g.as(r, s.Name)
	}
}
