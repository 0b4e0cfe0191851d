package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit/store/pgtest"
)

// TestServerCrashes takes PostgreSQL down under load, three times.
func TestServerCrashes(t *testing.T) {
	url := pgtest.URL(t)
	s := opened(t, url, Options{Wait: 2 * time.Second})
	var ledger []string
	for round := range 3 {
		ledger = append(ledger, through(t, s, fmt.Sprint("crash ", round), func() {
			pgtest.Crash(t, url)
			back := pgtest.Open(t, url)
			await(t, func() bool { return back.PingContext(t.Context()) == nil })
		})...)
	}
	intact(t, s, ledger)
}

// TestFailover takes PostgreSQL down for good under load, and its standby takes over.
func TestFailover(t *testing.T) {
	url, fail, promote := pgtest.Pair(t)
	s := opened(t, url, Options{Wait: 2 * time.Second})
	ledger := through(t, s, "failover", func() {
		fail()
		time.Sleep(300 * time.Millisecond) // nothing can be written now
		promote()
	})
	intact(t, s, ledger)
}

// through writes from eight goroutines, lets something happen to the server, and
// demands that writes go on within five seconds after that. It gives the ledger
// of what was acknowledged before, meanwhile and after.
func through(t *testing.T, s *Store, name string, happen func()) (ledger []string) {
	t.Helper()
	const between = 40
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
				name := fmt.Sprintf("%s-%d-%d", name, worker, n)
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
	await(t, func() bool { return written() >= between })
	happen()
	returned, before := time.Now(), written()
	await(t, func() bool { return written() >= before+between })
	if took := time.Since(returned); took > 5*time.Second {
		t.Errorf("writes went on %v after the server was back", took)
	}
	close(stop)
	all.Wait()
	t.Logf("%s: %d acknowledged, %d failed", name, len(ledger), failed)
	return ledger
}

// intact checks that nobody hears an error any more, that what was acknowledged
// is there, and that the audit is whole.
func intact(t *testing.T, s *Store, ledger []string) {
	t.Helper()
	for n := range 20 {
		if err := redeemOne(s, fmt.Sprint("after ", n)); err != nil {
			t.Fatalf("long afterwards: %v", err)
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
