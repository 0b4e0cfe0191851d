package wiring

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/fetch"
	"github.com/tillit/tillit/internal/demo"
	"github.com/tillit/tillit/login"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/pki"
	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/source"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
	"github.com/tillit/tillit/web"
)

// Config says which house to build. Realms, Base and MasterKey are required.
type Config struct {
	Base    string            // base URL, without a slash at the end
	Issuers map[string]string // realm → issuer, where it is not {Base}/{realm}
	Realms  fs.FS
	// Set is what Realms said when somebody read them a moment ago; nil: they are
	// read. Reload reads them in any case.
	Set       *catalog.Set
	Demo      fs.FS  // demo data; nil outside dev
	Store     string // address of the store; "": in memory
	Stamp     string // dev or serve
	MasterKey token.MasterKey
	Log       *slog.Logger
	// Admit has a say in which realms may be used, at first and at every reload;
	// nil admits all.
	Admit func(*catalog.Set) error
	// Cheap makes password hashes cost next to nothing, for tests.
	Cheap bool
	// Sources are what answers for sources of realms that are elsewhere. The house
	// closes them.
	Sources map[source.Place]source.Asker
	// NewKey makes the keys that tokens and demo clients sign with, and those of
	// certificates; nil: each is new. Tests that start many houses let them share
	// some.
	NewKey func(algorithm string) (crypto.Signer, error)
	// Operations says what those who run the house want to see of it.
	Operations Operations
	// Outgoing bounds requests to addresses that strangers gave.
	Outgoing fetch.GuardedOptions
	// WithoutRules and WithoutChecks switch single rules off, for tests that show
	// what each is for.
	WithoutRules  []tillit.Reason
	WithoutChecks []string
	// MutualTLS says how clients show certificates; nil: they cannot.
	MutualTLS *MutualTLS
	// Now is the wall clock; nil: time.Now.
	Now func() time.Time
}

// A House is everything that runs, put together.
type House struct {
	Provider *server.Provider
	Store    *store.Store
	Catalogs *catalog.Holder
	Keys     *token.Ring
	Loaded   *demo.Loaded // nil outside dev
	Handler  http.Handler
	Pages    *web.Pages
	PKI      *pki.Authority
	Metrics  *ops.Metrics
	Fetch    *fetch.Guarded // to addresses that strangers gave

	config   Config
	inner    http.Handler // Handler without the eyes on it
	services runner
	sources  *source.Sources
	ended    chan struct{} // a session has ended
	watching chan struct{} // somebody is to be compared
	demo     demonstration
	offset   atomic.Int64 // of the clock, in nanoseconds; dev moves it
	scopes   registered   // that organizations keep
	stop     context.CancelFunc
	done     sync.WaitGroup
}

// Open builds the house. The errors of faulty realms are catalog.Faults.
func Open(ctx context.Context, c Config) (*House, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Log = identified(c.Log)
	set, err := c.Set, error(nil)
	if set == nil {
		set, err = catalog.Load(c.Realms)
	}
	if err == nil && c.Admit != nil {
		err = c.Admit(set)
	}
	if err != nil {
		return nil, err
	}
	h := &House{config: c, Catalogs: catalog.NewHolder(set), ended: make(chan struct{}, 1), watching: make(chan struct{}, 1)}
	options := store.Options{Stamp: c.Stamp, Create: true, Logger: c.Log}
	if c.Operations.Traces != nil {
		options.Span = c.Operations.Traces.Span
	}
	if h.Store, err = store.Open(ctx, c.Store, options); err != nil {
		return nil, err
	}
	if err := h.furnish(ctx); err != nil {
		return nil, errors.Join(err, h.Store.Close())
	}
	background, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.done.Go(func() { h.keepUp(background) })
	h.done.Go(func() { attend(background, h.ended, h.tellLogouts) })
	h.done.Go(func() { attend(background, h.watching, h.keepWatch) }) // of its own: it takes as long as there are people to compare
	return h, nil
}

func (h *House) furnish(ctx context.Context) error {
	c := h.config
	h.Metrics = h.counts()
	h.Fetch = fetch.NewGuarded(c.Outgoing)
	h.Keys = token.NewRing(h.Store, c.MasterKey, h.Now, rand.Reader)
	if c.NewKey != nil {
		h.Keys.MakeBy(c.NewKey)
	}
	h.PKI = pki.New(pki.Config{Register: h.Store, Sealer: c.MasterKey, Now: h.Now, Random: rand.Reader, Status: h.statusAddress, NewKey: h.certificateKey()})
	var err error
	if h.Pages, err = web.New(); err != nil {
		return err
	}
	hasher, err := h.hasher()
	if err != nil {
		return err
	}
	if err := h.keepRegistries(ctx, h.Catalogs.Set()); err != nil {
		return err
	}
	if c.Demo != nil {
		if err := h.loadDemo(ctx, hasher); err != nil {
			return err
		}
	}
	if err := h.followScopes(ctx); err != nil {
		return err
	}
	if err := h.keepCatalog(ctx); err != nil {
		return err
	}
	if err := h.ensureKeys(ctx, h.Catalogs.Set()); err != nil {
		return err
	}
	off := make(map[string]bool, len(c.WithoutChecks))
	for _, name := range c.WithoutChecks {
		off[name] = true
	}
	if err := h.runServices(h.Catalogs.Set()); err != nil {
		return err
	}
	h.sources = source.New(c.Sources, h.Now)
	h.unconnected()
	book := h.book(hasher)
	h.Provider = &server.Provider{
		Base: c.Base, Issuers: c.Issuers, Catalogs: catalogs{h.Catalogs, c.WithoutRules}, Store: h.Store, Keys: h.Keys,
		Login: book, Needs: h.needs(book), Sources: h.sources, Pages: h.Pages, Secret: h.secret, Now: h.Now, Log: c.Log,
		Dev: c.Demo != nil, Assets: h.Pages.Stylesheet(), Off: off, Secrets: token.NewClientSecrets(rand.Reader),
		Messenger: messenger{h.Fetch}, Ended: func() { nudge(h.ended) }, Transaction: h.keepTransaction, Organizations: h.PKI,
		Service: h.services.address, Metrics: h.Metrics, Address: c.Operations.Proxies.Client,
		MutualTLS: h.mutualTLS(), RemoteKeys: fetch.NewJWKS(h.Fetch, token.ParseJWKS, h.Now), OpenSecret: h.openSecret, SealSecret: h.sealSecret, ReadAddress: h.readAddress,
	}
	h.traced()
	if c.Operations.Throttle {
		h.Provider.Attempts = h.Store
	}
	realms := http.NewServeMux() // beneath the rest: no realm is called assets or metrics
	realms.Handle("/", h.Provider.Handler())
	realms.HandleFunc("/{realm}/api/{server}/", h.services.serve)
	realms.HandleFunc("/.well-known/oauth-protected-resource/{realm}/api/{server}", h.services.tell)
	realms.HandleFunc("/{realm}/ocsp", h.answerStatus)
	realms.HandleFunc("/{realm}/ocsp/{request...}", h.answerStatus)
	mux := http.NewServeMux()
	mux.Handle("/", realms)
	mux.Handle("/assets/", h.Pages.Handler())
	if c.Demo != nil { // serve has a listener of its own for it
		mux.Handle("GET /metrics", h.Metrics.Handler())
	}
	h.inner, h.Handler = mux, h.watched(mux)
	return nil
}

func (h *House) hasher() (*login.Hasher, error) {
	if h.config.Cheap {
		return login.NewHasher(64, 1, rand.Reader)
	}
	return login.NewHasher(0, 0, rand.Reader)
}

func (h *House) book(hasher *login.Hasher) *login.Book {
	return login.New(login.Config{
		Directory: h.Store, Attempts: h.Store, Hasher: hasher, Random: rand.Reader, Test: h.isTest,
		Certificates: h.PKI, Passkeys: h.Store, ByNumber: h.demoByNumber, Demo: h.demoPeople,
	})
}

func (h *House) isTest(realm string) bool {
	c := h.Catalogs.Catalog(realm, "")
	return c != nil && c.Environment == tillit.Test
}

// Now is the provider's clock.
func (h *House) Now() time.Time { return h.config.Now().Add(time.Duration(h.offset.Load())) }

// Advance moves the provider's clock forward.
func (h *House) Advance(d time.Duration) { h.offset.Add(int64(d)) }

// secret gives a secret of a realm, made once and kept sealed under the master
// key.
func (h *House) secret(ctx context.Context, realm, name string) ([]byte, error) {
	purpose := secretPurpose(realm, name)
	sealed, err := h.Store.Secret(ctx, realm, sealedSecret+name, func() []byte {
		raw := make([]byte, 32)
		rand.Read(raw)
		return h.config.MasterKey.Seal(raw, purpose)
	})
	if err != nil {
		return nil, fmt.Errorf("secret %s of realm %s: %w", name, realm, err)
	}
	return h.config.MasterKey.Open(sealed, purpose)
}

// keepCatalog stores the declared documents with their version, for as long as
// records name it.
func (h *House) keepCatalog(ctx context.Context) error {
	set := h.Catalogs.Set()
	for _, realm := range set.Realms() {
		var document []byte
		for _, name := range sorted(set.Source(realm)) {
			document = append(document, set.Source(realm)[name]...)
		}
		if err := h.Store.PutCatalogVersion(ctx, set.Version(realm), document); err != nil {
			return fmt.Errorf("keep the catalog of realm %s: %w", realm, err)
		}
	}
	return nil
}

// Reload reads the realms again. A faulty new version is refused and the old
// one stays.
func (h *House) Reload(ctx context.Context) error {
	set, err := catalog.Load(h.config.Realms)
	if err != nil {
		return err
	}
	if h.config.Admit != nil {
		if err := h.config.Admit(set); err != nil {
			return err
		}
	}
	if err := h.ensureKeys(ctx, set); err != nil {
		return err
	}
	if err := h.runServices(set); err != nil {
		return err
	}
	if err := h.keepRegistries(ctx, set); err != nil {
		return err
	}
	if err := h.swap(ctx, set); err != nil {
		return err
	}
	return h.keepCatalog(ctx)
}

// ensureKeys makes the first keys of every realm: they are published before
// anything is signed with them.
func (h *House) ensureKeys(ctx context.Context, set *catalog.Set) error {
	for _, realm := range set.Realms() {
		if err := h.Keys.Ensure(ctx, realm, set.Catalog(realm, "").Settings.Algorithms...); err != nil {
			return err
		}
		if err := h.ensureEncryption(ctx, realm, set.Catalog(realm, "")); err != nil {
			return err
		}
	}
	return nil
}

// keepUp follows what other processes changed and takes expired rows away.
func (h *House) keepUp(ctx context.Context) {
	poll, sweep := time.NewTicker(time.Second), time.NewTicker(10*time.Second)
	defer poll.Stop()
	defer sweep.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			err = errors.Join(h.Store.Poll(ctx), h.followScopes(ctx), h.Keys.Reload(ctx))
		case <-sweep.C:
			err = h.Background(ctx)
		}
		if err != nil && ctx.Err() == nil {
			h.config.Log.Error("background work", "cause", err.Error())
		}
	}
}

// Background does once what is done every ten seconds.
func (h *House) Background(ctx context.Context) error {
	return errors.Join(h.sweep(ctx), h.rotateKeys(ctx), h.checkpoint(ctx), h.tend(ctx))
}

// sweepBatch is how many expired rows of each kind go in one commit.
const sweepBatch = 500

// sweep takes expired rows away, batch by batch, until a batch is not full.
func (h *House) sweep(ctx context.Context) error {
	for {
		removed, err := h.Store.Sweep(ctx, h.Now().Unix(), sweepBatch)
		if err != nil || removed < sweepBatch {
			return err
		}
	}
}

// Close ends the background work, anchors the audit chain and closes the store.
func (h *House) Close() error {
	h.stop()
	h.done.Wait()
	return errors.Join(h.checkpoint(context.Background()), h.Store.Close(), h.sources.Close(), h.endTraces())
}

// catalogs hands the present snapshot to the provider, without the rules that a
// test switched off.
type catalogs struct {
	*catalog.Holder
	without []tillit.Reason
}

func (c catalogs) Catalog(realm, dialect string) *tillit.Catalog {
	found := c.Holder.Catalog(realm, dialect)
	for _, reason := range c.without {
		if found != nil {
			found = found.WithoutRule(reason)
		}
	}
	return found
}

func base64DER(der []byte) string { return base64.StdEncoding.EncodeToString(der) }

// ReloadAndTell is Reload, told in the log.
func (h *House) ReloadAndTell(ctx context.Context) {
	if err := h.Reload(ctx); err != nil {
		h.config.Log.Error("the new realms are refused, the old ones stay", "cause", err.Error())
		return
	}
	h.config.Log.Info("realms reloaded", "realms", h.Catalogs.Realms())
}

// ensureEncryption makes the keys that clients encrypt requests to, where the
// realm takes encrypted ones.
func (h *House) ensureEncryption(ctx context.Context, realm string, c *tillit.Catalog) error {
	if !slices.Contains(c.Request.Features, "encrypted_request_object") {
		return nil
	}
	for _, algorithm := range token.EncryptionAlgorithms {
		if _, err := h.Keys.EncryptionKey(ctx, realm, algorithm); err != nil {
			return err
		}
	}
	return nil
}
