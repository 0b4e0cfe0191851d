// Command start measures how long the command takes from being started to its
// first answer, and what it holds when nobody asks: serve and dev, on nothing and
// on what a former run kept.
//
//	tillit serve|dev ──▶ first 200 on discovery ──▶ two idle seconds ──▶ resident memory
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tillit/tillit/realms"
)

func main() {
	times := flag.Int("times", 5, "how often each is started; the median counts")
	flag.Parse()
	if err := run(*times); err != nil {
		log.Fatal("start: ", err)
	}
}

// A start is one run of the command.
type start struct {
	ready, cpu time.Duration // until the first answer; of the whole run
	memory     int64         // bytes, idle
}

func run(times int) error {
	dir, err := os.MkdirTemp("", "tillit-start-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "tillit")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/tillit").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	fmt.Printf("%-18s %10s %10s %14s\n", "medians", "ready, ms", "CPU, ms", "idle RSS, MiB")
	for _, verb := range []string{"serve", "dev"} {
		var fresh, kept []start
		for i := range times {
			data := filepath.Join(dir, verb+strconv.Itoa(i))
			for _, list := range []*[]start{&fresh, &kept} {
				s, err := once(binary, verb, data)
				if err != nil {
					return fmt.Errorf("%s: %w", verb, err)
				}
				*list = append(*list, s)
			}
		}
		tell(verb+", nothing kept", fresh)
		tell(verb+", data kept", kept)
	}
	return nil
}

func tell(what string, starts []start) {
	fmt.Printf("%-18s %10d %10d %14.1f\n", what, median(starts, func(s start) int64 { return s.ready.Milliseconds() }),
		median(starts, func(s start) int64 { return s.cpu.Milliseconds() }), float64(median(starts, func(s start) int64 { return s.memory }))/(1<<20))
}

func median(starts []start, of func(start) int64) int64 {
	var values []int64
	for _, s := range starts {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// once starts the command on a directory, waits for an answer, lets it idle, and
// ends it.
func once(binary, verb, data string) (start, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return start{}, err
	}
	address := listener.Addr().String()
	listener.Close()
	args, err := arguments(binary, verb, data, address)
	if err != nil {
		return start{}, err
	}
	files, err := fs.Glob(realms.Files(), "*.yaml")
	if err != nil || len(files) == 0 {
		return start{}, fmt.Errorf("no realms: %v", err)
	}
	discovery := "http://" + address + "/" + strings.TrimSuffix(files[0], ".yaml") + "/.well-known/openid-configuration"
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return start{}, err
	}
	s, err := watch(cmd, discovery, begun)
	err = firstOf(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	if state := cmd.ProcessState; state != nil {
		s.cpu = state.UserTime() + state.SystemTime()
	}
	return s, err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// arguments are the verb's, with a configuration file where it wants one.
func arguments(binary, verb, data, address string) ([]string, error) {
	if verb == "dev" {
		return []string{"dev", "--data", data, "--listen", address, "--base-url", "http://" + address}, nil
	}
	texts := filepath.Join(data, "realms")
	if _, err := os.Stat(texts); err != nil {
		if err := os.CopyFS(texts, realms.Files()); err != nil {
			return nil, err
		}
	}
	master := filepath.Join(data, "master.key")
	if _, err := os.Stat(master); err != nil {
		text, err := exec.Command(binary, "key", "master").Output()
		if err == nil {
			err = os.WriteFile(master, text, 0o600)
		}
		if err != nil {
			return nil, err
		}
	}
	config := filepath.Join(data, "serve.yaml")
	text := fmt.Sprintf("listen: %s\nbase_url: http://%s\nrealms: %s\nstore: %s\nmaster_key_file: %s\nlog_level: error\n", address, address, texts, filepath.Join(data, "tillit.db"), master)
	return []string{"serve", "--config", config}, os.WriteFile(config, []byte(text), 0o600)
}

func watch(cmd *exec.Cmd, discovery string, begun time.Time) (start, error) {
	for time.Since(begun) < time.Minute {
		resp, err := http.Get(discovery)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				s := start{ready: time.Since(begun)}
				time.Sleep(2 * time.Second)
				s.memory, err = resident(cmd.Process.Pid)
				return s, err
			}
		}
		time.Sleep(time.Millisecond)
	}
	return start{}, fmt.Errorf("no answer within a minute from %s", discovery)
}

// resident reads what a process holds: the second field of /proc/<pid>/statm, in pages.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", pid, text)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
