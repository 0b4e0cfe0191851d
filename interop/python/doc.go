// Package python lets Authlib, running under Python, sign a person in, and another
// client there get tokens for machines. The Go
// side runs the command and the person; the Python side is a client that knows
// nothing of it.
package python
