// Package recent remembers what was worked out lately, by what it was worked out
// from: a text that is read again unchanged is not decoded again. What depends on
// anything else than its key does not belong here, so nothing of it is ever stale.
package recent

import "sync"

// Values remembers values, at most twice its size: when the young generation is
// full it becomes the old one, and what stood there is forgotten. Whatever is
// used moves to the young one, so what is in use stays. What it gives is shared
// by all who ask: read it, and change nothing.
type Values[K comparable, V any] struct {
	size       int
	mu         sync.Mutex
	young, old map[K]V
}

// New makes an empty memory for so many values.
func New[K comparable, V any](size int) *Values[K, V] {
	return &Values[K, V]{size: size, young: map[K]V{}}
}

// Get gives what is remembered under the key.
func (r *Values[K, V]) Get(key K) (V, bool) {
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

// Put remembers a value.
func (r *Values[K, V]) Put(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(key, value)
}

// Of gives what is remembered under the key, or works it out; what could not be
// worked out is not remembered.
func (r *Values[K, V]) Of(key K, work func(K) (V, error)) (V, error) {
	if value, ok := r.Get(key); ok {
		return value, nil
	}
	value, err := work(key)
	if err == nil {
		r.Put(key, value)
	}
	return value, err
}

func (r *Values[K, V]) add(key K, value V) {
	if len(r.young) >= r.size {
		r.old, r.young = r.young, map[K]V{}
	}
	r.young[key] = value
}
