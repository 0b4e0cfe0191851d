package story

import (
	"maps"
	"slices"

	"github.com/tillit/tillit"
)

// A Coverage says what of a realm its stories tell.
type Coverage struct {
	Realm   string             `json:"realm"`
	Stories int                `json:"stories"`
	Given   []tillit.ScopeName `json:"given"`   // scopes that some story gives
	Refused []tillit.ScopeName `json:"refused"` // scopes that some story does not give
	Untold  []tillit.ScopeName `json:"untold"`  // scopes no story asks for
	Reasons []tillit.Reason    `json:"reasons"` // every reason told
	Rules   []tillit.Reason    `json:"rules"`   // rules that bite in some story
	Silent  []tillit.Reason    `json:"silent"`  // rules that bite in none
}

// A Counter counts what stories tell, realm by realm.
type Counter struct {
	realms map[string]*counted
}

type counted struct {
	catalog        *tillit.Catalog
	stories        map[string]bool
	given, refused map[tillit.ScopeName]bool
	reasons        map[tillit.Reason]bool
}

// Add counts one story.
func (c *Counter) Add(name string, told []Told) {
	for i := range told {
		r := c.realm(told[i].Scene.Catalog)
		r.stories[name] = true
		r.add(&told[i].Decision)
	}
}

func (c *Counter) realm(catalog *tillit.Catalog) *counted {
	if c.realms == nil {
		c.realms = map[string]*counted{}
	}
	r := c.realms[catalog.Realm]
	if r == nil {
		r = &counted{catalog, map[string]bool{}, map[tillit.ScopeName]bool{}, map[tillit.ScopeName]bool{}, map[tillit.Reason]bool{}}
		c.realms[catalog.Realm] = r
	}
	return r
}

func (r *counted) add(d *tillit.Decision) {
	for _, v := range d.Scopes {
		r.reasons[v.Reason] = true
		if v.Reason == tillit.Given && d.Refused == nil {
			r.given[v.Scope] = true
		} else {
			r.refused[v.Scope] = true
		}
	}
	for _, v := range d.ClaimVerdicts(r.catalog) {
		r.reasons[v.Reason] = true
	}
	for _, v := range d.Resources {
		r.reasons[v.Reason] = true
	}
	for _, v := range d.Details {
		r.reasons[v.Reason] = true
	}
	if d.Refused != nil {
		r.reasons[d.Refused.Reason] = true
	}
}

// Coverage gives what was counted, in order of realms.
func (c *Counter) Coverage() []Coverage {
	var all []Coverage
	for _, name := range slices.Sorted(maps.Keys(c.realms)) {
		all = append(all, c.realms[name].coverage(name))
	}
	return all
}

func (r *counted) coverage(realm string) Coverage {
	c := Coverage{Realm: realm, Stories: len(r.stories), Reasons: slices.Sorted(maps.Keys(r.reasons))}
	for i := range r.catalog.Scopes {
		name := r.catalog.Scopes[i].Name
		if r.given[name] {
			c.Given = append(c.Given, name)
		}
		if r.refused[name] {
			c.Refused = append(c.Refused, name)
		}
		if !r.given[name] && !r.refused[name] {
			c.Untold = append(c.Untold, name)
		}
	}
	for _, rule := range tillit.Rules() {
		if r.reasons[rule] {
			c.Rules = append(c.Rules, rule)
		} else {
			c.Silent = append(c.Silent, rule)
		}
	}
	return c
}
