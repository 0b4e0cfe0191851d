package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tillit/tillit"
)

type orgCommand struct {
	List   orgListCommand   `cmd:"" help:"List the organizations of a realm's registry, with their prefixes."`
	Add    orgAddCommand    `cmd:"" help:"Add an organization, or give it another name."`
	Link   orgLinkCommand   `cmd:"" help:"Give a prefix to an organization: below it, it may register scopes."`
	Unlink orgUnlinkCommand `cmd:"" help:"Take a prefix away, below which nothing was registered."`

	Delegations orgDelegationsCommand `cmd:"" help:"List what an organization delegated to others, and what was delegated to it."`
	Delegate    orgDelegateCommand    `cmd:"" help:"Let a supplier use a scope for an organization, or no longer."`
	Complete    orgCompleteCommand    `cmd:"" help:"Give an organization what completes authorization details that it asks for: a system user, a consent."`
}

type orgListCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
}

// An orgRow is one organization of a list.
type orgRow struct {
	Number   string   `json:"orgno"`
	Name     string   `json:"name"`
	Operator bool     `json:"operator,omitempty"`
	Prefixes []string `json:"prefixes"`
}

// Run lists the organizations of the realm's registry.
func (l *orgListCommand) Run(c *console) error {
	p, err := l.look(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	catalog := p.catalogs.Catalog(l.Realm, "")
	if catalog == nil {
		return p.noRealm(l.Realm)
	}
	organizations, err := p.store.Organizations(c.ctx, catalog.Registry)
	if err != nil {
		return err
	}
	prefixes, err := p.store.Prefixes(c.ctx, catalog.Registry, "")
	if err != nil {
		return err
	}
	rows := []orgRow{}
	for _, o := range organizations {
		row := orgRow{Number: o.Number, Name: o.Title.In(catalog.Languages...), Operator: o.Number == catalog.OperatorNumber(), Prefixes: []string{}}
		for _, prefix := range prefixes {
			if prefix.Organization == o.Number {
				row.Prefixes = append(row.Prefixes, prefix.Prefix)
			}
		}
		rows = append(rows, row)
	}
	return c.print(rows, func(w io.Writer) {
		cells := [][]string{{"ORGANIZATION", "NAME", "PREFIXES"}}
		for _, r := range rows {
			name := r.Name
			if r.Operator {
				name += " (operator)"
			}
			cells = append(cells, []string{r.Number, name, strings.Join(r.Prefixes, " ")})
		}
		table(w, cells)
	})
}

type orgAddCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Number string `arg:"" name:"orgno" help:"Organization number."`
	Name   string `arg:"" help:"Its name, in the realm's first language."`
}

// Run adds an organization. What it holds already stays.
func (a *orgAddCommand) Run(c *console) error {
	p, catalog, err := a.open(c, a.Realm, a.Number)
	if err != nil {
		return err
	}
	defer p.close()
	o := tillit.Organization{Number: a.Number, Title: tillit.Text{catalog.Languages[0]: a.Name}}
	known, err := p.store.Organization(c.ctx, catalog.Registry, a.Number)
	switch {
	case err == nil && known.Key != "":
		return fmt.Errorf("organization %s stands in the files of the realm as %s; its name is changed there", a.Number, known.Key)
	case err != nil && !errors.Is(err, tillit.ErrNotFound):
		return err
	}
	if err := p.store.PutOrganization(c.ctx, catalog.Registry, o); err != nil {
		return err
	}
	return c.print(map[string]string{"added": a.Number}, func(w io.Writer) { fmt.Fprintln(w, "added", a.Number) })
}

// open opens the store of a place for an organization of a realm's registry.
func (p *place) open(c *console, realm, number string) (*premises, *tillit.Catalog, error) {
	if !tillit.ValidOrganization(number) {
		return nil, nil, misused("%q is not an organization number; right would be nine digits, the last of them the check digit", number)
	}
	opened, err := p.rooms(c.ctx)
	if err != nil {
		return nil, nil, err
	}
	catalog := opened.catalogs.Catalog(realm, "")
	if catalog == nil {
		return nil, nil, errors.Join(opened.noRealm(realm), opened.close())
	}
	return opened, catalog, nil
}

type orgLinkCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Number string `arg:"" name:"orgno" help:"Organization number."`
	Prefix string `arg:"" help:"Prefix: what its scopes begin with, before the colon."`
}

// Run gives the prefix to the organization, for as long as nobody else has it.
func (l *orgLinkCommand) Run(c *console) error {
	p, catalog, err := l.open(c, l.Realm, l.Number)
	if err != nil {
		return err
	}
	defer p.close()
	if !catalog.ValidPrefix(l.Prefix) {
		return misused("%q is not a prefix of realm %s; right would match %s, or be an organization number", l.Prefix, l.Realm, catalog.Naming.Prefix)
	}
	if _, err := p.store.Organization(c.ctx, catalog.Registry, l.Number); errors.Is(err, tillit.ErrNotFound) {
		return fmt.Errorf("organization %s is not there; tillit org add --realm %s adds it", l.Number, l.Realm)
	} else if err != nil {
		return err
	}
	now := time.Now()
	err = p.store.LinkPrefix(c.ctx, catalog.Registry, l.Prefix, l.Number, now.UnixMilli(), byHand(catalog, "prefix_linked", now))
	if errors.Is(err, tillit.ErrConflict) {
		return fmt.Errorf("the prefix %s is another organization's; tillit org list --realm %s says whose", l.Prefix, l.Realm)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]string{"linked": l.Prefix, "orgno": l.Number}, func(w io.Writer) { fmt.Fprintln(w, "linked", l.Prefix, "to", l.Number) })
}

type orgUnlinkCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Number string `arg:"" name:"orgno" help:"Organization number."`
	Prefix string `arg:"" help:"Prefix."`
}

// Run takes the prefix away. Scopes are never erased, and so a prefix stays once
// it was used.
func (u *orgUnlinkCommand) Run(c *console) error {
	p, catalog, err := u.open(c, u.Realm, u.Number)
	if err != nil {
		return err
	}
	defer p.close()
	err = p.store.UnlinkPrefix(c.ctx, catalog.Registry, u.Prefix, u.Number, byHand(catalog, "prefix_unlinked", time.Now()))
	switch {
	case errors.Is(err, tillit.ErrNotFound):
		return fmt.Errorf("organization %s has no prefix %s", u.Number, u.Prefix)
	case errors.Is(err, tillit.ErrConflict):
		return fmt.Errorf("scopes were registered below %s: it stays with organization %s", u.Prefix, u.Number)
	case err != nil:
		return err
	}
	return c.print(map[string]string{"unlinked": u.Prefix, "orgno": u.Number}, func(w io.Writer) { fmt.Fprintln(w, "unlinked", u.Prefix, "from", u.Number) })
}

// byHand is the audit record of what the operator did at the command line.
func byHand(catalog *tillit.Catalog, event string, now time.Time) *tillit.AuditRecord {
	return &tillit.AuditRecord{Realm: catalog.Registry, Time: now.Unix(), Event: event}
}
