// Package authorizations is the API by which people see what they let clients do,
// and take it back. It speaks the documented API of Digdir.
//
//	GET    {base}/clients/authorizations        a person's, to clients of the caller's organization
//	GET    {base}/api-provider/authorizations   a person's, to scopes of the caller's organization
//	POST   on the same two, {"pid":"…"}         the same of that person, for a machine
//	DELETE {base}/authorizations/{id}           ends one
//
// What is not tied to the caller's organization is not there.
package authorizations
