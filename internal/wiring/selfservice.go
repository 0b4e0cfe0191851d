package wiring

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/clients"
	"github.com/tillit/tillit/services/delegations"
	"github.com/tillit/tillit/services/scopes"
	"github.com/tillit/tillit/services/selfservice"
	"github.com/tillit/tillit/token"
)

// openScopes is the API by which organizations keep their scopes.
func (h *House) openScopes(at mount) (http.Handler, error) {
	door := h.door(at)
	return scopes.Handler(scopes.Config{
		Door: door, Store: h.Store, Follow: h.followScopes, Off: h.off(),
		Catalog: func() *tillit.Catalog { return h.judging().Catalog(door.Registry, "") },
		Read:    at.scope("read"), Write: at.scope("write"),
	}), nil
}

// openClients is the API by which organizations keep their clients.
func (h *House) openClients(at mount) (http.Handler, error) {
	door := h.door(at)
	return clients.Handler(clients.Config{
		Door: door, Store: h.Store, Off: h.off(), Secrets: clientSecrets{token.NewClientSecrets(rand.Reader)}, Random: rand.Reader,
		Catalog: func(kind string) *tillit.Catalog { return h.realmOf(door.Registry, kind) },
		Read:    at.scope("read"), Modify: at.scope("modify"), Write: at.scope("write"),
		Supplier: at.scope("supplier"), OnBehalfOf: at.scope("onbehalfof"),
	}), nil
}

// openDelegations is the API of a source of delegations that is kept here.
func (h *House) openDelegations(at mount) (http.Handler, error) {
	door, source := h.door(at), at.server.Service.Settings["source"]
	if c := h.Catalogs.Catalog(at.realm, ""); !slices.ContainsFunc(c.Delegations, func(d tillit.DelegationSource) bool { return d.Issuer == source && d.From == tableSource }) {
		return nil, fmt.Errorf("setting source: %q; right would be one of delegation_sources that is from: %s", source, tableSource)
	}
	return delegations.Handler(delegations.Config{
		Door: door, Store: h.Store, Source: source, Off: h.off(), Read: at.scope("read"), Write: at.scope("write"),
		Catalog: func() *tillit.Catalog { return h.judging().Catalog(at.realm, "") },
	}), nil
}

// tableSource is what a realm calls a source of delegations that is kept here.
const tableSource = "table"

// door is what all put in front: the realm's tokens, and who they speak for.
func (h *House) door(at mount) *selfservice.Door {
	registry := h.Catalogs.Catalog(at.realm, "").Registry
	return &selfservice.Door{
		Desk: &selfservice.Desk{Now: h.Now, Log: h.config.Log}, Guard: at.guard, Clients: h.Store, Registry: registry,
		Operator: func(organization string) bool {
			c := h.Catalogs.Catalog(registry, "")
			return organization != "" && c != nil && c.OperatorNumber() == organization
		},
	}
}

// judging are the catalogs with what tests switched off.
func (h *House) judging() catalogs { return catalogs{h.Catalogs, h.config.WithoutRules} }

func (h *House) off() map[string]bool {
	off := make(map[string]bool, len(h.config.WithoutChecks))
	for _, name := range h.config.WithoutChecks {
		off[name] = true
	}
	return off
}

// realmOf gives the catalog of the realm of a registry in which clients of the
// type work; nil for a type that no realm has.
func (h *House) realmOf(registry, kind string) *tillit.Catalog {
	judging := h.judging()
	for _, realm := range judging.Realms() {
		if c := judging.Catalog(realm, ""); c != nil && c.Registry == registry && c.ClientType(kind) != nil {
			return c
		}
	}
	return nil
}

// clientSecrets makes secrets as the provider checks them.
type clientSecrets struct{ *token.ClientSecrets }

func (c clientSecrets) NewSecret() (string, tillit.SecretHash, error) {
	secret, _ := token.NewSecret(token.Client, rand.Reader)
	hash, err := c.HashSecret(secret)
	return secret, hash, err
}
