package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// Two cookies a realm: one names the browser, binds interactions to it and is
// the session of realms that keep one; the other is the account page's. Values
// are 256-bit random; only their hashes are stored.
const (
	browserCookie = "browser"
	accountCookie = "account"
)

// accountLifetime bounds a session of the account page (seconds).
const accountLifetime = 30 * 60

func (realm *realm) cookieName(kind string) string {
	name := "tillit-" + realm.name + "-" + kind
	if realm.secure {
		return "__Host-" + name
	}
	return name
}

func (realm *realm) setCookie(w http.ResponseWriter, kind, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: realm.cookieName(kind), Value: realm.name + "." + value, Path: "/",
		HttpOnly: true, Secure: realm.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (realm *realm) clearCookie(w http.ResponseWriter, kind string) {
	http.SetCookie(w, &http.Cookie{
		Name: realm.cookieName(kind), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: realm.secure, SameSite: http.SameSiteLaxMode,
	})
}

// cookie gives the hash of a cookie's value, nil when there is none of this
// realm.
func (realm *realm) cookie(r *http.Request, kind string) []byte {
	c, err := r.Cookie(realm.cookieName(kind))
	if err != nil {
		return nil
	}
	value, found := strings.CutPrefix(c.Value, realm.name+".")
	if !found || len(value) < 20 {
		return nil
	}
	return token.Hash(value)
}

// browser gives the hash of the browser's cookie, setting one where there is none.
func (p *Provider) browser(w http.ResponseWriter, r *http.Request, realm *realm) []byte {
	if hash := realm.cookie(r, browserCookie); hash != nil {
		return hash
	}
	return p.newCookie(w, realm, browserCookie)
}

func (p *Provider) newCookie(w http.ResponseWriter, realm *realm, kind string) []byte {
	value := newID() + newID()
	realm.setCookie(w, kind, value)
	return token.Hash(value)
}

// gatherSession finds the person who signed in to this browser earlier.
func (p *Provider) gatherSession(r *http.Request, a *authorization) error {
	hash := a.realm.cookie(r, browserCookie)
	if hash == nil {
		return nil
	}
	s, err := p.Store.Session(r.Context(), a.realm.name, hash, p.now())
	if errors.Is(err, tillit.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	sso := a.catalog.Settings.SingleSignOn
	now := p.now()
	if sso.Idle > 0 && now-s.LastSeen > sso.Idle || sso.Max > 0 && now-s.Created > sso.Max {
		return nil
	}
	if p.on("clients can keep to themselves") && !opensTo(&s.Context, a.client) {
		return nil
	}
	if err := p.setPerson(r.Context(), a, s.Person); err != nil {
		if errors.Is(err, tillit.ErrNotFound) {
			return nil
		}
		return err
	}
	signIn := s.SignIn
	signIn.Fresh = false
	if signIn.Subject, err = p.subject(r.Context(), a.realm, a.catalog, a.client, a.person); err != nil {
		return err
	}
	nonce := a.context.Nonce
	a.facts.SignIn, a.context, a.sid = &signIn, s.Context, s.ID
	a.context.Nonce = nonce
	return p.Store.TouchSession(r.Context(), a.realm.name, hash, now, min(s.Created+sso.Max, now+sso.Idle))
}

// opensTo reports whether a session is any to a client: one that keeps to itself
// has a part of its own, and the others share the rest.
func opensTo(c *tillit.Context, client *tillit.Client) bool {
	if client.SSODisabled {
		return slices.Contains(c.Apart, client.ID)
	}
	return !c.OnlyApart
}

// besides gives the session of the browser in which a person signs in again, be it
// one that the client does not see; nil for none. Whoever signs in beside it stays
// in it, so that signing out is signing out everywhere.
func (p *Provider) besides(r *http.Request, a *authorization, person string) (*tillit.Session, error) {
	hash := a.realm.cookie(r, browserCookie)
	if a.catalog.Settings.SingleSignOn == nil || hash == nil {
		return nil, nil
	}
	s, err := p.Store.Session(r.Context(), a.realm.name, hash, p.now())
	if errors.Is(err, tillit.ErrNotFound) || err == nil && s.Person != person {
		return nil, nil
	}
	return s, err
}

// keepApart notes to whom the session opens after a sign-in at the client; before
// is what it was until then, nil for a new one.
func (a *authorization) keepApart(before *tillit.Session) {
	a.context.Apart, a.context.OnlyApart = nil, true
	if before != nil {
		a.context.Apart, a.context.OnlyApart = slices.Clone(before.Context.Apart), before.Context.OnlyApart
	}
	if !a.client.SSODisabled {
		a.context.OnlyApart = false
	} else if !slices.Contains(a.context.Apart, a.client.ID) {
		a.context.Apart = append(a.context.Apart, a.client.ID)
	}
}

// renewSession gives the browser a new cookie after a sign-in, moves its open
// interactions to it, and opens a session where the realm keeps one.
func (p *Provider) renewSession(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction) error {
	ctx := r.Context()
	old := a.realm.cookie(r, browserCookie)
	hash := p.newCookie(w, a.realm, browserCookie)
	i.Browser = hash
	if old != nil {
		if err := p.Store.MoveBrowser(ctx, a.realm.name, old, hash); err != nil {
			return err
		}
	}
	sso := a.catalog.Settings.SingleSignOn
	if sso == nil {
		return nil
	}
	now := p.now()
	s := &tillit.Session{
		Realm: a.realm.name, Hash: hash, ID: a.sid, Person: a.person.ID, SignIn: *a.facts.SignIn,
		Context: a.context, Created: now, LastSeen: now, Expires: min(now+sso.Max, now+sso.Idle),
	}
	s.Context.Nonce = ""
	if err := withoutProof(s); err != nil {
		return err
	}
	defer p.sessionEnded() // somebody else's, perhaps
	return p.Store.SaveSession(ctx, s, old)
}

// withoutProof takes out of a session what was signed for one request: it is no
// evidence in another.
func withoutProof(s *tillit.Session) error {
	if !slices.Contains(s.SignIn.Evidence, tillit.EvidenceProof) {
		return nil
	}
	s.SignIn.Evidence = slices.DeleteFunc(slices.Clone(s.SignIn.Evidence), func(kind string) bool { return kind == tillit.EvidenceProof })
	var values map[string]json.RawMessage
	if err := json.Unmarshal(s.Context.SignIn, &values); err != nil {
		return err
	}
	delete(values, tillit.EvidenceProof)
	kept, err := json.Marshal(values)
	s.Context.SignIn = kept
	return err
}

// sessionOf gives the living session of the first of the cookies that names one,
// nil for none.
func (p *Provider) sessionOf(r *http.Request, realm *realm, kinds ...string) (*tillit.Session, error) {
	for _, kind := range kinds {
		hash := realm.cookie(r, kind)
		if hash == nil {
			continue
		}
		s, err := p.Store.Session(r.Context(), realm.name, hash, p.now())
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, tillit.ErrNotFound) {
			return nil, err
		}
	}
	return nil, nil
}
