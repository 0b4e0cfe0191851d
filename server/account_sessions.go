package server

import (
	"net/http"
	"slices"

	"github.com/tillit/tillit"
)

// accountSessions lists where a person is signed in: since when, how, and which
// clients leaned on it.
func (p *Provider) accountSessions(r *http.Request, realm *realm, present *tillit.Session, language string) ([]AccountSession, error) {
	sessions, err := p.Store.Sessions(r.Context(), realm.name, present.Person, p.now())
	if err != nil {
		return nil, err
	}
	var list []AccountSession
	for i := range sessions {
		s := &sessions[i]
		if known := slices.IndexFunc(list, func(a AccountSession) bool { return a.ID == s.ID }); known >= 0 {
			list[known].Here = list[known].Here || p.here(r, realm, s) // the account page's own beside the realm's
			continue
		}
		entry := AccountSession{ID: s.ID, Created: p.date(language, s.Created), LastSeen: p.date(language, s.LastSeen), Here: p.here(r, realm, s)}
		if way := realm.catalog.Way(s.SignIn.Way); way != nil {
			entry.Way = way.Title.In(language)
		}
		if s.Account {
			entry.Clients = append(entry.Clients, p.cardOf(r.Context(), realm, accountClient.ID, language))
		}
		clients, err := p.Store.SessionClients(r.Context(), realm.name, s.ID)
		if err != nil {
			return nil, err
		}
		for _, id := range clients {
			entry.Clients = append(entry.Clients, p.cardOf(r.Context(), realm, id, language))
		}
		list = append(list, entry)
	}
	return list, nil
}

// here reports whether a session is one of the asking browser's.
func (p *Provider) here(r *http.Request, realm *realm, s *tillit.Session) bool {
	for _, kind := range []string{browserCookie, accountCookie} {
		if hash := realm.cookie(r, kind); hash != nil && string(hash) == string(s.Hash) {
			return true
		}
	}
	return false
}

// endFromAccount ends one of the person's sessions. One of this very browser is
// signed out of as by the button for it.
func (p *Provider) endFromAccount(w http.ResponseWriter, r *http.Request, realm *realm, present *tillit.Session, sid string) error {
	sessions, err := p.Store.Sessions(r.Context(), realm.name, present.Person, p.now())
	if err != nil {
		return err
	}
	chosen := slices.IndexFunc(sessions, func(s tillit.Session) bool { return s.ID == sid })
	for i := range sessions {
		if sessions[i].ID == sid && p.here(r, realm, &sessions[i]) {
			chosen = i
		}
	}
	language := p.language(r, realm, words(r.URL.Query().Get("ui_locales")))
	if chosen >= 0 && p.here(r, realm, &sessions[chosen]) {
		return p.logout(w, r, realm, &sessions[chosen], &logoutRequest{}, language)
	}
	if chosen >= 0 {
		// The clients' frames would load in this browser, where they know nobody.
		if _, err := p.endOne(r.Context(), realm, sid); err != nil {
			return err
		}
	}
	http.Redirect(w, r, accountAddress(realm, "ended", r.URL.Query().Get("ui_locales")), http.StatusSeeOther)
	return nil
}
