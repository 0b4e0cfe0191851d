package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/tillit/tillit"
)

// A writer commits the jobs that wait together: one flush to disk for all of
// them. Each runs in a savepoint of its own and fails alone.
type writer struct {
	db      *sqliteDB
	options Options
	queue   chan *job
	closing sync.RWMutex // held to send; Close takes it whole
	closed  bool
	done    sync.WaitGroup
	halt    chan struct{}

	// Of the writing goroutine alone.
	conn  *sql.Conn
	on    *statements
	chain chain
}

func startWriter(ctx context.Context, db *sqliteDB, chainID string, options Options) (*writer, error) {
	w := &writer{
		db:      db,
		options: options,
		queue:   make(chan *job, options.Queue),
		halt:    make(chan struct{}),
		chain:   chain{id: chainID},
	}
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	w.done.Go(w.run)
	if db.readers != nil {
		w.done.Go(w.checkpoint)
	}
	return w, nil
}

func (w *writer) connect(ctx context.Context) (err error) {
	w.conn, err = w.db.write1.Conn(ctx)
	if err != nil {
		return err
	}
	w.on = &statements{prepare: w.conn.PrepareContext, translate: sqliteError, prepared: new(sync.Map)}
	return nil
}

// leave gives the connection and what was prepared on it back.
func (w *writer) leave() error {
	if w.conn == nil {
		return nil
	}
	w.closeStatements()
	conn := w.conn
	w.conn = nil
	return conn.Close()
}

func (w *writer) closeStatements() {
	w.on.prepared.Range(func(_, stmt any) bool {
		stmt.(*sql.Stmt).Close()
		return true
	})
}

// run gathers what waits and commits it, until the queue is closed and empty.
func (w *writer) run() {
	batch := make([]*job, 0, w.options.Batch)
	for first := range w.queue {
		batch = append(batch[:0], first)
		// Where processors are what is short, a commit is over before the next
		// request has worked out what to write, and each pays for its own. Who is
		// about to come is let go first; where nobody is, this takes no time.
		runtime.Gosched()
		for len(batch) < w.options.Batch {
			select {
			case j, open := <-w.queue:
				if open {
					batch = append(batch, j)
					continue
				}
			default:
			}
			break
		}
		w.commit(batch)
	}
}

// commit runs the jobs in one transaction and tells each what became of it. A
// job that takes the whole transaction down with it (a full disk) is left out,
// and the others are tried again without it.
func (w *writer) commit(batch []*job) {
	w.db.alone.Lock()
	defer w.db.alone.Unlock()
	for len(batch) > 0 {
		before := w.chain
		culprit, err := w.attempt(batch)
		if err == nil {
			for _, j := range batch {
				j.finish(j.err)
			}
			return
		}
		w.chain = before
		w.restore()
		if culprit < 0 {
			for _, j := range batch {
				j.finish(err)
			}
			return
		}
		batch[culprit].finish(err)
		batch = append(batch[:culprit], batch[culprit+1:]...)
	}
}

// attempt runs a batch. An error means that nothing was committed; culprit is
// the job that caused it, or -1.
func (w *writer) attempt(batch []*job) (culprit int, err error) {
	ctx := context.Background() // a commit is never interrupted: it would take others down
	if w.conn == nil {
		if err := w.connect(ctx); err != nil {
			return -1, fmt.Errorf("reconnect: %w", err)
		}
	}
	if _, err := w.on.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return -1, fmt.Errorf("begin: %w", err)
	}
	start, some := w.chain.seq, false
	for i, j := range batch {
		if !j.begin() {
			continue
		}
		before := w.chain
		if _, err := w.on.exec(ctx, "SAVEPOINT job"); err != nil {
			return -1, fmt.Errorf("begin job: %w", err)
		}
		j.err = j.call(&tx{ctx: j.ctx, on: w.on, audit: &w.chain})
		if j.err != nil {
			w.chain = before
			if _, err := w.on.exec(ctx, "ROLLBACK TO job"); err != nil {
				return i, j.err
			}
		} else {
			some = true
		}
		if _, err := w.on.exec(ctx, "RELEASE job"); err != nil {
			return i, errors.Join(j.err, err)
		}
	}
	if w.chain.seq != start {
		if err := w.chain.head(ctx, w.on); err != nil {
			return -1, fmt.Errorf("audit head: %w", err)
		}
	}
	end := "COMMIT"
	if !some {
		end = "ROLLBACK"
	}
	if _, err := w.on.exec(ctx, end); err != nil {
		return -1, fmt.Errorf("commit: %w", err)
	}
	return -1, nil
}

// restore leaves the connection without a transaction, or for a new one.
func (w *writer) restore() {
	if w.conn == nil {
		return
	}
	ctx := context.Background()
	// A failed commit may have ended the transaction already; only what follows tells.
	_, _ = w.on.exec(ctx, "ROLLBACK")
	if _, err := w.on.exec(ctx, "BEGIN IMMEDIATE"); err == nil {
		if _, err = w.on.exec(ctx, "ROLLBACK"); err == nil {
			return
		}
	}
	if w.db.readers == nil {
		return // a database in memory is gone with its connection
	}
	// A connection that may still be in a transaction is thrown away, not reused:
	// ErrBadConn tells the pool so. Statements end before their connection does.
	w.closeStatements()
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	w.conn = nil
}

// submit queues a job and waits for its commit.
func (w *writer) submit(ctx context.Context, run func(*tx) error) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.options.Wait)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, run: run, done: make(chan error, 1)}
	if err := w.enqueue(j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.abandon() {
			return ctx.Err()
		}
		return <-j.done // it runs already: only its outcome is the truth
	}
}

func (w *writer) enqueue(j *job) error {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- j:
		return nil
	default:
		return fmt.Errorf("%w: %d writes wait", tillit.ErrBusy, cap(w.queue))
	}
}

// stop refuses further jobs and returns when those that wait are committed.
func (w *writer) stop() {
	w.closing.Lock()
	w.closed = true
	close(w.queue)
	close(w.halt)
	w.closing.Unlock()
	w.done.Wait()
}

// checkpointEvery is how often the log is copied into the database file.
const checkpointEvery = time.Second

// checkpoint copies the log into the file beside the commits, which would
// otherwise pay for it: ten milliseconds in the slowest of a hundred.
func (w *writer) checkpoint() {
	ticker := time.NewTicker(checkpointEvery)
	defer ticker.Stop()
	for {
		select {
		case <-w.halt:
			return
		case <-ticker.C:
		}
		if _, err := w.db.readers.Exec("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
			w.options.Logger.Warn("checkpoint failed", "error", err)
		}
	}
}
