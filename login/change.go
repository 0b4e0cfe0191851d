package login

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tillit/tillit"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a password that a person chooses, in letters. What is asked of its
// letters is nothing: length is what counts (NIST SP 800-63B §3.1.1.2).
const (
	leastChosen = 8
	mostChosen  = 128
)

// changeKind is what refused choices are counted under.
const changeKind = "new password"

// NewPassword checks a password that a signed-in person chose, typed twice, and
// gives it as it is stored. A *tillit.SignInRefused says what is not right about
// it: password_differs, password_short, password_long, password_named,
// password_unchanged, throttled.
func (b *Book) NewPassword(ctx context.Context, person *tillit.Person, chosen, again string, at int64) (string, error) {
	sum := sha256.Sum256([]byte(person.ID))
	gate := gate{b.Attempts, person.Realm, changeKind, sum[:]}
	failed, err := gate.open(ctx, at)
	if err != nil {
		return "", err
	}
	key := b.unfit(person, chosen, again)
	if key == "" {
		// The present password may not be tried out here either.
		if err := b.Hasher.enter(ctx); err != nil {
			return "", err
		}
		if b.Hasher.verify(chosen, person.Password) {
			key = "password_unchanged"
		}
		b.Hasher.leave()
	}
	if key != "" {
		if err := gate.note(ctx, at); err != nil {
			return "", err
		}
		return "", &tillit.SignInRefused{Key: key}
	}
	hash, err := b.Hasher.Hash(ctx, chosen)
	if err != nil {
		return "", fmt.Errorf("new password of realm %s: %w", person.Realm, err)
	}
	return hash, gate.clear(ctx, failed)
}

// unfit says what is not right about a choice, "" for nothing.
func (b *Book) unfit(person *tillit.Person, chosen, again string) string {
	letters := utf8.RuneCountInString(norm.NFC.String(chosen))
	switch {
	case subtle.ConstantTimeCompare(norm.NFC.Bytes([]byte(chosen)), norm.NFC.Bytes([]byte(again))) != 1:
		return "password_differs"
	case letters < leastChosen:
		return "password_short"
	case letters > mostChosen || len(chosen) > maxPassword:
		return "password_long"
	case strings.EqualFold(strings.TrimSpace(chosen), person.Username):
		return "password_named"
	}
	return ""
}
