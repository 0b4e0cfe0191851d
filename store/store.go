package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/recent"
)

// Stamps say which verb of the command a store belongs to: what dev made holds
// invented people and known secrets, and serve must never answer from it.
const (
	StampDev   = "dev"
	StampServe = "serve"
)

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("store is closed")

// Options say how a store is opened. The zero value opens an existing store of
// any stamp.
type Options struct {
	// Stamp is StampDev or StampServe: written into a store that has none, and
	// compared with that of one that has. Empty: any store will do.
	Stamp string
	// Create makes the file when there is none, and the schema in an empty database.
	Create bool
	// Migrate brings an older schema up to date; a store of StampDev always does.
	// Otherwise Open refuses it and says so.
	Migrate bool
	// Logger gets what no caller can be told, such as a failed checkpoint; nil: nobody.
	Logger *slog.Logger
	// Span is told of every commit, and called back at its end; nil: nobody.
	Span func(ctx context.Context, name string) (context.Context, func(error))
	// Random is where the audit chain's id and pseudonyms come from; nil: crypto/rand.
	Random io.Reader
	// Queue is how many writes may wait; beyond it they are refused. 0: 1024.
	Queue int
	// Batch is how many writes share one commit at most. 0: 256.
	Batch int
	// Wait is how long a write may wait when its caller sets no deadline. 0: ten seconds.
	Wait time.Duration
	// Readers is the number of connections that read beside those that write. 0:
	// twice as many as Go runs threads, at least 4.
	Readers int
	// Writers is the number of connections that write to PostgreSQL. 0: 16.
	Writers int
	// Clients is how many prepared clients are kept in memory. 0: 10 000.
	Clients int
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Queue <= 0 {
		o.Queue = 1024
	}
	if o.Batch <= 0 {
		o.Batch = 256
	}
	if o.Wait <= 0 {
		o.Wait = 10 * time.Second
	}
	if o.Readers <= 0 {
		o.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if o.Writers <= 0 {
		o.Writers = 16
	}
	if o.Clients <= 0 {
		o.Clients = 10_000
	}
	return o
}

// A Store is safe for any number of goroutines.
type Store struct {
	options Options
	engine  engine
	clients *clientCache
	grants  *recent.Values[string, *tillit.Grant] // by document
}

// An engine runs jobs and reads on a database.
type engine interface {
	// write runs the job atomically; nil means that it is durable. The job may
	// be run more than once, and holds nothing but statements.
	write(ctx context.Context, job func(*tx) error) error
	// read runs statements that change nothing.
	read(ctx context.Context, do func(querier) error) error
	// chains gives the ids of the audit chains that it writes, at least one.
	chains() []string
	// load gives how many writes wait, and how many may.
	load() (waiting, room int)
	close() error
}

// Open opens the store that the url names: "postgres://…", "sqlite:PATH", a path,
// or ":memory:" (also "") for one that lives as long as the Store. It refuses a
// store of the other stamp, and a schema that is older (see Options.Migrate), newer
// than this program or edited.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	options = options.withDefaults()
	if options.Stamp != "" && options.Stamp != StampDev && options.Stamp != StampServe {
		return nil, fmt.Errorf("open store: no stamp %q; right would be %s or %s", options.Stamp, StampDev, StampServe)
	}
	if isPostgres(url) {
		connector, err := postgresConnector(url)
		if err != nil {
			return nil, err
		}
		return openPostgres(ctx, connector, options)
	}
	path, err := sqlitePath(url)
	if err != nil {
		return nil, err
	}
	return openSQLite(ctx, sqliteDriver(), path, options)
}

// start finishes opening, whatever the engine.
func start(ctx context.Context, engine engine, options Options) (*Store, error) {
	s := &Store{options: options, engine: engine, clients: newClientCache(options.Clients), grants: recent.New[string, *tillit.Grant](mostGrants)}
	if err := s.stamp(ctx, options.Stamp); err != nil {
		return nil, errors.Join(err, engine.close())
	}
	if err := s.Poll(ctx); err != nil {
		return nil, errors.Join(err, engine.close())
	}
	return s, nil
}

// Close refuses further writes, commits those that wait, and closes the database.
func (s *Store) Close() error { return s.engine.close() }

const (
	sqlSetMetaOnce = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
	sqlSetMeta     = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	sqlMeta        = `SELECT value FROM meta WHERE name = $1`
)

func (s *Store) stamp(ctx context.Context, stamp string) error {
	if stamp == "" {
		return nil
	}
	have, err := s.Meta(ctx, "stamp")
	if errors.Is(err, tillit.ErrNotFound) {
		err = s.engine.write(ctx, func(tx *tx) error {
			if _, err := tx.exec(sqlSetMetaOnce, "stamp", stamp); err != nil {
				return err
			}
			return tx.row(sqlMeta, []any{"stamp"}, &have)
		})
	}
	if err != nil {
		return fmt.Errorf("stamp store: %w", err)
	}
	if have != stamp {
		return fmt.Errorf("open store: it was made by %q and cannot be used by %q; name another store", have, stamp)
	}
	return nil
}

// Meta gives a named value of the whole store, tillit.ErrNotFound when unset.
func (s *Store) Meta(ctx context.Context, name string) (value string, err error) {
	err = s.row(ctx, "meta", sqlMeta, []any{name}, &value)
	return value, err
}

// SetMeta sets a named value of the whole store.
func (s *Store) SetMeta(ctx context.Context, name, value string) error {
	return s.write(ctx, "set meta", func(tx *tx) error {
		_, err := tx.exec(sqlSetMeta, name, value)
		return err
	})
}

// Ready reports whether the store can be read and written.
func (s *Store) Ready(ctx context.Context) error {
	var value string
	if err := s.SetMeta(ctx, "ready", "yes"); err != nil {
		return err
	}
	return s.row(ctx, "ready", sqlMeta, []any{"ready"}, &value)
}

// write runs a job and says what it was for when it fails.
func (s *Store) write(ctx context.Context, what string, job func(*tx) error) error {
	ended := func(error) {}
	if s.options.Span != nil {
		ctx, ended = s.options.Span(ctx, "commit")
	}
	err := s.engine.write(ctx, job)
	if ended(err); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// row reads one row; none is tillit.ErrNotFound.
func (s *Store) row(ctx context.Context, what, query string, args []any, dest ...any) error {
	err := s.engine.read(ctx, func(q querier) error { return q.row(ctx, query, args, dest...) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// rows reads any number of rows.
func (s *Store) rows(ctx context.Context, what, query string, args []any, each func(scan) error) error {
	err := s.engine.read(ctx, func(q querier) error { return q.rows(ctx, query, args, each) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
