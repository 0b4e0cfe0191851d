package delegations

import (
	"context"
	_ "embed" // the description
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

//go:embed openapi.json
var document []byte

const object = "Delegation"

// maxScope bounds the name of a scope, in bytes.
const maxScope = 255

// Store keeps delegations.
type Store interface {
	// Delegations lists what an organization delegated and what was delegated to it,
	// at most 1000.
	Delegations(ctx context.Context, registry, source, organization string) ([]tillit.Delegation, error)
	PutDelegation(ctx context.Context, d *tillit.Delegation, given bool, record *tillit.AuditRecord) error
	Delegated(ctx context.Context, registry, source, consumer, supplier string, scopes []tillit.ScopeName) ([]tillit.ScopeName, error)
	Organization(ctx context.Context, registry, number string) (*tillit.Organization, error)
}

// Config says what the API works on.
type Config struct {
	Door  *selfservice.Door
	Store Store
	// Catalog gives the present catalog of the registry.
	Catalog func() *tillit.Catalog
	// Source is the issuer of the source that this is.
	Source string
	// Read and Write are the scopes that operations want; who may write may read.
	Read, Write string
	// Off switches single checks off, for tests that show what each is for.
	Off map[string]bool
}

// An api answers below one base address.
type api struct{ Config }

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &api{c}
	mux := http.NewServeMux()
	mux.Handle("GET /delegations", c.Door.Admit(a.list, c.Read, c.Write))
	mux.Handle("POST /delegations", c.Door.Admit(a.give, c.Write))
	mux.Handle("DELETE /delegations", c.Door.Admit(a.take, c.Write))
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return mux
}

// list tells what the caller gave and got. Nobody sees what is between others.
func (a *api) list(r *http.Request, caller *selfservice.Caller) (any, error) {
	found, err := a.Store.Delegations(r.Context(), a.Door.Registry, a.Source, caller.Organization)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	other := func(parameter, value string) bool { return query.Has(parameter) && query.Get(parameter) != value }
	list := []map[string]any{}
	for i := range found {
		d := &found[i]
		if !other("scope", string(d.Scope)) && !other("consumer_orgno", d.Consumer) && !other("supplier_orgno", d.Supplier) {
			list = append(list, tell(d, "GIVEN"))
		}
	}
	return list, nil
}

func (a *api) give(r *http.Request, caller *selfservice.Caller) (any, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	var faults []tillit.Objection
	var scope, supplier string
	selfservice.Member(members, "scope", &scope, &faults)
	selfservice.Member(members, "supplier_orgno", &supplier, &faults)
	for name := range members {
		if name != "scope" && name != "supplier_orgno" {
			faults = append(faults, tillit.Objection{Code: "invalid_value", Field: name, Message: "right would be scope and supplier_orgno alone: who delegates is whom the token is for"})
		}
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(x, y tillit.Objection) int { return strings.Compare(x.Field, y.Field) })
		return nil, &selfservice.Refusal{Status: http.StatusBadRequest, Object: object, Faults: faults}
	}
	d, err := a.asked(r.Context(), caller, scope, supplier)
	if err != nil {
		return nil, err
	}
	if _, err := a.Store.Organization(r.Context(), a.Door.Registry, supplier); errors.Is(err, tillit.ErrNotFound) {
		return nil, invalidOrganization()
	} else if err != nil {
		return nil, err
	}
	c := a.Catalog()
	s := c.Scope(d.Scope)
	if s == nil || s.Delegation != a.Source {
		return nil, selfservice.Refuse(http.StatusBadRequest, object, "scope_not_delegable", "scope", "right would be a scope whose owner lets it be delegated here")
	}
	d.Scope = s.Name
	return a.put(r.Context(), caller, d, true)
}

// take withdraws; the supplier's next token request is refused. What became of the
// scope since does not matter: what was given can always be taken back.
func (a *api) take(r *http.Request, caller *selfservice.Caller) (any, error) {
	query := r.URL.Query()
	d, err := a.asked(r.Context(), caller, query.Get("scope"), query.Get("supplier_orgno"))
	if err != nil {
		return nil, err
	}
	there, err := a.Store.Delegated(r.Context(), d.Registry, d.Source, d.Consumer, d.Supplier, []tillit.ScopeName{d.Scope})
	if err != nil {
		return nil, err
	}
	if len(there) == 0 {
		return nil, selfservice.Refuse(http.StatusNotFound, object, "delegation_unknown", "", "your organization has not delegated this")
	}
	return a.put(r.Context(), caller, d, false)
}

// asked is the delegation that a request is about; who delegates is never read
// from it.
func (a *api) asked(_ context.Context, caller *selfservice.Caller, scope, supplier string) (*tillit.Delegation, error) {
	switch {
	case caller.Supplier != "" && !a.Off["suppliers delegate nothing to themselves"]:
		return nil, selfservice.Refuse(http.StatusForbidden, object, "supplier_acts", "", "a client that a supplier runs delegates nothing; right would be one of the organization's own")
	case scope == "" || len(scope) > maxScope:
		return nil, selfservice.Refuse(http.StatusBadRequest, object, "required", "scope", "right would be the name of a scope")
	case !tillit.ValidOrganization(supplier) || supplier == caller.Organization:
		return nil, invalidOrganization()
	}
	return &tillit.Delegation{
		Registry: a.Door.Registry, Source: a.Source, Scope: tillit.ScopeName(scope), Consumer: caller.Organization, Supplier: supplier,
		Created: a.Door.Desk.Now().Unix(),
	}, nil
}

func (a *api) put(ctx context.Context, caller *selfservice.Caller, d *tillit.Delegation, given bool) (any, error) {
	record, err := d.Record(given)
	if err != nil {
		return nil, err
	}
	record.Client = caller.Client
	if err := a.Store.PutDelegation(ctx, d, given, record); err != nil {
		return nil, err
	}
	if given {
		return tell(d, "GIVEN"), nil
	}
	told := tell(d, "WITHDRAWN")
	delete(told, "created")
	return told, nil
}

func invalidOrganization() error {
	return selfservice.Refuse(http.StatusBadRequest, object, "invalid_orgno", "supplier_orgno", "right would be the number of another organization that is registered here")
}

func tell(d *tillit.Delegation, state string) map[string]any {
	told := map[string]any{
		"scope": d.Scope, "consumer_orgno": d.Consumer, "supplier_orgno": d.Supplier, "delegation_source": d.Source, "state": state,
	}
	if d.Created > 0 {
		told["created"] = selfservice.Instant(d.Created * 1000)
	}
	return told
}
