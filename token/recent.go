package token

import "sync"

// recent remembers values, at most twice its size: when the young generation is
// full it becomes the old one, and what stood there is forgotten. Whatever is
// used moves to the young one, so what is in use stays.
type recent[V any] struct {
	size       int
	mu         sync.Mutex
	young, old map[[32]byte]V
}

func newRecent[V any](size int) *recent[V] {
	return &recent[V]{size: size, young: map[[32]byte]V{}}
}

func (r *recent[V]) get(key [32]byte) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if value, ok := r.young[key]; ok {
		return value, true
	}
	value, ok := r.old[key]
	if ok {
		r.add(key, value)
	}
	return value, ok
}

func (r *recent[V]) put(key [32]byte, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(key, value)
}

func (r *recent[V]) add(key [32]byte, value V) {
	if len(r.young) >= r.size {
		r.old, r.young = r.young, make(map[[32]byte]V, r.size)
	}
	r.young[key] = value
}
