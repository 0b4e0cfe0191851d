package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A report is what is kept of a run.
type report struct {
	Date       string            `json:"date"`
	Commit     string            `json:"commit"` // with -dirty when the tree differed
	Command    string            `json:"command"`
	Machine    machine           `json:"machine"`
	Load       string            `json:"load_average_before"`
	LoadAfter  string            `json:"load_average_after"`
	Note       string            `json:"note,omitempty"`
	Guarantees map[string]string `json:"guarantees"`
	Skipped    map[string]string `json:"skipped,omitempty"` // what could not be measured, and why
	Results    []result          `json:"results"`
}

type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

func main() {
	tree := flag.String("tree", ".", "root of the tree to build")
	out := flag.String("out", "", "file to keep the results in (default: bench/results/DATE.json)")
	only := flag.String("targets", "", "targets, separated by commas (default: all)")
	which := flag.String("operations", "", "operations, separated by commas (default: all)")
	connections := flag.String("connections", "1,32", "numbers of connections, 1 to 64, separated by commas")
	length := flag.Duration("duration", 10*time.Second, "how long each run measures")
	warm := flag.Duration("warmup", 1500*time.Millisecond, "how long each run warms up")
	base := flag.String("base", "", "ask what dev serves at this address instead of starting anything")
	pid := flag.Int("pid", 0, "process that serves -base")
	note := flag.String("note", "", "what a reader should know of the circumstances")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{only: *only, which: *which, length: *length, warm: *warm}
	err := b.counts(*connections)
	if err == nil {
		err = b.all(ctx, place{*tree, *out, *base, *pid}, *note)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is one run over targets, operations and connections.
type bench struct {
	only, which  string
	connections  []int
	length, warm time.Duration
	report       report
}

func (b *bench) counts(list string) error {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 64 {
			return fmt.Errorf("-connections %s: %q; right would be numbers from 1 to 64", list, text)
		}
		b.connections = append(b.connections, n)
	}
	return nil
}

// A place says what is measured, and where the results go.
type place struct {
	tree, out string
	base      string // of what runs already; "": everything is started
	pid       int
}

// targets builds what the place wants measured.
func (p *place) targets(dir string) ([]target, error) {
	if p.base != "" {
		return []target{{"given", "whatever runs there promises", nil, func(ctx context.Context, _ string) (*running, error) {
			found, err := fromFixtures(ctx, p.base)
			return &running{provider: found, pids: []int{p.pid}}, err
		}}}, nil
	}
	programs, err := buildAll(p.tree, dir)
	if err != nil {
		return nil, err
	}
	return programs.targets(), nil
}

func (b *bench) all(ctx context.Context, p place, note string) error {
	var err error
	if p.tree, err = filepath.Abs(p.tree); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tillit-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	targets, err := p.targets(dir)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	b.report = report{
		Date: now.Format(time.RFC3339), Commit: commit(p.tree), Command: "go run ./bench " + strings.Join(os.Args[1:], " "), Machine: thisMachine(),
		Load: loadAverage(), Note: note, Guarantees: map[string]string{}, Skipped: map[string]string{},
	}
	fmt.Printf("%-28s %-19s %4s %9s %8s %8s %9s %8s %8s %7s %6s\n", "target", "operation", "conn", "req/s", "p50 ms", "p99 ms", "CPU ms", "MiB", "flushes", "others", "errors")
	for _, t := range targets {
		if listed(b.only, t.name) && ctx.Err() == nil {
			b.target(ctx, &t, filepath.Join(dir, "data-"+t.name))
		}
	}
	b.report.LoadAfter = loadAverage()
	if p.out == "" {
		p.out = filepath.Join(p.tree, "bench/results", now.Format("2006-01-02T150405")+".json")
	}
	return b.keep(p.out)
}

// keep writes the report to a file.
func (b *bench) keep(out string) error {
	text, err := json.MarshalIndent(b.report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// target measures one target; what fails is said, and the others go on.
func (b *bench) target(ctx context.Context, t *target, dir string) {
	skip := func(what string, err error) {
		b.report.Skipped[what] = err.Error()
		fmt.Printf("%-28s skipped: %v\n", what, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		skip(t.name, err)
		return
	}
	r, err := t.start(ctx, dir)
	if err != nil {
		skip(t.name, err)
		return
	}
	defer r.stop()
	b.report.Guarantees[t.name] = t.guarantee
	for _, op := range operations {
		if !listed(b.which, op.name) || !t.comparable(op.name) {
			continue
		}
		for _, n := range b.connections {
			if ctx.Err() != nil {
				return
			}
			found, err := load{n, b.warm, b.length}.measure(r.provider, op, r.pids)
			if err != nil {
				skip(t.name+" "+op.name, err)
				break
			}
			found.Target = t.name
			b.report.Results = append(b.report.Results, *found)
			fmt.Printf("%-28s %-19s %4d %9.0f %8.2f %8.2f %9.3f %8.0f %8.2f %7.2f %6d %s\n", found.Target, found.Operation, found.Connections,
				found.PerSecond, found.P50, found.P99, found.CPU, found.Memory, found.Flushes, found.Others, found.Errors, found.FirstError)
		}
	}
}

func commit(tree string) string {
	run := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir = tree
		out, err := cmd.Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	id := run("rev-parse", "HEAD")
	if run("status", "--porcelain", "--untracked-files=no") != "" {
		id += "-dirty"
	}
	return id
}

func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	return m
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// ownCPU is what this process, the client, has used so far.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
