// Package userlog tells people when and how they signed in to the services of an
// organization. It speaks the documented API of Digdir.
//
//	GET {base}/innlogginger/logg/idporten?maxhits=5
//
// It reads the audit chain, and tells nothing of what was decided.
package userlog
