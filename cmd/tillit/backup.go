package main

import (
	"fmt"
	"io"
	"os"

	"github.com/tillit/tillit/store"
)

type backupCommand struct {
	place
	File string `arg:"" help:"File to write; one that is there is not replaced."`
}

// masterKeyApart is said whenever a store is copied: without the key a copy is
// worth nothing, and with it beside the copy the encryption is.
const masterKeyApart = "The master key is not in it: keep a copy of that elsewhere."

// Run copies the store while a provider serves from it.
func (b *backupCommand) Run(c *console) error {
	settings, err := b.settings()
	if err != nil {
		return err
	}
	if err := store.Backup(c.ctx, settings.Store, b.File); err != nil {
		return err
	}
	info, err := os.Stat(b.File)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return c.print(map[string]any{"file": b.File, "bytes": info.Size()}, func(w io.Writer) {
		fmt.Fprintf(w, "%s has %d bytes\n%s\n", b.File, info.Size(), masterKeyApart)
	})
}
