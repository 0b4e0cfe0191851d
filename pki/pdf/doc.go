// Package pdf reads as much of a PDF file as signing it takes, and writes the
// incremental update that signs it (ISO 32000-1 §7.5.6, §12.8; ETSI EN 319 142-1).
//
//	file ─▶ Read: header, cross-references, catalog, first page ─▶ File
//	                                                                │ Sign
//	file + appendix ◀── signature dictionary, field, page, catalog ─┘
//
// The file itself is never changed: what is appended leaves every byte before it
// as it was. It is read where it lies, piece by piece, so a large file takes no
// more memory than a small one.
//
// It renders nothing, follows no link, runs no script, and knows no cryptography
// but SHA-256: whoever signs gets the digest and brings the signature.
package pdf
