package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit/store/pgtest"
)

// TestServerCrashes takes PostgreSQL down under load, three times. What was
// acknowledged is there, the audit is whole, and five seconds after it is back
// nobody hears an error any more.
func TestServerCrashes(t *testing.T) {
	const crashes, between = 3, 40
	url := pgtest.URL(t)
	s := opened(t, url, Options{Wait: 2 * time.Second})
	var ledger []string
	for crash := range crashes {
		var all sync.WaitGroup
		var mu sync.Mutex
		stop, failed := make(chan struct{}), 0
		for worker := range 8 {
			all.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					name := fmt.Sprintf("%d-%d-%d", crash, worker, n)
					err := redeemOne(s, name)
					mu.Lock()
					if err == nil {
						ledger = append(ledger, name)
					} else {
						failed++
					}
					mu.Unlock()
				}
			})
		}
		written := func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(ledger)
		}
		await(t, func() bool { return written() >= (2*crash+1)*between })
		pgtest.Crash(t, url)
		back := pgtest.Open(t, url)
		await(t, func() bool { return back.PingContext(t.Context()) == nil })
		returned := time.Now()
		before := written()
		await(t, func() bool { return written() >= before+between })
		if took := time.Since(returned); took > 5*time.Second {
			t.Errorf("writes went on %v after the server was back", took)
		}
		close(stop)
		all.Wait()
		t.Logf("crash %d: %d acknowledged so far, %d failed", crash, len(ledger), failed)
	}
	for n := range 20 {
		if err := redeemOne(s, fmt.Sprint("after ", n)); err != nil {
			t.Fatalf("long after the crash: %v", err)
		}
	}
	acknowledged(t, s, ledger)
	report, err := s.VerifyAudit(t.Context())
	if err != nil || report.Broken != nil || report.Records < int64(len(ledger)) {
		t.Fatalf("audit is %+v, %+v, %v", report, report.Broken, err)
	}
}

// await polls until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come about within thirty seconds")
		}
	}
}
