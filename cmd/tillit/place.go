package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// A place says which provider a verb is about: the one whose data dev keeps in a
// directory, the one that a configuration file of serve describes, or with
// neither the demo provider, built in memory for the occasion.
type place struct {
	Data   string `help:"Directory in which dev keeps its data." env:"TILLIT_DATA" placeholder:"DIR"`
	Store  string `help:"Store (default: SQLite in the data directory)." env:"TILLIT_STORE" placeholder:"URL"`
	Config string `help:"Configuration file of serve, instead of --data." env:"TILLIT_CONFIG" placeholder:"FILE"`
	Realms string `help:"Directory of realms (default: the shipped ones)." env:"TILLIT_REALMS" placeholder:"DIR"`
}

// premises are what a verb works on. house is nil where the store is enough.
type premises struct {
	store    *store.Store
	catalogs *catalog.Holder
	house    *wiring.House
	close    func() error
}

func (p *place) kept() bool { return p.Data != "" || p.Config != "" }

// settings gives what serve would be told of the place.
func (p *place) settings() (*config, error) {
	switch {
	case p.Data != "" && p.Config != "":
		return nil, misused("--data and --config name two providers; right would be one of them")
	case p.Config != "":
		s, err := readConfig(p.Config)
		if err == nil && p.Realms != "" {
			s.Realms = p.Realms
		}
		return s, err
	case p.Data == "":
		return nil, misused("no provider: right would be --data DIR, which dev keeps, or --config FILE of serve")
	}
	s := &config{BaseURL: defaultBase, Realms: p.Realms, Store: p.Store, MasterKeyFile: filepath.Join(p.Data, "master.key")}
	if s.Store == "" {
		s.Store = filepath.Join(p.Data, "tillit.db")
		if _, err := os.Stat(s.Store); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--data %s: no provider keeps its data there; right would be the directory that dev --data names", p.Data)
		}
	}
	return s, nil
}

// rooms opens the store and the realms of a place, without the rest of the house.
func (p *place) rooms(ctx context.Context) (*premises, error) {
	s, err := p.settings()
	if err != nil {
		return nil, err
	}
	set, err := catalog.Load(realmFiles(s.Realms))
	if err != nil {
		return nil, err
	}
	kept, err := store.Open(ctx, s.Store, store.Options{})
	if err != nil {
		return nil, err
	}
	return &premises{store: kept, catalogs: catalog.NewHolder(set), close: kept.Close}, nil
}

// demo builds the demo provider in memory.
func (p *place) demo(ctx context.Context, base string) (*premises, error) {
	raw := make([]byte, 32) // nothing sealed under it outlives the process
	master, err := token.NewMasterKey(raw)
	if err != nil {
		return nil, err
	}
	house, err := wiring.Open(ctx, wiring.Config{
		Base: base, Realms: realmFiles(p.Realms), Demo: demoFiles(p.Realms), Stamp: store.StampDev, MasterKey: master, Cheap: true,
	})
	return whole(house, err)
}

// whole opens the whole house of a place, the demo provider where none is named.
func (p *place) whole(c *console, base string) (*premises, error) {
	if !p.kept() {
		if base == "" {
			base = defaultBase
		}
		return p.demo(c.ctx, base)
	}
	s, err := p.settings()
	if err != nil {
		return nil, err
	}
	master, err := s.master(c.ctx)
	if err != nil {
		return nil, err
	}
	if base == "" {
		base = s.BaseURL
	}
	elsewhere, err := s.Sources.open(nil)
	if err != nil {
		return nil, err
	}
	return whole(wiring.Open(c.ctx, wiring.Config{
		Sources: elsewhere,
		Base:    base, Issuers: s.Issuers, Realms: realmFiles(s.Realms), Store: s.Store, MasterKey: master,
		Log: slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}))
}

func whole(house *wiring.House, err error) (*premises, error) {
	if err != nil {
		return nil, err
	}
	return &premises{store: house.Store, catalogs: house.Catalogs, house: house, close: house.Close}, nil
}

// look opens what reading needs: store and realms of a kept place, or the demo
// provider.
func (p *place) look(ctx context.Context) (*premises, error) {
	if p.kept() {
		return p.rooms(ctx)
	}
	return p.demo(ctx, defaultBase)
}

// defaultBase is where dev answers unless told otherwise.
const defaultBase = "http://localhost:8080"
