package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/tillit/tillit"
)

type clientCommand struct {
	List   clientListCommand   `cmd:"" help:"List the clients of a realm."`
	Show   clientShowCommand   `cmd:"" help:"Show a client, what it may ask for, and what each scope would yield."`
	Add    clientAddCommand    `cmd:"" help:"Register a client; its secret is shown once."`
	Secret clientSecretCommand `cmd:"" help:"Give a client a new secret, beside which the present one lives on for a while."`
	Invite clientInviteCommand `cmd:"" help:"Make an initial access token, with which clients register themselves."`
	Remove clientRemoveCommand `cmd:"" help:"Remove a client; its id stays taken."`
}

type clientListCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
}

// A clientRow is one client of a list.
type clientRow struct {
	ID           tillit.ClientID `json:"client_id"`
	Type         string          `json:"type"`
	Application  string          `json:"application_type"`
	AuthMethod   string          `json:"token_endpoint_auth_method"`
	Organization string          `json:"organization,omitempty"`
	Active       bool            `json:"active"`
	Scopes       int             `json:"scopes"`
	Revision     int64           `json:"revision"`
}

// Run lists the clients of the realm's registry that work in the realm.
func (l *clientListCommand) Run(c *console) error {
	p, err := l.look(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	catalog := p.catalogs.Catalog(l.Realm, "")
	if catalog == nil {
		return p.noRealm(l.Realm)
	}
	clients, err := p.store.Clients(c.ctx, catalog.Registry)
	if err != nil {
		return err
	}
	rows := []clientRow{}
	for _, client := range clients {
		if catalog.ClientType(client.Type) == nil {
			continue // of another realm with the same registry
		}
		rows = append(rows, clientRow{client.ID, client.Type, client.Application, client.AuthMethod, client.Organization, client.Active, len(client.Scopes), client.Revision})
	}
	return c.print(rows, func(w io.Writer) {
		cells := [][]string{{"CLIENT", "TYPE", "APPLICATION", "AUTHENTICATION", "SCOPES", "REVISION", "ORGANIZATION"}}
		for _, r := range rows {
			id := string(r.ID)
			if !r.Active {
				id += " (off)"
			}
			cells = append(cells, []string{id, r.Type, r.Application, r.AuthMethod, strconv.Itoa(r.Scopes), strconv.FormatInt(r.Revision, 10), r.Organization})
		}
		table(w, cells)
	})
}

type clientRemoveCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
	ID    string `arg:"" name:"client" help:"Client to remove."`
}

// Run removes a client. Its tokens end as they expire; nobody gets its id again.
func (r *clientRemoveCommand) Run(c *console) error {
	p, err := r.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	_, catalog, err := p.client(c, r.Realm, r.ID)
	if err != nil {
		return err
	}
	if err := p.store.DeleteClient(c.ctx, catalog.Registry, tillit.ClientID(r.ID)); err != nil {
		return err
	}
	return c.print(map[string]string{"removed": r.ID}, func(w io.Writer) { fmt.Fprintln(w, "removed", r.ID) })
}

// client finds a client, and the catalog by which it is decided about.
func (p *premises) client(c *console, realm, id string) (*tillit.Client, *tillit.Catalog, error) {
	catalog := p.catalogs.Catalog(realm, "")
	if catalog == nil {
		return nil, nil, p.noRealm(realm)
	}
	client, err := p.store.Client(c.ctx, catalog.Registry, tillit.ClientID(id))
	if errors.Is(err, tillit.ErrNotFound) || err == nil && catalog.ClientType(client.Type) == nil {
		return nil, nil, fmt.Errorf("realm %s: no client %q; tillit client list --realm %s lists them", realm, id, realm)
	}
	if err != nil {
		return nil, nil, err
	}
	if own := p.catalogs.Catalog(realm, client.Dialect); own != nil {
		catalog = own
	}
	return client, catalog, nil
}
