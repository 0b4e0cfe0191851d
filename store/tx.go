package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/tillit/tillit"
)

// A querier runs statements on whatever connection it stands for. Errors of the
// engine come back as those of package tillit where it has one.
type querier interface {
	exec(ctx context.Context, query string, args ...any) (changed int64, err error)
	row(ctx context.Context, query string, args []any, dest ...any) error
	rows(ctx context.Context, query string, args []any, each func(scan) error) error
}

// scan reads the columns of the present row.
type scan func(dest ...any) error

// A tx is what a job sees: statements that are committed together or not at all.
type tx struct {
	ctx   context.Context // the job's deadline; looked at between statements, never inside one
	on    querier
	audit *chain
}

func (t *tx) exec(query string, args ...any) (int64, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	return t.on.exec(context.WithoutCancel(t.ctx), query, args...)
}

func (t *tx) row(query string, args []any, dest ...any) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	return t.on.row(context.WithoutCancel(t.ctx), query, args, dest...)
}

// rows runs a statement that gives rows, a change with RETURNING too.
func (t *tx) rows(query string, args []any, each func(scan) error) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	return t.on.rows(context.WithoutCancel(t.ctx), query, args, each)
}

// change runs a statement that must change something, else the error is otherwise.
func (t *tx) change(otherwise error, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return otherwise
	}
	return err
}

// take runs a conditional statement with RETURNING; when nothing met its
// condition the error is otherwise.
func (t *tx) take(otherwise error, query string, args []any, dest ...any) error {
	err := t.row(query, args, dest...)
	if errors.Is(err, tillit.ErrNotFound) {
		return otherwise
	}
	return err
}

// statements is a querier that prepares every statement once.
type statements struct {
	stepwise  bool // rows are found one by one, by this process: between them it looks whether the caller has gone
	prepare   func(ctx context.Context, query string) (*sql.Stmt, error)
	translate func(error) error
	prepared  *sync.Map // query → *sql.Stmt
}

func (s *statements) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := s.prepared.Load(query); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	if other, loaded := s.prepared.LoadOrStore(query, stmt); loaded {
		stmt.Close() // another goroutine was faster
		return other.(*sql.Stmt), nil
	}
	return stmt, nil
}

func (s *statements) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := s.statement(ctx, query)
	if err != nil {
		return 0, s.translate(err)
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, s.translate(err)
	}
	return result.RowsAffected()
}

func (s *statements) row(ctx context.Context, query string, args []any, dest ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stmt, err := s.statement(ctx, query)
	if err != nil {
		return s.translate(err)
	}
	// One row takes microseconds: watching for a caller that goes away meanwhile
	// costs more than the row.
	err = stmt.QueryRowContext(context.WithoutCancel(ctx), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return tillit.ErrNotFound
	}
	return s.translate(err)
}

func (s *statements) rows(ctx context.Context, query string, args []any, each func(scan) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stmt, err := s.statement(ctx, query)
	if err != nil {
		return s.translate(err)
	}
	watched := ctx
	if s.stepwise { // being told that somebody has gone takes a goroutine or two for every statement
		watched = context.WithoutCancel(ctx)
	}
	rows, err := stmt.QueryContext(watched, args...)
	if err != nil {
		return s.translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return s.translate(rows.Err())
}
