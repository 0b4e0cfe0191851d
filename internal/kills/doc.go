// Package kills holds the provider to its word: what was acknowledged is there,
// whatever happens to the process. It runs the command, loads it from another
// process that notes every acknowledgement on disk, kills the command without
// warning, starts it again on the same data, and compares.
//
//	load ──HTTP──▶ tillit dev --data DIR ◀──kill -9── test
//	  └──ledger (synced)──────────────────────────────▶ compare
//
// Several of them on one PostgreSQL, behind one address, are held to the same and
// to more: what one did counts at the others, whichever is killed, and whatever
// becomes of the database.
//
//	load ──HTTP──▶ address ──in turn──▶ tillit dev --store postgres://… ◀──kill -9── test
//	                                    tillit dev --store postgres://…
//
// It knows the outside contract alone and consists of tests.
package kills
