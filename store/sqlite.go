package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tillit/tillit"
	"modernc.org/sqlite"
)

// This file and sqlite_writer.go hold everything that only SQLite says.

// sqliteDB is one database file: a connection that writes, and a pool that reads
// beside it. A database in memory has the one connection only.
type sqliteDB struct {
	chain   string // id of the audit chain
	writer  *writer
	write1  *sql.DB
	readers *sql.DB // nil: in memory
	reads   *statements
	alone   sync.Mutex // in memory: held by a batch of writes or by one read
	once    sync.Once
	failed  error
}

// sqliteDriver gives the registered driver, so that tests can wrap it.
func sqliteDriver() driver.Driver {
	db, err := sql.Open("sqlite", "")
	if err != nil {
		panic(err) // the import above registers it
	}
	defer db.Close()
	return db.Driver()
}

// A connector opens one data source with one driver.
type connector struct {
	driver driver.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// sqlitePath gives the file that a url names.
func sqlitePath(url string) (string, error) {
	if scheme, _, found := strings.Cut(url, "://"); found {
		return "", fmt.Errorf("open store: no engine for %s://; right would be postgres:// or sqlite:PATH", scheme)
	}
	return strings.TrimPrefix(url, "sqlite:"), nil
}

func openSQLite(ctx context.Context, driver driver.Driver, path string, options Options) (*Store, error) {
	memory := path == "" || path == ":memory:"
	if !memory {
		if err := touchFile(path, options.Create); err != nil {
			return nil, err
		}
	}
	db := &sqliteDB{write1: sql.OpenDB(connector{driver, sqliteDSN(path, memory, false)})}
	db.write1.SetMaxOpenConns(1)
	if !memory {
		db.readers = sql.OpenDB(connector{driver, sqliteDSN(path, memory, true)})
		db.readers.SetMaxOpenConns(options.Readers)
		db.readers.SetMaxIdleConns(options.Readers)
		db.reads = &statements{stepwise: true, prepare: db.readers.PrepareContext, translate: sqliteError, prepared: new(sync.Map)}
	}
	var err error
	db.chain, err = newID(options.Random)
	if err == nil {
		options.Create = options.Create || memory
		err = prepareSchema(ctx, db.write1, sqliteDialect, options)
	}
	if err == nil {
		db.writer, err = startWriter(ctx, db, db.chain, options)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, errors.Join(err, db.closeHandles()))
	}
	return start(ctx, db, options)
}

// touchFile makes the file before SQLite does, readable by its owner alone; the
// files beside it (-wal, -shm) take over its mode.
func touchFile(path string, create bool) error {
	_, err := os.Stat(path)
	if err == nil {
		return nil
	}
	if !create || !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("open store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	return file.Close()
}

// sqliteDSN names a database and how its connections behave. FULL and not NORMAL:
// what was acknowledged survives loss of power.
func sqliteDSN(path string, memory, reading bool) string {
	q := url.Values{"_txlock": {"immediate"}}
	// What a savepoint may have to undo stays in memory: in a file it is a third of
	// the cost of a write.
	pragmas := []string{"busy_timeout(5000)", "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-16384)"}
	switch {
	case memory:
		path = ":memory:"
	case reading:
		pragmas = append(pragmas, "query_only(1)")
	default:
		// Checkpoints run beside the commits (writer.checkpoint); the high bound
		// is only for the day when they cannot.
		pragmas = append(pragmas, "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(8000)", "journal_size_limit(67108864)")
	}
	q["_pragma"] = pragmas
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?" + q.Encode()
}

var sqliteDialect = dialect{
	name:   "sqlite",
	absent: func(err error) bool { return strings.Contains(err.Error(), "no such table") },
	rival: func(err error) bool {
		err = sqliteError(err)
		return errors.Is(err, tillit.ErrConflict) || errors.Is(err, tillit.ErrBusy)
	},
}

// sqliteError gives engine errors the names that callers know.
func sqliteError(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case 1555, 2067: // primary key, unique
		return fmt.Errorf("%w (%w)", tillit.ErrConflict, err)
	case 5, 6, 261, 517: // busy, locked, recovery, snapshot
		return fmt.Errorf("%w (%w)", tillit.ErrBusy, err)
	}
	return err
}

func (db *sqliteDB) write(ctx context.Context, run func(*tx) error) error {
	return db.writer.submit(ctx, run)
}

func (db *sqliteDB) read(ctx context.Context, do func(querier) error) error {
	if db.readers != nil {
		return do(db.reads)
	}
	db.alone.Lock()
	defer db.alone.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.writer.conn == nil {
		return ErrClosed
	}
	// One connection cannot be interrupted without ending what others do on it.
	return do(uninterrupted{db.writer.on})
}

// uninterrupted is a querier that finishes what it began.
type uninterrupted struct{ on *statements }

func (u uninterrupted) exec(ctx context.Context, query string, args ...any) (int64, error) {
	return u.on.exec(context.WithoutCancel(ctx), query, args...)
}

func (u uninterrupted) row(ctx context.Context, query string, args []any, dest ...any) error {
	return u.on.row(context.WithoutCancel(ctx), query, args, dest...)
}

func (u uninterrupted) rows(ctx context.Context, query string, args []any, each func(scan) error) error {
	return u.on.rows(context.WithoutCancel(ctx), query, args, each)
}

func (db *sqliteDB) chains() []string { return []string{db.chain} }

func (db *sqliteDB) close() error {
	db.once.Do(func() {
		db.writer.stop()
		db.alone.Lock()
		defer db.alone.Unlock()
		db.failed = errors.Join(db.writer.leave(), db.closeHandles())
	})
	return db.failed
}

func (db *sqliteDB) closeHandles() error {
	var err error
	if db.readers != nil {
		err = db.readers.Close()
	}
	return errors.Join(err, db.write1.Close())
}
