package store

// Load gives how many writes wait, and how many may before further ones are
// refused.
func (s *Store) Load() (waiting, room int) { return s.engine.load() }

func (db *sqliteDB) load() (waiting, room int) { return len(db.writer.queue), cap(db.writer.queue) }

func (p *postgres) load() (waiting, room int) {
	p.lanes.mu.Lock()
	defer p.lanes.mu.Unlock()
	return len(p.lanes.waiting), p.lanes.limit
}
