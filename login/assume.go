package login

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

// Assume gives what a successful sign-in of the person by the way would come
// to, every factor used. It takes no credentials and proves nothing: it is for
// explanations, which issue nothing.
func (b *Book) Assume(ctx context.Context, realm string, way *tillit.Way, username string) (tillit.SignInOutcome, error) {
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
	if !c.has(way.Code) {
		return tillit.SignInOutcome{}, &tillit.SignInRefused{Key: notForThisWay}
	}
	return b.outcome(ctx, realm, m, c, way)
}
