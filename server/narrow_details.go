package server

import (
	"encoding/json"

	"github.com/tillit/tillit"
)

// narrowDetails reads which authorization details this one token is to have: some
// of the grant's, never more (RFC 9396 §6). The grant keeps them all.
func (p *Provider) narrowDetails(t *tokenRequest, facts *tillit.Facts) error {
	text := t.form.Get("authorization_details")
	if text == "" || !p.on("authorization_details narrow a token") {
		return nil
	}
	wanted, err := tillit.ParseDetails(text)
	if err != nil {
		return fromSyntax("invalid_authorization_details", err)
	}
	facts.NarrowDetails = wanted
	return nil
}

// narrowed tells what a token that is presented was narrowed to when it was
// issued: it stays so, whatever its grant has.
func (t *accessToken) narrowed(c *tillit.Catalog, facts *tillit.Facts) error {
	facts.Narrow = t.narrow()
	kind := "access_token"
	if t.grant.Shape.Machine {
		kind = "machine_token"
	}
	if !contains(c.Token(kind).Protocol, "authorization_details") {
		return nil // the token does not say
	}
	if _, told := t.claims["authorization_details"]; !told {
		facts.NarrowDetails = []tillit.Detail{}
		return nil
	}
	var token struct { // read again: claims may write its numbers otherwise
		Details []map[string]json.RawMessage `json:"authorization_details"`
	}
	if json.Unmarshal(t.body, &token) != nil {
		return errInactive
	}
	facts.NarrowDetails = make([]tillit.Detail, len(token.Details))
	for i, fields := range token.Details {
		facts.NarrowDetails[i] = tillit.Detail{Type: textOf(fields["type"]), Fields: fields}
	}
	return nil
}
