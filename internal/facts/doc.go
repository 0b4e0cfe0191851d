// Package facts holds what can be said about the provider from outside, one
// numbered sentence at a time, and the means to try each sentence over HTTP.
//
//	fact ──Start──▶ provider ◀──pages, tokens── Env ──Check──▶ green
//	  └──fault──▶ overlay of a realm, or a rule or check switched off ──▶ red
//
// A fact is worth something only if it can turn red: so every fact names its
// fault, a change so small that nothing but this fact should notice, and the
// fault run demands that it does. The same facts run against realms whose every
// name has been exchanged by a table (Names): behaviour is data.
//
// The package knows the outside contract, the standards and nothing else: no
// realm by name, no store, no handler. The tables are in its tests.
package facts
