// Package token is the room that knows JOSE: the realms' signing keys and their
// rotation, compact JWS, opaque handles, and the hashes of client secrets.
//
//	claims (JSON) ──Sign──▶ current key of realm and algorithm ──▶ header.claims.signature
//	compact JWS ──Verify──▶ published key named by kid, its own algorithm only ──▶ claims
//
// Private keys leave memory only encrypted under the [MasterKey], and sign only
// as crypto.Signer. The package knows nothing of what claims mean: it never looks
// at exp, aud or scope, and it never decides who may have a token.
//
// A key lives on one line of time:
//
//	created ─── published, waiting ─── activates ─── signs ─── retires ─── still verifies ─── expires
package token
