package clients

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

// create registers a client.
func (a *API) create(r *http.Request, caller *selfservice.Caller) (any, error) {
	in, err := a.read(r, "")
	if err != nil {
		return nil, err
	}
	now := a.now()
	client := &tillit.Client{Type: in.kind.Name, Created: now, Updated: now}
	in.into(client)
	if strings.TrimSpace(client.Description) == "" {
		in.faults = append(in.faults, tillit.Objection{Code: "required", Field: "description", Message: "description is missing"})
	}
	if err := a.belong(r.Context(), in, client, caller); err != nil {
		return nil, err
	}
	if err := a.identify(in, client); err != nil {
		return nil, err
	}
	if err := a.judge(r.Context(), in, client, nil, caller); err != nil {
		return nil, err
	}
	secret := ""
	if secretMethod(client.AuthMethod) {
		if secret, err = a.giveSecret(client); err != nil {
			return nil, err
		}
	}
	err = a.Store.CreateClient(r.Context(), a.registry, client, a.note(caller, client, "client_registered"))
	if errors.Is(err, tillit.ErrConflict) {
		return nil, selfservice.Refuse(http.StatusConflict, object, "client_exists", "client_id", "the identifier is taken, or was once")
	}
	if err != nil {
		return nil, err
	}
	return told(in, client, secret), nil
}

// read reads the body of a registration and finds its type; kind is that of a
// client which is there already.
func (a *API) read(r *http.Request, kind string) (*reading, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	in := &reading{members: members}
	said := kind
	in.member("integration_type", &said)
	switch {
	case len(in.faults) > 0:
		return nil, selfservice.Object(object, in.faults)
	case said == "":
		return nil, selfservice.Refuse(http.StatusBadRequest, object, "required", "integration_type", "integration_type is missing")
	}
	if in.catalog = a.Catalog(said); in.catalog == nil {
		return nil, selfservice.Refuse(http.StatusBadRequest, object, "invalid_value", "integration_type", "there is no such integration type")
	}
	in.kind = in.catalog.ClientType(said)
	return in, nil
}

// belong finds whose the new client is. One for another organization takes the
// supplier's scope, and the caller then is the supplier.
func (a *API) belong(ctx context.Context, in *reading, client *tillit.Client, caller *selfservice.Caller) error {
	number := caller.Organization
	in.member("client_orgno", &number)
	if !tillit.ValidOrganization(number) {
		return selfservice.Refuse(http.StatusBadRequest, object, "invalid_orgno", "client_orgno", "right would be nine digits, the last of them the check digit")
	}
	client.Organization = number
	if number == caller.Organization {
		return nil
	}
	switch {
	case caller.Has(a.Supplier):
		client.Supplier = caller.Organization
	case caller.Operator:
	case a.on("suppliers have a scope for it"):
		return selfservice.Refuse(http.StatusForbidden, object, "insufficient_scope", "client_orgno", "a client for another organization takes the supplier's scope")
	}
	if _, err := a.Store.Organization(ctx, a.registry, number); errors.Is(err, tillit.ErrNotFound) {
		return selfservice.Refuse(http.StatusBadRequest, object, "invalid_orgno", "client_orgno", "the organization is not registered here")
	} else if err != nil {
		return err
	}
	return nil
}

// identify gives the client the identifier that the body asks for, or a new one.
func (a *API) identify(in *reading, client *tillit.Client) error {
	in.member("client_id", &client.ID)
	if client.ID == "" {
		id, err := uuid.NewRandomFromReader(a.Random)
		client.ID = tillit.ClientID(id.String())
		return err
	}
	if !clientID.MatchString(string(client.ID)) {
		in.faults = append(in.faults, tillit.Objection{Code: "invalid_value", Field: "client_id", Message: "right would be up to 128 letters, digits, dots, hyphens, underscores and tildes"})
	}
	return nil
}

// judge refuses a registration for everything that is wrong with it.
func (a *API) judge(ctx context.Context, in *reading, client, before *tillit.Client, caller *selfservice.Caller) error {
	acting := client.Organization
	if client.Supplier != "" {
		acting = client.Supplier
	}
	names := make([]tillit.ScopeName, 0, len(client.Scopes))
	for _, p := range client.Scopes {
		names = append(names, p.Scope)
	}
	access, err := a.Store.Access(ctx, a.registry, acting, names)
	if err != nil {
		return err
	}
	return selfservice.Object(object, append(in.faults, in.catalog.CheckClient(client, before, caller.Registrar(), access)...))
}

// change replaces a registration. Its keys stay, and so does its secret as long
// as it authenticates by one.
func (a *API) change(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, before, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	in, err := a.read(r, before.Type)
	if err != nil {
		return nil, err
	}
	client := *before
	client.Type = in.kind.Name
	in.into(&client)
	in.keeps("client_id", string(before.ID))
	in.keeps("client_orgno", before.Organization)
	in.keeps("supplier_orgno", before.Supplier)
	if client.Description == "" && before.Description != "" {
		in.faults = append(in.faults, tillit.Objection{Code: "required", Field: "description", Message: "description is missing"})
	}
	judged := *before
	if !a.on("types never change") {
		judged.Type = client.Type
	}
	if err := a.judge(r.Context(), in, &client, &judged, caller); err != nil {
		return nil, err
	}
	// A secret goes with its method: it is forgotten when the client turns from it,
	// and a client that turns to it gets a new one, whatever it may still hold.
	secret, void := "", a.on("secrets go with their method")
	switch turned := !secretMethod(before.AuthMethod); {
	case !secretMethod(client.AuthMethod) && void:
		client.Secrets = nil
	case secretMethod(client.AuthMethod) && (turned && void || len(client.Secrets) == 0):
		if secret, err = a.giveSecret(&client); err != nil {
			return nil, err
		}
	}
	if err := a.store(r, caller, &client, "client_changed"); err != nil {
		return nil, err
	}
	return told(in, &client, secret), nil
}

// keeps objects to another value of what never changes.
func (r *reading) keeps(name, stays string) {
	said := ""
	if r.member(name, &said); said != "" && said != stays {
		r.faults = append(r.faults, tillit.Objection{Code: "immutable_field", Field: name, Message: name + " never changes"})
	}
}

// told answers with the client as it now stands, and its secret where it is new.
func told(in *reading, client *tillit.Client, secret string) map[string]any {
	answer := wire(in.catalog, client)
	if secret != "" {
		answer["client_secret"] = secret
	}
	warnings := []map[string]string{}
	for _, w := range in.warnings {
		warnings = append(warnings, map[string]string{"code": w.Code, "severity": w.Severity, "message": w.Message})
	}
	answer["warnings"] = warnings
	return answer
}
