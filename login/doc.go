// Package login is how a person proves who they are: one file per way to sign
// in, one [Book] that knows them all.
//
//	form ─▶ who is named ─▶ tried too often? ─▶ password, codes ─▶ has this way? ─▶ outcome
//	              │                 │                  │                │
//	              │             throttled       wrong_credentials   not_for_this_way
//	              └─ nobody: the same work, the same answer
//
// A way is data of the realm ([tillit.Way]); its Method names the code here that
// carries it out. The package decides nothing about scopes or levels, keeps no
// session and never tells which part of a proof was wrong.
//
// Methods that play somebody else's identity scheme, and codes that are fixed,
// exist in test realms only.
//
// Passkeys take another path: the key tells whose it is, and what is checked is a
// signature over a challenge that the provider derives for the page.
package login
