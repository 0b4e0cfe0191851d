package server

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/tillit/tillit"
)

// gatherAccess finds out for whom the client acts and on whose word: which of the
// scopes the organization whose access counts was let in to, which of them were
// delegated, and what completes the authorization details. All of it is read at
// every request, so that what is withdrawn bites at the next.
func (p *Provider) gatherAccess(ctx context.Context, realm *realm, c *tillit.Catalog, client *tillit.Client, ask *tillit.Ask, facts *tillit.Facts) error {
	facts.Acting = tillit.Acting{Consumer: client.Organization, Supplier: client.Supplier}
	organization := client.Organization
	switch {
	case ask.Consumer != "":
		if err := p.gatherDelegated(ctx, c, client, ask, facts); err != nil {
			return err
		}
		organization = ask.Consumer
	case client.Supplier != "":
		organization = client.Supplier
	}
	if err := p.gatherCompletions(ctx, c, ask, facts); err != nil {
		return err
	}
	var granted []tillit.ScopeName
	for _, name := range scopesOf(client, ask, facts) {
		if s := c.Scope(name); s != nil && s.Eligible == tillit.EligibleGranted {
			granted = append(granted, s.Name)
		}
	}
	if len(granted) == 0 {
		return nil
	}
	access, err := p.Store.Access(ctx, c.Registry, organization, granted)
	facts.Access = access
	return err
}

// scopesOf gives the scopes that a decision will be about: those asked for, else
// those of the stored grant, else the client's defaults.
func scopesOf(client *tillit.Client, ask *tillit.Ask, facts *tillit.Facts) []tillit.ScopeName {
	switch {
	case len(ask.Scopes) > 0:
		return ask.Scopes
	case facts.Prior != nil:
		return facts.Prior.Scopes
	}
	return client.DefaultScopes
}

// gatherDelegated asks the sources that the scopes name whether the consumer lets
// the organization that runs the client act for it.
func (p *Provider) gatherDelegated(ctx context.Context, c *tillit.Catalog, client *tillit.Client, ask *tillit.Ask, facts *tillit.Facts) error {
	supplier := client.Organization
	if client.Supplier != "" {
		supplier = client.Supplier
	}
	facts.Acting = tillit.Acting{Consumer: ask.Consumer, Supplier: supplier}
	bySource := map[string][]tillit.ScopeName{}
	for _, name := range scopesOf(client, ask, facts) {
		if s := c.Scope(name); s != nil && s.Delegation != "" {
			bySource[s.Delegation] = append(bySource[s.Delegation], s.Name)
		}
	}
	for _, source := range sortedKeys(bySource) {
		delegated, err := p.Store.Delegated(ctx, c.Registry, source, ask.Consumer, supplier, bySource[source])
		if err != nil {
			return err
		}
		facts.Acting.Delegated = append(facts.Acting.Delegated, delegated...)
		facts.Acting.Source = source
	}
	return nil
}

// gatherCompletions asks what the sources of authorization details add to each,
// for the organization that the client acts as. Types with a page of their own
// are completed there.
func (p *Provider) gatherCompletions(ctx context.Context, c *tillit.Catalog, ask *tillit.Ask, facts *tillit.Facts) error {
	var paged []tillit.Completed // what a page brought stays as it is
	for _, done := range facts.Completed {
		if t := c.DetailType(done.Type); t != nil && t.Paged() {
			paged = append(paged, done)
		}
	}
	facts.Completed = paged
	for i := range ask.Details {
		t := c.DetailType(ask.Details[i].Type)
		if t == nil || !t.Completed() {
			continue
		}
		key := t.Key(&ask.Details[i])
		found, err := p.Store.Completion(ctx, c.Registry, t.Source, facts.Acting.Consumer, key)
		if errors.Is(err, tillit.ErrNotFound) || err == nil && found.Expires != 0 && found.Expires <= facts.Now {
			continue
		}
		if err != nil {
			return err
		}
		var adds map[string]json.RawMessage
		if err := json.Unmarshal(found.Adds, &adds); err != nil {
			return err
		}
		facts.Completed = append(facts.Completed, tillit.Completed{Type: t.Type, Key: key, Adds: adds})
	}
	return nil
}

// completeDetail notes what the page of a detail's type brought for it.
func (p *Provider) completeDetail(ctx context.Context, a *authorization, need *tillit.Need) error {
	t := a.catalog.DetailType(need.Detail)
	if t == nil || !t.Paged() {
		return nil
	}
	f := &filling{
		realm: a.realm, catalog: a.catalog, client: a.client, person: a.person, ask: &a.ask, facts: &a.facts,
		context: &a.context, decision: &tillit.Decision{},
	}
	wanted := map[string]bool{}
	for _, v := range t.Values {
		for _, root := range v.Value.Roots() {
			wanted[root] = true
		}
	}
	roots, err := p.rootsOf(ctx, f, wanted)
	if err != nil {
		return err
	}
	adds := make(map[string]json.RawMessage, len(t.Values))
	for _, v := range t.Values {
		value, ok, err := v.Value.Eval(roots)
		if err != nil || !ok {
			continue // absent, as a claim would be
		}
		if adds[v.Name], err = json.Marshal(value); err != nil {
			return err
		}
	}
	for i := range a.ask.Details {
		if d := &a.ask.Details[i]; d.Type == t.Type && len(adds) > 0 {
			a.facts.Completed = append(a.facts.Completed, tillit.Completed{Type: t.Type, Key: t.Key(d), Adds: adds})
		}
	}
	return nil
}
