package pages_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tillit/tillit/interop/house"
)

// A site is a client's web site: it asks, and notes what it is answered.
type site struct {
	t       *testing.T
	realm   *house.Realm
	config  oauth2.Config
	answers chan url.Values
}

// newSite starts a client's web site on a port of its own.
func newSite(t *testing.T, realm, client string) *site {
	t.Helper()
	r := running.Realm(t, realm)
	c := r.Client(t, client)
	s := &site{t: t, realm: r, answers: make(chan url.Values, 8)}
	listener := httptest.NewServer(http.HandlerFunc(s.callback))
	t.Cleanup(listener.Close)
	s.config = oauth2.Config{
		ClientID: c.ID, ClientSecret: c.Secret, RedirectURL: listener.URL + "/callback", Endpoint: endpoints(t, r.Issuer),
	}
	return s
}

// endpoints reads the discovery document.
func endpoints(t *testing.T, issuer string) oauth2.Endpoint {
	t.Helper()
	response, err := http.Get(issuer + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var found struct {
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		t.Fatal(err)
	}
	return oauth2.Endpoint{AuthURL: found.Authorization, TokenURL: found.Token}
}

// callback notes an answer and tells the person so. Browsers ask for an icon too.
func (s *site) callback(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/callback" {
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(`<!doctype html><html lang="en"><title>Answered</title><main id="answered">` + r.Method + `</main>`))
	s.answers <- r.Form
}

// An asking is one authorization request of a site.
type asking struct {
	site     *site
	address  string
	state    string
	verifier string
}

// ask makes a request; more are further parameters, name and value.
func (s *site) ask(scope string, more ...string) *asking {
	a := &asking{site: s, state: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("scope", scope), oauth2.SetAuthURLParam("nonce", oauth2.GenerateVerifier()), oauth2.S256ChallengeOption(a.verifier)}
	for i := 0; i+1 < len(more); i += 2 {
		options = append(options, oauth2.SetAuthURLParam(more[i], more[i+1]))
	}
	a.address = s.config.AuthCodeURL(a.state, options...)
	return a
}

// answer waits for what the site is answered to this request.
func (a *asking) answer() url.Values {
	t := a.site.t
	t.Helper()
	select {
	case values := <-a.site.answers:
		if values.Get("state") != a.state {
			t.Errorf("the answer has another request's state")
		}
		return values
	case <-time.After(patience):
		t.Fatal("the site was not answered")
		return nil
	}
}

// redeem exchanges the code of the answer and gives the scopes of the token.
func (a *asking) redeem() string {
	t := a.site.t
	t.Helper()
	values := a.answer()
	if values.Get("code") == "" {
		t.Fatalf("the answer has no code: %v", values)
	}
	token, err := a.site.config.Exchange(t.Context(), values.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		t.Fatalf("token request: %v", err)
	}
	scope, _ := token.Extra("scope").(string)
	return scope
}
