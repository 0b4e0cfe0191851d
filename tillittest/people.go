package tillittest

import (
	"maps"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// A Person is who can sign in, as demo data says it: Attributes are what
// expressions read below person.
type Person = demo.Person

// A Client is a client, as demo data says it: Scopes is a list of names, or a
// word such as basic, standard or all_authorization.
type Client = demo.Client

// Put stores a person, in place of whoever has the user name. Who is not said to
// have ways to sign in has all of the realm's.
func (p *Provider) Put(person Person) {
	p.t.Helper()
	p.changed("person", p.house.PutDemoPerson(p.t.Context(), p.realm, person))
}

// Remove erases a person with everything that is theirs.
func (p *Provider) Remove(username string) {
	p.t.Helper()
	p.changed("person", p.house.RemoveDemoPerson(p.t.Context(), p.realm, username))
}

// Set changes attributes of a person: what expressions read below person. A nil
// takes one away. Tokens and UserInfo tell it from the next request on.
func (p *Provider) Set(username string, attributes map[string]any) {
	p.t.Helper()
	person, err := p.house.DemoPerson(p.realm, username)
	if err != nil {
		p.t.Fatalf("tillittest: %v", err)
	}
	person.Attributes = maps.Clone(person.Attributes)
	if person.Attributes == nil {
		person.Attributes = map[string]any{}
	}
	for name, value := range attributes {
		if value == nil {
			delete(person.Attributes, name)
		} else {
			person.Attributes[name] = value
		}
	}
	p.Put(person)
}

// PutClient registers a client, in place of the one that has the id.
func (p *Provider) PutClient(id string, client Client) {
	p.t.Helper()
	_, err := p.house.PutDemoClient(p.t.Context(), p.realm, tillit.ClientID(id), client)
	p.changed("client", err)
}

// Secret gives a client's secret, "" for one without.
func (p *Provider) Secret(client string) string {
	p.t.Helper()
	return p.outside().Client(client).Secret
}

// Withdraw takes back everything that a person agreed to with a client, as the
// person would on the account page: what hangs on it ends.
func (p *Provider) Withdraw(username, client string) {
	p.t.Helper()
	person, err := p.house.Store.PersonByUsername(p.t.Context(), p.realm, username)
	if err != nil {
		p.t.Fatalf("tillittest: %s: %v", username, err)
	}
	err = p.house.Store.WithdrawClient(p.t.Context(), p.realm, person.ID, tillit.ClientID(client), p.Now().Unix(), nil)
	p.changed("consent", err)
}

// LetIn lets an organization in to a scope, or out of it, as its owner would.
func (p *Provider) LetIn(scope, organization string, in bool) {
	p.t.Helper()
	registry := p.house.Catalogs.Catalog(p.realm, "").Registry
	p.changed("access", p.house.Store.PutAccess(p.t.Context(), registry, tillit.ScopeName(scope), organization, in))
}

func (p *Provider) changed(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("tillittest: %s: %v", what, err)
	}
	p.env = nil
}
