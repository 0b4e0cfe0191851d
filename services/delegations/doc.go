// Package delegations is the API of a source of delegations that the product keeps
// itself: organizations let suppliers use scopes for them, and take that back.
//
//	consumer ──POST, DELETE──▶ table ◀──read at every token request── provider
//
// The organization that acts is always the token's own. What a supplier runs for a
// consumer cannot delegate: it would be giving to itself.
package delegations
