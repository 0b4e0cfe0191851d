package store

import (
	"context"
	"fmt"
	"sync/atomic"
)

// A job is one write: statements that are committed together or not at all.
type job struct {
	ctx   context.Context
	run   func(*tx) error
	state atomic.Int32
	err   error      // of the writing goroutine
	done  chan error // gets the outcome once
}

const (
	jobWaiting int32 = iota
	jobRunning
	jobAbandoned
)

// begin is called by the writer; false: the caller gave up before.
func (j *job) begin() bool {
	return j.state.CompareAndSwap(jobWaiting, jobRunning) || j.state.Load() == jobRunning
}

// abandon is called by the waiting caller; false: it runs already.
func (j *job) abandon() bool { return j.state.CompareAndSwap(jobWaiting, jobAbandoned) }

func (j *job) finish(err error) { j.done <- err }

// call runs the job; a panic is its failure and nobody else's.
func (j *job) call(tx *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a write: %v", r)
		}
	}()
	return j.run(tx)
}
