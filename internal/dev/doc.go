// Package dev is what tillit dev serves beside the provider: the playground, the
// fixtures and the clock. Only the dev verb imports it.
//
//	browser ─▶ guard (loopback Host, own Origin) ─▶ /                    playground
//	                                                /callback            its redirect URI
//	                                                /dev/fixtures.json   demo clients and people
//	                                                /dev/clock           moves time forward
//	                                                /dev/realms/…        changes people and clients
//	                                                /dev/reference/…     what a realm offers
//
// The playground is an ordinary client: it finds the endpoints by discovery,
// uses PKCE, state and nonce, and calls the provider over HTTP. It knows nothing
// that a client does not know, but for the explanation of a decision, which it
// is handed as a function.
package dev
