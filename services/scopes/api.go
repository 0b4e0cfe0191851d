package scopes

import (
	"context"
	_ "embed"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

//go:embed openapi.json
var document []byte

// Store keeps what organizations register.
type Store interface {
	selfservice.Clients
	RegisteredScope(ctx context.Context, registry string, name tillit.ScopeName) (*tillit.RegisteredScope, int64, error)
	CreateScope(ctx context.Context, registry string, scope *tillit.RegisteredScope, record *tillit.AuditRecord) error
	ChangeScope(ctx context.Context, registry string, scope *tillit.RegisteredScope, revision int64, record *tillit.AuditRecord) error
	GiveAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string, at int64, record *tillit.AuditRecord) (tillit.AccessRecord, error)
	TakeAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string, at int64, record *tillit.AuditRecord) (tillit.AccessRecord, error)
	AccessToScopes(ctx context.Context, registry string, scopes ...tillit.ScopeName) ([]tillit.AccessRecord, error)
	AccessOf(ctx context.Context, registry, organization string) ([]tillit.AccessRecord, error)
	Prefixes(ctx context.Context, registry, organization string) ([]tillit.Prefix, error)
	Organization(ctx context.Context, registry, number string) (*tillit.Organization, error)
}

// Config says what the API works on.
type Config struct {
	Door  *selfservice.Door
	Store Store
	// Catalog gives the present catalog of the registry.
	Catalog func() *tillit.Catalog
	// Follow lets the catalogs know what was stored, before the answer leaves.
	Follow func(ctx context.Context) error
	// Read and Write are the scopes that operations want; who may write may read.
	Read, Write string
	// Off switches single checks off, for tests that show what each is for.
	Off map[string]bool
}

// An API answers below one base address.
type API struct {
	Config
	registry string
	public   atomic.Pointer[shelf]

	counting  sync.Mutex
	counted   []map[string]any // owners, as they were
	countedAt int64
}

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &API{Config: c, registry: c.Door.Registry}
	read := func(serve func(*http.Request, *selfservice.Caller) (any, error)) http.Handler {
		return c.Door.Admit(serve, c.Read, c.Write)
	}
	write := func(serve func(*http.Request, *selfservice.Caller) (any, error)) http.Handler {
		return c.Door.Admit(serve, c.Write)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /scopes/all", c.Door.Desk.Serve(a.all))
	mux.Handle("GET /scopes", read(a.own))
	mux.Handle("GET /scopes/scope", read(a.one))
	mux.Handle("POST /scopes", write(a.create))
	mux.Handle("PUT /scopes", write(a.change))
	mux.Handle("DELETE /scopes", write(a.switchOff))
	mux.Handle("GET /scopes/access", read(a.given))
	mux.Handle("GET /scopes/access/all", read(a.had))
	mux.Handle("PUT /scopes/access/{organization}", write(a.letIn))
	mux.Handle("DELETE /scopes/access/{organization}", write(a.letOut))
	mux.Handle("GET /prefix", read(a.prefixes))
	mux.Handle("GET /prefix/all", c.Door.Desk.Serve(a.allPrefixes))
	mux.Handle("GET /delegationsources", c.Door.Desk.Serve(a.delegationSources))
	mux.Handle("GET /organizations/{number}", c.Door.Desk.Serve(a.organization))
	mux.Handle("GET /apis", c.Door.Desk.Serve(a.owners))
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return selfservice.Versioned(mux)
}

func (a *API) on(check string) bool { return !a.Off[check] }

func (a *API) now() int64 { return a.Door.Desk.Now().UnixMilli() }
