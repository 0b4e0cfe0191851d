// Package rs is what an API puts in front of its handlers: it checks access
// tokens of one issuer and the scopes they carry, and answers what RFC 6750 asks
// for when they do not do.
//
//	request ─▶ Bearer token ─▶ signature, typ, iss, aud, exp (RFC 9068 §4)
//	                               │ not revoked, if anyone can say
//	                               ▼
//	                            scopes ─▶ handler, which reads FromContext
//
// It never decides what a person may see of a thing: only whether the token
// opens the door. It uses nothing of the provider, so any Go API can use it:
//
//	guard := &rs.Guard{Issuer: issuer, Audience: audience, Keys: &rs.IssuerKeys{Issuer: issuer}}
//	mux.Handle("GET /data", guard.Require("data.read")(list))
package rs
