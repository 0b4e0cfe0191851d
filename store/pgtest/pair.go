package pgtest

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Pair starts a server with a streaming standby that holds every commit before it
// is acknowledged. The url names both, and connections go to the one that takes
// writes. fail takes the first down at once; promote makes the second take over.
func Pair(t testing.TB) (url string, fail, promote func()) {
	t.Helper()
	m, err := here()
	if err != nil {
		t.Skipf("no PostgreSQL to test on: %v", err)
	}
	primary, err := m.start("initdb", "-U", "tillit", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { primary.alive.Close() })
	standby, err := m.start("pg_basebackup", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-U", "tillit", "-h", primary.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { standby.alive.Close() })
	if err := errors.Join(primary.set("synchronous_standby_names", "*"), primary.synchronous()); err != nil {
		t.Fatal(err)
	}
	url = fmt.Sprintf("postgres://tillit@/postgres?host=%s,%s&target_session_attrs=read-write", primary.dir, standby.dir)
	fail = func() {
		if err := primary.quit(); err != nil {
			t.Fatal(err)
		}
	}
	promote = func() {
		// The new one must not wait for a standby of its own.
		if err := errors.Join(standby.set("synchronous_standby_names", ""), standby.exec("SELECT pg_promote()")); err != nil {
			t.Fatal(err)
		}
	}
	return url, fail, promote
}

func (c *cluster) exec(statements ...string) error {
	db, err := sql.Open("pgx", c.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// set changes a setting of the running server.
func (c *cluster) set(name, value string) error {
	return c.exec("ALTER SYSTEM SET "+name+" = '"+value+"'", "SELECT pg_reload_conf()")
}

// synchronous waits until a standby holds what is committed.
func (c *cluster) synchronous() error {
	db, err := sql.Open("pgx", c.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var n int
		if err := db.QueryRow("SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'").Scan(&n); err != nil || n > 0 {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("no standby within thirty seconds")
		}
	}
}

// quit ends the server at once, as a crash would: nothing is written any more.
func (c *cluster) quit() error {
	text, err := os.ReadFile(filepath.Join(c.dir, "data", "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGQUIT)
}
