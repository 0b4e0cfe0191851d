package ops

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	// spare is how much garbage may lie about before it is collected, in bytes. A
	// provider keeps a few MiB; by Go's usual hundred per cent it would collect
	// every few MiB, and spend a tenth of its time on it, a start a quarter.
	spare = 32 << 20
	// usualPercent is Go's own, and what a heap larger than spare gets.
	usualPercent = 100
	mostPercent  = 800 // of at least 4 MiB, which is spare
)

// LetGarbageWait has the garbage collector wait until some 32 MiB lie about, and
// for a heap that is larger until there is as much garbage as there is use, which
// is Go's own measure. Free gives back what lies about now. Whoever sets GOGC in
// the environment has their way: nothing is changed, and GOMEMLIMIT bounds both.
func LetGarbageWait() (free func()) {
	if os.Getenv("GOGC") == "" && following.CompareAndSwap(false, true) {
		debug.SetGCPercent(mostPercent)
		(&pacer{percent: mostPercent}).watch()
	}
	return debug.FreeOSMemory
}

var following atomic.Bool

// A pacer looks after every collection at what is left, and says how long the next
// may wait.
type pacer struct{ percent int }

// watch calls next after the next collection, which finds a mark that nobody
// holds.
func (p *pacer) watch() {
	mark := new([16]byte)
	runtime.AddCleanup(mark, (*pacer).next, p)
}

func (p *pacer) next() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		p.set(percentFor(sample[0].Value.Uint64()))
	}
	p.watch()
}

// set stops the world for a moment, so a little more or less is let be.
func (p *pacer) set(percent int) {
	if 10*max(percent, p.percent) > 12*min(percent, p.percent) {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor gives what the collector is to be set to when so many bytes live.
func percentFor(live uint64) int {
	return int(min(max(spare*100/max(live, 1), usualPercent), mostPercent))
}
