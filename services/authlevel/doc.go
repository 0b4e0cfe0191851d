// Package authlevel answers whether a person has signed in at the highest level
// lately. It speaks the documented API of Digdir.
//
//	POST {base}/authlevel/rest/v1/sikkerhetsnivaa  {"personidentifikator":"…","fraDato":"2025-01-01"}
package authlevel
