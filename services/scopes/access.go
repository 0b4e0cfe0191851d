package scopes

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

const accessObject = "ScopeAccess"

// given lists what the caller let in: everybody at a scope, everything of an
// organization, or everything.
func (a *API) given(r *http.Request, caller *selfservice.Caller) (any, error) {
	c := a.Catalog()
	query := r.URL.Query()
	name, consumer := query.Get("scope"), query.Get("consumer_orgno")
	var records []tillit.AccessRecord
	var err error
	switch {
	case name != "":
		if _, err := a.find(r.Context(), c, name, caller); err != nil {
			return nil, err
		}
		records, err = a.Store.AccessToScopes(r.Context(), a.registry, tillit.ScopeName(name))
	case consumer != "":
		if !tillit.ValidOrganization(consumer) {
			return nil, invalidOrganization("consumer_orgno")
		}
		records, err = a.Store.AccessOf(r.Context(), a.registry, consumer)
	default:
		records, err = a.everyAccess(r.Context(), c, caller)
	}
	if err != nil {
		return nil, err
	}
	list, names := []map[string]any{}, a.names(c)
	for _, record := range records {
		s := c.Scope(record.Scope)
		if s == nil || consumer != "" && record.Consumer != consumer || record.Denied && !flag(r, "inactive") {
			continue
		}
		if owner := c.RecordOf(s).Owner; owner != caller.Organization && !(caller.Operator && name != "") {
			continue
		}
		told, err := a.tellAccess(r.Context(), names, record)
		if err != nil {
			return nil, err
		}
		list = append(list, told)
	}
	return list, nil
}

func (a *API) everyAccess(ctx context.Context, c *tillit.Catalog, caller *selfservice.Caller) ([]tillit.AccessRecord, error) {
	var own []tillit.ScopeName
	for _, s := range a.records(c) {
		if s.Owner == caller.Organization {
			own = append(own, s.Name)
		}
	}
	return a.Store.AccessToScopes(ctx, a.registry, own...)
}

// had lists what others let the caller in to.
func (a *API) had(r *http.Request, caller *selfservice.Caller) (any, error) {
	c := a.Catalog()
	records, err := a.Store.AccessOf(r.Context(), a.registry, caller.Organization)
	if err != nil {
		return nil, err
	}
	list, names := []map[string]any{}, a.names(c)
	for _, record := range records {
		if c.Scope(record.Scope) == nil || record.Denied && !flag(r, "inactive") {
			continue
		}
		told, err := a.tellAccess(r.Context(), names, record)
		if err != nil {
			return nil, err
		}
		list = append(list, told)
	}
	return list, nil
}

func (a *API) letIn(r *http.Request, caller *selfservice.Caller) (any, error) {
	return a.changeAccess(r, caller, "access_given", a.Store.GiveAccess)
}

func (a *API) letOut(r *http.Request, caller *selfservice.Caller) (any, error) {
	return a.changeAccess(r, caller, "access_taken", a.Store.TakeAccess)
}

type accessVerb func(ctx context.Context, registry string, scope tillit.ScopeName, organization string, at int64, record *tillit.AuditRecord) (tillit.AccessRecord, error)

func (a *API) changeAccess(r *http.Request, caller *selfservice.Caller, event string, verb accessVerb) (any, error) {
	c := a.Catalog()
	s, err := a.find(r.Context(), c, r.URL.Query().Get("scope"), caller)
	if err != nil {
		return nil, err
	}
	consumer := r.PathValue("organization")
	if !tillit.ValidOrganization(consumer) {
		return nil, invalidOrganization("consumer_orgno")
	}
	if _, err := a.Store.Organization(r.Context(), a.registry, consumer); errors.Is(err, tillit.ErrNotFound) {
		return nil, invalidOrganization("consumer_orgno")
	} else if err != nil {
		return nil, err
	}
	note := a.note(caller, event, s)
	if note.View, err = json.Marshal(map[string]any{"scope": s.Name, "owner": s.Owner, "by": caller.Organization, "consumer": consumer}); err != nil {
		return nil, err
	}
	record, err := verb(r.Context(), a.registry, s.Name, consumer, a.now(), note)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, selfservice.Refuse(http.StatusNotFound, accessObject, "access_unknown", "consumer_orgno", "the organization was never let in")
	}
	if err != nil {
		return nil, err
	}
	return a.tellAccess(r.Context(), a.names(c), record)
}

func invalidOrganization(field string) error {
	return selfservice.Refuse(http.StatusBadRequest, accessObject, "invalid_orgno", field, "right would be the number of an organization that is registered here")
}

func (a *API) tellAccess(ctx context.Context, names *names, record tillit.AccessRecord) (map[string]any, error) {
	owner := names.catalog.RecordOf(names.catalog.Scope(record.Scope)).Owner
	m := map[string]any{"scope": record.Scope, "state": "APPROVED", "owner_orgno": owner, "consumer_orgno": record.Consumer}
	if record.Denied {
		m["state"] = "DENIED"
	}
	for field, number := range map[string]string{"owner_organization_name": owner, "consumer_organization_name": record.Consumer} {
		name, err := names.of(ctx, number)
		if err != nil {
			return nil, err
		}
		if name != "" {
			m[field] = name
		}
	}
	if record.Created > 0 {
		m["created"] = selfservice.Instant(record.Created)
	}
	if record.Updated > 0 {
		m["last_updated"] = selfservice.Instant(record.Updated)
	}
	return m, nil
}

// names are those of organizations, looked up once each for one answer.
type names struct {
	api     *API
	catalog *tillit.Catalog
	known   map[string]string // by number
}

func (a *API) names(c *tillit.Catalog) *names { return &names{a, c, map[string]string{}} }

// of gives the name of an organization, "" for an unknown one.
func (n *names) of(ctx context.Context, number string) (string, error) {
	if name, known := n.known[number]; known {
		return name, nil
	}
	name, err := n.api.nameOf(ctx, n.catalog, number)
	if err == nil {
		n.known[number] = name
	}
	return name, err
}

func (a *API) nameOf(ctx context.Context, c *tillit.Catalog, number string) (string, error) {
	o, err := a.Store.Organization(ctx, a.registry, number)
	if errors.Is(err, tillit.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return o.Title.In(c.Languages...), nil
}
