package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres starts a cluster of its own with the settings it ships with, so that
// every commit is flushed, and gives its address.
func (r *running) postgres(ctx context.Context, dir string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL in /usr/lib/postgresql; install the package postgresql")
	}
	bin := filepath.Dir(slices.Max(found))
	home, err := os.MkdirTemp("", "tillit-bench-pg-") // the path of a socket must be short
	if err != nil {
		return "", err
	}
	r.stops = append(r.stops, func() { os.RemoveAll(home) })
	owner, err := handOver(home)
	if err != nil {
		return "", err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(home, "data"), "-U", "tillit", "-A", "trust", "-E", "UTF8", "--locale=C")
	initdb.Dir, initdb.SysProcAttr = home, owner
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(home, "data"), "-k", home, "-c", "listen_addresses=", "-c", "max_connections=200")
	server.Dir, server.SysProcAttr = home, owner
	if err := server.Start(); err != nil {
		return "", fmt.Errorf("start postgres: %w", err)
	}
	r.pids = append(r.pids, server.Process.Pid)
	r.stops = append(r.stops, func() {
		_ = server.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = server.Wait()
	})
	address := "postgres://tillit@/postgres?" + url.Values{"host": {home}}.Encode()
	return address, answers(ctx, address)
}

func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// handOver gives the directory to the user postgres where we are root, as whom
// PostgreSQL refuses to run.
func handOver(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}
