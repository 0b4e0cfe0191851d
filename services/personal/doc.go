// Package personal is what APIs about people have in common: which issuers'
// tokens they take, and whether a token speaks for a person or for a machine.
//
//	token ──its issuer's guard──▶ client ▶ organization
//	        └─ a person's: the number in it ▶ the person
//
// It owns the door, and knows nothing of what lies behind.
package personal
