package scopes

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

const object = "Scope"

// own lists the scopes of the caller's organization, whatever their visibility.
func (a *API) own(r *http.Request, caller *selfservice.Caller) (any, error) {
	c := a.Catalog()
	inactive := flag(r, "inactive")
	name := r.URL.Query().Get("scope")
	list := []map[string]any{}
	for _, s := range a.records(c) {
		if s.Owner == caller.Organization && (s.Active || inactive || !a.on("switched-off scopes are hidden")) && (name == "" || name == string(s.Name)) {
			list = append(list, wire(c, s))
		}
	}
	return list, nil
}

// records gives every scope with a prefix, declared or registered, by name.
func (a *API) records(c *tillit.Catalog) []*tillit.RegisteredScope {
	list := c.Registered()
	for i := range c.Scopes {
		if _, _, ok := tillit.SplitScope(c.Scopes[i].Name); ok {
			list = append(list, c.RecordOf(&c.Scopes[i]))
		}
	}
	slices.SortFunc(list, func(a, b *tillit.RegisteredScope) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return list
}

func flag(r *http.Request, name string) bool {
	value, _ := strconv.ParseBool(r.URL.Query().Get(name))
	return value
}

func (a *API) one(r *http.Request, caller *selfservice.Caller) (any, error) {
	c := a.Catalog()
	s, err := a.find(r.Context(), c, r.URL.Query().Get("scope"), caller)
	if err != nil {
		return nil, err
	}
	return wire(c, s), nil
}

// find gives a scope of the caller's. Below a prefix of somebody else nobody
// learns what exists: 403 either way.
func (a *API) find(ctx context.Context, c *tillit.Catalog, name string, caller *selfservice.Caller) (*tillit.RegisteredScope, error) {
	if name == "" {
		return nil, selfservice.Refuse(http.StatusBadRequest, object, "required", "scope", "the parameter scope is missing")
	}
	s := c.Scope(tillit.ScopeName(name))
	if s != nil && string(s.Name) == name {
		if record := c.RecordOf(s); record.Owner == caller.Organization || caller.Operator || !a.on("scopes have one owner") {
			return record, nil
		}
		return nil, notYours()
	}
	prefix, _, _ := tillit.SplitScope(tillit.ScopeName(name))
	held, err := a.Store.Prefixes(ctx, a.registry, caller.Organization)
	if err != nil {
		return nil, err
	}
	if !caller.Operator && !slices.ContainsFunc(held, func(p tillit.Prefix) bool { return p.Prefix == prefix }) {
		return nil, notYours()
	}
	return nil, selfservice.Refuse(http.StatusNotFound, object, "scope_unknown", "scope", "there is no such scope")
}

func notYours() error {
	return selfservice.Refuse(http.StatusForbidden, object, "prefix_not_owned", "scope", "the scope is not your organization's")
}

// create registers a scope.
func (a *API) create(r *http.Request, caller *selfservice.Caller) (any, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	c := a.Catalog()
	now := a.now()
	s := &tillit.RegisteredScope{Active: true, Visibility: tillit.Public, Format: tillit.JWT, Created: now, Updated: now}
	in := &reading{catalog: c, members: members}
	in.member("prefix", &s.Prefix)
	in.member("subscope", &s.Subscope)
	in.member("name", &s.Name)
	if s.Name == "" {
		s.Name = tillit.ScopeName(s.Prefix + ":" + s.Subscope)
	}
	in.into(s, caller.Operator)
	wrong := c.CheckScope(s, caller.Registrar())
	if !a.on("names have two halves") {
		wrong = slices.DeleteFunc(wrong, func(o tillit.Objection) bool { return o.Field == "prefix" || o.Field == "name" })
	}
	if err := selfservice.Object(object, append(in.faults, wrong...)); err != nil {
		return nil, err
	}
	if s.Owner, err = a.holder(r.Context(), s.Prefix, caller); err != nil {
		return nil, err
	}
	if there := c.Scope(s.Name); there != nil {
		if !a.on("a name is taken once") {
			return wire(c, c.RecordOf(there)), nil
		}
		return nil, exists()
	}
	err = a.Store.CreateScope(r.Context(), a.registry, s, a.note(caller, "scope_registered", s))
	switch {
	case errors.Is(err, tillit.ErrConflict):
		return nil, exists()
	case errors.Is(err, tillit.ErrNotFound):
		return nil, prefixNotOwned()
	case err != nil:
		return nil, err
	}
	return a.told(r.Context(), in, s)
}

// holder gives the organization that a new scope below the prefix belongs to: the
// caller's, or for the operator whoever holds the prefix.
func (a *API) holder(ctx context.Context, prefix string, caller *selfservice.Caller) (string, error) {
	whose := caller.Organization
	if caller.Operator || !a.on("prefixes are the caller's") {
		whose = ""
	}
	held, err := a.Store.Prefixes(ctx, a.registry, whose)
	if err != nil {
		return "", err
	}
	for _, p := range held {
		if p.Prefix == prefix {
			return p.Organization, nil
		}
	}
	return "", prefixNotOwned()
}

func prefixNotOwned() error {
	return selfservice.Refuse(http.StatusForbidden, object, "prefix_not_owned", "prefix", "the prefix is not your organization's")
}

func exists() error {
	return selfservice.Refuse(http.StatusConflict, object, "scope_exists", "name", "the name is taken, by an active scope or one that is switched off")
}

// change changes a scope, and switches it on again.
func (a *API) change(r *http.Request, caller *selfservice.Caller) (any, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	in := &reading{catalog: a.Catalog(), members: members}
	s, revision, err := a.changing(r, caller)
	if err != nil {
		return nil, err
	}
	s.Updated = a.now()
	in.keepsNames(s, a.on("names never change"))
	in.into(s, caller.Operator)
	in.member("active", &s.Active)
	if err := selfservice.Object(object, append(in.faults, in.catalog.CheckScope(s, caller.Registrar())...)); err != nil {
		return nil, err
	}
	if err := a.Store.ChangeScope(r.Context(), a.registry, s, revision, a.note(caller, "scope_changed", s)); err != nil {
		return nil, err
	}
	return a.told(r.Context(), in, s)
}

// keepsNames objects to another name or half of it.
func (r *reading) keepsNames(s *tillit.RegisteredScope, on bool) {
	for member, stays := range map[string]string{"name": string(s.Name), "prefix": s.Prefix, "subscope": s.Subscope} {
		said := ""
		if r.member(member, &said); said != "" && said != stays && on {
			r.faults = append(r.faults, tillit.Objection{Code: "immutable_field", Field: member, Message: member + " never changes"})
		}
	}
}

// changing reads the scope that a request names, at its revision in the store.
func (a *API) changing(r *http.Request, caller *selfservice.Caller) (*tillit.RegisteredScope, int64, error) {
	found, err := a.find(r.Context(), a.Catalog(), r.URL.Query().Get("scope"), caller)
	if err != nil {
		return nil, 0, err
	}
	s, revision, err := a.Store.RegisteredScope(r.Context(), a.registry, found.Name)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, 0, selfservice.Refuse(http.StatusConflict, object, "scope_declared", "scope", "the scope stands in the files of the realm; the operator changes it there")
	}
	return s, revision, err
}

// switchOff ends what a scope can be used for. It stays, with whom it was opened
// to and with the clients that have it.
func (a *API) switchOff(r *http.Request, caller *selfservice.Caller) (any, error) {
	s, revision, err := a.changing(r, caller)
	if err != nil {
		return nil, err
	}
	if s.Active {
		s.Active, s.Updated = false, a.now()
		if err := a.Store.ChangeScope(r.Context(), a.registry, s, revision, a.note(caller, "scope_switched_off", s)); err != nil {
			return nil, err
		}
		if err := a.Follow(r.Context()); err != nil {
			return nil, err
		}
	}
	return wire(a.Catalog(), s), nil
}

// told answers with the scope as it now stands, and what the linter says of it.
func (a *API) told(ctx context.Context, in *reading, s *tillit.RegisteredScope) (any, error) {
	if err := a.Follow(ctx); err != nil {
		return nil, err
	}
	owner, err := a.Store.Organization(ctx, a.registry, s.Owner)
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return nil, err
	}
	c := a.Catalog()
	hints := tillit.ScopeHints{Owner: owner, Others: c.OthersWith(s), Exists: func(name tillit.ScopeName) bool { return c.Scope(name) != nil }}
	in.member("operations", &hints.Operations)
	warnings := []map[string]string{}
	for _, advice := range append(in.warnings, c.LintScope(s, hints)...) {
		warnings = append(warnings, map[string]string{"code": advice.Code, "severity": advice.Severity, "message": advice.Message})
	}
	answer := wire(c, s)
	answer["warnings"] = warnings
	return answer, nil
}

// note is the audit record of a registration: who did what to which scope.
func (a *API) note(caller *selfservice.Caller, event string, s *tillit.RegisteredScope) *tillit.AuditRecord {
	view, err := json.Marshal(map[string]any{"scope": s.Name, "owner": s.Owner, "by": caller.Organization})
	if err != nil {
		panic(err) // three texts
	}
	return &tillit.AuditRecord{Realm: a.registry, Time: a.now() / 1000, Event: event, Client: caller.Client, View: view}
}
