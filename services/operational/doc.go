// Package operational tells how the provider is doing, part by part: what it
// says was measured, at most fifteen seconds ago.
//
//	GET {base}/status   scope Read
//
// What a part is and how it is tried is given by the wiring.
package operational
