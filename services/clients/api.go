package clients

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

const object = "Client"

//go:embed openapi.json
var document []byte

// Store keeps clients.
type Store interface {
	selfservice.Clients
	ClientsOf(ctx context.Context, registry, organization string) ([]*tillit.Client, error)
	CreateClient(ctx context.Context, registry string, client *tillit.Client, record *tillit.AuditRecord) error
	ReplaceClient(ctx context.Context, registry string, client *tillit.Client, record *tillit.AuditRecord) error
	Access(ctx context.Context, registry, organization string, scopes []tillit.ScopeName) ([]tillit.ScopeName, error)
	Organization(ctx context.Context, registry, number string) (*tillit.Organization, error)
}

// Secrets makes client secrets and the form in which they are kept.
type Secrets interface {
	NewSecret() (string, tillit.SecretHash, error)
}

// Config says what the API works on.
type Config struct {
	Door    *selfservice.Door
	Store   Store
	Secrets Secrets
	Random  io.Reader // of identifiers
	// Catalog gives the present catalog of the realm where clients of the type
	// work, nil for a type that there is not.
	Catalog func(kind string) *tillit.Catalog
	// The scopes that operations want. Who may write may modify, who may modify
	// may read; "" is none.
	Read, Modify, Write, Supplier, OnBehalfOf string
	// Off switches single checks off, for tests that show what each is for.
	Off map[string]bool
}

// An API answers below one base address.
type API struct {
	Config
	registry string
}

type serve func(r *http.Request, caller *selfservice.Caller) (any, error)

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &API{Config: c, registry: c.Door.Registry}
	mux := http.NewServeMux()
	read := func(pattern string, s serve) {
		mux.Handle("GET "+pattern, c.Door.Admit(s, c.Read, c.Modify, c.Write))
	}
	modify := func(pattern string, s serve) { mux.Handle(pattern, c.Door.Admit(s, c.Modify, c.Write)) }
	entries := func(pattern string, s serve) { mux.Handle(pattern, c.Door.Admit(s, c.OnBehalfOf, c.Modify, c.Write)) }
	write := func(pattern string, s serve) { mux.Handle(pattern, c.Door.Admit(s, c.Write)) }

	read("/clients", a.list)
	write("POST /clients", a.create)
	read("/clients/{id}", a.one)
	modify("PUT /clients/{id}", a.change)
	write("DELETE /clients/{id}", a.switchOff)
	write("POST /clients/{id}/secret", a.renewSecret)
	read("/clients/{id}/jwks", a.keys)
	modify("POST /clients/{id}/jwks", a.setKeys)
	modify("DELETE /clients/{id}/jwks", a.dropKeys)
	read("/clients/{id}/jwks/{kid}", a.key)
	modify("PUT /clients/{id}/jwks/{kid}", a.setKey)
	modify("DELETE /clients/{id}/jwks/{kid}", a.dropKey)
	modify("POST /api/v2/clients/{id}/key", a.addKey)
	read("/clients/{id}/onbehalfof", a.entries)
	entries("POST /clients/{id}/onbehalfof", a.addEntry)
	read("/clients/{id}/onbehalfof/{entry}", a.entry)
	entries("PUT /clients/{id}/onbehalfof/{entry}", a.setEntry)
	entries("DELETE /clients/{id}/onbehalfof/{entry}", a.dropEntry)
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return selfservice.Versioned(mux)
}

func (a *API) on(check string) bool { return !a.Off[check] }

func (a *API) now() int64 { return a.Door.Desk.Now().UnixMilli() }

// list gives the clients of the caller's organization, and to a supplier those that
// it runs for others.
func (a *API) list(r *http.Request, caller *selfservice.Caller) (any, error) {
	clients, err := a.Store.ClientsOf(r.Context(), a.registry, caller.Organization)
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	for _, client := range clients {
		c := a.Catalog(client.Type)
		if c == nil || client.Server != "" || !a.keeps(caller, client) || !client.Active && r.URL.Query().Get("inactive") != "true" {
			continue
		}
		list = append(list, wire(c, client))
	}
	return list, nil
}

func (a *API) one(r *http.Request, caller *selfservice.Caller) (any, error) {
	c, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	return wire(c, client), nil
}

// find gives the client that a request names, if it is the caller's to keep.
func (a *API) find(r *http.Request, caller *selfservice.Caller) (*tillit.Catalog, *tillit.Client, error) {
	client, err := a.Store.Client(r.Context(), a.registry, tillit.ClientID(r.PathValue("id")))
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return nil, nil, err
	}
	if err != nil || client.Server != "" || a.Catalog(client.Type) == nil {
		return nil, nil, selfservice.Refuse(http.StatusNotFound, object, "client_unknown", "client_id", "there is no such client")
	}
	if !a.keeps(caller, client) && a.on("clients have one owner") {
		return nil, nil, selfservice.Refuse(http.StatusForbidden, object, "client_not_owned", "client_id", "the client is not your organization's")
	}
	return a.Catalog(client.Type), client, nil
}

// keeps reports whether a client is the caller's to keep: its organization's own, or
// one that it runs for another, as long as it holds the supplier's scope.
func (a *API) keeps(caller *selfservice.Caller, client *tillit.Client) bool {
	return caller.Operator || client.Organization == caller.Organization ||
		client.Supplier != "" && client.Supplier == caller.Organization && caller.Has(a.Supplier)
}

// store keeps a changed client, if it is still what it was read as.
func (a *API) store(r *http.Request, caller *selfservice.Caller, client *tillit.Client, event string) error {
	client.Updated = a.now()
	return a.Store.ReplaceClient(r.Context(), a.registry, client, a.note(caller, client, event))
}

func (a *API) note(caller *selfservice.Caller, client *tillit.Client, event string) *tillit.AuditRecord {
	view, err := json.Marshal(map[string]any{"client": client.ID, "organization": client.Organization, "by": caller.Organization})
	if err != nil {
		panic(err) // three texts
	}
	return &tillit.AuditRecord{Realm: a.registry, Time: a.now() / 1000, Event: event, Client: caller.Client, View: view}
}

// switchOff ends what a client can do. It stays, and its id is never another's.
func (a *API) switchOff(r *http.Request, caller *selfservice.Caller) (any, error) {
	c, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	off := *client
	off.Active = false
	if err := a.store(r, caller, &off, "client_switched_off"); err != nil {
		return nil, err
	}
	return wire(c, &off), nil
}

// renewSecret gives the client another secret; the former is void.
func (a *API) renewSecret(r *http.Request, caller *selfservice.Caller) (any, error) {
	c, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	if !secretMethod(client.AuthMethod) {
		return nil, selfservice.Refuse(http.StatusConflict, object, "no_secret", "token_endpoint_auth_method", "the client authenticates without a secret")
	}
	renewed := *client
	secret, err := a.giveSecret(&renewed)
	if err != nil {
		return nil, err
	}
	if err := a.store(r, caller, &renewed, "client_secret_renewed"); err != nil {
		return nil, err
	}
	answer := wire(c, &renewed)
	answer["client_secret"] = secret
	return answer, nil
}

// secretLife is how long a client secret can be used, in seconds.
const secretLife = 360 * 24 * 3600

func (a *API) giveSecret(client *tillit.Client) (string, error) {
	secret, hash, err := a.Secrets.NewSecret()
	if err != nil {
		return "", err
	}
	hash.Expires = a.now()/1000 + secretLife
	client.Secrets = []tillit.SecretHash{hash}
	return secret, nil
}

func secretMethod(method string) bool {
	return method == "client_secret_basic" || method == "client_secret_post"
}

// clientID is what identifiers of clients are made of.
var clientID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$`)
