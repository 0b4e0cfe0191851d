// Package clients is the API by which organizations keep their clients: they
// register, change and switch them off, give them keys and secrets, and suppliers
// keep those of their customers.
//
// It speaks the documented API of Digdir for integrations; the addresses, members
// and error envelope are theirs. Which combinations are permitted, and which
// scopes a client may hold, says the realm.
package clients
