package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/catalog/reference"
)

type catalogCommand struct {
	Reference catalogReferenceCommand `cmd:"" help:"Write what a realm offers, scope by scope, as Markdown."`
	Graph     catalogGraphCommand     `cmd:"" help:"Draw owners, resource servers, scopes and claims of a realm, as SVG."`
}

// A described is the realm that is written about.
type described struct {
	Realm    string `help:"Realm (default: the only one)." env:"TILLIT_REALM"`
	Dialect  string `help:"Dialect of the realm (default: its own)." env:"TILLIT_DIALECT"`
	Language string `help:"Language of titles." default:"en" env:"TILLIT_LANGUAGE"`
	Path     string `arg:"" optional:"" help:"Directory of realms (default: the shipped ones)."`
}

func (d *described) catalog() (*tillit.Catalog, error) {
	set, err := catalog.Load(realmFiles(d.Path))
	if err != nil {
		return nil, err
	}
	name := d.Realm
	if all := set.Realms(); name == "" && len(all) == 1 {
		name = all[0]
	}
	found := set.Catalog(name, d.Dialect)
	if found == nil {
		return nil, misused("catalog: no realm %q; right would be --realm with one of %s", name, strings.Join(set.Realms(), ", "))
	}
	return found, nil
}

type catalogReferenceCommand struct {
	described
	Picture string `help:"Address of the picture to show, as catalog graph draws it." placeholder:"URL" env:"TILLIT_PICTURE"`
}

// Run writes the reference.
func (r *catalogReferenceCommand) Run(c *console) error {
	found, err := r.catalog()
	if err != nil {
		return err
	}
	page := reference.Of(found, r.Language)
	return c.print(page, func(w io.Writer) { fmt.Fprint(w, page.Markdown(r.Picture)) })
}

type catalogGraphCommand struct{ described }

// Run draws.
func (g *catalogGraphCommand) Run(c *console) error {
	found, err := g.catalog()
	if err != nil {
		return err
	}
	_, err = c.out.Write(reference.Graph(found, g.Language))
	return err
}
