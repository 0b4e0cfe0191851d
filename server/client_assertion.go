package server

import (
	"context"
	"errors"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// assertionType is the only client_assertion_type (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// readAssertion finds out which client an assertion says it is from; nothing of
// it is believed yet.
func readAssertion(form params) (credentials, error) {
	c := credentials{method: "private_key_jwt", secret: form.Get("client_assertion")}
	if form.Get("client_assertion_type") != assertionType {
		return c, refuse("invalid_client", "client_assertion_type must be %s", assertionType)
	}
	id, err := token.AssertionClient(c.secret)
	if err != nil {
		return c, &Error{Code: "invalid_client", Description: "the client assertion is malformed", Cause: err}
	}
	if named := form.Get("client_id"); named != "" && named != id {
		return c, refuse("invalid_request", "client_id differs from the client that authenticates")
	}
	c.id = tillit.ClientID(id)
	return c, nil
}

// checkAssertion verifies an assertion against the client's registered keys and
// uses it up (RFC 7523 §3). Its audience is the issuer alone: an assertion made
// for us can then never be taken for one made for somebody else.
func (p *Provider) checkAssertion(ctx context.Context, realm *realm, client *tillit.Client, text string) error {
	keys, err := token.ParseJWKS([]byte(client.JWKS))
	if err != nil {
		return &Error{Code: "invalid_client", Description: "the client has no usable keys", Cause: err}
	}
	if !p.on("client assertions are verified") {
		return nil
	}
	now := p.now()
	rules := token.AssertionRules{Client: string(client.ID), Audiences: []string{realm.issuer}, At: now}
	if !p.on("an assertion is for the issuer alone") {
		rules.Audiences, rules.AnyAudienceShape = append(rules.Audiences, realm.endpoint("/token")), true
	}
	assertion, err := token.VerifyAssertion(text, keys, rules)
	var refused *token.Refusal
	if errors.As(err, &refused) {
		return &Error{Code: "invalid_client", Description: clean("client assertion: " + refused.Why)}
	}
	if err != nil {
		return err
	}
	key := token.Hash(string(client.ID) + "\x00" + assertion.ID)
	err = p.Store.Spend(ctx, realm.name, "client_assertion", key, now, assertion.Expires+60)
	if errors.Is(err, tillit.ErrSpent) {
		return &Error{Code: "invalid_client", Description: "client assertion: it was used before"}
	}
	return err
}
