// Package catalog is the language of realms: it reads what a realm says about
// itself in YAML and compiles it into the tables that tillit.Decide reads.
//
//	*.yaml ─parse─▶ tree with places ─schema─▶ families, dialects ─▶ tillit.Definition ─▶ *tillit.Catalog
//	                     └──────────── every fault: file, line, column, what would be right
//
// It owns the language: the schema ([Schema]), the strictness, the expressions
// of values. It never knows a realm by name, never touches a store or the
// network, never lets a file half in: [Load] gives every realm or every fault.
//
// # Five sentences
//
// A scope says who may ask for it and what it yields; a claim says where its
// value comes from and where it may go; a token says what is always in it.
//
// A key with * is a family: its fields are the defaults of every name it
// matches, the longest pattern wins field by field, an own field wins over all.
// A family is never grantable.
//
// Whatever is not said is the narrowest thing that can be meant.
//
// A value is an expression; a plain path is the common case. Absent makes
// absent.
//
// A dialect is the file with a few lines different: a JSON merge patch
// (RFC 7396) that compiles to a whole catalog.
//
// # What expressions can name
//
// person, each of sources, sign_in, client, acting, ask, act, grant, realm; in
// discovery realm, server and endpoint. A path compiles to a getter and never
// sees CEL. CEL expressions are checked when the catalog loads and stop at a
// cost limit; then, or when anything else fails, the value is an error and the
// claim is left out.
package catalog
