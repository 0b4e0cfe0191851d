// Package krr is the contact and reservation register: how a person may be
// reached, and whether they want to be. It speaks the documented API of Digdir.
//
//	GET   {base}/rest/v1/person      a person's own entry, as JSON or signed
//	PATCH {base}/rest/v1/person      {"spraak":"nn"}
//	POST  {base}/rest/v1/personer    {"personidentifikatorer":[…]} entries, for a machine; /rest/v2 alike
//
// What an entry tells depends on the scopes: contact details, digital mailbox,
// both, or neither beyond the reservation. The entry is an attribute of the person.
package krr
