package wiring

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
)

// choosePrincipal lets a person choose whom to act for, among those who gave a
// power of attorney and those the person is guardian of. Nothing is remembered: the
// choice is of one request.
type choosePrincipal struct{ house *House }

// self is what the radio button says of who acts for nobody else.
const self = "self"

// Bounds of what a source may say: of one person's principals, and of what is
// written about one.
const (
	maxPrincipals  = 200
	maxPermissions = 200
)

var errNoPowers = &server.Error{Code: "temporarily_unavailable", Description: "whom the person may act for cannot be found out just now"}

// A principal is one that the person may act for, as the realm's source has it.
type principal struct {
	Name        string       `json:"name"`
	Born        string       `json:"born"` // a date, or ""
	Guardian    bool         `json:"guardian"`
	Until       int64        `json:"until"` // unix seconds; 0: until it is taken back
	Permissions []permission `json:"permissions"`

	key string
	all map[string]any // the whole object
}

// A permission is one thing the person may do for the principal; owner is whose
// service it is about.
type permission struct {
	Owner string `json:"owner,omitempty"`
	Role  string `json:"role"`
}

// Begin looks whether the source answers: a page without it would say that there
// is nobody, which is another thing.
func (c choosePrincipal) Begin(ctx context.Context, act *server.Act) error {
	_, err := c.principals(ctx, act)
	return err
}

// Page shows those of whom one can be chosen.
func (c choosePrincipal) Page(ctx context.Context, act *server.Act, form server.Form) (string, any, error) {
	list, err := c.principals(ctx, act)
	if err != nil {
		return "", nil, err
	}
	choice := act.DetailType.Choice
	page := server.ChoosePrincipal{Form: form, Client: act.Card, Person: act.Name, Self: choice.Self}
	for _, p := range list {
		shown := server.Principal{Key: p.key, Name: p.Name, Born: p.Born, Guardian: p.Guardian}
		for _, may := range p.Permissions {
			title := choice.Titles[may.Role].In(act.Language)
			if title == "" {
				title = may.Role
			}
			if !slices.Contains(shown.Roles, title) {
				shown.Roles = append(shown.Roles, title)
			}
		}
		page.Principals = append(page.Principals, shown)
	}
	return "choose_principal", page, nil
}

// Finish takes the choice. Who is not among the principals now cannot be chosen,
// whatever the page showed.
func (c choosePrincipal) Finish(ctx context.Context, act *server.Act, form map[string][]string) (server.ActOutcome, string, error) {
	none := server.ActOutcome{}
	if first(form["action"]) == "cancel" {
		return none, "", nil
	}
	list, err := c.principals(ctx, act)
	if err != nil {
		return none, "", err
	}
	chosen := first(form["principal"])
	if chosen == self && act.DetailType.Choice.Self {
		return server.ActOutcome{Done: true}, "", nil
	}
	at := slices.IndexFunc(list, func(p principal) bool { return p.key == chosen })
	switch {
	case chosen == "":
		return none, "refused.principal_missing", nil
	case at < 0:
		return none, "refused.principal_gone", nil
	}
	values, err := json.Marshal(map[string]any{"principal": list[at].all, "permissions": list[at].Permissions})
	return server.ActOutcome{Done: true, Values: values}, "", err
}

// principals lists those whom the person may act for now in one of the roles that
// were asked for, each with those of its permissions alone.
func (c choosePrincipal) principals(ctx context.Context, act *server.Act) ([]principal, error) {
	if act.DetailType == nil || act.DetailType.Choice == nil || act.Person == nil {
		return nil, errNoPowers // never: the catalog holds a type that needs the page to a choice
	}
	choice := act.DetailType.Choice
	catalog := c.house.Catalogs.Catalog(act.Realm, "")
	if catalog == nil {
		return nil, errNoPowers // never: the act is of a realm that is served
	}
	roots, err := c.house.Provider.Sources.Values(ctx, catalog, act.Person, sourcesOf(catalog, choice.From.Roots()))
	if err != nil {
		c.house.config.Log.Warn("whom a person may act for", "realm", act.Realm, "cause", err.Error())
		return nil, errNoPowers
	}
	value, ok, err := choice.From.Eval(roots)
	if err != nil {
		c.house.config.Log.Warn("whom a person may act for", "realm", act.Realm, "cause", err.Error())
		return nil, errNoPowers
	}
	elements, _ := value.([]any)
	if !ok || len(elements) == 0 {
		return nil, nil
	}
	wanted, limited := askedRoles(act.Detail, choice.Roles)
	var list []principal
	for _, element := range elements[:min(len(elements), maxPrincipals)] {
		p, ok := readPrincipal(act.Interaction, element)
		if !ok || p.Until != 0 && p.Until <= act.At {
			continue
		}
		if limited {
			p.Permissions = slices.DeleteFunc(p.Permissions, func(may permission) bool { return !slices.Contains(wanted, may.Role) })
		}
		if len(p.Permissions) > 0 {
			list = append(list, p)
		}
	}
	return list, nil
}

// sourcesOf leaves the roots that a person's sources have.
func sourcesOf(catalog *tillit.Catalog, roots []string) []string {
	var list []string
	for _, root := range roots {
		if root == "person" || slices.ContainsFunc(catalog.Sources, func(s tillit.SourceUse) bool { return s.Name == root }) {
			list = append(list, root)
		}
	}
	return list
}

// askedRoles reads the roles that the detail asks for.
func askedRoles(detail *tillit.Detail, field string) (roles []string, limited bool) {
	if field == "" {
		return nil, false
	}
	if json.Unmarshal(detail.Fields[field], &roles) != nil {
		return nil, true // no list of texts: none of them is permitted
	}
	return roles, true
}

// readPrincipal reads one object of the source; what is not as it should be is
// nobody. Its key is good in this interaction alone and tells nothing.
func readPrincipal(interaction string, element any) (p principal, ok bool) {
	object, ok := element.(map[string]any)
	if !ok {
		return p, false
	}
	text, err := json.Marshal(object)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return p, false
	}
	p.Permissions = slices.DeleteFunc(p.Permissions, func(may permission) bool { return may.Role == "" })
	if strings.TrimSpace(p.Name) == "" || len(p.Permissions) > maxPermissions {
		return p, false
	}
	sum := sha256.Sum256(append([]byte(interaction+"\x00"), text...))
	p.key, p.all = base64.RawURLEncoding.EncodeToString(sum[:18]), map[string]any{}
	for name, value := range object {
		if name != "permissions" {
			p.all[name] = value
		}
	}
	return p, true
}
