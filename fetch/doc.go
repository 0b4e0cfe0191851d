// Package fetch reads documents at addresses outside the server, bounded in
// size, time and number.
//
//	address from a client ──▶ Guarded ─▶ https ─▶ resolve ─▶ is what we dial public? ─▶ body
//	address from a file   ──▶ Trusted ──────────────────────────────────────────────▶ body
//	                             ▲
//	jwks_uri ──▶ JWKS: kept as long as its owner says, within bounds; read again for an unknown kid
//
// Who wired it decides which of the two an address goes to; no code chooses at
// run time. The package never knows what it reads: parsing is the caller's.
//
// [Guarded] is there because whoever may give the server an address may make it
// call one: its neighbours, its cloud's metadata, itself. A name is not to be
// judged, since it can lead elsewhere a moment later; the address is, at the
// instant it is dialled.
package fetch
