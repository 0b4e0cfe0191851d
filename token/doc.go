// Package token is the room that knows JOSE: the realms' keys and their rotation,
// compact JWS and JWE, what clients sign themselves, opaque handles, and the
// hashes of client secrets.
//
//	claims (JSON) ──Sign──▶ current key of realm and algorithm ──▶ header.claims.signature
//	compact JWS ──Verify──▶ published key named by kid, its own algorithm only ──▶ claims
//
//	client's JWK Set ──ParseJWKS──▶ KeySet ─┐
//	assertion, grant, request object ───────┴─Verify, with the rules of the moment──▶ believed, or a *Refusal
//	DPoP proof, with its own key ───────────┘                  (jti and its end: the caller spends it)
//
// Private keys leave memory only encrypted under the [MasterKey], and sign only
// as crypto.Signer. Of our own tokens the package never looks at exp, aud or
// scope. Of what strangers sign it checks all that makes it what it claims to be
// (RFC 7523, RFC 9101, RFC 9449), but it keeps no memory of what was used, reads
// no address, and never decides who may have a token.
//
// A key lives on one line of time:
//
//	created ─── published, waiting ─── activates ─── signs ─── retires ─── still verifies ─── expires
package token
