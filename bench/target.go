package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A target is a provider that can be started.
type target struct {
	name      string
	guarantee string   // what an answer of it promises
	only      []string // operations; nil: all
	start     func(ctx context.Context, dir string) (*running, error)
}

// A running target ends when stop is called.
type running struct {
	provider *provider
	pids     []int
	stops    []func()
}

func (r *running) stop() {
	for i := len(r.stops) - 1; i >= 0; i-- {
		r.stops[i]()
	}
}

// launch starts a program, with what it says in dir/log, and adds it.
func (r *running) launch(dir string, env []string, name string, args ...string) error {
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	r.pids = append(r.pids, cmd.Process.Pid)
	r.stops = append(r.stops, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		_ = cmd.Wait() // how it ended is of no interest
	})
	return nil
}

// await waits until discovery answers, and reads where the endpoints are.
func (p *provider) await(ctx context.Context) error {
	text, err := await(ctx, p.Discovery)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &p.metadata)
}

// await asks until there is an answer.
func await(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		text, err := fetch(ctx, address)
		if err == nil {
			return text, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s does not answer: %w", address, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// freePort gives a port on loopback that nobody has.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// build compiles a program of the tree, or of a module in it.
func build(module, pkg, into string) error {
	cmd := exec.Command("go", "build", "-o", into, pkg)
	cmd.Dir = module
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w: %s", pkg, err, log.String())
	}
	return nil
}
