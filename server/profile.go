package server

import (
	"net/http"
	"strings"

	"github.com/tillit/tillit"
)

// What the FAPI 2.0 Security Profile demands beyond what every client is held to.
// Codes live 60 seconds at most, responses bear iss, redirect URIs are compared
// letter by letter and assertions are for the issuer alone, whoever asks.
//
//	algorithms           §5.4.1        fapi2Algorithms, of all that client or server sign
//	authentication       §5.3.2.1-6    provesItself
//	bound tokens         §5.3.2.1-5    (*Provider).binding
//	pushed requests      §5.3.2.2-2    profilePushed
//	code alone           §5.3.2.2-1    (*tillit.Client).Answers
//	PKCE by S256         §5.3.2.2-5    pkcePresent
//	https                §5.3.2.2-8    profileRedirect
//	no rotation          §5.3.2.1-9    (*tillit.Client).Rotates

// fapi2Algorithms are the only ones of the profile.
var fapi2Algorithms = []string{"PS256", "ES256", "EdDSA"}

// algorithmsOf lists what a client may sign with, nil for everything we take.
func (p *Provider) algorithmsOf(client *tillit.Client) []string {
	if client != nil && client.FAPI2() && p.on("algorithms of the profile") {
		return fapi2Algorithms
	}
	return nil
}

// provesItself reports whether a client authenticates as its profile demands.
func provesItself(client *tillit.Client) bool {
	return !client.FAPI2() || client.AuthMethod == "private_key_jwt" || client.ByCertificate()
}

// profilePushed demands that a request was pushed, where the client is held to it
// (RFC 9126 §6).
func profilePushed(_ *Provider, _ *http.Request, a *authorization) error {
	if (a.client.RequirePAR || a.client.FAPI2()) && !a.ask.Pushed {
		return refuse("invalid_request", "the client has to push its requests: pushed_authorization_request_endpoint takes them")
	}
	return nil
}

// profileRedirect admits plain HTTP to applications on the person's own machine
// alone (RFC 8252 §7.3).
func profileRedirect(_ *Provider, _ *http.Request, a *authorization) error {
	if a.client.FAPI2() && strings.HasPrefix(a.request.RedirectURI, "http:") && a.client.Application != "native" {
		a.request.trusted = false
		return refuse("invalid_request", "the client's profile wants a redirect_uri with https")
	}
	return nil
}
