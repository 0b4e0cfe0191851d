package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A result is one run: an operation, asked for by so many connections.
type result struct {
	Target      string  `json:"target"`
	Operation   string  `json:"operation"`
	Connections int     `json:"connections"`
	Seconds     float64 `json:"seconds"`
	Requests    int     `json:"requests"`
	Errors      int     `json:"errors"`
	FirstError  string  `json:"first_error,omitempty"`
	PerSecond   float64 `json:"requests_per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	CPU         float64 `json:"server_cpu_ms_per_request"` // with the database's processes
	Memory      float64 `json:"memory_mib"`
	Flushes     float64 `json:"disk_flushes_per_request"` // of the whole machine; -1: unreadable
	Others      float64 `json:"other_cores"`              // cores that neither server nor client used
}

// A load says how long to ask.
type load struct {
	connections  int
	warm, length time.Duration
}

// measure asks a provider for one operation again and again from every
// connection, each request as soon as the answer before it is there.
func (l load) measure(p *provider, op operation, pids []int) (*result, error) {
	workers, err := l.workers(p, op)
	if err != nil {
		return nil, fmt.Errorf("%s: prepare: %w", op.name, err)
	}
	l.run(workers, op, l.warm)
	before, err := used(pids)
	if err != nil {
		return nil, err
	}
	own := ownCPU()
	start := time.Now()
	times, failed := l.run(workers, op, l.length)
	elapsed := time.Since(start)
	own = ownCPU() - own
	after, err := used(pids)
	if err != nil {
		return nil, err
	}
	r := &result{
		Operation: op.name, Connections: l.connections, Seconds: elapsed.Seconds(), Requests: len(times), Errors: len(failed),
		PerSecond: float64(len(times)) / elapsed.Seconds(), Memory: float64(after.memory) / (1 << 20), Flushes: -1,
		Others: (after.busy - before.busy - own - (after.cpu - before.cpu)).Seconds() / elapsed.Seconds(),
	}
	if len(failed) > 0 {
		r.FirstError = failed[0].Error()
	}
	if n := len(times); n > 0 {
		slices.Sort(times)
		r.P50, r.P99 = milliseconds(times[n/2]), milliseconds(times[n*99/100])
		r.CPU = milliseconds(after.cpu-before.cpu) / float64(n)
		if before.flushes >= 0 {
			r.Flushes = float64(after.flushes-before.flushes) / float64(n)
		}
	}
	return r, nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

func (l load) workers(p *provider, op operation) ([]*worker, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: l.connections, MaxConnsPerHost: l.connections, DisableCompression: true}
	workers := make([]*worker, l.connections)
	for i := range workers {
		workers[i] = &worker{p: p, transport: transport, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
		if op.prepare == nil {
			continue
		}
		if err := op.prepare(workers[i]); err != nil {
			return nil, err
		}
	}
	return workers, nil
}

// run gives how long each good answer took, and what went wrong.
func (l load) run(workers []*worker, op operation, length time.Duration) (times []time.Duration, failed []error) {
	end := time.Now().Add(length)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			var mine []time.Duration
			var wrong []error
			for time.Now().Before(end) {
				start := time.Now()
				if err := op.run(w); err != nil {
					wrong = append(wrong, err)
					continue
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			times, failed = append(times, mine...), append(failed, wrong...)
		})
	}
	all.Wait()
	return times, failed
}
