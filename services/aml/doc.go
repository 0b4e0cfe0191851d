// Package aml compares people and organizations with lists of names that nobody
// may do business with, and says of every likeness how it came about.
//
//	GET {base}/person        scope Person         who the token is about, or who the query names
//	GET {base}/organization  scope Organization   ?organizationNumber=
//
// Lists are read in the four CSV files of the United States' sanctions office
// (OFAC) and kept in the store; every answer names the list's version and digest.
// It speaks, as far as it goes, the documented API of BankID for checks against
// money laundering.
package aml
