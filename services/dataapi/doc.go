// Package dataapi is a small API that shows what a resource server does with our
// tokens: one collection of JSON documents per person, read, written and emptied
// under three scopes that do not imply each other.
//
//	GET    {base}/data   scope Read    the documents
//	POST   {base}/data   scope Write   adds one, a JSON object
//	DELETE {base}/data   scope Delete  removes all
//
// It keeps everything in memory and forgets it at the end: it is a demonstration,
// not a store. Which scopes open it is given by the wiring.
package dataapi
