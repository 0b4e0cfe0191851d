package kills

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// size is how often the command is killed, and how much must have been
// acknowledged by then.
func size() (kills, acknowledged int) {
	if os.Getenv("TILLIT_LONG") != "" {
		return 20, 1000
	}
	return 2, 60
}

// A victim is the command, run on a data directory that outlives it.
type victim struct {
	t      *testing.T
	binary string
	data   string
	store  string // "": SQLite in the data directory
	base   string
	listen string
	cmd    *exec.Cmd
	log    bytes.Buffer

	drained atomic.Bool // is asked nothing any more
}

// TestKills kills the command without warning, again and again, and demands that
// everything it acknowledged is there and nothing single-use works twice.
func TestKills(t *testing.T) {
	kills, wanted := size()
	v := &victim{t: t, binary: build(t), data: t.TempDir(), listen: freeAddress(t)}
	v.base = "http://" + v.listen
	path := filepath.Join(t.TempDir(), "ledger")
	v.start()
	loader := load(t, v.base, path)
	for killed := 1; ; killed++ {
		_, before, err := readLedger(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		enough := before + 10
		if killed == kills {
			enough = wanted
		}
		v.waitForAcknowledgements(path, enough)
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		v.kill()
		if killed == kills {
			break
		}
		v.start()
	}
	loader()
	v.start()
	flows, acknowledged, err := readLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	tried := v.verify(flows)
	t.Logf("%d kills, %d acknowledgements in %d flows; %d statements of theirs tried", kills, acknowledged, len(flows), tried)
	if acknowledged < wanted {
		t.Errorf("%d acknowledgements; want %d", acknowledged, wanted)
	}
	v.kill()
}

// build makes the command as it is shipped.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tillit")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/tillit/tillit/cmd/tillit").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (v *victim) start() {
	v.t.Helper()
	v.log.Reset()
	args := []string{"dev", "--listen", v.listen, "--base-url", v.base, "--data", v.data}
	if v.store != "" {
		args = append(args, "--store", v.store)
	}
	v.cmd = exec.Command(v.binary, args...)
	v.cmd.Stderr = &v.log
	if err := v.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	process := v.cmd
	v.t.Cleanup(func() {
		process.Process.Kill()
		process.Wait()
	})
	ctx, cancel := context.WithTimeout(v.t.Context(), time.Minute)
	defer cancel()
	ready := func() bool {
		resp, err := http.Get("http://" + v.listen + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	if !waitFor(ctx, ready) {
		v.t.Fatalf("the command does not start on the data it left:\n%s", v.log.String())
	}
}

// kill ends the process as a power cut would end it.
func (v *victim) kill() {
	v.t.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		v.t.Fatal(err)
	}
	v.cmd.Wait()
}

func (v *victim) waitForAcknowledgements(path string, enough int) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 2*time.Minute)
	defer cancel()
	last := 0
	if !waitFor(ctx, func() bool {
		_, acknowledged, err := readLedger(path)
		last = acknowledged
		return err == nil && acknowledged >= enough
	}) {
		v.t.Fatalf("%d acknowledgements; want %d:\n%s", last, enough, v.log.String())
	}
}

// load starts the loading process; what it gives ends it.
func load(t *testing.T, base, path string) (stop func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestLoad$")
	cmd.Env = append(os.Environ(), "TILLIT_KILLS_BASE="+base, "TILLIT_KILLS_LEDGER="+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// verify tries everything that the ledger says against the provider as it is
// after the last start.
func (v *victim) verify(flows []*flow) (tried int) {
	v.t.Helper()
	e := envOf(v.t, v.base)
	agreed := map[string]bool{}
	for _, f := range flows {
		if len(f.entries) == 0 {
			tried += v.verifyDoubt(e, f)
			continue
		}
		if f.entries[0].Op == "machine" {
			tried += v.verifyMachine(e, f)
			continue
		}
		agreed[f.entries[0].Person] = true
		tried += v.verifyFlow(e, f)
	}
	for person := range agreed {
		tried++
		v.verifyConsent(e, person)
	}
	return tried
}

// verifyFlow: the last refresh token lives unless it was revoked; the ones before
// it, and the code, do not work again.
func (v *victim) verifyFlow(e *facts.Env, f *flow) int {
	t := v.t
	t.Helper()
	first, last := f.entries[0], f.entries[len(f.entries)-1]
	refused := func(what, refresh string) {
		if r := e.Renew("demo-web", refresh, ""); r.Text("error") != "invalid_grant" {
			t.Errorf("flow %s: %s: %d %s; want invalid_grant", last.Flow, what, r.Status, r.Text("error"))
		}
	}
	if last.Op == "revoked" {
		refused("a revoked refresh token", last.Refresh)
		if u := e.UserInfo(last.Access); u.Status != http.StatusUnauthorized {
			t.Errorf("flow %s: UserInfo with a revoked token: %d; want 401", last.Flow, u.Status)
		}
		return 2
	}
	next := e.Renew("demo-web", last.Refresh, "")
	switch {
	case f.ended && next.Status != http.StatusOK:
		t.Errorf("flow %s: the refresh token acknowledged last: %d %s; want it to work", last.Flow, next.Status, next.Text("error"))
	case next.Status == http.StatusOK: // also where a renewal or revocation was under way
		if u := e.UserInfo(next.Access()); u.Status != http.StatusOK {
			t.Errorf("flow %s: UserInfo: %d; want 200", last.Flow, u.Status)
		}
		if r := e.Renew("demo-web", next.Refresh(), ""); r.Status != http.StatusOK {
			t.Errorf("flow %s: the next refresh token: %d; want it to work", last.Flow, r.Status)
		}
		// Its successor was used, so there is no grace left.
		refused("a refresh token whose successor was used", last.Refresh)
	}
	for _, spent := range f.entries[:len(f.entries)-1] {
		refused("a refresh token of before", spent.Refresh)
	}
	if again := redeem(e, first); again.Text("error") != "invalid_grant" {
		t.Errorf("flow %s: the code again: %d %s; want invalid_grant", first.Flow, again.Status, again.Text("error"))
	}
	return 3 + len(f.entries)
}

// verifyDoubt: a code whose redemption was under way works once or not at all.
func (v *victim) verifyDoubt(e *facts.Env, f *flow) int {
	v.t.Helper()
	if f.doubt.Code == "" {
		return 0
	}
	worked := 0
	for range 3 {
		if redeem(e, f.doubt).Status == http.StatusOK {
			worked++
		}
	}
	if worked > 1 {
		v.t.Errorf("flow %s: a code worked %d times", f.doubt.Flow, worked)
	}
	return 1
}

// verifyMachine: a token is known, and a revoked one stays revoked.
func (v *victim) verifyMachine(e *facts.Env, f *flow) int {
	v.t.Helper()
	last := f.entries[len(f.entries)-1]
	if last.Op == "machine" && !f.ended {
		return 0 // its revocation may have happened or not
	}
	if active := e.Introspect("demo-service", last.Access)["active"]; active != (last.Op == "machine") {
		v.t.Errorf("flow %s: a token after %s: active %v", last.Flow, last.Op, active)
	}
	return 1
}

// verifyConsent: what the person agreed to is remembered.
func (v *victim) verifyConsent(e *facts.Env, username string) {
	v.t.Helper()
	people := e.People(nil)
	at := slices.IndexFunc(people, func(p facts.PersonFixture) bool { return p.Username == username })
	if at < 0 {
		v.t.Errorf("%s is gone", username)
		return
	}
	a := e.Authorize(asking(people[at]))
	if a.Code() == "" || a.Browser.Met("consent") > 0 {
		v.t.Errorf("%s: asked again for what was agreed to (code %v, %d consent pages)", username, a.Code() != "", a.Browser.Met("consent"))
	}
}
