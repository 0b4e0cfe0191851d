// Package rs is what an API puts in front of its handlers: it checks access
// tokens of one issuer and the scopes they carry, and answers what the standards
// ask for when they do not do (RFC 6750, 9449, 9470).
//
//	request ─▶ token ─┬─ JWT: signature, typ, iss, aud, exp (RFC 9068 §4)
//	                  └─ other: the issuer is asked (RFC 7662)
//	                        │ warm: both are remembered, within bounds
//	                        ▼
//	           bound to a key or certificate? its proof (RFC 9449, 8705)
//	                        │ not revoked, if anyone can say
//	                        ▼
//	           scopes, acr, age of the sign-in ─▶ handler, which reads FromContext
//
// It never decides what a person may see of a thing: only whether the token
// opens the door. It uses nothing of the provider, so any Go API can use it, with
// any issuer that keeps to the standards:
//
//	guard := &rs.Guard{Issuer: issuer, Audience: audience, Keys: &rs.IssuerKeys{Issuer: issuer}}
//	mux.Handle("GET /data", guard.Require("data.read")(list))
//
// A token that was believed is remembered until it ends, and only while the key
// that signed it is among the issuer's. Nothing is remembered by the token's own
// text. A Guard tells good tokens that it cannot check now (503) from bad ones
// (401).
package rs
