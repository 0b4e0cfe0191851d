package aml

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/reply"
)

// Config says what the API works on.
type Config struct {
	Guard    *rs.Guard
	Screener *Screener
	// Person and Organization are the scopes of the two routes; Sanctions lets
	// the lists be searched for people.
	Person, Organization, Sanctions string
	// Number, Name and Birthdate are the claims that say who a token is about.
	Number, Name, Birthdate string
	// Source is what issued the identity, by name.
	Source string
	// Introspect asks the issuer what this server may learn from a token.
	Introspect func(ctx context.Context, token string) (json.RawMessage, error)
	// Find gives an organization, tillit.ErrNotFound for none.
	Find func(ctx context.Context, number string) (*tillit.Organization, error)
	Log  *slog.Logger

	// Monitors make people and organizations watched; nil: nobody is.
	Monitors *Monitors
	// Off switches single checks off, for tests that show what each is for.
	Off map[string]bool
}

// An API answers below one base address.
type API struct {
	Config
	http.Handler
}

// New makes the API.
func New(c Config) *API {
	a := &API{Config: c}
	mux := http.NewServeMux()
	mux.Handle("GET /person", c.Guard.Require(c.Person)(http.HandlerFunc(a.person)))
	mux.Handle("GET /organization", c.Guard.Require(c.Organization)(http.HandlerFunc(a.organization)))
	if c.Monitors != nil {
		a.routeMonitors(mux)
	}
	a.Handler = mux
	return a
}

// Ready says whether the API can answer.
func (a *API) Ready(ctx context.Context) error { return a.Screener.Ready(ctx) }

// What a person may be named by in a query.
var (
	byNumber = []string{"firstName", "lastName", "ssn", "countryOfSsn"}
	byBirth  = []string{"firstName", "lastName", "dateOfBirth"}
	naming   = []string{"firstName", "lastName", "ssn", "countryOfSsn", "dateOfBirth"}
	date     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// mostValue bounds one value of a query, in bytes.
const mostValue = 200

// An identity is who is asked about.
type identity struct {
	Name       string `json:"name"`
	CommonName string `json:"commonName,omitempty"`
	Number     string `json:"ssn,omitempty"`
	Country    string `json:"countryOfSsn,omitempty"`
	Source     string `json:"source"`
	ACR        string `json:"acr,omitempty"`
	birth      string
}

// person answers about whom the token is, or whom the query names: never both.
func (a *API) person(w http.ResponseWriter, r *http.Request) {
	query, ok := a.query(w, r, append(slices.Clone(naming), "expands"), []string{"keyInformation", "identity", "aml"})
	if !ok {
		return
	}
	token := rs.FromContext(r.Context())
	machine := token.Subject == "" || token.Subject == token.Client
	named := slices.ContainsFunc(naming, query.Has)
	switch {
	case !machine && named:
		reply.Refuse(w, http.StatusBadRequest, "invalid_request", "the token says who it is about; right would be no identifying parameters")
		return
	case machine && !given(query, byNumber) && !given(query, byBirth):
		reply.Refuse(w, http.StatusBadRequest, "invalid_request", "right would be firstName, lastName, ssn and countryOfSsn, or firstName, lastName and dateOfBirth (YYYY-MM-DD)")
		return
	}
	who := &identity{
		Name: query.Get("firstName") + " " + query.Get("lastName"), Number: query.Get("ssn"), Country: query.Get("countryOfSsn"),
		Source: "request", birth: query.Get("dateOfBirth"),
	}
	if !machine {
		var err error
		if who, err = a.learned(r, token); err != nil {
			a.fail(w, err)
			return
		}
	}
	key := map[string]any{"name": who.Name}
	if who.birth != "" {
		key["dateOfBirth"] = who.birth
	}
	if who.CommonName != "" {
		key["eIdName"] = who.CommonName
	}
	answer := map[string]any{"keyInformation": key}
	if expands(query, "identity") {
		answer["identity"] = who
	}
	a.add(w, r, answer, token.Has(a.Sanctions), Subject{who.Name, who.birth, "person"})
}

// learned asks the issuer who the token is about: beyond its own claims what this
// server may learn of it.
func (a *API) learned(r *http.Request, token *rs.Token) (*identity, error) {
	_, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	body, err := a.Introspect(r.Context(), strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	if err := json.Unmarshal(body, &claims); err != nil {
		return nil, err
	}
	claim := func(name string) string {
		value, _ := claims[name].(string)
		return value
	}
	who := &identity{Name: claim(a.Name), CommonName: claim(a.Name), Number: claim(a.Number), Country: "NO", Source: a.Source, ACR: token.ACR, birth: claim(a.Birthdate)}
	if who.Name == "" || who.Number == "" {
		return nil, errors.New("the issuer does not tell who the token is about")
	}
	return who, nil
}

// organization answers about an organization that the issuer's register has.
func (a *API) organization(w http.ResponseWriter, r *http.Request) {
	query, ok := a.query(w, r, []string{"organizationNumber", "expands"}, []string{"keyInformation", "aml"})
	if !ok {
		return
	}
	number := query.Get("organizationNumber")
	if number == "" {
		reply.Refuse(w, http.StatusBadRequest, "invalid_request", "right would be organizationNumber, nine digits")
		return
	}
	found, err := a.Find(r.Context(), number)
	if errors.Is(err, tillit.ErrNotFound) {
		reply.Refuse(w, http.StatusNotFound, "not_found", "no such organization is registered here")
		return
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	name := found.Title.In("nb")
	answer := map[string]any{"keyInformation": map[string]any{"name": name, "organizationNumber": found.Number, "country": "NO"}}
	a.add(w, r, answer, true, Subject{name, "", "organization"})
}

// add writes the answer with what the lists say, searched or not.
func (a *API) add(w http.ResponseWriter, r *http.Request, answer map[string]any, search bool, subject Subject) {
	sources, hits, err := []Source{}, []Hit{}, error(nil)
	if search {
		sources, hits, err = a.Screener.Screen(r.Context(), subject)
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	lists := []string{}
	for _, source := range sources {
		lists = append(lists, source.List)
	}
	answer["aml"] = map[string]any{"lists": lists, "sources": sources, "sanctions": hits}
	reply.JSON(w, http.StatusOK, answer)
}

// query reads the parameters: each once, none unknown, none too long.
func (a *API) query(w http.ResponseWriter, r *http.Request, known, paths []string) (url.Values, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		reply.Refuse(w, http.StatusBadRequest, "invalid_request", "the query cannot be read")
		return nil, false
	}
	for name, values := range query {
		if !slices.Contains(known, name) || len(values) != 1 || len(values[0]) > mostValue {
			reply.Refuse(w, http.StatusBadRequest, "invalid_request", "right would be, each once and of at most 200 bytes: "+strings.Join(known, ", "))
			return nil, false
		}
	}
	for path := range strings.SplitSeq(query.Get("expands"), ",") {
		if path != "" && !slices.Contains(paths, path) {
			reply.Refuse(w, http.StatusBadRequest, "invalid_request", "expands: right would be of "+strings.Join(paths, ", "))
			return nil, false
		}
	}
	if born := query.Get("dateOfBirth"); born != "" && !date.MatchString(born) {
		reply.Refuse(w, http.StatusBadRequest, "invalid_request", "dateOfBirth: right would be YYYY-MM-DD")
		return nil, false
	}
	return query, true
}

// given reports whether a query has these of the naming parameters and no others.
func given(query url.Values, names []string) bool {
	return !slices.ContainsFunc(naming, func(name string) bool { return (query.Get(name) != "") != slices.Contains(names, name) })
}

func expands(query url.Values, path string) bool {
	return slices.Contains(strings.Split(query.Get("expands"), ","), path)
}

func (a *API) fail(w http.ResponseWriter, err error) {
	a.Log.Error("screening", "cause", err.Error())
	reply.Refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable", "the check cannot be made now")
}
