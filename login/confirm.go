package login

import (
	"context"
	"net/url"

	"github.com/tillit/tillit"
)

// Confirms reports whether a person has a password to confirm an act with.
func (b *Book) Confirms(person *tillit.Person) bool { return person.Password != "" }

// Confirm checks the password of somebody who has signed in and confirms an act
// with it. Wrong ones count as wrong ones at sign-in do. A refusal is a
// *tillit.SignInRefused; any other error is our fault.
func (b *Book) Confirm(ctx context.Context, realm string, person *tillit.Person, typed string, at int64) error {
	if typed == "" {
		return &tillit.SignInRefused{Key: fieldMissing}
	}
	c, err := b.claimant(realm, person)
	if err != nil {
		return err
	}
	select {
	case b.confirming <- struct{}{}:
		defer func() { <-b.confirming }()
	case <-ctx.Done():
		return ctx.Err()
	}
	form := url.Values{usernameField: {person.Username}, passwordField: {typed}}
	return b.prove(ctx, realm, password{}, c, &tillit.Way{}, form, at)
}
