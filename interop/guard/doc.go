// Package guard puts rs in front of an API whose tokens come from a provider that
// we did not write, npm oidc-provider, and runs the guide for owners of APIs as it
// is written.
//
//	test API ── rs.Guard ──▶ oidc-provider (../node/provider.mjs): JWTs, handles,
//	                         DPoP, certificates, rotation
//	the guide's program ───▶ tillit dev
package guard
