package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/fetch"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/store"
)

type serveCommand struct {
	Config string `help:"Configuration file." env:"TILLIT_CONFIG" placeholder:"FILE"`
	Schema bool   `help:"Print the JSON Schema of the configuration file, and do nothing else." env:"TILLIT_SCHEMA"`
}

// Run serves what the configuration file describes until it is told to stop: no
// demo data, no playground, nothing below /dev/.
func (s *serveCommand) Run(c *console) error {
	if s.Schema {
		_, err := c.out.Write(configSchema)
		return err
	}
	if s.Config == "" {
		return misused("serve: --config FILE is missing")
	}
	free := ops.LetGarbageWait()
	settings, err := readConfig(s.Config)
	if err != nil {
		return err
	}
	house, secure, err := settings.open(c)
	if err != nil {
		return err
	}
	listeners, err := settings.listeners(secure)
	if err != nil {
		return errors.Join(err, house.Close())
	}
	stopOperations, err := settings.operate(c, house)
	if err != nil {
		for _, listener := range listeners {
			listener.Close()
		}
		return errors.Join(err, house.Close())
	}
	defer stopOperations()
	handler := house.Handler
	if secure == nil {
		handler = settings.proxies().Guard(handler)
	}
	return errors.Join(serve(c, house, listeners, secure, handler, func() {
		fmt.Fprintln(c.out, "ready", settings.BaseURL)
		go free() // reading the realms takes several times what is kept of them
	}), house.Close())
}

// open checks everything that can be checked before anybody is answered, and
// builds the house.
func (c *config) open(to *console) (*wiring.House, *tls.Config, error) {
	realms := os.DirFS(c.Realms)
	set, err := catalog.Load(realms)
	if err == nil {
		err = c.check(set)
	}
	if err != nil {
		return nil, nil, err
	}
	master, err := c.master(to.ctx)
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(to.log, &slog.HandlerOptions{Level: c.LogLevel}))
	roots, err := furtherRoots(c.Outgoing.CABundle)
	if err != nil {
		return nil, nil, fmt.Errorf("outgoing.ca_bundle%w", err)
	}
	if c.Outgoing.AllowLoopback {
		log.Warn("outgoing.allow_loopback is on: a client's address may be one of this machine")
	}
	secure, err := c.secure(log)
	if err != nil {
		return nil, nil, err
	}
	mutual, err := c.wired()
	if err != nil {
		return nil, nil, err
	}
	traced, err := c.Traces.open(to.ctx)
	if err != nil {
		return nil, nil, err
	}
	elsewhere, err := c.Sources.open(roots)
	if err != nil {
		return nil, nil, err
	}
	house, err := wiring.Open(to.ctx, wiring.Config{
		Sources: elsewhere,
		Base:    c.BaseURL, Issuers: c.Issuers, Realms: realms, Set: set, Store: c.Store, Stamp: store.StampServe, MasterKey: master, Log: log,
		MutualTLS: mutual,
		Admit:     c.check, Outgoing: fetch.GuardedOptions{AllowLoopback: c.Outgoing.AllowLoopback, Roots: roots},
		Operations: wiring.Operations{
			Version: version, Revision: revision(), RequestLog: c.RequestLog == nil || *c.RequestLog, Throttle: true, Proxies: c.proxies(), Traces: traced,
		},
	})
	return house, secure, err
}
