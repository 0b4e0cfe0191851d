package dev

import (
	"net/http"
	"net/url"

	"github.com/tillit/tillit/internal/demo"
)

// act is what the buttons of a result have in common: it finds the run and its
// client, does the thing, and leads back.
func (p *playground) act(w http.ResponseWriter, r *http.Request, do func(found *run, m metadata, client demo.FixtureClient)) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	found, ok := p.runs.get(r.PostFormValue("run"), browserOf(r))
	if !ok || found.Tokens == nil {
		p.tell(w, http.StatusNotFound, message{Heading: "This result is gone", Text: "The playground remembers the last runs of this browser only."})
		return
	}
	if _, client, m, ok := p.parties(w, r, &found); ok {
		do(&found, m, client)
	}
}

// parties finds the realm, the client and the metadata of a run; where one is
// gone it says so, and ok is false.
func (p *playground) parties(w http.ResponseWriter, r *http.Request, of *run) (realm demo.FixtureRealm, client demo.FixtureClient, m metadata, ok bool) {
	realm, client, err := p.client(of.Realm, string(of.Client))
	if err != nil {
		p.fault(w, "The client is gone", err)
		return realm, client, m, false
	}
	if m, err = discover(r.Context(), p.HTTP, realm.Issuer); err != nil {
		p.fault(w, "Discovery failed", err)
		return realm, client, m, false
	}
	return realm, client, m, true
}

// refresh exchanges the refresh token (RFC 6749 §6).
func (p *playground) refresh(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(found *run, m metadata, client demo.FixtureClient) {
		before := found.Tokens
		p.settle(r, found, m, client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {before.Refresh}})
		if found.Failed == "" {
			found.Renewals++
			found.Told = "The tokens were renewed. The refresh token before this one is spent."
			if found.Tokens.Refresh == "" {
				found.Tokens.Refresh = before.Refresh
			}
			if found.Tokens.ID == "" {
				found.Tokens.ID = before.ID
			}
			p.runs.put(found)
		}
		http.Redirect(w, r, "/dev/result?run="+found.ID, http.StatusSeeOther)
	})
}

// revoke takes the tokens back (RFC 7009): the refresh token where there is one,
// which ends the whole grant.
func (p *playground) revoke(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(found *run, m metadata, client demo.FixtureClient) {
		form := url.Values{"token": {found.Tokens.Access}, "token_type_hint": {"access_token"}}
		if found.Tokens.Refresh != "" {
			form = url.Values{"token": {found.Tokens.Refresh}, "token_type_hint": {"refresh_token"}}
		}
		status, _, err := post(r.Context(), p.HTTP, m.Revocation, client, form)
		found.Revoked = err == nil && status == http.StatusOK
		found.Told = "Revoked. Try to renew the tokens: the provider refuses."
		if !found.Revoked {
			found.Told = "The revocation endpoint did not take it."
		}
		p.runs.put(found)
		http.Redirect(w, r, "/dev/result?run="+found.ID, http.StatusSeeOther)
	})
}

// signOut leads to the end of the session (RP-Initiated Logout §2).
func (p *playground) signOut(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, func(found *run, m metadata, client demo.FixtureClient) {
		if m.EndSession == "" || found.Tokens.ID == "" {
			http.Redirect(w, r, "/dev/result?run="+found.ID, http.StatusSeeOther)
			return
		}
		query := url.Values{
			"id_token_hint": {found.Tokens.ID}, "client_id": {string(client.ID)},
			"post_logout_redirect_uri": {p.Base + "/dev/signed-out"},
		}
		http.Redirect(w, r, address(m.EndSession, query), http.StatusSeeOther)
	})
}

func (p *playground) signedOut(w http.ResponseWriter, _ *http.Request) {
	p.tell(w, http.StatusOK, message{Heading: "You are signed out", Text: "The session at the provider has ended, and with it every grant that does not outlive it."})
}
