package facts

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// A Recorder is a TB that keeps what a check said instead of failing a test.
type Recorder struct {
	ctx context.Context

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

// Record runs a check and gives what it complained about; nothing means green.
// A panic of the check is handed on.
func Record(ctx context.Context, check func(TB)) (failures []string) {
	r := &Recorder{ctx: ctx}
	done := make(chan any, 1)
	go func() { // its own goroutine: Fatalf ends it
		defer func() { done <- recover() }()
		defer r.clean()
		check(r)
	}()
	if fault := <-done; fault != nil {
		panic(fault)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures
}

func (r *Recorder) clean() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

// Helper does nothing.
func (r *Recorder) Helper() {}

// Logf does nothing: what a passing step says is of no interest in a fault run.
func (r *Recorder) Logf(string, ...any) {}

// Errorf keeps the complaint.
func (r *Recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// Fatalf keeps the complaint and ends the check.
func (r *Recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Cleanup runs f when the check has ended, the last first.
func (r *Recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

// Context is the context of the run.
func (r *Recorder) Context() context.Context { return r.ctx }
