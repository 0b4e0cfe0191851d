// Package goidc lets coreos/go-oidc and x/oauth2 complete their flows: discovery,
// code with PKCE, ID Token, UserInfo, refresh and client credentials. What they
// got is compared with what explaining the same request says.
package goidc
