// Package impact says what a change of realms means to the clients that are
// there: who gains or loses which scope and claim, and where.
//
//	old realms, new realms, clients ──Compare──▶ Report{Changes, Cosmetic}
//
// Of every client and scope it asks the same question twice, once on each
// catalog, and lets [tillit.Decide] answer: what would the scope come to, if the
// person signs in as well as can be, agrees to everything, and owners have let
// the client's organization in? What differs is a change. What does not matter to
// an answer is left out of it: scopes whose text in the catalog stands as it did
// are not asked about, and clients that differ in nothing a scope looks at are
// asked about once.
package impact
