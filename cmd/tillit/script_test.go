package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// What a script may wait for, and how long a told process may take to end.
const (
	patience = 30 * time.Second
	stopping = 15 * time.Second
)

// request is an authorization request without its scope.
const request = "client_id=demo-web&response_type=code&redirect_uri=http://127.0.0.1/callback&state=s&nonce=n" +
	"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"

// TestScripts runs what operators do, and every refusal they can meet.
func TestScripts(t *testing.T) {
	realms, err := filepath.Abs("testdata/realms")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PLAIN", realms)
			env.Setenv("PORT", freePort(t))
			env.Setenv("REQUEST", request)
			env.Values[processes{}] = map[string]*process{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "stop": end, "hangup": hangup, "await": await, "get": get, "guess": guess, "refuses": refuses, "exits": exits, "capture": capture, "edit": edit,
		},
	})
}

// freePort gives a port that nobody listens on at the moment.
func freePort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// A process is a provider that a script started.
type process struct {
	command *exec.Cmd
	ended   chan error
}

type processes struct{}

func processOf(ts *testscript.TestScript, name string) *process {
	p := ts.Value(processes{}).(map[string]*process)[name]
	if p == nil {
		ts.Fatalf("no process %q was started", name)
	}
	return p
}

// start NAME ARGS… runs tillit until it says that it is ready; $NAME is then its
// base URL, and NAME.log what it logs.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start name args…")
	}
	name := args[0]
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	log, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	command := exec.Command("tillit", args[1:]...)
	command.Dir, command.Stdout, command.Stderr = ts.MkAbs("."), out, log
	command.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("WORK"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	ts.Check(command.Start())
	p := &process{command, make(chan error, 1)}
	go func() { p.ended <- command.Wait() }()
	ts.Value(processes{}).(map[string]*process)[name] = p
	ts.Defer(func() { command.Process.Kill(); out.Close(); log.Close() })
	ready := regexp.MustCompile(`^ready (\S+)\n`)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if found := ready.FindStringSubmatch(ts.ReadFile(name + ".out")); found != nil {
			ts.Setenv(name, found[1])
			return
		}
	}
	ts.Fatalf("%s is not ready:\n%s", name, ts.ReadFile(name+".log"))
}

// stop NAME tells a process to end and expects exit status 0.
func end(ts *testscript.TestScript, neg bool, args []string) {
	p := processOf(ts, args[0])
	ts.Check(p.command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.ended:
		if err != nil {
			ts.Fatalf("%s ended with %v", args[0], err)
		}
	case <-time.After(stopping):
		ts.Fatalf("%s did not end", args[0])
	}
}

// hangup NAME sends SIGHUP.
func hangup(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(processOf(ts, args[0]).command.Process.Signal(syscall.SIGHUP))
}

// await FILE PATTERN waits until a file matches.
func await(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(args[1])
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if pattern.MatchString(ts.ReadFile(args[0])) {
			return
		}
	}
	ts.Fatalf("%s does not match %s:\n%s", args[0], args[1], ts.ReadFile(args[0]))
}

// get STATUS URL [USER:PASSWORD FORM] requests an address, by POST with a form;
// the body is in the file body.
func get(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	method, form := http.MethodGet, io.Reader(nil)
	if len(args) == 4 {
		method, form = http.MethodPost, strings.NewReader(args[3])
	}
	request, err := http.NewRequestWithContext(ctx, method, args[1], form)
	ts.Check(err)
	if form != nil {
		user, password, _ := strings.Cut(args[2], ":")
		request.SetBasicAuth(user, password)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("body"), body, 0o600))
	if strconv.Itoa(answer.StatusCode) != args[0] {
		ts.Fatalf("%s: %d; want %s\n%s", args[1], answer.StatusCode, args[0], body)
	}
}

// guess TIMES STATUS URL USER:PASSWORD FORM is get, again and again.
func guess(ts *testscript.TestScript, neg bool, args []string) {
	times, err := strconv.Atoi(args[0])
	ts.Check(err)
	for range times {
		get(ts, neg, args[1:])
	}
}

// capture VAR FILE PATTERN keeps what the pattern's group matches.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) != 2 {
		ts.Fatalf("%s does not match %s", args[1], args[2])
	}
	ts.Setenv(args[0], found[1])
}

// edit FILE SQL changes a store behind the provider's back.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0])) // the driver is the store's
	ts.Check(err)
	defer db.Close()
	changed, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := changed.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%s: %d rows changed, %v", args[1], n, err)
	}
}

// refuses STATUS ARGS… runs tillit and expects that exit status, and one line on
// standard error that says why.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	exits(ts, neg, args)
	text := ts.ReadFile("stderr")
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "tillit: ") {
		ts.Fatalf("standard error is not one line of tillit:\n%s", text)
	}
}

// exits STATUS ARGS… runs tillit and expects that exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("tillit", args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("tillit %s: %v; want exit status %s", strings.Join(args[1:], " "), err, args[0])
	}
}
