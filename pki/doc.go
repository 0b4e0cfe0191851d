// Package pki is the small public key infrastructure of test realms: a root, an
// authority below it, a responder that says which certificates hold, and a
// certificate with a key for every person and organization who needs one.
//
//	root CA ──▶ issuing CA ──▶ certificate of a person ──▶ facts below sign_in.certificate
//	   │            ├────────▶ certificate of an organization        └─▶ signatures (CMS)
//	   │            └────────▶ OCSP responder
//	   └─ trust anchor, given to relying parties
//
// Everything is made at first need and kept by the [Register], keys sealed under
// the master key: a certificate that was shown once is shown again, after a
// restart and by every replica.
//
// The certificates verify with any X.509 library, and are worth nothing outside:
// no realm in production has this authority.
package pki
