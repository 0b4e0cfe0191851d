// Package python lets Authlib, running under Python, sign a person in. The Go side
// runs the command and the person; the Python side is a client that knows nothing
// of it.
package python
