// Package aml compares people and organizations with lists of names that nobody
// may do business with, and says of every likeness how it came about.
//
//	GET {base}/person        scope Person         who the token is about, or who the query names
//	GET {base}/organization  scope Organization   ?organizationNumber=
//
//	POST, GET {base}/monitor               scope WatchPeople or WatchOrganizations
//	GET, DELETE {base}/monitor/{id}
//	POST, DELETE {base}/monitor/{id}/persons        scope WatchPeople
//	POST, DELETE {base}/monitor/{id}/organizations  scope WatchOrganizations
//	GET  {base}/monitor/{id}/alerts
//	POST {base}/monitor/{id}/alerts/{alert}/received
//
// Whoever a monitor watches is compared anew when a list changes; what is new
// about somebody becomes an alert, and the client that made the monitor hears by
// one signed webhook that there are some:
//
//	list changes ─▶ Watch: compare, store alerts ─▶ one notice ─▶ webhook, tried for hours
//
// Lists are read in the four CSV files of the United States' sanctions office
// (OFAC) and kept in the store; every answer names the list's version and digest.
// It speaks, as far as it goes, the documented API of BankID for checks against
// money laundering.
package aml
