// Package securitydata tells an issuer of identities what the browser told of
// itself at a sign-in that the issuer's own client had, so that it can look for
// fraud.
//
//	GET {base}/securityData/{tid}   scope Read
//
// The first question begins the collection (202), later ones are answered with
// 204 until it is done and then with the data, for an hour after the sign-in
// (410). Who asks about one transaction more often than the pause allows gets 429
// and Retry-After, from however many processes. It speaks the documented API of BankID for fraud data. What is derived
// is derived from the sign-ins of the same person within that hour, and from
// nothing else.
package securitydata
