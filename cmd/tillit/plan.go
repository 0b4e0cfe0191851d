package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/catalog/impact"
	"github.com/tillit/tillit/realms"
)

type planCommand struct {
	Old     string `arg:"" help:"Directory of realms as they are; shipped stands for those of this program."`
	New     string `arg:"" help:"Directory of realms as they would be."`
	Clients string `help:"File of clients: a JSON object, registry → list of clients as client show --output json gives them." env:"TILLIT_CLIENTS" placeholder:"FILE"`
	Data    string `help:"Take the clients that dev keeps in this directory." env:"TILLIT_DATA" placeholder:"DIR"`
	Config  string `help:"Take the clients of the provider that this configuration of serve describes." env:"TILLIT_CONFIG" placeholder:"FILE"`
}

// Exit statuses of plan beside 0, 1 and 2.
const (
	exitChanges  = 3 // clients get more, or get it on other conditions
	exitBreaking = 4 // clients lose something
)

// Run compares, and says by its exit status how grave the change is.
func (p *planCommand) Run(c *console) error {
	before, err := shippedOr(p.Old)
	if err != nil {
		return err
	}
	after, err := shippedOr(p.New)
	if err != nil {
		return err
	}
	clients, err := p.clients(c, before, after)
	if err != nil {
		return err
	}
	report, err := impact.Compare(c.ctx, p.realms(before, after, clients), c.progress())
	if err != nil {
		return err
	}
	if err := c.print(report, func(w io.Writer) { writePlan(w, report) }); err != nil {
		return err
	}
	switch report.Class {
	case impact.Breaking:
		return &quietError{exitBreaking}
	case impact.Widening, impact.Narrowing:
		return &quietError{exitChanges}
	}
	return nil
}

func shippedOr(directory string) (*catalog.Set, error) {
	if directory == "shipped" {
		return catalog.Load(realms.Files())
	}
	set, err := catalog.Load(os.DirFS(directory))
	if err != nil {
		return nil, fmt.Errorf("plan: %s: %w", directory, err)
	}
	return set, nil
}

// realms pairs the realms of both sets.
func (p *planCommand) realms(before, after *catalog.Set, clients func(registry string) []*tillit.Client) []impact.Realm {
	names := slices.Compact(slices.Sorted(slices.Values(append(before.Realms(), after.Realms()...))))
	list := make([]impact.Realm, len(names))
	for i, name := range names {
		list[i] = impact.Realm{
			Name: name,
			Old:  func(dialect string) *tillit.Catalog { return before.Catalog(name, dialect) },
			New:  func(dialect string) *tillit.Catalog { return after.Catalog(name, dialect) },
		}
		known := before.Catalog(name, "")
		if known == nil {
			known = after.Catalog(name, "")
		}
		if clients != nil {
			if list[i].Clients = clients(known.Registry); list[i].Clients == nil {
				list[i].Clients = []*tillit.Client{}
			}
		}
	}
	return list
}

// clients gives what reads the clients of a registry, nil where types of clients
// stand in for them.
func (p *planCommand) clients(c *console, sets ...*catalog.Set) (func(registry string) []*tillit.Client, error) {
	if p.Clients != "" && p.Data+p.Config != "" {
		return nil, misused("plan: --clients beside --data or --config names the clients twice; right would be one of them")
	}
	byRegistry := map[string][]*tillit.Client{}
	switch {
	case p.Clients != "":
		text, err := os.ReadFile(p.Clients)
		if err != nil {
			return nil, fmt.Errorf("plan: clients: %w", err)
		}
		if err := json.Unmarshal(text, &byRegistry); err != nil {
			return nil, fmt.Errorf("plan: clients %s: %w; right would be {\"REGISTRY\": [{\"client_id\": …}]}", p.Clients, err)
		}
		for _, list := range byRegistry {
			for _, client := range list {
				client.Prepare()
			}
		}
	case p.Data+p.Config != "":
		at := place{Data: p.Data, Config: p.Config}
		if p.Config == "" && p.Old != "shipped" {
			at.Realms = p.Old
		}
		kept, err := at.rooms(c.ctx)
		if err != nil {
			return nil, err
		}
		defer kept.close()
		for _, set := range sets {
			for _, realm := range set.Realms() {
				registry := set.Catalog(realm, "").Registry
				if byRegistry[registry] != nil {
					continue
				}
				if byRegistry[registry], err = kept.store.Clients(c.ctx, registry); err != nil {
					return nil, err
				}
			}
		}
	default:
		return nil, nil
	}
	return func(registry string) []*tillit.Client { return byRegistry[registry] }, nil
}

// progress tells on the log how far it has come, once a second at most.
func (c *console) progress() impact.Progress {
	began, last := time.Now(), time.Now()
	return func(realm string, done, total int) {
		if now := time.Now(); now.Sub(last) >= time.Second {
			last = now
			fmt.Fprintf(c.log, "%s: %d of %d questions after %.0f s\n", realm, done, total, now.Sub(began).Seconds())
		}
	}
}

func writePlan(w io.Writer, r *impact.Report) {
	for i := range r.Changes {
		change := &r.Changes[i]
		fmt.Fprintf(w, "%-9s  %s, %s endpoint: %s%s\n", change.Class, change.Realm, change.Endpoint, shortened(change.Scopes), together(change))
		if change.Was != change.Is {
			fmt.Fprintf(w, "           was %s, is %s\n", change.Was, change.Is)
		}
		for _, line := range []struct {
			word string
			list []string
		}{{"loses", change.Loses}, {"gains", change.Gains}, {"now", change.Conditions}} {
			for _, item := range line.list {
				fmt.Fprintf(w, "           %s %s\n", line.word, item)
			}
		}
		fmt.Fprintf(w, "           for %s\n", shortened(change.Clients))
	}
	for _, what := range r.Cosmetic {
		fmt.Fprintf(w, "%-9s  %s\n", impact.Cosmetic, what)
	}
	fmt.Fprintf(w, "%d changes; %d scopes of %d clients looked at\n", len(r.Changes), r.Scopes, r.Clients)
}

// together says beside what a change is seen.
func together(c *impact.Change) string {
	switch {
	case c.Beside != "":
		return ", beside " + string(c.Beside)
	case c.Whole:
		return ", where everything the client has is asked for at once"
	}
	return ""
}

// shortened writes a list of names, of many the first.
func shortened[T ~string](list []T) string {
	const most = 12
	var b strings.Builder
	for i, name := range list {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(list)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}
