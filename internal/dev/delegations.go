package dev

import (
	"context"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// Delegations plays the delegation source of the demo organizations: what a
// consumer would say there is said here.
type Delegations interface {
	// Delegations lists what an organization delegated and what was delegated to it.
	Delegations(ctx context.Context, registry, source, organization string) ([]tillit.Delegation, error)
	PutDelegation(ctx context.Context, d *tillit.Delegation, given bool, record *tillit.AuditRecord) error
}

// delegable are the scopes of a realm that can be delegated, and between whom.
type delegable struct {
	Realm         string                     `json:"realm"`
	Scopes        []tillit.ScopeName         `json:"scopes"`
	Organizations []demo.FixtureOrganization `json:"organizations"`
	Delegations   []demo.FixtureDelegation   `json:"delegations"`
}

// delegations lists what is delegated now.
func (c Config) delegations(ctx context.Context) ([]delegable, error) {
	fixtures, err := c.Fixtures()
	if err != nil {
		return nil, err
	}
	all := []delegable{}
	registries := map[string][]demo.FixtureOrganization{}
	for _, r := range fixtures.Realms {
		if catalog := c.Catalog(r.Name); catalog != nil && len(r.Organizations) > 0 {
			registries[catalog.Registry] = r.Organizations
		}
	}
	for _, r := range fixtures.Realms {
		catalog := c.Catalog(r.Name)
		if catalog == nil || catalog.Assertion == nil {
			continue
		}
		d := delegable{Realm: r.Name, Organizations: registries[catalog.Registry], Delegations: []demo.FixtureDelegation{}}
		var sources []string
		for i := range catalog.Scopes {
			if s := &catalog.Scopes[i]; s.Delegation != "" {
				d.Scopes = append(d.Scopes, s.Name)
				if !slices.Contains(sources, s.Delegation) {
					sources = append(sources, s.Delegation)
				}
			}
		}
		for _, source := range sources {
			for _, o := range d.Organizations {
				found, err := c.Delegated.Delegations(ctx, catalog.Registry, source, o.Number)
				if err != nil {
					return nil, err
				}
				for _, f := range found {
					if f.Consumer == o.Number {
						d.Delegations = append(d.Delegations, demo.FixtureDelegation{Scope: f.Scope, Consumer: f.Consumer, Supplier: f.Supplier})
					}
				}
			}
		}
		if len(d.Scopes) > 0 {
			all = append(all, d)
		}
	}
	return all, nil
}

// delegationsText tells them to programs.
func (c Config) delegationsText(w http.ResponseWriter, r *http.Request) {
	all, err := c.delegations(r.Context())
	if err != nil {
		http.Error(w, "delegations: "+err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, all)
}

// delegate gives or withdraws: what a consumer does at the source.
func (c Config) delegate(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	catalog := c.Catalog(r.PostFormValue("realm"))
	var scope *tillit.Scope
	if catalog != nil {
		scope = catalog.Scope(tillit.ScopeName(r.PostFormValue("scope")))
	}
	consumer, supplier, action := r.PostFormValue("consumer_orgno"), r.PostFormValue("supplier_orgno"), r.PostFormValue("action")
	switch {
	case scope == nil || scope.Delegation == "":
		http.Error(w, "delegations: scope; right would be one of the realm that can be delegated", http.StatusBadRequest)
		return
	case !orgno(consumer) || !orgno(supplier) || consumer == supplier:
		http.Error(w, "delegations: consumer_orgno and supplier_orgno; right would be two organization numbers", http.StatusBadRequest)
		return
	case action != "give" && action != "withdraw":
		http.Error(w, "delegations: action; right would be give or withdraw", http.StatusBadRequest)
		return
	}
	d := &tillit.Delegation{
		Registry: catalog.Registry, Source: scope.Delegation, Scope: scope.Name, Consumer: consumer, Supplier: supplier, Created: c.Now().Unix(),
	}
	note, err := d.Record(action == "give")
	if err == nil {
		note.Realm = catalog.Realm
		err = c.Delegated.PutDelegation(r.Context(), d, action == "give", note)
	}
	if err != nil {
		http.Error(w, "delegations: "+err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/dev/delegations", http.StatusSeeOther)
}

func orgno(number string) bool {
	return len(number) == 9 && !slices.ContainsFunc([]byte(number), func(b byte) bool { return b < '0' || b > '9' })
}

// delegationsPage is where people see them, and give and withdraw.
func (p *playground) delegationsPage(w http.ResponseWriter, r *http.Request) {
	all, err := p.delegations(r.Context())
	if err != nil {
		http.Error(w, "delegations: "+err.Error(), http.StatusInternalServerError)
		return
	}
	p.render(w, http.StatusOK, "delegations", "Delegations", all)
}
