package personal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/selfservice"
)

// An Issuer is a realm whose tokens are taken.
type Issuer struct {
	Guard *rs.Guard
	// People says that people sign in there: a token with a subject of its own
	// speaks for one. Tokens of any other issuer speak for machines.
	People bool
}

// People finds people by the number they are known by. An unknown number is
// tillit.ErrNotFound.
type People interface {
	ByNumber(ctx context.Context, number string) (*tillit.Person, error)
}

// A Door lets callers in.
type Door struct {
	Desk     *selfservice.Desk
	Issuers  []Issuer // the first is asked about what names none of them
	Clients  selfservice.Clients
	Registry string
	People   People
	Claim    string // the member of a token that is the person's number
	// Off switches single checks off, for tests that show what each is for.
	Off map[string]bool
}

// A Caller is whom a token speaks for.
type Caller struct {
	Organization string // of the token's client
	Client       tillit.ClientID
	Number       string         // of the person
	Person       *tillit.Person // nil: a machine
	token        *rs.Token
}

// Has reports whether the token carries one of the scopes.
func (c *Caller) Has(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return scope != "" && c.token.Has(scope) })
}

// Who may come.
type Who int

// The kinds of callers.
const (
	Anybody Who = iota
	Person
	Machine
)

// A Serve answers a caller.
type Serve func(r *http.Request, caller *Caller) (any, error)

// Admit serves callers of the kind whose token carries at least one of the scopes;
// the empty word is none.
func (d *Door) Admit(who Who, serve Serve, scopes ...string) http.Handler {
	scopes = slices.DeleteFunc(scopes, func(scope string) bool { return scope == "" })
	doors := make([]http.Handler, len(d.Issuers))
	for i := range d.Issuers {
		people := d.Issuers[i].People
		inside := d.Desk.Serve(func(r *http.Request) (any, error) {
			caller, err := d.caller(r.Context(), people, who)
			if err != nil {
				return nil, err
			}
			return serve(r, caller)
		})
		doors[i] = d.Issuers[i].Guard.Require()(d.scoped(inside, scopes))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { doors[d.issuer(r)].ServeHTTP(w, r) })
}

// scoped refuses tokens that carry none of the scopes, and says which would do
// (RFC 6750 §3.1).
func (d *Door) scoped(inside http.Handler, scopes []string) http.Handler {
	refused := d.Desk.Serve(func(*http.Request) (any, error) {
		return nil, selfservice.Refuse(http.StatusForbidden, "", "insufficient_scope", "", "right would be one of the scopes "+strings.Join(scopes, ", "))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := rs.FromContext(r.Context()); !slices.ContainsFunc(scopes, token.Has) {
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+strings.Join(scopes, " ")+`"`)
			refused.ServeHTTP(w, r)
			return
		}
		inside.ServeHTTP(w, r)
	})
}

func (d *Door) caller(ctx context.Context, people bool, who Who) (*Caller, error) {
	token := rs.FromContext(ctx)
	client, err := d.Clients.Client(ctx, d.Registry, tillit.ClientID(token.Client))
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (!client.Active || client.Organization == "") {
		return nil, selfservice.Refuse(http.StatusForbidden, "", "caller_unknown", "", "the token's client speaks for no organization")
	}
	if err != nil {
		return nil, err
	}
	c := &Caller{Organization: client.Organization, Client: client.ID, token: token}
	if !people || token.Subject == "" || token.Subject == token.Client {
		if who == Person {
			return nil, selfservice.Refuse(http.StatusForbidden, "", "person_wanted", "", "right would be a token with which a person signed in")
		}
		return c, nil
	}
	if who == Machine {
		return nil, selfservice.Refuse(http.StatusForbidden, "", "machine_wanted", "", "right would be a token without a person")
	}
	if c.Number = member(token.Claims, d.Claim); c.Number == "" {
		return nil, selfservice.Refuse(http.StatusForbidden, "", "person_unknown", "", "the token does not say whose it is: it bears no "+d.Claim)
	}
	c.Person, err = d.People.ByNumber(ctx, c.Number)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && c.Person.Disabled {
		return nil, selfservice.Refuse(http.StatusForbidden, "", "person_unknown", "", "the token's person is not known here")
	}
	return c, err
}

// member gives a member of a token that is a text.
func member(claims json.RawMessage, name string) string {
	var members map[string]json.RawMessage
	var value string
	if name == "" || json.Unmarshal(claims, &members) != nil || json.Unmarshal(members[name], &value) != nil {
		return ""
	}
	return value
}

// issuer finds whose guard checks a request. What a token says of itself before it
// is checked only chooses who checks it.
func (d *Door) issuer(r *http.Request) int {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return 0
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return 0
	}
	said := member(payload, "iss")
	return max(0, slices.IndexFunc(d.Issuers, func(i Issuer) bool { return i.Guard.Issuer == said }))
}
