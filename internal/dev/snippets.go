package dev

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// snippet is the same run by hand, in one language.
type snippet struct{ ID, Title, Text string }

func snippets(r run, m metadata, client demo.FixtureClient, base string) []snippet {
	return []snippet{
		{"curl", "curl", curl(r, m, client, base)},
		{"go", "Go", goCode(r, m, client, base)},
		{"javascript", "JavaScript", javaScript(r, m, client, base)},
	}
}

// shell quotes for a POSIX shell.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// credentials are the options by which curl shows who the client is.
func credentials(client demo.FixtureClient) string {
	id, secret := string(client.ID), client.Secret
	switch client.AuthMethod {
	case "client_secret_basic":
		return "-u " + shell(url.QueryEscape(id)+":"+url.QueryEscape(secret))
	case "client_secret_post":
		return "-d client_id=" + shell(id) + " -d client_secret=" + shell(secret)
	}
	return "-d client_id=" + shell(id)
}

func curl(r run, m metadata, client demo.FixtureClient, base string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if r.Request == "" {
		line("curl -s %s \\\n  %s \\\n  -d grant_type=client_credentials \\\n  --data-urlencode %s", shell(m.Token), credentials(client), shell("scope="+tillit.JoinScopes(r.Asked)))
		return b.String()
	}
	line("# 1. A verifier for this request (RFC 7636), then the address for a browser.")
	line("VERIFIER=$(openssl rand -base64 33 | tr '+/' '-_' | tr -d '=\\n')")
	line("CHALLENGE=$(printf %%s \"$VERIFIER\" | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d '=\\n')")
	line("echo %s\"$CHALLENGE\"\n", shell(withoutChallenge(r.Request)+"&code_challenge="))
	line("# 2. Sign in there; the browser ends at redirect_uri with ?code=… in its address.")
	line("CODE=…\n")
	line("# 3. The code for tokens. It works once.")
	line("curl -s %s \\\n  %s \\\n  -d grant_type=authorization_code \\\n  -d code=\"$CODE\" \\\n  -d code_verifier=\"$VERIFIER\" \\\n  --data-urlencode %s\n", shell(m.Token), credentials(client), shell("redirect_uri="+base+"/callback"))
	line("# 4. What the person let the client know.")
	line("ACCESS_TOKEN=…")
	line("curl -s %s -H \"Authorization: Bearer $ACCESS_TOKEN\"", shell(m.UserInfo))
	return b.String()
}

// withoutChallenge gives the request without the one value that must be fresh.
func withoutChallenge(request string) string {
	endpoint, query, _ := strings.Cut(request, "?")
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(part string) bool {
		return strings.HasPrefix(part, "code_challenge=")
	})
	return endpoint + "?" + strings.Join(parts, "&")
}

func quoted(names []tillit.ScopeName) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", string(name))
	}
	return strings.Join(list, ", ")
}

func goCode(r run, m metadata, client demo.FixtureClient, base string) string {
	if r.Request == "" {
		return fmt.Sprintf(`config := clientcredentials.Config{ // golang.org/x/oauth2/clientcredentials
	ClientID:     %q,
	ClientSecret: %q,
	TokenURL:     %q,
	Scopes:       []string{%s},
}
token, err := config.Token(ctx)
`, client.ID, client.Secret, m.Token, quoted(r.Asked))
	}
	options := "oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)"
	for _, p := range parameters(r.Request) {
		if further(p.Title) {
			options += fmt.Sprintf(",\n\toauth2.SetAuthURLParam(%q, %q)", p.Title, p.Value)
		}
	}
	return fmt.Sprintf(`provider, err := oidc.NewProvider(ctx, %q) // github.com/coreos/go-oidc/v3/oidc
config := oauth2.Config{ // golang.org/x/oauth2
	ClientID:     %q,
	ClientSecret: %q,
	Endpoint:     provider.Endpoint(),
	RedirectURL:  %q,
	Scopes:       []string{%s},
}
state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
address := config.AuthCodeURL(state, %s)

// In the handler of the redirect URI, after comparing state:
token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
idToken, err := provider.Verifier(&oidc.Config{ClientID: %q}).Verify(ctx, token.Extra("id_token").(string))
userInfo, err := provider.UserInfo(ctx, config.TokenSource(ctx, token))
`, m.Issuer, client.ID, client.Secret, base+"/callback", quoted(r.Asked), options, client.ID)
}

// further reports whether a parameter is one that libraries do not set by
// themselves.
func further(name string) bool {
	return slices.Contains([]string{"prompt", "acr_values", "max_age", "ui_locales", "claims"}, name)
}

func javaScript(r run, m metadata, client demo.FixtureClient, base string) string {
	if r.Request == "" {
		return fmt.Sprintf(`import * as client from 'openid-client'

const config = await client.discovery(new URL(%q), %q, %s,
  { execute: [client.allowInsecureRequests] }) // plain HTTP, for this machine only
const tokens = await client.clientCredentialsGrant(config, { scope: %q })
`, m.Issuer, client.ID, authentication(client), tillit.JoinScopes(r.Asked))
	}
	var more strings.Builder
	for _, p := range parameters(r.Request) {
		if further(p.Title) {
			fmt.Fprintf(&more, "\n  %s: %q,", p.Title, p.Value)
		}
	}
	return fmt.Sprintf(`import * as client from 'openid-client'

const config = await client.discovery(new URL(%q), %q, %s,
  { execute: [client.allowInsecureRequests] }) // plain HTTP, for this machine only
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState(), nonce = client.randomNonce()
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: %q,
  scope: %q,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256', state, nonce,%s
})

// At the redirect URI:
const tokens = await client.authorizationCodeGrant(config, currentUrl,
  { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce })
const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
`, m.Issuer, client.ID, authentication(client), base+"/callback", tillit.JoinScopes(r.Asked), more.String())
}

// authentication is how openid-client is told the client's method.
func authentication(client demo.FixtureClient) string {
	switch client.AuthMethod {
	case "client_secret_basic":
		return fmt.Sprintf("undefined, client.ClientSecretBasic(%q)", client.Secret)
	case "client_secret_post":
		return fmt.Sprintf("undefined, client.ClientSecretPost(%q)", client.Secret)
	}
	return "undefined, client.None()"
}
