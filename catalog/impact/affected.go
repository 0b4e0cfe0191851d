package impact

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/tillit/tillit"
)

// findAffected lists the scopes whose answers can differ: those that are written
// otherwise, or whose companions, claims or servers are; all of them where
// something differs that every answer depends on.
func (c *comparison) findAffected() {
	before, after := writtenOf(c.dialects(c.Old)), writtenOf(c.dialects(c.New))
	all := before.rest != after.rest || before.scopes[tillit.OpenID] != after.scopes[tillit.OpenID]
	for _, client := range c.clients {
		for _, name := range client.RequiredScopes {
			all = all || before.scopes[name] != after.scopes[name]
		}
	}
	var names []tillit.ScopeName
	for name := range before.scopes {
		names = append(names, name)
	}
	for name := range after.scopes {
		if _, there := before.scopes[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if before.scopes[name] != after.scopes[name] {
			c.texts = append(c.texts, string(name))
		}
		if all || before.scopes[name] != after.scopes[name] {
			c.affected = append(c.affected, name)
		}
	}
	if before.rest != after.rest || before.words != after.words {
		c.texts = append(c.texts, "")
	}
}

// cosmetic names what is written otherwise and changes nothing for anybody.
func (c *comparison) cosmetic(rows []row) []string {
	if len(rows) > 0 && slices.Contains(c.texts, "") {
		c.texts = slices.DeleteFunc(c.texts, func(name string) bool { return name == "" })
	}
	var list []string
	for _, name := range c.texts {
		switch {
		case name == "":
			list = append(list, "realm "+c.Name)
		case !slices.ContainsFunc(rows, func(r row) bool { return string(r.scope) == name }):
			list = append(list, "realm "+c.Name+", scope "+name)
		}
	}
	return list
}

// dialects gives the realm's catalogs that clients are decided by.
func (c *comparison) dialects(of func(string) *tillit.Catalog) []*tillit.Catalog {
	list := []*tillit.Catalog{of("")}
	seen := map[string]bool{"": true}
	for _, client := range c.clients {
		if !seen[client.Dialect] {
			seen[client.Dialect] = true
			list = append(list, of(client.Dialect))
		}
	}
	return list
}

// What is written about a realm: of each scope everything it leads to, and the
// rest, which every scope depends on.
type written struct {
	scopes map[tillit.ScopeName]string
	rest   string
	words  string // that no answer depends on
}

func writtenOf(catalogs []*tillit.Catalog) written {
	w := written{scopes: map[tillit.ScopeName]string{}}
	for _, c := range catalogs {
		if c == nil {
			w.rest += "none;"
			continue
		}
		claims := map[tillit.ClaimName]string{}
		for i := range c.Definition.Claims {
			claims[c.Definition.Claims[i].Name] = claimText(&c.Definition.Claims[i])
		}
		for i := range c.Definition.Scopes {
			s := &c.Definition.Scopes[i]
			w.scopes[s.Name] += scopeText(c, s, claims, 0)
			if s.Standing {
				w.rest += scopeText(c, s, claims, 0)
			}
		}
		d := c.Definition
		w.rest += textOf([]any{d.Environment, d.Settings, d.Request, d.ACR, d.Ways, d.ClientTypes, d.Tokens})
		for _, spec := range d.Tokens { // what stands in every token
			for _, name := range spec.Claims {
				w.rest += claims[name]
			}
			if s := c.Scope(spec.Requires); s != nil { // without it UserInfo is shut
				w.rest += scopeText(c, s, claims, 0)
			}
		}
		w.words += textOf([]any{d.Title, d.Languages, d.Organizations, d.Errors, d.Sources})
	}
	return w
}

// scopeText is all that a scope's answers depend on.
func scopeText(c *tillit.Catalog, s *tillit.Scope, claims map[tillit.ClaimName]string, depth int) string {
	text := textOf(s)
	for _, name := range s.Claims {
		text += claims[name]
	}
	for i := range s.Variants {
		for _, name := range s.Variants[i].Claims {
			text += claims[name]
		}
		text += textOf(c.Server(s.Variants[i].Server))
	}
	text += textOf(c.Server(s.Server))
	for _, name := range s.RequiresOneOf {
		if other := c.Scope(name); other != nil && depth < 4 {
			text += scopeText(c, other, claims, depth+1)
		}
	}
	return text
}

// textOf writes what is exported of a value: what was compiled of it follows.
func textOf(value any) string {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// claimText is the claim without its expression, which is written after it.
func claimText(claim *tillit.Claim) string {
	plain := tillit.Claim{
		Name: claim.Name, As: claim.As, Title: claim.Title, Description: claim.Description, Type: claim.Type, Sinks: claim.Sinks,
		MayAlso: claim.MayAlso, Sensitivity: claim.Sensitivity, Types: claim.Types, Brings: claim.Brings,
		KeepEmpty: claim.KeepEmpty, State: claim.State,
	}
	text := textOf(&plain)
	if claim.Value != nil {
		text += claim.Value.String()
	}
	return text
}
