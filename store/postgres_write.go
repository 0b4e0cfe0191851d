package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// tries is how often a job is run at most.
	tries = 6
	// pause is how long the second try waits at most, each further one three times
	// as long: the fifth is worth waiting for, nobody will run after it.
	pause = 4 * time.Millisecond
	// commitGrace is how long a commit may last beyond the job's deadline: once
	// it was sent, only its outcome is the truth.
	commitGrace = 5 * time.Second
)

// errUnknown says that the connection was lost during a commit.
var errUnknown = errors.New("whether the write was stored is unknown: the connection was lost while it was committed")

// write runs a job on the first free lane.
func (p *postgres) write(ctx context.Context, run func(*tx) error) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.options.Wait)
		defer cancel()
	}
	lane, err := p.lanes.take(ctx)
	if err != nil {
		return err
	}
	defer p.lanes.give(lane)
	j := &job{ctx: ctx, run: run}
	return p.patiently(ctx, func(before error) (again bool, err error) {
		if rivals(before) {
			if err := p.contended.take(ctx); err != nil {
				return false, errors.Join(err, before)
			}
			defer p.contended.give()
		}
		if err := p.begin(ctx, lane); err != nil {
			return true, err
		}
		err = p.attempt(ctx, &lane.chain, j)
		if errors.Is(err, errUnknown) {
			err = errors.Join(err, p.lanes.renew(lane))
		}
		return true, err
	})
}

// patiently runs do again while the database says that it would succeed another
// time, after a random pause so that rivals do not meet again.
func (p *postgres) patiently(ctx context.Context, do func(before error) (again bool, err error)) error {
	longest := pause
	var err error
	for try := 1; ; try++ {
		var again bool
		again, err = do(err)
		if err == nil || !again || try == tries || !transient(err) {
			return err
		}
		timer := time.NewTimer(rand.N(longest))
		longest *= 3
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		case <-timer.C:
		}
	}
}

// rivals reports whether other transactions were in the way.
func rivals(err error) bool {
	code := postgresCode(err)
	return code == "40001" || code == "40P01"
}

// transient reports whether the same may succeed another time: rivals, or a
// database that is starting, ending, full or out of reach. Of a commit whose
// outcome is unknown it may not.
func transient(err error) bool {
	if errors.Is(err, errUnknown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	switch code := postgresCode(err); code {
	case "40001", "40P01", "55P03", "25006", "53300", "57P01", "57P02", "57P03":
		return true
	case "":
		var connect *pgconn.ConnectError
		return errors.As(err, &connect) || pgconn.SafeToRetry(err) || lostConnection(err)
	default:
		return strings.HasPrefix(code, "08")
	}
}

// begin begins the lane's chain, in a transaction of its own: chains that are
// begun at once read what the other writes, jobs should not suffer from it.
func (p *postgres) begin(ctx context.Context, lane *lane) error {
	if lane.chain.begun {
		return nil
	}
	if err := p.lanes.beginning.take(ctx); err != nil {
		return err
	}
	defer p.lanes.beginning.give()
	chain := lane.chain
	err := p.attempt(ctx, &chain, &job{ctx: ctx, run: (*tx).beginChain})
	if errors.Is(err, errUnknown) {
		return errors.Join(err, p.lanes.renew(lane))
	}
	if err == nil {
		lane.chain = chain
		p.lanes.began(chain.id)
	}
	return err
}

// attempt runs a job in one transaction and moves the chain when it is stored.
func (p *postgres) attempt(ctx context.Context, at *chain, j *job) error {
	bound, cancel := p.bounded(ctx, commitGrace)
	defer cancel()
	on, err := p.writes.BeginTx(bound, nil)
	if err != nil {
		return postgresError(err)
	}
	next := *at
	t := &tx{ctx: ctx, on: &session{on: on, bound: bound}, audit: &next}
	err = j.call(t)
	if err == nil && next.seq != at.seq {
		err = next.head(ctx, t.on)
	}
	if err != nil {
		_ = on.Rollback() // if that fails the connection is gone, and the transaction with it
		return err
	}
	if err := commitError(on.Commit()); err != nil {
		return err
	}
	*at = next
	return nil
}

// commitError tells a commit that the database refused, which left nothing, from
// one whose outcome nobody knows.
func commitError(err error) error {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Severity == "ERROR" && refused.Code != "40003",
		errors.Is(err, pgx.ErrTxCommitRollback), errors.Is(err, sql.ErrTxDone):
		return postgresError(err)
	}
	return fmt.Errorf("%w (%w)", errUnknown, err)
}

// lostConnection reports whether the connection ended under a statement.
func lostConnection(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
