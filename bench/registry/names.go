package main

import (
	"errors"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

// names are what the shipped realm calls things in which machines prove who they
// are by grants, and organizations register scopes.
type names struct {
	realm, registry string
	kind            string           // type of client that may have organizations' scopes
	delegable       tillit.ScopeName // a scope that can be delegated
	keeps, reads    tillit.ScopeName // lets its holder register clients; read scopes
	prefix          string           // of the delegable scope
}

// look finds the realm by its section assertion, and the rest in it.
func look() (names, error) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		return names{}, err
	}
	for _, name := range set.Realms() {
		c := set.Catalog(name, "")
		if c.Assertion == nil || !c.TakesRegistrations() {
			continue
		}
		n := names{realm: name, registry: c.Registry}
		for i := range c.ClientTypes {
			if t := &c.ClientTypes[i]; t.MayAddAny && !t.Unregistered && slices.Contains(t.GrantTypes, bearer) && n.kind == "" {
				n.kind = t.Name
			}
		}
		for i := range c.Scopes {
			if s := &c.Scopes[i]; s.Delegation != "" && n.delegable == "" {
				n.delegable = s.Name
				n.prefix, _, _ = tillit.SplitScope(s.Name)
			}
		}
		for i := range c.Servers {
			switch service := c.Servers[i].Service; {
			case service == nil:
			case service.Name == "clients":
				n.keeps = service.Scopes["write"]
			case service.Name == "scopes":
				n.reads = service.Scopes["read"]
			}
		}
		return n, nil
	}
	return names{}, errors.New("no realm has the section assertion and takes registrations")
}
