package dev

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// indexModel is what the page at / shows.
type indexModel struct {
	Realms  []choice
	Clients []choice
	Realm   string
	Title   string
	Client  clientModel
	Own     []scopeChoice // scopes that the client has
	Others  []scopeChoice // further scopes of the realm: asked for, each says why not
	Claims  []claimChoice
	ACR     []choice
	Locales []choice
	Prompts []string
	People  []personModel
	Account string
	Machine bool // no person signs in
}

type choice struct {
	Value, Title, Note, URL string
	Current                 bool
}

type clientModel struct {
	ID, Name, Organization, Auth, Grants, Kind string
}

type scopeChoice struct {
	Name, Title, Rule string
	Claims            string
	Beta, Off         bool
	Checked           bool
}

type claimChoice struct{ Name, Title string }

type personModel struct {
	Name, Username, Password string
	Extra                    []choice // further fields: name and what to type
	Ways                     string
	Knows                    string // what this person is good for
}

func (p *playground) index(w http.ResponseWriter, r *http.Request) {
	_, all, err := p.realm("")
	if err != nil {
		p.fault(w, "The demo data cannot be read", err)
		return
	}
	realm, ok := pickRealm(all, r.URL.Query().Get("realm"))
	if !ok {
		p.tell(w, http.StatusOK, message{Heading: "No demo clients", Text: "None of the realms served here has demo clients."})
		return
	}
	client := pickClient(realm.Clients, r.URL.Query().Get("client"))
	catalog := p.Catalog(realm.Name)
	if catalog == nil {
		p.tell(w, http.StatusNotFound, message{Heading: "Unknown realm", Text: "The realm " + realm.Name + " is no longer served."})
		return
	}
	if _, err := p.browser(w, r); err != nil {
		p.fault(w, "No randomness", err)
		return
	}
	p.render(w, http.StatusOK, "index", "Playground", p.indexModel(all, realm, client, catalog))
}

func pickRealm(all []demo.FixtureRealm, name string) (demo.FixtureRealm, bool) {
	var first *demo.FixtureRealm
	for i := range all {
		if len(all[i].Clients) == 0 {
			continue
		}
		if all[i].Name == name {
			return all[i], true
		}
		if first == nil {
			first = &all[i]
		}
	}
	if first == nil {
		return demo.FixtureRealm{}, false
	}
	return *first, true
}

// usual is the client that the playground begins with.
const usual = "demo-web"

// pickClient gives the client of that id, else the usual one, else the first.
func pickClient(clients []demo.FixtureClient, id string) demo.FixtureClient {
	best := clients[0]
	for _, c := range clients {
		if string(c.ID) == id {
			return c
		}
		if c.ID == usual {
			best = c
		}
	}
	return best
}

func (p *playground) indexModel(all []demo.FixtureRealm, realm demo.FixtureRealm, client demo.FixtureClient, catalog *tillit.Catalog) indexModel {
	m := indexModel{
		Realm: realm.Name, Title: catalog.Title.In("en"), Account: realm.APIs["account"],
		Machine: !slices.Contains(client.GrantTypes, "authorization_code"),
		Client: clientModel{
			ID: string(client.ID), Name: name(client), Organization: organization(realm, client.Organization),
			Auth: client.AuthMethod, Grants: strings.Join(client.GrantTypes, ", "), Kind: clientKind(catalog, client),
		},
	}
	for _, other := range all {
		if len(other.Clients) > 0 {
			title := other.Name
			if c := p.Catalog(other.Name); c != nil {
				title = c.Title.In("en")
			}
			m.Realms = append(m.Realms, choice{Value: other.Name, Title: title, URL: "/?realm=" + other.Name, Current: other.Name == realm.Name})
		}
	}
	for _, other := range ordered(realm.Clients) {
		m.Clients = append(m.Clients, choice{
			Value: string(other.ID), Title: name(other), Note: fmt.Sprintf("%d scopes", len(other.Scopes)),
			URL: "/?realm=" + realm.Name + "&client=" + string(other.ID), Current: other.ID == client.ID,
		})
	}
	m.Own, m.Others = scopeChoices(catalog, client, m.Machine)
	if !m.Machine {
		m.Claims, m.ACR, m.Locales = claimChoices(catalog), acrChoices(catalog), localeChoices(catalog)
		m.People = people(realm, catalog)
		m.Prompts = []string{"login", "consent", "select_account", "none"}
	}
	return m
}

// name is what a client is called in the page's language.
func name(client demo.FixtureClient) string {
	for _, name := range []string{client.EnglishName, client.Name} {
		if name != "" {
			return name
		}
	}
	return string(client.ID)
}

// ordered puts the client that may ask for everything first.
func ordered(clients []demo.FixtureClient) []demo.FixtureClient {
	list := slices.Clone(clients)
	slices.SortStableFunc(list, func(a, b demo.FixtureClient) int {
		if (a.ID == usual) == (b.ID == usual) {
			return 0
		}
		if a.ID == usual {
			return -1
		}
		return 1
	})
	return list
}

func organization(realm demo.FixtureRealm, number string) string {
	for _, o := range realm.Organizations {
		if o.Number == number {
			return o.Name
		}
	}
	return number
}

func clientKind(catalog *tillit.Catalog, client demo.FixtureClient) string {
	if t := catalog.ClientType(client.Type); t != nil {
		return t.Title.In("en")
	}
	return client.Type
}

func people(realm demo.FixtureRealm, catalog *tillit.Catalog) []personModel {
	var list []personModel
	for _, p := range realm.People {
		text := func(name string) string { s, _ := p[name].(string); return s }
		m := personModel{Name: text("name"), Username: text("username"), Password: text("password")}
		for _, field := range []string{"otp", "pin"} {
			if value := text(field); value != "" {
				m.Extra = append(m.Extra, choice{Title: field, Value: value})
			}
		}
		if codes, ok := p["ways"].([]string); ok {
			m.Ways = wayTitles(catalog, codes)
		}
		if claims, ok := p["claims"].(map[string]any); ok {
			m.Knows = fmt.Sprintf("%d claims have a value", len(claims))
		}
		list = append(list, m)
	}
	return list
}

func wayTitles(catalog *tillit.Catalog, codes []string) string {
	titles := make([]string, 0, len(codes))
	for _, code := range codes {
		if way := catalog.Way(code); way != nil {
			titles = append(titles, way.Title.In("en"))
		}
	}
	return strings.Join(titles, ", ")
}
