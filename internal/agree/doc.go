// Package agree holds what is issued against what is explained: the same
// generated requests go through the running provider, over HTTP and its pages,
// and to explain, which gets nothing but the request. Whatever differs is a bug.
//
//	seed ─▶ requests ─┬─▶ pages ─▶ tokens ─▶ claims ─┐
//	                  └─▶ explain ───────▶ claims ───┴─▶ equal?
//
// It owns no rule and knows no realm: requests are made of what a catalog
// declares, and of what it does not. It consists of tests alone.
package agree
