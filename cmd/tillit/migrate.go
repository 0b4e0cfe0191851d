package main

import (
	"fmt"
	"io"

	"github.com/tillit/tillit/store"
)

// A migrateCommand brings the schema of a store up to date. Processes of the
// version before go on working, so it comes before the new version starts.
type migrateCommand struct {
	Data   string `help:"Directory in which dev keeps its data." env:"TILLIT_DATA" placeholder:"DIR"`
	Store  string `help:"Store." env:"TILLIT_STORE" placeholder:"URL"`
	Config string `help:"Configuration file of serve." env:"TILLIT_CONFIG" placeholder:"FILE"`
}

// Run takes the steps that are missing and prints their names.
func (m *migrateCommand) Run(c *console) error {
	address := m.Store
	if address == "" || m.Config != "" {
		settings, err := (&place{Data: m.Data, Store: m.Store, Config: m.Config}).settings()
		if err != nil {
			return err
		}
		address = settings.Store
	}
	taken, err := store.Migrate(c.ctx, address)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"taken": append([]string{}, taken...)}, func(w io.Writer) {
		if len(taken) == 0 {
			fmt.Fprintln(w, "the schema is up to date")
		}
		for _, name := range taken {
			fmt.Fprintln(w, name)
		}
	})
}
