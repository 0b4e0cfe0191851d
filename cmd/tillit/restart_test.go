package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// startInside runs the command in this process; ended gives its exit status once
// it was told to stop.
func startInside(t *testing.T, args ...string) (base string, ended func() int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, args, write, t.Output())
		write.Close()
	}()
	line, err := bufio.NewReader(read).ReadString('\n')
	base, found := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !found {
		stop()
		t.Fatalf("tillit %s: %q, %v; exit status %d", strings.Join(args, " "), line, err, <-status)
	}
	return base, func() int { stop(); return <-status }
}

// A kept data directory is the same provider after a restart: its clients have
// their secrets, its tokens their keys, and a refresh token still works.
func TestKeptDataSurvivesARestart(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "kept")
	world := &facts.World{}
	env := func(base string) *facts.Env {
		return world.Env(t, &facts.Provider{Base: base, Client: http.DefaultClient}, "buypass")
	}
	base, ended := startInside(t, "dev", "--listen", "127.0.0.1:0", "--data", directory)
	first := env(base)
	secret := first.Client("demo-web").Secret
	tokens := first.Login(facts.Request{Scope: "openid email", Manners: facts.Manners{Person: first.Named("eli")}})
	if tokens.Refresh() == "" {
		t.Fatalf("no refresh token: %v", tokens.Body)
	}
	if code := ended(); code != 0 {
		t.Fatalf("exit status %d; want 0", code)
	}

	base, ended = startInside(t, "dev", "--listen", "127.0.0.1:0", "--data", directory)
	again := env(base)
	if again.Client("demo-web").Secret != secret {
		t.Error("the demo client has another secret; want the one it had")
	}
	renewed := again.Renew("demo-web", tokens.Refresh(), "")
	if renewed.Access() == "" {
		t.Errorf("the refresh token is refused after a restart: %v", renewed.Body)
	}
	if code := ended(); code != 0 {
		t.Errorf("exit status %d; want 0", code)
	}
}
