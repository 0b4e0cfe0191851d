package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit"
)

func twoLanes(t *testing.T) *lanes {
	t.Helper()
	l, err := newLanes(Options{Writers: 2, Queue: 2}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func taking(t *testing.T, l *lanes) *lane {
	t.Helper()
	lane, err := l.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lane
}

// A process that never does two things at once has one chain, the first.
func TestTheLaneUsedLastIsTakenFirst(t *testing.T) {
	l := twoLanes(t)
	for range 5 {
		lane := taking(t, l)
		if lane.chain.id != l.chains()[0] {
			t.Fatal("another lane was taken")
		}
		l.give(lane)
	}
}

func TestWhoWaitsLongestIsServedFirst(t *testing.T) {
	l := twoLanes(t)
	held := []*lane{taking(t, l), taking(t, l)}
	served := make(chan int, 2)
	var all sync.WaitGroup
	for n := range 2 {
		all.Go(func() {
			lane, err := l.take(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			served <- n
			l.give(lane)
		})
		await(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.waiting) == n+1 })
	}
	if _, err := l.take(t.Context()); !errors.Is(err, tillit.ErrBusy) {
		t.Fatalf("a third in a line for two: %v", err)
	}
	l.give(held[0])
	if first := <-served; first != 0 {
		t.Error("who came second was served first")
	}
	l.give(held[1])
	all.Wait()
	if len(l.free) != 2 {
		t.Errorf("%d lanes are free, want 2", len(l.free))
	}
}

func TestADeadlineEndsWaitingForALane(t *testing.T) {
	l := twoLanes(t)
	held := []*lane{taking(t, l), taking(t, l)}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.take(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want the deadline's", err)
	}
	for _, lane := range held {
		l.give(lane)
	}
	if len(l.free) != 2 || len(l.waiting) != 0 {
		t.Errorf("%d lanes are free and %d wait, want 2 and 0", len(l.free), len(l.waiting))
	}
}

// Lanes that are handed over at the very moment a waiter gives up are not lost.
func TestNoLaneIsLost(t *testing.T) {
	l := twoLanes(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 300 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n%50)*time.Microsecond)
				if lane, err := l.take(ctx); err == nil {
					time.Sleep(20 * time.Microsecond)
					l.give(lane)
				}
				cancel()
			}
		})
	}
	all.Wait()
	l.close()
	if len(l.free) != 2 || len(l.waiting) != 0 {
		t.Errorf("%d lanes are free and %d wait, want 2 and 0", len(l.free), len(l.waiting))
	}
	if _, err := l.take(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed store gave a lane: %v", err)
	}
}

// What goes wrong with an address never tells its password.
func TestAddressesKeepTheirSecrets(t *testing.T) {
	for url, why := range map[string]string{
		"postgres://tillit:hunter2@localhost:port/name":                                        "port",
		"postgres://tillit:hunter2%zz@localhost/name":                                          "",
		"postgres://tillit:hunter2@localhost/name?sslmode=nonsense":                            "sslmode",
		"postgres://tillit:hunter2@localhost:1/name?connect_timeout=1":                         "connect",
		"postgres://tillit:hunter2@localhost/name?default_query_exec_mode=simple_protocol":     "default_query_exec_mode=exec",
		"postgresql://tillit:hunter2@localhost:1/name?connect_timeout=1&application_name=mine": "connect",
	} {
		_, err := Open(t.Context(), url, Options{Create: true})
		if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error is %v, want %q in it and no password", err, why)
		}
	}
}
