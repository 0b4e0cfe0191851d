package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// PutPerson stores a person, in place of whoever has the user name; password and
// subject stay theirs. Who is not said to have any way to sign in has every way
// of the realm, with the codes that the first person has.
func (l *Loaded) PutPerson(ctx context.Context, c Config, realm string, p Person) error {
	r, err := l.realm(realm)
	if err != nil {
		return err
	}
	if p.Username == "" || strings.ContainsAny(p.Username, " \t\r\n") {
		return fmt.Errorf("username %q; right would be a word", p.Username)
	}
	if p.Name == "" {
		p.Name = p.Username
	}
	r.equip(&p)
	password, err := c.HashPassword(Password)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	stored, err := row(realm, p, password)
	if err != nil {
		return fmt.Errorf("person %s: %w", p.Username, err)
	}
	i := r.index(p.Username)
	if i >= 0 {
		there, err := c.Store.Person(ctx, realm, stored.ID)
		if err != nil {
			return fmt.Errorf("person %s: %w", p.Username, err)
		}
		stored.Password, stored.Subject = there.Password, there.Subject
	}
	if err := c.Store.PutPerson(ctx, stored); err != nil {
		return fmt.Errorf("person %s: %w", p.Username, err)
	}
	if i < 0 {
		r.People, r.Stored = append(r.People, p), append(r.Stored, *stored)
		return nil
	}
	r.People[i], r.Stored[i] = p, *stored
	return nil
}

// equip gives a person ways to sign in where nothing is said of them.
func (r *LoadedRealm) equip(p *Person) {
	if len(p.SignIn.Ways) > 0 {
		return
	}
	for i := range r.Catalog.Ways {
		p.SignIn.Ways = append(p.SignIn.Ways, r.Catalog.Ways[i].Code)
	}
	if p.SignIn.OTP == "" && p.SignIn.PIN == "" && len(r.People) > 0 {
		p.SignIn.OTP, p.SignIn.PIN = r.People[0].SignIn.OTP, r.People[0].SignIn.PIN
	}
}

// Person gives what is said of a person.
func (l *Loaded) Person(realm, username string) (Person, error) {
	r, err := l.realm(realm)
	if err != nil {
		return Person{}, err
	}
	i := r.index(username)
	if i < 0 {
		return Person{}, fmt.Errorf("realm %s: nobody called %q: %w", realm, username, tillit.ErrNotFound)
	}
	return r.People[i], nil
}

// ForgetPerson takes a person out of what is told, and gives the id of the row.
func (l *Loaded) ForgetPerson(realm, username string) (id string, err error) {
	if _, err := l.Person(realm, username); err != nil {
		return "", err
	}
	r, _ := l.realm(realm)
	i := r.index(username)
	id = r.Stored[i].ID
	r.People, r.Stored = slices.Delete(r.People, i, i+1), slices.Delete(r.Stored, i, i+1)
	return id, nil
}

// PutClient stores a client, in place of the one that has the id, and gives its
// fixture with the secret.
func (l *Loaded) PutClient(ctx context.Context, c Config, realm string, id tillit.ClientID, d Client) (FixtureClient, error) {
	r, err := l.realm(realm)
	if err != nil {
		return FixtureClient{}, err
	}
	if d.Title == nil {
		d.Title = tillit.Text{r.language(): string(id)}
	}
	client, err := register(r.Catalog, id, d, r.Notes)
	if err != nil {
		return FixtureClient{}, fmt.Errorf("client %s: %w", id, err)
	}
	loaded, err := putClient(ctx, c, realm, r.Catalog.Registry, d.Keys, client)
	if err != nil {
		return FixtureClient{}, fmt.Errorf("client %s: %w", id, err)
	}
	if i := r.client(id); i >= 0 {
		r.Clients[i] = loaded
	} else {
		r.Clients = append(r.Clients, loaded)
	}
	return loaded.fixture(), nil
}

// ForgetClient takes a client out of what is told, and gives the registry of its
// row.
func (l *Loaded) ForgetClient(realm string, id tillit.ClientID) (registry string, err error) {
	r, err := l.realm(realm)
	if err != nil {
		return "", err
	}
	i := r.client(id)
	if i < 0 {
		return "", fmt.Errorf("realm %s: no client %q: %w", realm, id, tillit.ErrNotFound)
	}
	r.Clients = slices.Delete(r.Clients, i, i+1)
	return r.Catalog.Registry, nil
}

func (l *Loaded) realm(name string) (*LoadedRealm, error) {
	for i := range l.Realms {
		if l.Realms[i].Name == name {
			return &l.Realms[i], nil
		}
	}
	return nil, fmt.Errorf("no demo data of a realm %q: %w", name, tillit.ErrNotFound)
}

func (r *LoadedRealm) index(username string) int {
	return slices.IndexFunc(r.People, func(p Person) bool { return p.Username == username })
}

func (r *LoadedRealm) client(id tillit.ClientID) int {
	return slices.IndexFunc(r.Clients, func(c LoadedClient) bool { return c.ID == id })
}
