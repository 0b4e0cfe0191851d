package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/tillit/tillit"
)

// The files postgres*.go hold everything that only PostgreSQL says.

// postgres is a database that any number of processes share. Jobs run side by
// side, each in a transaction of its own, on as many connections as there are
// lanes; reads have a pool of their own. Nobody holds one connection while
// waiting for another, so that no load can lock the pools up.
type postgres struct {
	writes, reads *sql.DB
	options       Options
	lanes         *lanes
	contended     turn // jobs that rivals stopped run one at a time
	once          sync.Once
	failed        error
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// connectionIdle is how long an unused connection is kept.
const connectionIdle = 5 * time.Minute

func openPostgres(ctx context.Context, connector driver.Connector, options Options) (*Store, error) {
	p := &postgres{options: options, contended: newTurn(), writes: postgresPool(connector, options.Writers), reads: postgresPool(connector, options.Readers)}
	if err := p.prepare(ctx); err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, p.closePools()))
	}
	return start(ctx, p, options)
}

// postgresConnector reads the url; its errors never hold the password.
func postgresConnector(url string) (driver.Connector, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if config.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, errors.New("open store: the simple protocol writes values into statements; right would be default_query_exec_mode=exec")
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "tillit"
	}
	return stdlib.GetConnector(*config), nil
}

func postgresPool(connector driver.Connector, size int) *sql.DB {
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(connectionIdle)
	return db
}

// prepare brings the schema up and names the chains.
func (p *postgres) prepare(ctx context.Context) error {
	if err := prepareSchema(ctx, p.writes, postgresDialect, p.options); err != nil {
		return err
	}
	lanes, err := newLanes(p.options)
	p.lanes = lanes
	return err
}

// read runs statements, again if the database asks for it and nothing of the
// answer was handed out yet.
func (p *postgres) read(ctx context.Context, do func(querier) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	bound, cancel := p.bounded(ctx, 0)
	defer cancel()
	return p.patiently(bound, func(error) (again bool, err error) {
		q := &session{on: p.reads, bound: bound}
		err = do(q)
		if postgresCode(err) == "22021" { // character_not_in_repertoire: no row can hold that text
			err = fmt.Errorf("%w (%w)", tillit.ErrNotFound, err)
		}
		return !q.delivered, err
	})
}

// bounded gives a context that ends so long after the caller's deadline, but not
// when the caller goes away: that would cost the connection it runs on.
func (p *postgres) bounded(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(p.options.Wait)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline.Add(after))
}

func (p *postgres) close() error {
	p.once.Do(func() {
		p.lanes.close()
		p.failed = p.closePools()
	})
	return p.failed
}

func (p *postgres) closePools() error { return errors.Join(p.writes.Close(), p.reads.Close()) }

func (p *postgres) chains() []string { return p.lanes.chains() }

// postgresError gives engine errors the names that callers know.
func postgresError(err error) error {
	switch code := postgresCode(err); {
	case err == nil:
		return nil
	case code == "23505": // unique_violation
		return fmt.Errorf("%w (%w)", tillit.ErrConflict, err)
	case transient(err):
		return fmt.Errorf("%w (%w)", tillit.ErrBusy, err)
	}
	return err
}

var postgresDialect = dialect{
	name:   "postgres",
	absent: func(err error) bool { return postgresCode(err) == "42P01" },
	rival: func(err error) bool {
		switch postgresCode(err) {
		case "23505", "42P07", "42710", "40001", "40P01": // there already, or about to be
			return true
		}
		return false
	},
}

// postgresCode gives the SQLSTATE of an error, "" when the database said none.
func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// A session is a querier on a pool or in a transaction. The driver prepares each
// statement once per connection by itself.
type session struct {
	on interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
	bound     context.Context // in place of the caller's
	delivered bool            // rows were handed out
}

func (s *session) exec(_ context.Context, query string, args ...any) (int64, error) {
	result, err := s.on.ExecContext(s.bound, query, args...)
	if err != nil {
		return 0, postgresError(err)
	}
	return result.RowsAffected()
}

func (s *session) row(_ context.Context, query string, args []any, dest ...any) error {
	err := s.on.QueryRowContext(s.bound, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return tillit.ErrNotFound
	}
	return postgresError(err)
}

func (s *session) rows(_ context.Context, query string, args []any, each func(scan) error) error {
	rows, err := s.on.QueryContext(s.bound, query, args...)
	if err != nil {
		return postgresError(err)
	}
	defer rows.Close()
	for rows.Next() {
		s.delivered = true
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return postgresError(rows.Err())
}
