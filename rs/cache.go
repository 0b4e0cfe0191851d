package rs

import (
	"crypto/sha256"
	"sync"
)

// Bounds of a cache: how many tokens, and how long one may be to be kept.
const (
	maxCached = 4096
	maxKept   = 8 << 10 // bytes
)

// A cache remembers what is known of tokens, by their SHA-256, so that it holds
// no token that could be used. It is bounded: a new entry takes the place of one
// that would end soon.
type cache[V any] struct {
	size    int // zero: maxCached
	mu      sync.RWMutex
	entries map[[sha256.Size]byte]entry[V]
}

type entry[V any] struct {
	value V
	ends  int64 // unix seconds
}

func (c *cache[V]) get(key *[sha256.Size]byte, at int64) (value V, found bool) {
	c.mu.RLock()
	e, found := c.entries[*key]
	c.mu.RUnlock()
	if !found || at >= e.ends {
		return value, false
	}
	return e.value, true
}

func (c *cache[V]) put(key *[sha256.Size]byte, value V, at, ends int64) {
	if ends <= at {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[[sha256.Size]byte]entry[V]{}
	}
	if _, there := c.entries[*key]; !there && len(c.entries) >= c.most() {
		c.makeRoom(at)
	}
	c.entries[*key] = entry[V]{value, ends}
}

func (c *cache[V]) remove(key *[sha256.Size]byte) {
	c.mu.Lock()
	delete(c.entries, *key)
	c.mu.Unlock()
}

func (c *cache[V]) most() int {
	if c.size > 0 {
		return c.size
	}
	return maxCached
}

// makeRoom takes away, of a few entries, those that have ended, or the one that
// ends first. A map gives them in random order.
func (c *cache[V]) makeRoom(at int64) {
	const few = 16
	var first [sha256.Size]byte
	ends, seen, removed := int64(0), 0, false
	for key, e := range c.entries {
		if e.ends <= at {
			delete(c.entries, key)
			removed = true
		} else if ends == 0 || e.ends < ends {
			first, ends = key, e.ends
		}
		if seen++; seen == few {
			break
		}
	}
	if !removed {
		delete(c.entries, first)
	}
}
