package login

import (
	"context"
	"errors"
	"testing"

	"github.com/tillit/tillit"
)

func TestConfirm(t *testing.T) {
	book, _ := newBook(t)
	ctx := t.Context()
	person, err := book.Directory.PersonByUsername(ctx, "", "kari")
	if err != nil {
		t.Fatal(err)
	}
	if !book.Confirms(person) || book.Confirms(&tillit.Person{}) {
		t.Error("who has a password confirms with it, and nobody else")
	}
	if err := book.Confirm(ctx, person.Realm, person, secret, now); err != nil {
		t.Error(err)
	}
	key := func(typed string) string {
		var refused *tillit.SignInRefused
		if err := book.Confirm(ctx, person.Realm, person, typed, now); !errors.As(err, &refused) {
			t.Fatalf("%q: %v; want a refusal", typed, err)
		}
		return refused.Key
	}
	if got := key(""); got != fieldMissing {
		t.Errorf("nothing typed: %s", got)
	}
	for range maxFailures {
		if got := key("wrong"); got != wrongCredentials {
			t.Fatalf("wrong: %s", got)
		}
	}
	if got := key(secret); got != throttled {
		t.Errorf("after %d wrong ones the right one is %s; want it throttled", maxFailures, got)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	book.confirming <- struct{}{}
	if err := book.Confirm(gone, person.Realm, person, secret, now); !errors.Is(err, context.Canceled) {
		t.Errorf("who went away while waiting: %v", err)
	}
}
