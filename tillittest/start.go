package tillittest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"time"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/recent"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/source"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// TB is what a provider does with its test. *testing.T, *testing.B and *testing.F
// are ones.
type TB = facts.TB

// A Provider is a running provider, seen from one realm.
type Provider struct {
	// Base is its base URL, and Issuer that of the realm.
	Base, Issuer string

	t     TB
	realm string
	house *wiring.House
	outer *facts.Provider
	env   *facts.Env // nil: to be read anew
}

type options struct {
	realms, demo fs.FS
	sources      map[source.Place]source.Asker
	log          *slog.Logger
}

// An Option says how a provider is started.
type Option func(*options)

// Realms says where the realms are declared; without it they are the shipped
// ones.
func Realms(files fs.FS) Option { return func(o *options) { o.realms = files } }

// Demo says who is there, in the language of demo data; without it those are the
// people and clients of the shipped realms.
func Demo(files fs.FS) Option { return func(o *options) { o.demo = files } }

// Source connects a source of claims that the realm declares elsewhere: an asker
// of package source, or one of the test's own.
func Source(realm, name string, asker source.Asker) Option {
	return func(o *options) {
		if o.sources == nil {
			o.sources = map[source.Place]source.Asker{}
		}
		o.sources[source.Place{Realm: realm, Source: name}] = asker
	}
}

// Log says where the provider writes its log; without it, nowhere.
func Log(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// Start starts a provider with one realm, and those that share its registry, and
// stops it when the test ends.
func Start(t TB, realm string, with ...Option) *Provider {
	t.Helper()
	o := options{realms: realms.Files(), demo: demodata.Files, log: slog.New(slog.DiscardHandler)}
	for _, option := range with {
		option(&o)
	}
	declared, people, err := narrowed(o.realms, o.demo, realm)
	if err != nil {
		t.Fatalf("tillittest: %v", err)
	}
	p := &Provider{t: t, realm: realm}
	if err := p.open(declared, people, &o); err != nil {
		t.Fatalf("tillittest: %v", err)
	}
	if p.house.Catalogs.Catalog(realm, "") == nil {
		t.Fatalf("tillittest: no realm %q; right would be one of %v", realm, p.house.Catalogs.Realms())
	}
	p.Issuer = p.house.Provider.Issuer(realm)
	return p
}

func (p *Provider) open(declared, people fs.FS, o *options) error {
	master, err := token.NewMasterKey(bytes.Repeat([]byte{7}, 32)) // nothing sealed under it outlives the test
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	set, err := load(declared)
	if err != nil {
		listener.Close()
		return err
	}
	p.Base = "http://" + listener.Addr().String()
	p.house, err = wiring.Open(p.t.Context(), wiring.Config{
		Base: p.Base, Realms: declared, Set: set, Demo: people, Stamp: store.StampDev, MasterKey: master, Cheap: true, NewKey: keys(), Log: o.log, Sources: o.sources,
	})
	if err != nil {
		listener.Close()
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", p.house.Handler)
	mux.HandleFunc("GET /dev/fixtures.json", p.fixtures)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}}
	server.Start()
	p.outer = &facts.Provider{Base: p.Base, Client: server.Client(), Advance: p.house.Advance}
	p.t.Cleanup(func() {
		server.Close()
		if err := p.house.Close(); err != nil {
			p.t.Errorf("tillittest: close: %v", err)
		}
	})
	return nil
}

func (p *Provider) fixtures(w http.ResponseWriter, _ *http.Request) {
	fixtures, err := p.house.Fixtures()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(fixtures) //nolint:errcheck // the reader has gone; there is nobody to tell
}

// Advance moves the provider's clock forward.
func (p *Provider) Advance(d time.Duration) {
	p.t.Helper()
	p.outside().Advance(d)
}

// Now is the provider's clock.
func (p *Provider) Now() time.Time { return p.house.Now() }

// outside is the provider as a client sees it.
func (p *Provider) outside() *facts.Env {
	p.t.Helper()
	if p.env == nil {
		p.env = (&facts.World{}).Env(p.t, p.outer, p.realm)
	}
	return p.env
}

// made holds the keys that the providers of the process share, by algorithm: the
// first key that each of them makes is the same, and so is the second.
var made struct {
	sync.Mutex
	keys map[string][]crypto.Signer
}

// keys gives a provider its keys, no key twice: making RSA keys takes longer than
// everything else about a provider.
func keys() func(algorithm string) (crypto.Signer, error) {
	given := map[string]int{}
	return func(algorithm string) (crypto.Signer, error) {
		made.Lock()
		defer made.Unlock()
		n := given[algorithm]
		given[algorithm]++
		if n < len(made.keys[algorithm]) {
			return made.keys[algorithm][n], nil
		}
		key, err := token.GenerateKey(algorithm, rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}
		if n >= mostShared {
			return key, nil
		}
		if made.keys == nil {
			made.keys = map[string][]crypto.Signer{}
		}
		made.keys[algorithm] = append(made.keys[algorithm], key)
		return key, nil
	}
}

// mostShared bounds the keys of an algorithm that are kept.
const mostShared = 64

// sets are the realms that were loaded lately, by their files: a Set never
// changes, so providers share it.
var sets = recent.New[[sha256.Size]byte, *catalog.Set](8)

func load(files fs.FS) (*catalog.Set, error) {
	digest := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		fmt.Fprintf(digest, "%q %d\n", name, len(text))
		digest.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return sets.Of([sha256.Size]byte(digest.Sum(nil)), func([sha256.Size]byte) (*catalog.Set, error) { return catalog.Load(files) })
}
