// Package store keeps what the provider must not forget: clients, people,
// interactions, sessions, codes, grants, tokens, consents, keys and the audit
// chain.
//
// It speaks in verbs that are atomic where the protocol is (RedeemCode, Rotate,
// EndSession). Single use is decided by one conditional statement, never by
// reading first. A verb that changes something has committed durably when it
// returns nil.
//
// It never decides what may be issued, never signs, never reads the clock and
// never sees a code, a token or a cookie: hashes come in, and times are
// arguments.
//
// On SQLite one goroutine writes for all:
//
//	verb ──encode──▶ job ──▶ bounded queue ──▶ writer ──▶ one commit for all waiting
//	                              │ full: ErrBusy      each job in its own savepoint
//	verb ──────────▶ readers (beside the writer; clients from a cache by revision)
//
// On PostgreSQL, which any number of processes share, every job has its transaction:
//
//	verb ──encode──▶ job ──▶ bounded line ──▶ lane ──▶ BEGIN … audit, COMMIT
//	                              │ full: ErrBusy └── again on 40001, 40P01, at most 5 times
//	verb ──────────▶ readers (a pool of their own)
//
// One set of statements serves every engine; what only one says stands in
// sqlite*.go and postgres*.go.
package store
