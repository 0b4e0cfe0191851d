package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

type restoreCommand struct {
	File   string `arg:"" help:"File that backup wrote."`
	Data   string `help:"Directory to restore into: one that is not there, or empty but for master.key." env:"TILLIT_DATA" placeholder:"DIR"`
	Config string `help:"Configuration file of serve, whose store is not there yet." env:"TILLIT_CONFIG" placeholder:"FILE"`
}

// A restored says what there is now.
type restored struct {
	Store     string            `json:"store"`
	Audit     store.AuditReport `json:"audit"`
	MasterKey string            `json:"master_key"`
	Fits      bool              `json:"master_key_fits"` // it is there and made what is in the store
}

// Run restores a store where none was, and says whether the master key at that
// place is the one it was made under.
func (r *restoreCommand) Run(c *console) error {
	target, key, err := r.target()
	if err != nil {
		return err
	}
	report, err := store.Restore(c.ctx, r.File, target)
	if err != nil {
		return err
	}
	done := restored{Store: target, Audit: report, MasterKey: key}
	if done.Fits, err = fits(c, target, key); err != nil {
		return err
	}
	return c.print(done, done.write)
}

// target gives where the store and its master key belong.
func (r *restoreCommand) target() (file, key string, err error) {
	switch {
	case r.Data != "" && r.Config != "" || r.Data == "" && r.Config == "":
		return "", "", misused("restore: where to? right would be --data DIR or --config FILE of serve")
	case r.Config != "":
		settings, err := readConfig(r.Config)
		if err != nil {
			return "", "", err
		}
		return settings.Store, settings.MasterKeyFile, nil
	}
	files, err := os.ReadDir(r.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("--data: %w", err)
	}
	for _, f := range files {
		if f.Name() != "master.key" {
			return "", "", fmt.Errorf("--data %s: there is %s; right would be a directory with nothing in it but master.key", r.Data, f.Name())
		}
	}
	return filepath.Join(r.Data, "tillit.db"), filepath.Join(r.Data, "master.key"), nil
}

// fits reports whether the master key is there and signed the checkpoints of the
// store, as far as it has any.
func fits(c *console, url, key string) (bool, error) {
	if _, err := os.Stat(key); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	master, err := token.LoadMasterKey(key)
	if err != nil {
		return false, err
	}
	kept, err := store.Open(c.ctx, url, store.Options{})
	if err != nil {
		return false, err
	}
	defer kept.Close()
	forged, err := wiring.VerifyCheckpoints(c.ctx, kept, token.NewRing(kept, master, time.Now, rand.Reader))
	return err == nil && forged == "", err
}

func (r *restored) write(w io.Writer) {
	fmt.Fprintf(w, "restored %s: %d audit records in %d chains, all of them whole\n", r.Store, r.Audit.Records, r.Audit.Chains)
	if r.Fits {
		fmt.Fprintln(w, "The master key at", r.MasterKey, "is the one it was made under.")
		return
	}
	if r.MasterKey == "" {
		fmt.Fprintln(w, "The master key is in no file: tillit serve says whether it is the one it was made under.")
		return
	}
	fmt.Fprintln(w, "Before it serves, put the master key it was made under at", r.MasterKey+".")
}
