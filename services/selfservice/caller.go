package selfservice

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
)

// A Caller is the organization that a token speaks for.
type Caller struct {
	Organization string
	Supplier     string // who runs the client for the organization; "": itself
	Operator     bool
	Client       tillit.ClientID
	scopes       []string
}

// Registrar is the caller as rules of registration see it.
func (c *Caller) Registrar() tillit.Registrar {
	return tillit.Registrar{Organization: c.Organization, Operator: c.Operator}
}

// Has reports whether the token carries one of the scopes.
func (c *Caller) Has(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return scope != "" && slices.Contains(c.scopes, scope) })
}

// Clients finds the client that a token was issued to.
type Clients interface {
	Client(ctx context.Context, registry string, id tillit.ClientID) (*tillit.Client, error)
}

// A Door lets callers in whose token carries one of the scopes that an operation
// wants.
type Door struct {
	Desk     *Desk
	Guard    *rs.Guard
	Clients  Clients
	Registry string
	// Operator tells the operator's organization from others.
	Operator func(organization string) bool
}

// Admit serves callers who hold at least one of the scopes; the empty word is
// none. The organization is that of the client, as it is registered now: the
// scopes of these APIs cannot be delegated.
func (d *Door) Admit(serve func(r *http.Request, caller *Caller) (any, error), scopes ...string) http.Handler {
	return d.Guard.Require()(d.Desk.Serve(func(r *http.Request) (any, error) {
		token := rs.FromContext(r.Context())
		client, err := d.Clients.Client(r.Context(), d.Registry, tillit.ClientID(token.Client))
		if errors.Is(err, tillit.ErrNotFound) || err == nil && (!client.Active || client.Organization == "") {
			return nil, Refuse(http.StatusForbidden, "", "caller_unknown", "", "the token's client speaks for no organization")
		}
		if err != nil {
			return nil, err
		}
		caller := &Caller{Organization: client.Organization, Supplier: client.Supplier, Operator: d.Operator(client.Organization), Client: client.ID, scopes: token.Scopes}
		if !caller.Has(scopes...) {
			return nil, Refuse(http.StatusForbidden, "", "insufficient_scope", "", "the token lacks the scope that this takes")
		}
		return serve(r, caller)
	}))
}
