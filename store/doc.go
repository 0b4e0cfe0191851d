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
//	verb ──encode──▶ job ──▶ bounded queue ──▶ writer ──▶ one commit for all waiting
//	                              │ full: ErrBusy      each job in its own savepoint
//	verb ──────────▶ readers (beside the writer; clients from a cache by revision)
//
// One set of statements serves every engine; what only SQLite says stands in
// sqlite.go and sqlite_writer.go.
package store
