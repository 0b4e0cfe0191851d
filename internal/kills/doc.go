// Package kills holds the provider to its word: what was acknowledged is there,
// whatever happens to the process. It runs the command, loads it from another
// process that notes every acknowledgement on disk, kills the command without
// warning, starts it again on the same data, and compares.
//
//	load ──HTTP──▶ tillit dev --data DIR ◀──kill -9── test
//	  └──ledger (synced)──────────────────────────────▶ compare
//
// It knows the outside contract alone and consists of tests.
package kills
