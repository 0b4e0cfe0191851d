package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tillit/tillit"
)

const (
	// passkeyFresh is how long after a sign-in a key may be added, in seconds, and
	// how long the page may take.
	passkeyFresh = 10 * 60
	// mostPasskeys is how many keys a person may have in a realm.
	mostPasskeys = 20
	// longestTitle bounds what a person calls a key, in letters.
	longestTitle = 60
)

// ceremony is what a key is to sign on a page of ours. Like the code of an
// interaction (docs/decisions/0005) the challenge is derived from what it belongs
// to, so that nothing has to be kept and no other page's signature fits.
func (p *Provider) ceremony(ctx context.Context, realm *realm, language string, belongs ...string) (tillit.Ceremony, error) {
	key, err := p.Secret(ctx, realm.name, "passkey")
	if err != nil {
		return tillit.Ceremony{}, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join(append([]string{realm.name}, belongs...), "\x00")))
	issuer, err := url.Parse(realm.issuer)
	if err != nil {
		return tillit.Ceremony{}, err
	}
	return tillit.Ceremony{
		Challenge: mac.Sum(nil), Origin: issuer.Scheme + "://" + issuer.Host, Title: realm.catalog.Title.In(language),
	}, nil
}

// signInCeremony belongs to one step of one interaction: the step that a sign-in
// ends, so that no answer is good twice.
func (p *Provider) signInCeremony(ctx context.Context, realm *realm, i *tillit.Interaction) (tillit.Ceremony, error) {
	return p.ceremony(ctx, realm, i.Language, "sign in", i.ID, strconv.Itoa(i.Step))
}

// showPasskey renders the page that asks for a key.
func (p *Provider) showPasskey(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, page SignIn) error {
	ceremony, err := p.signInCeremony(r.Context(), a.realm, i)
	if err != nil {
		return err
	}
	model := Passkey{Form: page.Form, Client: page.Client, Way: page.Way, Other: page.Other, Account: page.Account}
	if model.Ask, err = p.Login.AskKey(ceremony); err != nil {
		return err
	}
	return p.page(w, r, a.realm, http.StatusOK, "passkey", i.Language, a.request.RedirectURI, model)
}

// keyLevel is the highest level that a sign-in by a key proves in the realm;
// offered is false where no way is one of keys.
func (p *Provider) keyLevel(catalog *tillit.Catalog) (level int, offered bool) {
	for i := range catalog.Ways {
		if way := &catalog.Ways[i]; p.Login.ByKey(way) {
			offered = true
			for _, value := range way.ACR {
				level = max(level, catalog.FindACR(value).Level)
			}
		}
	}
	return level, offered
}

// mayAddKey reports whether the session proves who is there as well as the key
// will, and a short while ago.
func (p *Provider) mayAddKey(realm *realm, session *tillit.Session) bool {
	level, offered := p.keyLevel(realm.catalog)
	return offered && session.SignIn.Level >= level && p.now()-session.SignIn.AuthTime <= passkeyFresh
}

// accountPasskeys lists a person's keys, and offers to add one; nil where nobody
// signs in by keys.
func (p *Provider) accountPasskeys(ctx context.Context, realm *realm, session *tillit.Session, person *tillit.Person, name, language string) (*AccountPasskeys, error) {
	if _, offered := p.keyLevel(realm.catalog); !offered {
		return nil, nil
	}
	keys, err := p.Store.Passkeys(ctx, realm.name, person.ID)
	if err != nil {
		return nil, err
	}
	model := &AccountPasskeys{Again: !p.mayAddKey(realm, session), Full: len(keys) >= mostPasskeys}
	for i := range keys {
		k := AccountPasskey{ID: base64.RawURLEncoding.EncodeToString(keys[i].ID), Title: keys[i].Title, Created: p.date(language, keys[i].Created)}
		if keys[i].Used > 0 {
			k.Used = p.date(language, keys[i].Used)
		}
		model.Keys = append(model.Keys, k)
	}
	if model.Again || model.Full {
		return model, nil
	}
	model.At = p.now()
	ceremony, err := p.addCeremony(ctx, realm, session, language, model.At)
	if err != nil {
		return nil, err
	}
	model.Offer, err = p.Login.OfferKey(ctx, person, name, ceremony)
	return model, err
}

func (p *Provider) addCeremony(ctx context.Context, realm *realm, session *tillit.Session, language string, at int64) (tillit.Ceremony, error) {
	return p.ceremony(ctx, realm, language, "add", string(session.Hash), strconv.FormatInt(at, 10))
}

// takePasskey carries out what the account page's forms ask about keys, and gives
// what is then told.
func (p *Provider) takePasskey(ctx context.Context, realm *realm, session *tillit.Session, form params) (told string, err error) {
	if form.Get("action") == "remove_passkey" {
		record, err := p.passkeyRecord(ctx, realm, session, "passkey_removed")
		if err != nil {
			return "", err
		}
		id, err := base64.RawURLEncoding.DecodeString(form.Get("passkey"))
		if err != nil {
			return "", refuse("invalid_request", "the field passkey names no key")
		}
		err = p.Store.RemovePasskey(ctx, realm.name, session.Person, id, record)
		if errors.Is(err, tillit.ErrNotFound) {
			err = nil // removed before
		}
		return "passkey_removed", err
	}
	err = p.addPasskey(ctx, realm, session, form)
	if refused := (*tillit.SignInRefused)(nil); errors.As(err, &refused) || errors.Is(err, tillit.ErrConflict) {
		return "passkey_refused", nil
	}
	return "passkey_added", err
}

func (p *Provider) addPasskey(ctx context.Context, realm *realm, session *tillit.Session, form params) error {
	at, err := strconv.ParseInt(form.Get("at"), 10, 64)
	title := strings.TrimSpace(form.Get("title"))
	switch {
	case err != nil || !utf8.ValidString(title) || utf8.RuneCountInString(title) > longestTitle:
		return refuse("invalid_request", "the form is not the page's")
	case at > p.now() || p.now()-at > passkeyFresh || !p.mayAddKey(realm, session):
		return &tillit.SignInRefused{Key: "passkey_refused"}
	}
	keys, err := p.Store.Passkeys(ctx, realm.name, session.Person)
	if err != nil {
		return err
	}
	if len(keys) >= mostPasskeys {
		return &tillit.SignInRefused{Key: "passkey_refused"}
	}
	person, err := p.Store.Person(ctx, realm.name, session.Person)
	if err != nil {
		return err
	}
	ceremony, err := p.addCeremony(ctx, realm, session, realm.catalog.Languages[0], at)
	if err != nil {
		return err
	}
	key, err := p.Login.NewKey(person, form.Get("passkey"), ceremony)
	if err != nil {
		return err
	}
	key.Title, key.Created = title, p.now()
	record, err := p.passkeyRecord(ctx, realm, session, "passkey_added")
	if err != nil {
		return err
	}
	return p.Store.AddPasskey(ctx, key, record)
}

func (p *Provider) passkeyRecord(ctx context.Context, realm *realm, session *tillit.Session, event string) (*tillit.AuditRecord, error) {
	pseudonym, err := p.Store.Pseudonym(ctx, realm.name, session.Person)
	return &tillit.AuditRecord{Realm: realm.name, Time: p.now(), Event: event, Subject: pseudonym}, err
}

// isPasskeyAction reports whether a form of the account page is about keys.
func isPasskeyAction(action string) bool {
	return slices.Contains([]string{"add_passkey", "remove_passkey"}, action)
}
