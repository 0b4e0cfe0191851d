package house

import (
	"testing"
)

// Fixtures is what the command tells of its demo data.
type Fixtures struct {
	Realms []Realm `json:"realms"`
}

// A Realm is one issuer with its demo data.
type Realm struct {
	Name            string            `json:"name"`
	Issuer          string            `json:"issuer"`
	Clients         []Client          `json:"clients"`
	People          []Person          `json:"people"`
	ResourceServers []ResourceServer  `json:"resource_servers"`
	APIs            map[string]string `json:"apis"`
}

// A Client is a demo client.
type Client struct {
	ID                     string   `json:"client_id"`
	Secret                 string   `json:"client_secret"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
	Scopes                 []string `json:"scopes"`
}

// A ResourceServer is the credentials to introspect with.
type ResourceServer struct {
	ID           string `json:"id"`
	Audience     string `json:"audience"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// A Person is a demo person: what they type, and what would be told of them.
type Person struct {
	Username string         `json:"username"`
	Password string         `json:"password"`
	OTP      string         `json:"otp"`
	PIN      string         `json:"pin"`
	Name     string         `json:"name"`
	Claims   map[string]any `json:"claims"`
}

// Realm gives a realm of the fixtures.
func (h *House) Realm(t testing.TB, name string) *Realm {
	t.Helper()
	for i := range h.Fixtures.Realms {
		if h.Fixtures.Realms[i].Name == name {
			return &h.Fixtures.Realms[i]
		}
	}
	t.Fatalf("fixtures: no realm %s", name)
	return nil
}

// Client gives a demo client.
func (r *Realm) Client(t testing.TB, id string) *Client {
	t.Helper()
	for i := range r.Clients {
		if r.Clients[i].ID == id {
			return &r.Clients[i]
		}
	}
	t.Fatalf("fixtures: realm %s has no client %s", r.Name, id)
	return nil
}

// Person gives a demo person.
func (r *Realm) Person(t testing.TB, username string) *Person {
	t.Helper()
	for i := range r.People {
		if r.People[i].Username == username {
			return &r.People[i]
		}
	}
	t.Fatalf("fixtures: realm %s has no person %s", r.Name, username)
	return nil
}
