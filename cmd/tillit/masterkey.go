package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/token"
)

// checkMasterKey tells that the master key comes from nowhere, or from two places.
func (c *config) checkMasterKey(f *configFile) {
	named := 0
	for _, is := range []bool{c.MasterKeyFile != "", c.MasterKeyEnv != "", len(c.MasterKeyFrom) > 0} {
		if is {
			named++
		}
	}
	if named != 1 {
		f.at("master_key_file", "exactly one of master_key_file, master_key_env and master_key_command", "%d of them say where the master key comes from", named)
	}
}

// keyPatience is how long a program may take to tell the master key.
const keyPatience = 30 * time.Second

// master gives the master key, which opens also what former ones sealed.
func (c *config) master(ctx context.Context) (token.MasterKey, error) {
	present, err := c.presentKey(ctx)
	if err != nil {
		return token.MasterKey{}, err
	}
	for _, path := range c.FormerKeys {
		former, err := token.LoadMasterKey(path)
		if err != nil {
			return token.MasterKey{}, err
		}
		present = present.After(former)
	}
	return present, nil
}

func (c *config) presentKey(ctx context.Context) (token.MasterKey, error) {
	switch {
	case c.MasterKeyEnv != "":
		text, found := os.LookupEnv(c.MasterKeyEnv)
		if !found {
			return token.MasterKey{}, fmt.Errorf("master key: the environment has no %s", c.MasterKeyEnv)
		}
		key, err := token.ParseMasterKey(text)
		if err != nil {
			return token.MasterKey{}, fmt.Errorf("%s: %w", c.MasterKeyEnv, err)
		}
		return key, nil
	case len(c.MasterKeyFrom) > 0:
		return keyFromCommand(ctx, c.MasterKeyFrom)
	}
	return token.LoadMasterKey(c.MasterKeyFile)
}

// keyFromCommand runs a program that tells the master key. What it prints is
// never quoted: it may be the key.
func keyFromCommand(ctx context.Context, command []string) (token.MasterKey, error) {
	ctx, cancel := context.WithTimeout(ctx, keyPatience)
	defer cancel()
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	var told bytes.Buffer
	program.Stdout = &limited{&told, 4 << 10}
	program.WaitDelay = time.Second
	if err := program.Run(); err != nil {
		return token.MasterKey{}, fmt.Errorf("master_key_command %s: %w", command[0], err)
	}
	key, err := token.ParseMasterKey(told.String())
	if err != nil {
		return token.MasterKey{}, fmt.Errorf("master_key_command %s: %w", command[0], err)
	}
	return key, nil
}

// limited takes so many bytes and no more.
type limited struct {
	to   *bytes.Buffer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.to.Len()+len(p) > l.room {
		return 0, errors.New("it prints more than a key")
	}
	return l.to.Write(p)
}

type keyRewrapCommand struct {
	place
}

// Run seals everything anew that a former master key sealed.
func (r *keyRewrapCommand) Run(c *console) error {
	settings, err := r.settings()
	if err != nil {
		return err
	}
	master, err := settings.master(c.ctx)
	if err != nil {
		return err
	}
	p, err := r.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	var registries []string
	for _, realm := range p.catalogs.Realms() {
		if registry := p.catalogs.Catalog(realm, "").Registry; !slices.Contains(registries, registry) {
			registries = append(registries, registry)
		}
	}
	done, err := wiring.Rewrap(c.ctx, p.store, master, registries)
	if err != nil {
		return fmt.Errorf("key rewrap: after %d of the values: %w; what is done stays done, run it again", done.Values, err)
	}
	return c.print(done, func(w io.Writer) {
		fmt.Fprintf(w, "%d sealed values, %d of them sealed anew; every one is under the present master key\n", done.Values, done.Changed)
	})
}
