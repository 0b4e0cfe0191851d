package authorizations

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/personal"
	"github.com/tillit/tillit/services/selfservice"
)

const object = "Authorization"

//go:embed openapi.json
var document []byte

// Store keeps grants.
type Store interface {
	selfservice.Clients
	Grants(ctx context.Context, realm, person string, at int64) ([]tillit.Grant, error)
	Grant(ctx context.Context, realm, id string) (*tillit.Grant, error)
	WithdrawGrant(ctx context.Context, realm, person, grant string, at int64, record *tillit.AuditRecord) error
	Pseudonym(ctx context.Context, realm, person string) (string, error)
}

// Scopes are the names of the scopes; All stands for both others.
type Scopes struct{ All, Read, Write string }

// Config says what the API works on.
type Config struct {
	Door   *personal.Door
	Store  Store
	Realm  string // where people sign in
	Scopes Scopes
	// Catalog gives the present catalog of that realm.
	Catalog func() *tillit.Catalog
}

// An API answers below one base address.
type API struct{ Config }

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &API{c}
	mux := http.NewServeMux()
	for path, tied := range map[string]tie{"/clients/authorizations": a.byClient, "/api-provider/authorizations": a.byScope} {
		mux.Handle("GET "+path, c.Door.Admit(personal.Person, a.own(tied), c.Scopes.All, c.Scopes.Read))
		mux.Handle("POST "+path, c.Door.Admit(personal.Machine, a.of(tied), c.Scopes.All, c.Scopes.Read))
	}
	mux.Handle("DELETE /authorizations/{id}", c.Door.Admit(personal.Anybody, a.end, c.Scopes.All, c.Scopes.Write))
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return mux
}

// A tie says what binds a grant to an organization.
type tie func(organization string, client *tillit.Client, scopes []*tillit.RegisteredScope) bool

func (a *API) byClient(organization string, client *tillit.Client, _ []*tillit.RegisteredScope) bool {
	return client != nil && client.Organization == organization
}

func (a *API) byScope(organization string, _ *tillit.Client, scopes []*tillit.RegisteredScope) bool {
	for _, scope := range scopes {
		if scope.Owner == organization {
			return true
		}
	}
	return false
}

func (a *API) own(tied tie) personal.Serve {
	return func(r *http.Request, caller *personal.Caller) (any, error) {
		return a.list(r, caller, caller.Person, tied)
	}
}

// of lists another's, for a help desk.
func (a *API) of(tied tie) personal.Serve {
	return func(r *http.Request, caller *personal.Caller) (any, error) {
		members, err := selfservice.Body(r, object)
		if err != nil {
			return nil, err
		}
		var faults []tillit.Objection
		number := ""
		selfservice.Member(members, "pid", &number, &faults)
		if len(faults) == 0 && number == "" {
			faults = append(faults, tillit.Objection{Code: "required", Field: "pid", Message: "right would be the person's number"})
		}
		if len(faults) > 0 {
			return nil, &selfservice.Refusal{Status: http.StatusBadRequest, Object: object, Faults: faults}
		}
		person, err := a.Door.People.ByNumber(r.Context(), number)
		if errors.Is(err, tillit.ErrNotFound) {
			return []told{}, nil
		}
		if err != nil {
			return nil, err
		}
		return a.list(r, caller, person, tied)
	}
}

// told is an authorization as it is told; times are unix milliseconds.
type told struct {
	ID          string          `json:"authorization_id"`
	Client      tillit.ClientID `json:"client_id"`
	Name        string          `json:"client_name"`
	Description string          `json:"description"`
	Authorized  int64           `json:"authorized_at"`
	Expires     int64           `json:"expires,omitempty"`
	Scopes      []toldScope     `json:"scopes"`
	Consumer    consumer        `json:"consumer"`
}

type toldScope struct {
	Name       tillit.ScopeName `json:"name"`
	Text       string           `json:"description"`
	Long       string           `json:"long_description"`
	Consent    bool             `json:"requires_user_consent"`
	Visibility string           `json:"visibility"`
	Owner      string           `json:"owner_orgno"`
}

type consumer struct {
	Authority string `json:"authority"`
	ID        string `json:"ID"`
}

// list gives a person's living authorizations. If one scope is wanted, the whole
// authorization is told.
func (a *API) list(r *http.Request, caller *personal.Caller, person *tillit.Person, tied tie) (any, error) {
	query := r.URL.Query()
	wanted := func(s *tillit.RegisteredScope) bool {
		visible := query.Get("visibility")
		return (s.Consent || query.Get("require_user_consent") == "false") && (visible == "" || strings.EqualFold(visible, string(s.Visibility)))
	}
	grants, err := a.Store.Grants(r.Context(), a.Realm, person.ID, a.now())
	if err != nil {
		return nil, err
	}
	list := []told{}
	for i := range grants {
		g := &grants[i]
		client, scopes, err := a.read(r.Context(), g)
		if err != nil {
			return nil, err
		}
		shown := false
		for _, scope := range scopes {
			shown = shown || wanted(scope)
		}
		if shown && client != nil && tied(caller.Organization, client, scopes) {
			list = append(list, a.tell(g, client, scopes, languageOf(r)))
		}
	}
	return list, nil
}

// read gives the client of a grant, nil where it is gone, and the scopes that the
// person has not taken back.
func (a *API) read(ctx context.Context, g *tillit.Grant) (*tillit.Client, []*tillit.RegisteredScope, error) {
	client, err := a.Store.Client(ctx, a.Door.Registry, g.Client)
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return nil, nil, err
	}
	if err != nil {
		client = nil
	}
	taken := map[string]bool{}
	for _, item := range g.Withdrawn {
		taken[item] = true
	}
	c := a.Catalog()
	var scopes []*tillit.RegisteredScope
	for _, name := range g.Shape.Scopes {
		if s := c.Scope(name); s != nil && !taken[string(name)] {
			scopes = append(scopes, c.RecordOf(s))
		}
	}
	return client, scopes, nil
}

func (a *API) tell(g *tillit.Grant, client *tillit.Client, scopes []*tillit.RegisteredScope, language string) told {
	t := told{
		ID: g.ID, Client: g.Client, Name: client.Name.In(language), Authorized: g.Created * 1000, Expires: g.Expires * 1000,
		Consumer: consumer{"iso6523-actorid-upis", "0192:" + client.Organization},
	}
	var texts []string
	for _, s := range scopes {
		t.Scopes = append(t.Scopes, toldScope{
			Name: s.Name, Text: s.Description.In(language), Long: s.Long.In(language), Consent: s.Consent,
			Visibility: strings.ToUpper(string(s.Visibility)), Owner: s.Owner,
		})
		texts = append(texts, s.Description.In(language))
	}
	t.Description = strings.Join(texts, ", ")
	return t
}

// languageOf gives the first language that the caller names and we have.
func languageOf(r *http.Request) string {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch main, _, _ := strings.Cut(strings.ToLower(tag), "-"); main {
		case "nb", "nn", "en":
			return main
		}
	}
	return "nb"
}

// end ends an authorization: with its tokens, and with the consent it rests on.
func (a *API) end(r *http.Request, caller *personal.Caller) (any, error) {
	ctx, id := r.Context(), r.PathValue("id")
	unknown := selfservice.Refuse(http.StatusNotFound, object, "authorization_unknown", "", "there is no such authorization")
	g, err := a.Store.Grant(ctx, a.Realm, id)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	client, scopes, err := a.read(ctx, g)
	if err != nil {
		return nil, err
	}
	ours := a.byClient(caller.Organization, client, scopes) || a.byScope(caller.Organization, client, scopes)
	theirs := g.Person != "" && (caller.Person == nil || caller.Person.ID == g.Person)
	if !ours || !theirs || g.Revoked != 0 {
		return nil, unknown
	}
	record := &tillit.AuditRecord{Realm: a.Realm, Time: a.now(), Event: "withdrawn", Client: g.Client, Grant: g.ID}
	if record.Subject, err = a.Store.Pseudonym(ctx, a.Realm, g.Person); err != nil {
		return nil, err
	}
	if !a.Door.Off["what a person ends is over"] {
		err = a.Store.WithdrawGrant(ctx, a.Realm, g.Person, g.ID, a.now(), record)
	}
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, unknown
	}
	return map[string]any{"authorization_id": g.ID, "revoked": time.Unix(a.now(), 0).UnixMilli()}, err
}

func (a *API) now() int64 { return a.Door.Desk.Now().Unix() }
