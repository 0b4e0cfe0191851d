// Package pki is the small public key infrastructure of test realms: a root, an
// authority below it, and a certificate for every person who needs one.
//
//	root CA ──▶ issuing CA ──▶ certificate of a person ──▶ facts below sign_in.certificate
//	   └─ trust anchor, given to relying parties
//
// Everything is made at first need and kept by the [Vault], sealed under the
// master key: a certificate that was shown once is shown again, after a restart
// and by every replica.
//
// The certificates verify with any X.509 library, and are worth nothing outside:
// no realm in production has this authority.
package pki
