package house

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A House is the running command.
type House struct {
	Base     string // base URL
	Binary   string // the built command
	Data     string // its data directory
	Fixtures Fixtures

	command *exec.Cmd
	log     log
}

// Run runs the tests of a package beside a running command, and gives the exit
// status for os.Exit. started is called before the first test.
func Run(m *testing.M, started func(*House)) int {
	directory, err := os.MkdirTemp("", "tillit-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	defer os.RemoveAll(directory)
	h, err := start(directory)
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	started(h)
	status := m.Run()
	if err := h.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		return 1
	}
	if status != 0 {
		fmt.Fprintf(os.Stderr, "the command's log:\n%s", h.log.String())
	}
	return status
}

// start builds the command and runs it.
func start(directory string) (*House, error) {
	h := &House{Binary: filepath.Join(directory, "tillit"), Data: filepath.Join(directory, "data")}
	build := exec.Command("go", "build", "-o", h.Binary, "github.com/tillit/tillit/cmd/tillit")
	if told, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the command: %w\n%s", err, told)
	}
	return h.run()
}

// Another runs the command once more, with realms of its own, until the test ends.
func (h *House) Another(t testing.TB, realms string) *House {
	t.Helper()
	other, err := (&House{Binary: h.Binary, Data: t.TempDir()}).run("--realms", realms)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.stop(); err != nil {
			t.Error(err)
		}
	})
	return other
}

// run runs the command and waits until it accepts connections.
func (h *House) run(args ...string) (*House, error) {
	h.command = exec.Command(h.Binary, append([]string{"dev", "--listen", "127.0.0.1:0", "--data", h.Data}, args...)...)
	h.command.Stderr = &h.log
	out, err := h.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.command.Start(); err != nil {
		return nil, fmt.Errorf("run the command: %w", err)
	}
	lines := bufio.NewScanner(out)
	for h.Base == "" && lines.Scan() {
		if base, ready := strings.CutPrefix(lines.Text(), "ready "); ready {
			h.Base = base
		}
	}
	if h.Base == "" {
		return nil, fmt.Errorf("the command ended before it was ready: %v\n%s", h.command.Wait(), h.log.String())
	}
	if err := h.readFixtures(); err != nil {
		return nil, fmt.Errorf("%w; %v", err, h.stop())
	}
	return h, nil
}

func (h *House) readFixtures() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Base+"/dev/fixtures.json", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("fixtures: %w", err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&h.Fixtures); err != nil {
		return fmt.Errorf("fixtures: %w", err)
	}
	return nil
}

// stop asks the command to end and waits. An exit status other than 0 is an
// error.
func (h *House) stop() error {
	if err := h.command.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the command: %w", err)
	}
	if err := h.command.Wait(); err != nil {
		return fmt.Errorf("the command did not stop cleanly: %w\n%s", err, h.log.String())
	}
	return nil
}

// A log keeps what the command writes while tests run.
type log struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

// Write adds to the log.
func (l *log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

// String gives everything written so far.
func (l *log) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}
