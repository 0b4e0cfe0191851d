// Package node lets openid-client and jose, running under Node, complete their
// flows. The Go side runs the command and the person; the Node side is a client
// that knows nothing of it.
//
//	go test ─▶ tillit dev ◀── openid-client (node --test)
//	   └────▶ person   ◀── "walk this authorization request for me"
package node
