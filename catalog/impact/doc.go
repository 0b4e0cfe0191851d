// Package impact says what a change of realms means to the clients that are
// there: who gains or loses which scope and claim, and where.
//
//	old realms, new realms, clients ──Compare──▶ Report{Changes, Cosmetic}
//
// Of every client it asks the same questions twice, once on each catalog, and
// lets [tillit.Decide] answer: what would the scope come to, if the person signs
// in as well as can be, agrees to everything, and owners have let the client's
// organization in? It asks
//
//   - about each scope with what it needs beside it, in every way in which that
//     can be had: by every response type and way to sign in, with each companion;
//   - about each scope beside another of which a rule speaks: one excludes the
//     other, takes claims away from it, or forces another audience;
//   - about all that a client has, asked for at once.
//
// What differs is a change. What a smaller question has told a larger one does not
// tell again. Not asked about are three scopes of which only all together come to
// something else: the last question sees them where a client has no others.
//
// What does not matter to an answer is left out: scopes whose text in the catalog
// stands as it did are not asked about, and clients that differ in nothing a
// question looks at are asked about once.
package impact
