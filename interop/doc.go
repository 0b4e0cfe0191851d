// Package interop holds what others say of Tillit: client libraries and a browser
// that we did not write complete their flows against the built command.
//
//	house   builds and runs `tillit dev`; a person who walks its pages
//	goidc   coreos/go-oidc and x/oauth2
//	node    openid-client and jose under Node
//	guard   our package rs in front of an API, with tokens of npm oidc-provider
//	pages   Debian's Chromium, with axe-core looking at every page
//
// Everything here talks to the command as anybody would: over HTTP, knowing the
// published fixtures and nothing else. No other package imports this one.
package interop
