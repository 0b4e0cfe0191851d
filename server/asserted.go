package server

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// standardClaims of a JWT grant are checked by their signature's reader; sub, if
// sent, has to be the client itself.
var standardClaims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// formats are the forms that a realm can ask of an assertion's claims.
var formats = map[string]*regexp.Regexp{
	"nnin":  regexp.MustCompile(`^[0-9]{11}$`),
	"orgno": regexp.MustCompile(`^[0-9]{9}$`),
}

// readAsserted lets the claims of a grant become what the realm says, and reads
// from the form what no claim becomes: scope, resource, authorization_details
// (RFC 7521 §4.1, SC-16).
func (p *Provider) readAsserted(t *tokenRequest, c *tillit.Catalog, ask *tillit.Ask) error {
	malformed := func(what string) error {
		return t.realm.inWords("malformed_assertion", refuse("invalid_grant", "assertion: %s", what))
	}
	known := slices.Clone(standardClaims)
	become := map[string]bool{}
	for i := range c.Assertion.Claims {
		known = append(known, c.Assertion.Claims[i].Name)
		become[c.Assertion.Claims[i].To] = true
	}
	if beyond := t.assertion.Beyond(known...); len(beyond) > 0 && p.on("a grant holds known claims alone") {
		return malformed("it has a claim that is not taken here")
	}
	if subject, sent := t.assertion.Claims["sub"]; sent && textOf(subject) != string(t.client.ID) {
		return malformed("sub is not the client that signed it")
	}
	for i := range c.Assertion.Claims {
		claim := &c.Assertion.Claims[i]
		raw, sent := t.assertion.Claims[claim.Name]
		switch {
		case !sent && claim.Required:
			return malformed(claim.Name + " is missing")
		case !sent:
			continue
		case formats[claim.Format] != nil && !formats[claim.Format].MatchString(textOf(raw)):
			return malformed(claim.Name + " is malformed")
		}
		if err := setAsserted(ask, c, claim.To, raw); err != nil {
			return malformed(claim.Name + " is malformed")
		}
	}
	if ask.Parameters["on_behalf_of"] != "" { // such entries belong to clients that people sign in to
		return malformed("the client has nobody to act for in that way")
	}
	return readBeside(t, c, ask, become)
}

var errNotSo = errors.New("not of the form that this claim has")

// setAsserted puts the value of a claim where the realm says. What is no part of
// every ask is a parameter, which expressions read below ask.
func setAsserted(ask *tillit.Ask, c *tillit.Catalog, to string, raw json.RawMessage) (err error) {
	switch to {
	case "ask.scope":
		ask.Scopes, err = tillit.ParseScopes(textOf(raw), c.Settings.ScopeLetters)
		return err
	case "ask.resource":
		list := stringOrList(raw)
		if list == nil {
			return errNotSo
		}
		ask.Resources, err = readResources(params{Values: url.Values{"resource": list}})
		return err
	case "ask.authorization_details":
		ask.Details, err = tillit.ParseDetails(string(raw))
		return err
	}
	text := textOf(raw)
	switch {
	case text == "":
		return errNotSo
	case to == "ask.consumer":
		ask.Consumer = text
		return nil
	}
	if ask.Parameters == nil {
		ask.Parameters = map[string]string{}
	}
	ask.Parameters[strings.TrimPrefix(to, "ask.")] = text
	return nil
}

// readBeside reads from the form what no claim of the assertion becomes here.
func readBeside(t *tokenRequest, c *tillit.Catalog, ask *tillit.Ask, become map[string]bool) (err error) {
	if !become["ask.scope"] {
		if ask.Scopes, err = tillit.ParseScopes(t.form.Get("scope"), c.Settings.ScopeLetters); err != nil {
			return fromSyntax("invalid_scope", err)
		}
	}
	if !become["ask.resource"] {
		if ask.Resources, err = readResources(t.form); err != nil {
			return err
		}
	}
	if text := t.form.Get("authorization_details"); text != "" && !become["ask.authorization_details"] {
		if ask.Details, err = tillit.ParseDetails(text); err != nil {
			return fromSyntax("invalid_authorization_details", err)
		}
	}
	return nil
}

// textOf gives a JSON text, "" for anything else.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}
