// Package wiring puts the rooms together into a running house: realms, store,
// keys, logins, sources, pages and the provider over them.
//
//	Config ─▶ Open ─▶ House{Handler, Provider, Store, Catalogs, …} ─▶ Close
//
// The command and the tests start the same house. Nothing else may import the
// concrete stores and logins together, and nothing but the command imports this.
package wiring
