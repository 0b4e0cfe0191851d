// Package source is where claim values come from: one file per source.
//
//	roots that granted claims read ──Values──▶ {"person": {…}, "tinfo": {…}}
//
// It is asked after the decision and only for what was granted, and it reads
// only the roots asked for. The directory is read with the
// person; a database or an address is asked with a deadline, remembered for as
// long as the realm says, and left alone for a while when it keeps failing. It decides nothing: which member of a root reaches
// which token is the catalog's to say. What a person signs in with (the
// attribute sign_in, with its codes) never leaves the directory as a value.
package source
