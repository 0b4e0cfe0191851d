package login

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

// Assume gives what a successful sign-in of the person by the way would come
// to, every factor used. It takes no credentials and proves nothing: it is for
// explanations, which issue nothing. Nothing is signed in the person's name.
func (b *Book) Assume(ctx context.Context, realm string, way *tillit.Way, username string, ask tillit.EvidenceAsk) (tillit.SignInOutcome, error) {
	m, err := b.method(realm, way)
	if err != nil {
		return tillit.SignInOutcome{}, err
	}
	person, err := m.find(ctx, b, realm, username)
	if err != nil {
		return tillit.SignInOutcome{}, fmt.Errorf("find a person of realm %s: %w", realm, err)
	}
	c, err := b.claimant(realm, person)
	if err != nil {
		return tillit.SignInOutcome{}, err
	}
	has := c.has(way.Code)
	if b.ByKey(way) { // whoever added a key has the way, whatever the directory says
		keys, err := b.Passkeys.Passkeys(ctx, realm, person.ID)
		if err != nil {
			return tillit.SignInOutcome{}, err
		}
		has = len(keys) > 0
	}
	if !has {
		return tillit.SignInOutcome{}, &tillit.SignInRefused{Key: notForThisWay}
	}
	return b.outcome(ctx, realm, m, c, way, ask, assumed{})
}

// assumed proves nothing.
type assumed struct{}

// PersonProof gives the members of a proof, as far as they can be known.
func (assumed) PersonProof(context.Context, string, *tillit.Person, string) (map[string]any, error) {
	const unsigned = "not signed"
	return map[string]any{
		"signature": unsigned, "ocsp": unsigned, "digest": unsigned, "client_nonce_hash": unsigned, "internal_nonce": unsigned,
	}, nil
}
