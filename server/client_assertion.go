package server

import (
	"context"
	"errors"
	"slices"

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

// verifyHMAC verifies by each of the client's secrets that is alive.
func (p *Provider) verifyHMAC(ctx context.Context, realm *realm, client *tillit.Client, text string, rules token.AssertionRules) (token.Assertion, error) {
	var refused error = &token.Refusal{Key: token.UnknownKey, Why: "the client has no secret that is alive"}
	for _, kept := range client.Secrets {
		if kept.Method != token.Sealed || kept.Expires != 0 && kept.Expires <= rules.At || p.OpenSecret == nil {
			continue
		}
		secret, err := p.OpenSecret(realm.catalog.Registry, client.ID, kept)
		if err != nil {
			return token.Assertion{}, err
		}
		assertion, err := token.VerifyAssertionHMAC(text, []byte(secret), rules)
		if err == nil {
			return assertion, nil
		}
		refused = err
	}
	return token.Assertion{}, refused
}

// checkAssertion verifies an assertion against the client's registered keys and
// uses it up (RFC 7523 §3). Its audience is the issuer alone, unless the realm says
// otherwise: an assertion made for us can then never be taken for one made for
// somebody else.
func (p *Provider) checkAssertion(ctx context.Context, realm *realm, client *tillit.Client, text string) error {
	if !p.on("client assertions are verified") {
		return nil
	}
	now := p.now()
	rules := token.AssertionRules{Client: string(client.ID), Audiences: []string{realm.issuer}, At: now}
	if realm.catalog.Request.AssertionAudience == "token_endpoint" && client.Profile == "" {
		rules.Audiences = append(rules.Audiences, realm.endpoint("/token"))
	}
	if !p.on("an assertion is for the issuer alone") {
		rules.Audiences, rules.AnyAudienceShape = append(rules.Audiences, realm.endpoint("/token")), true
	}
	if rules.Algorithms = p.algorithmsOf(client); client.AuthAlg != "" && (rules.Algorithms == nil || slices.Contains(rules.Algorithms, client.AuthAlg)) {
		rules.Algorithms = []string{client.AuthAlg}
	}
	var assertion token.Assertion
	var err error
	if client.AuthMethod == "client_secret_jwt" {
		assertion, err = p.verifyHMAC(ctx, realm, client, text, rules)
	} else {
		err = p.withKeys(ctx, client, func(keys token.KeySet) (err error) {
			assertion, err = token.VerifyAssertion(text, keys, rules)
			return err
		})
	}
	if err != nil {
		return badClient("client assertion: ", err)
	}
	key := token.Hash(string(client.ID) + "\x00" + assertion.ID)
	err = p.Store.Spend(ctx, realm.name, "client_assertion", key, now, assertion.Expires+60)
	if errors.Is(err, tillit.ErrSpent) {
		return &Error{Code: "invalid_client", Description: "client assertion: it was used before"}
	}
	return err
}
