package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tried is a running house and what was measured of it.
type tried struct {
	command *exec.Cmd
	base    string
	names   names
	realm   realm // whose tokens are asked for
	tokens  map[string]string

	started, idle, after float64 // CPU ms; MiB
	cost                 map[string][]float64
}

// open lets a house make its store, fills that, and starts the house anew.
func open(binary, directory string, s size) (*tried, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	found, err := look()
	if err != nil {
		return nil, err
	}
	h := &tried{names: found, cost: map[string][]float64{}, tokens: map[string]string{}}
	if err := h.start(binary, directory); err != nil {
		return nil, err
	}
	owner, consumer := h.realm.client("demo-provider").Organization, h.realm.client("demo-consumer").Organization
	h.stop()
	begun := time.Now()
	if err := fill(directory, found, owner, consumer, s); err != nil {
		return nil, err
	}
	fmt.Printf("filled with %d scopes, %d clients, %d grants in %s\n", s.scopes, s.clients, s.grants, time.Since(begun).Round(time.Second))
	if err := h.start(binary, directory); err != nil {
		return nil, err
	}
	if h.started, err = spent(h.command.Process.Pid); err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second)
	h.idle, err = memory(h.command.Process.Pid)
	return h, err
}

// start runs the house until it answers.
func (h *tried) start(binary, directory string) error {
	ports := make([]string, 2)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		ports[i] = strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
		listener.Close()
	}
	h.command = exec.Command(binary, directory, ports[0], ports[1])
	h.command.Stderr = os.Stderr
	if err := h.command.Start(); err != nil {
		return err
	}
	h.base = "http://localhost:" + ports[0]
	for begun := time.Now(); time.Since(begun) < 2*time.Minute; time.Sleep(5 * time.Millisecond) {
		var found struct{ Realms []realm }
		if _, err := ask(http.MethodGet, h.base+"/dev/fixtures.json", "", nil, &found); err != nil {
			continue
		}
		for _, r := range found.Realms {
			if r.Name == h.names.realm {
				h.realm = r
				return nil
			}
		}
	}
	return fmt.Errorf("house: no answer within two minutes")
}

func (h *tried) stop() {
	_ = h.command.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = h.command.Wait()
}

// round asks for everything once more and notes what one request cost.
func (h *tried) round(times int) error {
	for _, r := range requests {
		n := max(1, times/r.dear)
		next, err := r.prepare(h)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		if err := next(); err != nil { // what is made once and kept is not counted
			return fmt.Errorf("%s: %w", r.name, err)
		}
		before, err := spent(h.command.Process.Pid)
		if err != nil {
			return err
		}
		for range n {
			if err := next(); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
		after, err := spent(h.command.Process.Pid)
		if err != nil {
			return err
		}
		h.cost[r.name] = append(h.cost[r.name], (after-before)/float64(n))
	}
	return nil
}

// ask sends a request and reads its answer; anything but 200 is an error.
func ask(method, address, token string, body []byte, into any) (int, error) {
	r, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	if !bytes.HasPrefix(body, []byte("{")) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s %s: %d %s", method, r.URL.Path, answer.StatusCode, text)
	}
	if into == nil {
		return len(text), nil
	}
	return len(text), json.Unmarshal(text, into)
}

// spent reads the CPU time of a process, in milliseconds: /proc/<pid>/schedstat
// counts nanoseconds, of each thread its own.
func spent(pid int) (float64, error) {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, thread := range threads {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, thread.Name()))
		if err != nil {
			return 0, err
		}
		own, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseFloat(own, 64)
		if err != nil {
			return 0, err
		}
		sum += ns / 1e6
	}
	return sum, nil
}

// memory reads what a process holds, in MiB.
func memory(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", pid, text)
	}
	pages, err := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20), err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
