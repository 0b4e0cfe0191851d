package facts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/fetch"
	"github.com/tillit/tillit/internal/dev"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/services/aml"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// The house starts the same provider as the command dev, in this process: every
// shipped realm with its demo data, on a store in memory, over real HTTP.
type house struct{}

func (house) Shipped() (fs.FS, fs.FS) { return realms.Files(), demodata.Files }

func (house) Start(t TB, options Options) (*Provider, error) {
	t.Helper()
	key, err := token.NewMasterKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	config := wiring.Config{
		Base: "http://" + listener.Addr().String(), Realms: options.Realms, Demo: options.Demo, Stamp: "dev", MasterKey: key,
		Cheap: true, Outgoing: fetch.GuardedOptions{AllowLoopback: true}, WithoutChecks: options.WithoutChecks, Log: slog.New(slog.DiscardHandler),
	}
	if options.Certificates != "" {
		if config.Operations.Proxies, err = ops.ParseProxies([]string{"127.0.0.1"}); err != nil {
			return nil, err
		}
		config.MutualTLS = &wiring.MutualTLS{Header: options.Certificates}
	}
	if os.Getenv("TILLIT_FACTS_LOG") != "" { // to see what the provider says of a red fact
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	for _, rule := range options.WithoutRules {
		config.WithoutRules = append(config.WithoutRules, tillit.Reason(rule))
	}
	h, err := wiring.Open(t.Context(), config)
	if err != nil {
		listener.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", h.Handler)
	pages, err := dev.Handler(dev.Config{
		Base: config.Base, Fixtures: h.Fixtures, Advance: h.Advance, Delegated: h.Store, Now: h.Now,
		Catalog: func(realm string) *tillit.Catalog { return h.Catalogs.Catalog(realm, "") },
	})
	if err != nil {
		return nil, err
	}
	mux.Handle("/dev/", pages)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			t.Errorf("close the house: %v", err)
		}
	})
	erases := !slices.Contains(options.WithoutChecks, "people who leave are erased")
	return &Provider{
		Base: config.Base, Advance: h.Advance,
		Change: func(realm, client string, members map[string]any) error {
			return change(t.Context(), h.Store, h.Catalogs.Catalog(realm, "").Registry, tillit.ClientID(client), members)
		},
		Invite: func(realm string) (string, error) {
			initial := "ti_" + random()
			return initial, h.Store.SaveInitialToken(t.Context(), realm, token.Hash(initial), 10, h.Now().Unix()+3600)
		},
		Import: func(realm, list, version string, files map[string][]byte) error {
			l := &tillit.ScreeningList{Realm: realm, Name: list, Version: version}
			return aml.Import(t.Context(), h.Store, l, files, h.Now().Unix(), func(int64, int64) {})
		},
		Succeed: func(realm, username string) error { return succeed(t.Context(), h.Store, realm, username, erases) },
	}, nil
}

// change puts members over those of a client.
func change(ctx context.Context, store *store.Store, registry string, id tillit.ClientID, members map[string]any) error {
	known, err := store.Client(ctx, registry, id)
	if err != nil {
		return err
	}
	text, err := json.Marshal(known)
	if err != nil {
		return err
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	maps.Copy(all, members)
	if text, err = json.Marshal(all); err != nil {
		return err
	}
	changed := tillit.Client{Revision: known.Revision}
	if err := json.Unmarshal(text, &changed); err != nil {
		return err
	}
	return store.PutClient(ctx, registry, &changed)
}

// succeed erases a person and stores another one with the same user name and, as
// far as the store admits it, the same subject. Unless it erases, it writes the
// new person over the old one.
func succeed(ctx context.Context, store *store.Store, realm, username string, erases bool) error {
	person, err := store.PersonByUsername(ctx, realm, username)
	if err != nil {
		return err
	}
	if erases {
		if err := store.RemovePerson(ctx, realm, person.ID, nil); err != nil {
			return err
		}
		person.ID += "-2"
	}
	err = store.PutPerson(ctx, person)
	if errors.Is(err, tillit.ErrConflict) {
		person.Subject += "-2"
		err = store.PutPerson(ctx, person)
	}
	return err
}

// openRealm starts the shipped realms as they are, and goes to one of them.
func openRealm(t TB, realm string) *Env {
	t.Helper()
	world := &World{Starter: house{}}
	provider, err := world.Start(t)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return world.Env(t, provider, realm)
}
