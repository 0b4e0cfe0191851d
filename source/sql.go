package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver that OpenSQL names

	"github.com/tillit/tillit"
)

// mostConnections is how many a source of SQL holds at most.
const mostConnections = 8

// A SQL source runs the realm's query with what the person is known by as $1.
// Columns are the members of the root.
type SQL struct{ db *sql.DB }

// OpenSQL opens a database: postgres://…, or sqlite: and a path. It is read
// only. A password stands in no address: it is given beside it, "" for none.
func OpenSQL(address, password string) (*SQL, error) {
	if path, is := strings.CutPrefix(address, "sqlite:"); is {
		plain := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
		db, err := sql.Open("sqlite", "file:"+plain+"?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(1000)")
		return bounded(db, err)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("the address of a database; right would be postgres://user@host/database or sqlite:PATH")
	}
	if _, written := u.User.Password(); written && password == "" {
		return nil, errors.New("a password in the address; right would be a file of credentials")
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of a database is malformed") // the cause quotes it
	}
	if password != "" {
		config.Password = password
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	return bounded(stdlib.OpenDB(*config), nil)
}

func bounded(db *sql.DB, err error) (*SQL, error) {
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	db.SetMaxOpenConns(mostConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &SQL{db}, nil
}

// Close closes the connections.
func (s *SQL) Close() error { return s.db.Close() }

// Ask runs the query. No row is nobody; several are a fault of the query.
func (s *SQL) Ask(ctx context.Context, use tillit.SourceUse, by string) (map[string]any, error) {
	rows, err := s.db.QueryContext(ctx, use.Query, by)
	if err != nil {
		return nil, told("query", err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, told("columns", err)
	}
	if !rows.Next() {
		return map[string]any{}, told("row", rows.Err())
	}
	cells, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, told("row", err)
	}
	if rows.Next() {
		return nil, errors.New("several rows of one person; right would be a query that gives one")
	}
	if err := rows.Err(); err != nil {
		return nil, told("row", err)
	}
	value := make(map[string]any, len(columns))
	for i, column := range columns {
		cell := cells[i]
		if n, is := cell.(int64); is && strings.HasPrefix(column.DatabaseTypeName(), "BOOL") { // SQLite has no booleans of its own
			cell = n != 0
		}
		if value[column.Name()], err = plain(cell); err != nil {
			return nil, fmt.Errorf("column %s: %w", column.Name(), err)
		}
	}
	return value, nil
}

// told leaves out what a database says of its error, which may quote a row.
func told(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: the database refuses it (%T)", what, err)
}

// plain gives what expressions work on. A column of JSON is read as JSON.
func plain(cell any) (any, error) {
	switch v := cell.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case int32:
		return int64(v), nil
	case []byte:
		if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			if value, err := decode(v); err == nil {
				return value, nil
			}
		}
		return string(v), nil
	case time.Time:
		return v.UTC().Format(time.RFC3339), nil
	case map[string]any, []any:
		return v, nil
	}
	return nil, fmt.Errorf("type %T; right would be text, number, boolean, time or JSON", cell)
}
