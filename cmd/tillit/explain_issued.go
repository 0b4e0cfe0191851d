package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tillit/tillit"
)

// token explains a token that was issued.
func (e *explainCommand) token(c *console) error {
	p, err := e.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	realms := p.catalogs.Realms()
	if e.Realm != "" {
		realms = []string{e.Realm}
	}
	for _, realm := range realms {
		record, err := p.store.AuditByJTI(c.ctx, realm, e.JTI)
		if errors.Is(err, tillit.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		return printIssued(c, record)
	}
	return fmt.Errorf("no token with the jti %s was issued in %s", e.JTI, strings.Join(realms, ", "))
}

// printIssued prints the view that was recorded when a token was signed.
func printIssued(c *console, record *tillit.AuditRecord) error {
	var view tillit.View
	if err := json.Unmarshal(record.View, &view); err != nil {
		return fmt.Errorf("the record of the token cannot be read: %w", err)
	}
	return c.print(record, func(w io.Writer) {
		fmt.Fprintf(w, "%s at the %s endpoint of %s, %s, to client %s (revision %d)\n",
			record.Event, view.Endpoint, record.Realm, instant(record.Time), record.Client, view.Revision)
		fmt.Fprintf(w, "catalog %s\n", view.Catalog)
		if view.Way != "" {
			fmt.Fprintf(w, "signed in by %s, acr %s, %s\n", view.Way, view.ACR, instant(view.AuthTime))
		}
		fmt.Fprintln(w)
		decision := tillit.Decision{Scopes: view.Scopes, Claims: view.Claims, Resources: view.Resources, Details: view.Details, Refused: view.Refused}
		if view.Shape != nil {
			decision.Shape = *view.Shape
		}
		io.WriteString(w, decision.String())
	})
}
