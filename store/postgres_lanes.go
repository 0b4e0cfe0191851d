package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/tillit/tillit"
)

// A lane is the right to write. Its jobs follow each other, so its audit chain
// has an order that no lock has to make; jobs on other lanes run beside them.
type lane struct {
	chain chain
}

// lanes hands the lanes out, the one used last first: a process with little to
// do has one chain. Who finds none free waits in line.
type lanes struct {
	random io.Reader
	limit  int // how many may wait

	mu      sync.Mutex
	free    []*lane
	waiting []chan *lane
	closed  bool
	taken   sync.WaitGroup
	ids     []string // of the chains: that of the lane used first, and those that were begun

	beginning turn // chains are begun one at a time
}

// A turn is for one at a time, and can be waited for with a deadline.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

func newLanes(options Options) (*lanes, error) {
	l := &lanes{random: options.Random, limit: options.Queue, beginning: newTurn()}
	for range options.Writers {
		lane := new(lane)
		if err := l.renew(lane); err != nil {
			return nil, err
		}
		l.free = append(l.free, lane)
	}
	l.ids = []string{l.free[len(l.free)-1].chain.id}
	return l, nil
}

// renew gives a lane another chain. The one it had is whole, wherever it ends.
func (l *lanes) renew(lane *lane) error {
	id, err := newID(l.random)
	if err != nil {
		return fmt.Errorf("name audit chain: %w", err)
	}
	lane.chain = chain{id: id}
	return nil
}

// take gives a free lane, waiting for one as long as the context allows. Too many
// that wait are tillit.ErrBusy.
func (l *lanes) take(ctx context.Context) (*lane, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lane, line, err := l.enter()
	if lane != nil || err != nil {
		return lane, err
	}
	select {
	case lane := <-line:
		return lane, nil
	case <-ctx.Done():
		if !l.leave(line) {
			l.give(<-line) // it was handed over meanwhile
		}
		return nil, ctx.Err()
	}
}

// enter gives a free lane or a place in the line.
func (l *lanes) enter() (*lane, chan *lane, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, ErrClosed
	}
	if last := len(l.free) - 1; last >= 0 {
		lane := l.free[last]
		l.free = l.free[:last]
		l.taken.Add(1)
		return lane, nil, nil
	}
	if len(l.waiting) >= l.limit {
		return nil, nil, fmt.Errorf("%w: %d writes wait", tillit.ErrBusy, len(l.waiting))
	}
	line := make(chan *lane, 1)
	l.waiting = append(l.waiting, line)
	l.taken.Add(1)
	return nil, line, nil
}

// leave gives up a place in the line; false: it has been served.
func (l *lanes) leave(line chan *lane) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.waiting, line)
	if at < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, at, at+1)
	l.taken.Done()
	return true
}

// give passes a lane on to whoever waits longest.
func (l *lanes) give(lane *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken.Done()
	if len(l.waiting) == 0 {
		l.free = append(l.free, lane)
		return
	}
	l.waiting[0] <- lane
	l.waiting = l.waiting[1:]
}

// began notes a chain that has its row.
func (l *lanes) began(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[0] != id {
		l.ids = append(l.ids, id)
	}
}

// chains gives the chains of this process; the first may not have begun.
func (l *lanes) chains() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ids)
}

// close refuses further writes and returns when those under way have ended.
func (l *lanes) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.taken.Wait()
}
