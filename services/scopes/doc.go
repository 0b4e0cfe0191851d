// Package scopes is the API by which organizations keep their scopes: they
// register them below their prefixes, switch them off and on, and let other
// organizations in and out. What is public of it anybody may list.
//
// It speaks the documented API of Digdir for scopes; the addresses, members and
// error envelope are theirs. What may be registered, by whom, says the realm.
package scopes
