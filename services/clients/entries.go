package clients

import (
	"net/http"
	"regexp"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

const entryObject = "OnBehalfOf"

// mostEntries bounds the customers of one client.
const mostEntries = 500

var entryName = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)

func wireEntries(entries []tillit.OnBehalfOf) []map[string]any {
	list := make([]map[string]any, 0, len(entries))
	for _, e := range entries {
		list = append(list, wireEntry(e))
	}
	return list
}

func wireEntry(e tillit.OnBehalfOf) map[string]any {
	m := map[string]any{"onbehalfof": e.Value, "name": e.Name, "orgno": e.Organization}
	for name, text := range map[string]string{"organization_name": e.Holder, "description": e.Description, "uri": e.URI, "logo_uri": e.LogoURI} {
		if text != "" {
			m[name] = text
		}
	}
	if e.Created > 0 {
		m["created"], m["last_updated"] = selfservice.Instant(e.Created), selfservice.Instant(e.Updated)
	}
	return m
}

func (a *API) entries(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	return wireEntries(client.OnBehalfOf), nil
}

func (a *API) entry(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	i := findEntry(client, r.PathValue("entry"))
	if i < 0 {
		return nil, noEntry()
	}
	return wireEntry(client.OnBehalfOf[i]), nil
}

func findEntry(client *tillit.Client, value string) int {
	return slices.IndexFunc(client.OnBehalfOf, func(e tillit.OnBehalfOf) bool { return e.Value == value })
}

func noEntry() error {
	return selfservice.Refuse(http.StatusNotFound, entryObject, "onbehalfof_unknown", "onbehalfof", "the client has no such entry")
}

func (a *API) addEntry(r *http.Request, caller *selfservice.Caller) (any, error) {
	return a.putEntry(r, caller, "")
}

func (a *API) setEntry(r *http.Request, caller *selfservice.Caller) (any, error) {
	return a.putEntry(r, caller, r.PathValue("entry"))
}

// putEntry stores a new customer of the client ("" for value), or one anew.
func (a *API) putEntry(r *http.Request, caller *selfservice.Caller, value string) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	members, err := selfservice.Body(r, entryObject)
	if err != nil {
		return nil, err
	}
	if !client.MayUse("authorization_code") {
		return nil, selfservice.Refuse(http.StatusConflict, entryObject, "no_people", "", "entries are for clients at which people sign in")
	}
	e := tillit.OnBehalfOf{Value: value, Created: a.now(), Updated: a.now()}
	in := &reading{members: members}
	in.member("onbehalfof", &e.Value)
	for name, into := range map[string]*string{"name": &e.Name, "orgno": &e.Organization, "organization_name": &e.Holder, "description": &e.Description, "uri": &e.URI, "logo_uri": &e.LogoURI} {
		in.member(name, into)
	}
	if err := selfservice.Object(entryObject, append(in.faults, checkEntry(e, value)...)); err != nil {
		return nil, err
	}
	changed := *client
	changed.OnBehalfOf = slices.Clone(client.OnBehalfOf)
	switch i := findEntry(client, e.Value); {
	case value == "" && i >= 0:
		return nil, selfservice.Refuse(http.StatusConflict, entryObject, "onbehalfof_exists", "onbehalfof", "the client has such an entry")
	case value == "" && len(client.OnBehalfOf) >= mostEntries:
		return nil, selfservice.Refuse(http.StatusConflict, entryObject, "too_many_entries", "", "the client has as many entries as it may")
	case value == "":
		changed.OnBehalfOf = append(changed.OnBehalfOf, e)
	case i < 0:
		return nil, noEntry()
	default:
		e.Created = changed.OnBehalfOf[i].Created
		changed.OnBehalfOf[i] = e
	}
	if err := a.store(r, caller, &changed, "client_entries_changed"); err != nil {
		return nil, err
	}
	return wireEntry(e), nil
}

func checkEntry(e tillit.OnBehalfOf, value string) []tillit.Objection {
	var faults []tillit.Objection
	say := func(code, field, message string) {
		faults = append(faults, tillit.Objection{Code: code, Field: field, Message: message})
	}
	if value != "" && e.Value != value {
		say("immutable_field", "onbehalfof", "onbehalfof never changes")
	}
	if !entryName.MatchString(e.Value) {
		say("invalid_value", "onbehalfof", "right would be up to 128 letters, digits, dots, hyphens, underscores and tildes")
	}
	if !tillit.ValidOrganization(e.Organization) {
		say("invalid_orgno", "orgno", "right would be nine digits, the last of them the check digit")
	}
	for field, text := range map[string]string{"name": e.Name, "organization_name": e.Holder, "description": e.Description, "uri": e.URI, "logo_uri": e.LogoURI} {
		if len([]rune(text)) > 255 {
			say("too_long", field, "right would be at most 255 characters")
		}
	}
	return faults
}

func (a *API) dropEntry(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	i := findEntry(client, r.PathValue("entry"))
	if i < 0 {
		return nil, noEntry()
	}
	changed := *client
	changed.OnBehalfOf = slices.Delete(slices.Clone(client.OnBehalfOf), i, i+1)
	return nil, a.store(r, caller, &changed, "client_entries_changed")
}
