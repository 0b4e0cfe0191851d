package login

import (
	"context"
	"errors"

	"github.com/tillit/tillit"
)

// testEID plays an electronic identity scheme in test realms, with synthetic
// people: a user name or national number, the person's password, and the codes
// the scheme asks for.
type testEID struct{ password }

func (testEID) testOnly() bool { return true }
func (testEID) brings() bool   { return true }

func (t testEID) find(ctx context.Context, b *Book, realm, name string) (*tillit.Person, error) {
	person, err := t.password.find(ctx, b, realm, name)
	if errors.Is(err, tillit.ErrNotFound) && b.ByNumber != nil && isNumber(name) {
		return b.ByNumber(ctx, realm, name)
	}
	return person, err
}

// isNumber reports whether the name has the form of a national number.
func isNumber(name string) bool {
	if len(name) != 11 {
		return false
	}
	for _, c := range []byte(name) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
