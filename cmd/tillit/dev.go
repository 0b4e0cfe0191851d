package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/fetch"
	"github.com/tillit/tillit/internal/dev"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/token"
)

type devCommand struct {
	Listen             string            `help:"Address to listen on; loopback only." default:"127.0.0.1:8080" env:"TILLIT_LISTEN"`
	BaseURL            string            `name:"base-url" help:"Base URL of every issuer (default: http://localhost:PORT)." env:"TILLIT_BASE_URL"`
	Data               string            `help:"Directory to keep data in (default: a temporary one, removed at exit)." env:"TILLIT_DATA"`
	Store              string            `help:"Store (default: SQLite in the data directory)." env:"TILLIT_STORE"`
	Realms             string            `help:"Directory of realms, with who is there in its folder demo (default: the shipped ones)." env:"TILLIT_REALMS"`
	Source             map[string]string `help:"Where a source of claims of a realm is: a database or an address." placeholder:"REALM.SOURCE=ADDRESS" env:"TILLIT_SOURCE"`
	CABundle           string            `name:"ca-bundle" help:"Further roots for outgoing requests, a PEM file." env:"TILLIT_CA_BUNDLE"`
	AllowLoopbackFetch bool              `name:"allow-loopback-fetch" help:"Let addresses that clients give be loopback." default:"true" negatable:"" env:"TILLIT_ALLOW_LOOPBACK_FETCH"`
}

// Run serves until it is told to stop. It prints one line that begins with
// "ready" when it accepts connections.
func (d *devCommand) Run(c *console) error {
	if err := onlyLoopback(d.Listen); err != nil {
		return err
	}
	free := ops.LetGarbageWait()
	outgoing := fetch.GuardedOptions{AllowLoopback: d.AllowLoopbackFetch}
	var err error
	if outgoing.Roots, err = furtherRoots(d.CABundle); err != nil {
		return fmt.Errorf("--ca-bundle%w", err)
	}
	data, remove, err := dataDirectory(d.Data)
	if err != nil {
		return err
	}
	defer remove()
	listener, err := net.Listen("tcp", d.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", d.Listen, err)
	}
	defer listener.Close()
	base := strings.TrimRight(d.BaseURL, "/")
	if base == "" {
		base = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	}
	house, err := d.open(c, base, data, outgoing)
	if err != nil {
		return err
	}
	handler, err := devHandler(house, base)
	if err != nil {
		return errors.Join(err, house.Close())
	}
	return errors.Join(serve(c, house, []net.Listener{listener}, nil, handler, func() {
		fmt.Fprintln(c.out, "ready", base)
		go free() // reading the realms takes several times what is kept of them
	}), house.Close())
}

func (d *devCommand) open(c *console, base, data string, outgoing fetch.GuardedOptions) (*wiring.House, error) {
	master, err := masterKey(filepath.Join(data, "master.key"))
	if err != nil {
		return nil, err
	}
	store := d.Store
	if store == "" {
		store = filepath.Join(data, "tillit.db")
	}
	told, err := toldSources(d.Source)
	if err != nil {
		return nil, err
	}
	elsewhere, err := told.open(outgoing.Roots)
	if err != nil {
		return nil, err
	}
	return wiring.Open(c.ctx, wiring.Config{
		Sources: elsewhere,
		Base:    base, Realms: realmFiles(d.Realms), Demo: demoFiles(d.Realms), Store: store, Stamp: "dev",
		MasterKey: master, Log: slog.New(slog.NewTextHandler(c.log, nil)),
		Operations: wiring.Operations{Version: version, Revision: revision()}, Outgoing: outgoing,
	})
}

// devHandler adds to the house what only dev has: the playground, the fixtures
// and the clock.
func devHandler(house *wiring.House, base string) (http.Handler, error) {
	tools, err := dev.Handler(dev.Config{
		Base: base, Fixtures: house.Fixtures, Catalog: func(realm string) *tillit.Catalog { return house.Catalogs.Catalog(realm, "") },
		Advance: house.Advance, Change: house, Explain: explainer(house), HTTP: &http.Client{Timeout: 10 * time.Second},
		Random: rand.Reader, Now: house.Now, Stylesheet: house.Pages.Stylesheet(), Delegated: house.Store,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", house.Handler)
	for _, pattern := range []string{"GET /{$}", "GET /callback", "/dev/"} {
		mux.Handle(pattern, tools)
	}
	return mux, nil
}

// explainer tells the playground why a token has what it has.
func explainer(house *wiring.House) func(ctx context.Context, realm, jti string) (dev.Explanation, error) {
	sentence := func(reason tillit.Reason) string { return house.Pages.Sentence("en", "reason."+string(reason)) }
	return func(ctx context.Context, realm, jti string) (dev.Explanation, error) {
		view, err := house.Provider.ExplainToken(ctx, realm, jti)
		if err != nil {
			return dev.Explanation{}, err
		}
		var x dev.Explanation
		for _, v := range view.Scopes {
			x.Scopes = append(x.Scopes, dev.ScopeExplained{Scope: v.Scope, Reason: v.Reason, Sentence: sentence(v.Reason), By: v.By})
		}
		for _, v := range view.Claims {
			x.Claims = append(x.Claims, dev.ClaimExplained{Claim: v.Claim, Sink: v.Sink, Via: v.Via, Reason: v.Reason, Sentence: sentence(v.Reason)})
		}
		return x, nil
	}
}

func onlyLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: dev listens on loopback only, e.g. 127.0.0.1:8080", address)
	}
	return nil
}

// dataDirectory gives the directory and what removes it again, if it is a
// temporary one.
func dataDirectory(path string) (string, func(), error) {
	if path == "" {
		temporary, err := os.MkdirTemp("", "tillit-dev-")
		return temporary, func() { os.RemoveAll(temporary) }, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", nil, fmt.Errorf("--data %s: %w", path, err)
	}
	return path, func() {}, nil
}

// masterKey reads the key that encrypts keys at rest, making one where there is
// none.
func masterKey(path string) (token.MasterKey, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		text, err := token.GenerateMasterKey(rand.Reader)
		if err != nil {
			return token.MasterKey{}, err
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			return token.MasterKey{}, fmt.Errorf("master key: %w", err)
		}
	}
	return token.LoadMasterKey(path)
}

func realmFiles(directory string) fs.FS {
	if directory == "" {
		return realms.Files()
	}
	return os.DirFS(directory)
}
