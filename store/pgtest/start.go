package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// supervise runs the server until its standard input ends, which it does when the
// test program ends, and removes everything.
const supervise = `
bin=$1 dir=$2
"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=200 -c log_min_messages=fatal >>"$dir/log" 2>&1 &
server=$!
read -r nothing
kill -INT "$server"
wait "$server"
rm -rf "$dir"
`

// A machine is what servers need: programs, and somebody other than root.
type machine struct {
	bin   string
	owner *user.User // nil: we are not root
}

// A cluster is a server that runs as long as alive is open.
type cluster struct {
	url   string
	dir   string
	alive io.Closer
}

func here() (*machine, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	m := &machine{bin: bin}
	if os.Geteuid() != 0 {
		return m, nil
	}
	if m.owner, err = user.Lookup("postgres"); err != nil {
		m.owner, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	return m, nil
}

// start makes a cluster, starts it and waits until it answers.
func start() (*cluster, error) {
	m, err := here()
	if err != nil {
		return nil, err
	}
	return m.start("initdb", "-U", "tillit", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
}

// start runs a program that makes the data directory, and the server on it.
func (m *machine) start(program string, args ...string) (_ *cluster, err error) {
	dir, err := os.MkdirTemp("", "tillit-pg-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	owner, err := m.owns(dir)
	if err != nil {
		return nil, err
	}
	maker := exec.Command(filepath.Join(m.bin, program), append([]string{"-D", filepath.Join(dir, "data")}, args...)...)
	maker.Dir, maker.SysProcAttr = dir, owner
	if out, err := maker.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, out)
	}
	shell := exec.Command("/bin/sh", "-c", supervise, "sh", m.bin, dir)
	shell.Dir, shell.SysProcAttr = dir, owner
	alive, err := shell.StdinPipe() // the end of the program closes it
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	address := "postgres://tillit@/postgres?" + url.Values{"host": {dir}}.Encode()
	if err := answers(address); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("postgres did not start: %w\n%s", errors.Join(err, alive.Close()), log)
	}
	return &cluster{address, dir, alive}, nil
}

// binaries finds the directory of initdb and postgres; Debian keeps them off the
// path, the newest version is taken.
func binaries() (string, error) {
	if found, err := exec.LookPath("initdb"); err == nil {
		real, err := filepath.EvalSymlinks(found) // the other programs stand beside it
		return filepath.Dir(real), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("neither initdb on the path nor /usr/lib/postgresql/*/bin; install postgresql or set TILLIT_TEST_POSTGRES")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // not a number: oldest
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// owns hands a directory to the owner, and says how to start processes as that user.
func (m *machine) owns(dir string) (*syscall.SysProcAttr, error) {
	if m.owner == nil {
		return nil, nil
	}
	uid, err := strconv.ParseUint(m.owner.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(m.owner.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return &syscall.SysProcAttr{Credential: credential}, os.Chown(dir, int(uid), int(gid))
}

// answers waits until the server takes connections.
func answers(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
