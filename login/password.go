package login

import (
	"context"
	"crypto/subtle"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"golang.org/x/text/unicode/norm"
)

// Names of form fields.
const (
	usernameField = "username"
	passwordField = "password"
)

// maxName bounds what is looked up, in bytes.
const maxName = 256

// password is a user name and a password, and a code where the way has a field
// for one.
type password struct{}

func (password) testOnly() bool                  { return false }
func (password) brings() bool                    { return false }
func (password) fields(way *tillit.Way) []string { return way.Fields }

func (password) factors(way *tillit.Way) []string {
	return multiple(append([]string{passwordField}, way.Fields...))
}

func (password) find(ctx context.Context, b *Book, realm, name string) (*tillit.Person, error) {
	if len(name) > maxName {
		return nil, tillit.ErrNotFound
	}
	return b.Directory.PersonByUsername(ctx, realm, name)
}

func (password) missing(way *tillit.Way, form url.Values) bool {
	return form.Get(passwordField) == "" || lacks(form, usernameField) || lacks(form, way.Fields...)
}

func (password) proves(b *Book, c claimant, way *tillit.Way, form url.Values) bool {
	stored := ""
	if c.person != nil {
		stored = c.person.Password
	}
	right := b.Hasher.verify(form.Get(passwordField), stored)
	codes := typesCodes(c, way.Fields, form)
	return right && codes
}

// name is what the person typed as user name.
func name(form url.Values) string {
	return norm.NFC.String(strings.TrimSpace(form.Get(usernameField)))
}

// lacks reports whether one of the fields is empty.
func lacks(form url.Values, fields ...string) bool {
	for _, field := range fields {
		if strings.TrimSpace(form.Get(field)) == "" {
			return true
		}
	}
	return false
}

// typesCodes reports whether every field holds what is expected. All of them are
// compared, whichever is wrong.
func typesCodes(c claimant, fields []string, form url.Values) bool {
	right := 1
	for _, field := range fields {
		expected, typed := c.expects(field), strings.TrimSpace(form.Get(field))
		if expected == "" {
			right = 0 // nothing is right
		}
		right &= subtle.ConstantTimeCompare([]byte(expected), []byte(typed))
	}
	return right == 1
}

// multiple adds mfa to two factors or more (RFC 8176 §2).
func multiple(used []string) []string {
	if len(used) > 1 {
		return append(slices.Clip(used), "mfa") // the slice may be the realm's own
	}
	return used
}
