package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// Percentages that the garbage collector works by while the house is put together.
// Reading the realms leaves much behind at once and is soon over: with Go's usual
// hundred a start collects eight times and spends a quarter of its time on it.
const startPercent = 800 // of at least 4 MiB: the first collection comes at some 32

// starting lets the garbage collector wait while the house is put together. After
// its first collection, or when the house stands and finished is called, it works
// as usual; so a start holds at most some 32 MiB that nobody needs. Whoever sets
// GOGC has their way throughout.
func starting() (finished func()) {
	if os.Getenv("GOGC") != "" {
		return debug.FreeOSMemory
	}
	usual := debug.SetGCPercent(startPercent)
	asUsual := sync.OnceFunc(func() { debug.SetGCPercent(usual) })
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(usual func()) { usual() }, asUsual)
	return func() {
		asUsual()
		debug.FreeOSMemory() // reading the realms takes several times what is kept of them
	}
}
