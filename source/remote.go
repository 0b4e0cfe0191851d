package source

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tillit/tillit"
)

// What a source is given where the realm says nothing.
const defaultDeadline = 2 * time.Second

const (
	// mostFailures in a row open the breaker: until it closes again the source is
	// not asked, so that nobody waits for what will not come.
	mostFailures = 5
	// breakFor is how long it stays open. Then one question is let through.
	breakFor = 10 * time.Second
	// mostReadings is how many answers are remembered, at most twice.
	mostReadings = 4096
)

const onErrorStale = "stale"

var (
	errNotConnected = errors.New("it is not connected; right would be its address in the configuration")
	errBroken       = errors.New("it failed too often and is not asked for a while")
)

// A remote is one source that is asked elsewhere, with what it said lately.
type remote struct {
	asker Asker // nil: not connected
	now   func() time.Time

	mu         sync.Mutex
	known, old map[string]reading // by what the person is known by; two generations
	failures   int                // in a row
	open       time.Time          // until then it is not asked
}

// A reading is what a source said of somebody. It is shared: nobody changes it.
type reading struct {
	value map[string]any
	at    time.Time
}

// value gives what the source says, as fresh as the realm wants it.
func (r *remote) value(ctx context.Context, use tillit.SourceUse, by string) (map[string]any, error) {
	last, remembered := r.remembered(by)
	if age := r.now().Sub(last.at); remembered && age >= 0 && age < seconds(use.CacheAge, 0) {
		return last.value, nil
	}
	value, err := r.ask(ctx, use, by)
	if err != nil && remembered && use.OnError == onErrorStale {
		return last.value, nil
	}
	if err != nil {
		return nil, err
	}
	if use.CacheAge > 0 || use.OnError == onErrorStale {
		r.remember(by, reading{value, r.now()})
	}
	return value, nil
}

func (r *remote) ask(ctx context.Context, use tillit.SourceUse, by string) (map[string]any, error) {
	if r.asker == nil {
		return nil, errNotConnected
	}
	if !r.lets() {
		return nil, errBroken
	}
	bounded, cancel := context.WithTimeout(ctx, seconds(use.Deadline, defaultDeadline))
	defer cancel()
	value, err := r.asker.Ask(bounded, use, by)
	if ctx.Err() != nil { // who asked has gone: that says nothing of the source
		r.unasked()
		return nil, ctx.Err()
	}
	r.note(err)
	return value, err
}

// lets reports whether the source may be asked now. While the breaker is open
// one question is let through each time it has waited long enough.
func (r *remote) lets() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures < mostFailures {
		return true
	}
	if r.now().Before(r.open) {
		return false
	}
	r.open = r.now().Add(breakFor) // for the others
	return true
}

func (r *remote) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.failures = 0
		return
	}
	if r.failures++; r.failures == mostFailures {
		r.open = r.now().Add(breakFor)
	}
}

// unasked lets the next one ask instead.
func (r *remote) unasked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures >= mostFailures {
		r.open = r.now()
	}
}

func (r *remote) remembered(by string) (reading, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.known[by]
	if !ok {
		found, ok = r.old[by]
	}
	return found, ok
}

func (r *remote) remember(by string, said reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= mostReadings {
		r.old, r.known = r.known, map[string]reading{}
	}
	r.known[by] = said
}

func seconds(n int64, unsaid time.Duration) time.Duration {
	if n == 0 {
		return unsaid
	}
	return time.Duration(n) * time.Second
}
