package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tillit/tillit"
)

type orgDelegationsCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Number string `arg:"" name:"orgno" help:"Organization number."`
}

// A delegationRow is one delegation of a list.
type delegationRow struct {
	Scope    tillit.ScopeName `json:"scope"`
	Consumer string           `json:"consumer"`
	Supplier string           `json:"supplier"`
	Source   string           `json:"source"`
	Created  int64            `json:"created,omitempty"`
}

// Run lists the delegations of every source of the realm that is kept here.
func (l *orgDelegationsCommand) Run(c *console) error {
	p, catalog, err := l.open(c, l.Realm, l.Number)
	if err != nil {
		return err
	}
	defer p.close()
	rows := []delegationRow{}
	for _, source := range catalog.Delegations {
		found, err := p.store.Delegations(c.ctx, catalog.Registry, source.Issuer, l.Number)
		if err != nil {
			return err
		}
		for _, d := range found {
			rows = append(rows, delegationRow{d.Scope, d.Consumer, d.Supplier, d.Source, d.Created})
		}
	}
	return c.print(rows, func(w io.Writer) {
		cells := [][]string{{"SCOPE", "CONSUMER", "SUPPLIER", "SOURCE"}}
		for _, r := range rows {
			cells = append(cells, []string{string(r.Scope), r.Consumer, r.Supplier, r.Source})
		}
		table(w, cells)
	})
}

type orgDelegateCommand struct {
	place
	Realm    string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Number   string `arg:"" name:"orgno" help:"Number of the organization that delegates, the consumer."`
	Supplier string `arg:"" help:"Number of the organization that may use the scope for it."`
	Scope    string `arg:"" help:"Scope."`
	Undo     bool   `help:"Take it back: the supplier's next token request is refused." env:"TILLIT_UNDO"`
}

// Run writes what the consumer would say at the source that the scope names.
func (d *orgDelegateCommand) Run(c *console) error {
	p, catalog, err := d.open(c, d.Realm, d.Number)
	if err != nil {
		return err
	}
	defer p.close()
	if !tillit.ValidOrganization(d.Supplier) || d.Supplier == d.Number {
		return misused("%q cannot be its supplier; right would be the number of another organization", d.Supplier)
	}
	scope := catalog.Scope(tillit.ScopeName(d.Scope))
	if scope == nil || scope.Delegation == "" {
		return fmt.Errorf("realm %s has no scope %s that can be delegated", d.Realm, d.Scope)
	}
	said := "delegated"
	if d.Undo {
		said = "withdrawn"
	}
	delegation := &tillit.Delegation{
		Registry: catalog.Registry, Source: scope.Delegation, Scope: scope.Name, Consumer: d.Number, Supplier: d.Supplier, Created: time.Now().Unix(),
	}
	record, err := delegation.Record(!d.Undo)
	if err != nil {
		return err
	}
	if err := p.store.PutDelegation(c.ctx, delegation, !d.Undo, record); err != nil {
		return err
	}
	return c.print(map[string]string{said: string(scope.Name), "consumer": d.Number, "supplier": d.Supplier}, func(w io.Writer) {
		fmt.Fprintln(w, said, scope.Name, "of", d.Number, "to", d.Supplier)
	})
}

type orgCompleteCommand struct {
	place
	Realm  string        `help:"Realm." required:"" env:"TILLIT_REALM"`
	Number string        `arg:"" name:"orgno" help:"Number of the organization that asks for such details."`
	Detail string        `help:"The authorization detail as it is asked for, a JSON object with its type." required:"" placeholder:"JSON" env:"TILLIT_DETAIL"`
	Adds   string        `help:"Members that the token's copy gets, a JSON object." placeholder:"JSON" env:"TILLIT_ADDS"`
	Lasts  time.Duration `help:"How long it holds (default: until it is taken back)." env:"TILLIT_LASTS"`
	Undo   bool          `help:"Take it back: the next token request is refused." env:"TILLIT_UNDO"`
}

// Run stores what the type's source knows of a detail. A detail of such a type is
// given to the organization only while it stands there.
func (a *orgCompleteCommand) Run(c *console) error {
	p, catalog, err := a.open(c, a.Realm, a.Number)
	if err != nil {
		return err
	}
	defer p.close()
	t, key, err := a.detail(catalog)
	if err != nil {
		return err
	}
	now := time.Now()
	record := byHand(catalog, "detail_completed", now)
	if a.Undo {
		record.Event = "detail_taken_back"
	}
	// What is asked for and what is added may be of people: neither is recorded.
	if record.View, err = json.Marshal(map[string]any{"type": t.Type, "organization": a.Number}); err != nil {
		return err
	}
	if a.Undo {
		if err := p.store.TakeCompletion(c.ctx, catalog.Registry, t.Source, a.Number, key, record); err != nil {
			return err
		}
		return c.print(map[string]string{"taken_back": t.Type, "orgno": a.Number}, func(w io.Writer) { fmt.Fprintln(w, "taken back from", a.Number) })
	}
	adds, err := a.adds(t)
	if err != nil {
		return err
	}
	completion := &tillit.Completion{Registry: catalog.Registry, Source: t.Source, Organization: a.Number, Key: key, Adds: adds, Created: now.Unix()}
	if a.Lasts > 0 {
		completion.Expires = now.Add(a.Lasts).Unix()
	}
	if err := p.store.PutCompletion(c.ctx, completion, record); err != nil {
		return err
	}
	return c.print(map[string]string{"completed": t.Type, "orgno": a.Number}, func(w io.Writer) { fmt.Fprintln(w, "completed for", a.Number) })
}

// detail reads the detail and holds it to its type, so that what is stored is what
// a request can ask for.
func (a *orgCompleteCommand) detail(catalog *tillit.Catalog) (*tillit.DetailType, string, error) {
	details, err := tillit.ParseDetails("[" + a.Detail + "]")
	if err != nil || len(details) != 1 {
		return nil, "", misused("--detail is not one authorization detail; right would be {\"type\": …}")
	}
	t := catalog.DetailType(details[0].Type)
	if t == nil || !t.Completed() {
		return nil, "", fmt.Errorf("realm %s has no type of authorization details %q that a source completes", a.Realm, details[0].Type)
	}
	if reason, field := t.Judge(&details[0]); reason != tillit.Given {
		return nil, "", fmt.Errorf("--detail: %s: %s", field, reason)
	}
	return t, t.Key(&details[0]), nil
}

func (a *orgCompleteCommand) adds(t *tillit.DetailType) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if len(a.Adds) > maxAdds {
		return nil, misused("--adds has more than %d bytes", maxAdds)
	}
	if json.Unmarshal([]byte(a.Adds), &members) != nil || members == nil {
		return nil, misused("--adds is no JSON object")
	}
	for name := range members {
		if !slices.Contains(t.Adds, name) {
			return nil, misused("--adds: the type adds no %q; right would be of %v", name, t.Adds)
		}
	}
	return json.RawMessage(a.Adds), nil
}

// maxAdds bounds what completes a detail, in bytes.
const maxAdds = 16 << 10
