package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// server is started by the first test that needs it.
var server = sync.OnceValues(func() (*cluster, error) {
	if given := os.Getenv("TILLIT_TEST_POSTGRES"); given != "" {
		return &cluster{url: given}, nil
	}
	c, err := start()
	if err == nil {
		err = c.set("fsync", "off") // until somebody measures
	}
	return c, err
})

// URL gives the url of an empty database that is dropped when the test ends. The
// settings ("name=value") hold for every connection made with it.
func URL(t testing.TB, settings ...string) string {
	t.Helper()
	server, err := server()
	if err != nil {
		t.Skipf("no PostgreSQL to test on: %v", err)
	}
	name := "tillit_test_" + strings.ToLower(rand.Text())
	administer(t, server.url, "CREATE DATABASE "+name)
	t.Cleanup(func() { administer(t, server.url, "DROP DATABASE "+name+" WITH (FORCE)") })
	return with(t, server.url, name, settings)
}

// with names a database of the server and how its connections behave.
func with(t testing.TB, base, database string, settings []string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal("TILLIT_TEST_POSTGRES is not a url")
	}
	u.Path = "/" + database
	query := u.Query()
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func administer(t testing.TB, base, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
}

// Open opens the database behind the back of what is tested.
func Open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Crash takes the server down under its clients: it ends one of the database's
// own processes by force, upon which the server drops all connections, recovers
// and comes back. A server that is not ours only drops those to the database.
func Crash(t testing.TB, url string) {
	t.Helper()
	db := Open(t, url)
	defer db.Close()
	if os.Getenv("TILLIT_TEST_POSTGRES") != "" {
		_, _ = db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()") // its own connection goes too
		return
	}
	var pid int
	if err := db.QueryRow("SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// Durable lets the server of the url flush every commit to disk, as in use.
func Durable(t testing.TB, url string) {
	t.Helper()
	db := Open(t, url)
	defer db.Close()
	for _, statement := range []string{"ALTER SYSTEM SET fsync = 'on'", "SELECT pg_reload_conf()", "CHECKPOINT"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
