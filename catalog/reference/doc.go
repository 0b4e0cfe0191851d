// Package reference writes what a realm offers, for people who fetch scopes:
//
//	catalog ──Of──▶ Reference ──▶ Markdown, a page of dev
//	        ──Graph──▶ SVG: owners, resource servers, scopes, claims
//
// Everything in it is read from the compiled catalog, so it cannot say anything
// else than what is decided by.
package reference
