package scopes

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

// A shelf is what anybody may list, written once for each catalog.
type shelf struct {
	catalog *tillit.Catalog
	entries []entry
	whole   json.RawMessage // of those that are active
}

type entry struct {
	scope *tillit.RegisteredScope
	text  json.RawMessage
}

func (a *API) shelf() (*shelf, error) {
	c := a.Catalog()
	if kept := a.public.Load(); kept != nil && kept.catalog == c {
		return kept, nil
	}
	made := &shelf{catalog: c}
	var active []json.RawMessage
	for _, s := range a.records(c) {
		if s.Visibility != tillit.Public && a.on("private scopes are hidden") {
			continue
		}
		text, err := json.Marshal(wire(c, s))
		if err != nil {
			return nil, err
		}
		made.entries = append(made.entries, entry{s, text})
		if s.Active {
			active = append(active, text)
		}
	}
	made.whole = join(active)
	a.public.Store(made)
	return made, nil
}

func join(texts []json.RawMessage) json.RawMessage {
	size := 2
	for _, text := range texts {
		size += len(text) + 1
	}
	list := append(make(json.RawMessage, 0, size), '[')
	for i, text := range texts {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, text...)
	}
	return append(list, ']')
}

// all lists the public scopes.
func (a *API) all(r *http.Request) (any, error) {
	kept, err := a.shelf()
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	if len(query) == 0 {
		return kept.whole, nil
	}
	integration := strings.ToLower(query.Get("integration_type"))
	var wanted []json.RawMessage
	for _, e := range kept.entries {
		s := e.scope
		switch {
		case !s.Active && !flag(r, "inactive"),
			query.Has("prefix") && s.Prefix != query.Get("prefix"),
			flag(r, "delegated_sources") && s.Delegation == "",
			query.Has("accessible_for_all") && s.Open != flag(r, "accessible_for_all"),
			integration != "" && len(s.Types) > 0 && !slices.Contains(s.Types, integration):
		default:
			wanted = append(wanted, e.text)
		}
	}
	return join(wanted), nil
}

func (a *API) prefixes(r *http.Request, caller *selfservice.Caller) (any, error) {
	return a.tellPrefixes(r, caller.Organization)
}

func (a *API) allPrefixes(r *http.Request) (any, error) { return a.tellPrefixes(r, "") }

func (a *API) tellPrefixes(r *http.Request, organization string) (any, error) {
	held, err := a.Store.Prefixes(r.Context(), a.registry, organization)
	if err != nil {
		return nil, err
	}
	c := a.Catalog()
	list := []map[string]any{}
	names := a.names(c)
	for _, p := range held {
		name, err := names.of(r.Context(), p.Organization)
		if err != nil {
			return nil, err
		}
		m := map[string]any{"prefix": p.Prefix, "owner_orgno": p.Organization, "active": true}
		if name != "" {
			m["organization_name"] = name
		}
		if p.Created > 0 {
			m["created"], m["last_updated"] = selfservice.Instant(p.Created), selfservice.Instant(p.Updated)
		}
		list = append(list, m)
	}
	return list, nil
}

func (a *API) delegationSources(*http.Request) (any, error) {
	c := a.Catalog()
	list := []map[string]any{}
	for _, d := range c.Delegations {
		list = append(list, map[string]any{"issuer": d.Issuer, "name": d.Title.In(c.Languages...)})
	}
	return list, nil
}

func (a *API) organization(r *http.Request) (any, error) {
	number := r.PathValue("number")
	if !tillit.ValidOrganization(number) {
		return nil, selfservice.Refuse(http.StatusBadRequest, "Organization", "invalid_orgno", "orgnr", "right would be nine digits, the last of them the check digit")
	}
	o, err := a.Store.Organization(r.Context(), a.registry, number)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, selfservice.Refuse(http.StatusNotFound, "Organization", "organization_unknown", "orgnr", "there is no such organization")
	}
	if err != nil {
		return nil, err
	}
	return map[string]string{"orgnr": o.Number, "name": o.Title.In(a.Catalog().Languages...)}, nil
}

// owners lists the organizations with public scopes. It is counted once a
// minute at most: anybody may ask.
func (a *API) owners(r *http.Request) (any, error) {
	a.counting.Lock()
	defer a.counting.Unlock()
	if now := a.now(); a.counted == nil || now-a.countedAt >= 60_000 {
		list, err := a.countOwners(r)
		if err != nil {
			return nil, err
		}
		a.counted, a.countedAt = list, now
	}
	return a.counted, nil
}

func (a *API) countOwners(r *http.Request) ([]map[string]any, error) {
	kept, err := a.shelf()
	if err != nil {
		return nil, err
	}
	prefixes := map[string][]string{}
	public := map[string][]tillit.ScopeName{} // by owner
	for _, e := range kept.entries {
		s := e.scope
		if !slices.Contains(prefixes[s.Owner], s.Prefix) {
			prefixes[s.Owner] = append(prefixes[s.Owner], s.Prefix)
		}
		public[s.Owner] = append(public[s.Owner], s.Name)
	}
	list := []map[string]any{}
	for _, number := range sorted(prefixes) {
		// One owner after the other: all records of all of them need not be held.
		records, err := a.Store.AccessToScopes(r.Context(), a.registry, public[number]...)
		if err != nil {
			return nil, err
		}
		consumers := map[string]bool{}
		for _, record := range records {
			if !record.Denied {
				consumers[record.Consumer] = true
			}
		}
		list = append(list, map[string]any{"customer_organization_number": number, "prefix": prefixes[number], "consumer_count": len(consumers)})
	}
	return list, nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
