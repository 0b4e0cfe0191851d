package goidc_test

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tillit/tillit/interop/house"
)

var running *house.House

func TestMain(m *testing.M) {
	os.Exit(house.Run(m, func(h *house.House) { running = h }))
}

// callback is where demo clients are answered; nobody listens there.
const callback = "http://127.0.0.1:9/callback"

// A party is a relying party of these libraries at one realm.
type party struct {
	realm    *house.Realm
	client   *house.Client
	provider *oidc.Provider
	config   oauth2.Config
}

func newParty(t *testing.T, realm, client string, scopes ...string) *party {
	t.Helper()
	r := running.Realm(t, realm)
	c := r.Client(t, client)
	provider, err := oidc.NewProvider(t.Context(), r.Issuer)
	if err != nil {
		t.Fatalf("discovery: %v", err)
	}
	return &party{r, c, provider, oauth2.Config{
		ClientID: c.ID, ClientSecret: c.Secret, RedirectURL: callback, Scopes: scopes, Endpoint: provider.Endpoint(),
	}}
}

// issued is what one flow gave.
type issued struct {
	request  string // the authorization request, an address
	token    *oauth2.Token
	id       *oidc.IDToken
	claims   map[string]any // of the ID Token
	userinfo map[string]any
}

// signIn lets a person answer an authorization request and redeems the code.
func (p *party) signIn(t *testing.T, username string, options ...oauth2.AuthCodeOption) *issued {
	t.Helper()
	const state = "a-state"
	verifier, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	options = append(options, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	got := &issued{request: p.config.AuthCodeURL(state, options...)}
	walk, err := running.Walk(p.realm.Person(t, username))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := walk.To(got.request)
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	code := answer.Query().Get("code")
	if code == "" || answer.Query().Get("state") != state || answer.Query().Get("iss") != p.realm.Issuer {
		t.Fatalf("the answer has no code, or another state or iss: %v", answer.Query())
	}
	if got.token, err = p.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err != nil {
		t.Fatalf("token request: %v", err)
	}
	p.verify(t, got, nonce)
	return got
}

// verify checks the ID Token and fetches UserInfo.
func (p *party) verify(t *testing.T, got *issued, nonce string) {
	t.Helper()
	raw, _ := got.token.Extra("id_token").(string)
	var err error
	if got.id, err = p.provider.Verifier(&oidc.Config{ClientID: p.client.ID}).Verify(t.Context(), raw); err != nil {
		t.Fatalf("ID Token: %v", err)
	}
	if nonce != "" && got.id.Nonce != nonce {
		t.Errorf("nonce %q; want %q", got.id.Nonce, nonce)
	}
	if got.id.AccessTokenHash != "" {
		if err := got.id.VerifyAccessToken(got.token.AccessToken); err != nil {
			t.Errorf("at_hash: %v", err)
		}
	}
	if err := got.id.Claims(&got.claims); err != nil {
		t.Fatal(err)
	}
	info, err := p.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(got.token))
	if err != nil {
		t.Fatalf("UserInfo: %v", err)
	}
	if info.Subject != got.id.Subject {
		t.Errorf("UserInfo is of %q, the ID Token of %q", info.Subject, got.id.Subject)
	}
	if err := info.Claims(&got.userinfo); err != nil {
		t.Fatal(err)
	}
}

// verifySignedUserInfo demands a JWT of the issuer for this client. The library
// reads either form, so the form is asked for by hand.
func (p *party) verifySignedUserInfo(t *testing.T, got *issued) {
	t.Helper()
	response, err := p.config.Client(t.Context(), got.token).Get(p.provider.UserInfoEndpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); kind != "application/jwt" {
		t.Errorf("UserInfo is %s; want application/jwt", kind)
	}
	// UserInfo needs no exp (OIDC Core §5.3.2); everything else of the library's check holds.
	info, err := p.provider.Verifier(&oidc.Config{ClientID: p.client.ID, SkipExpiryCheck: true}).Verify(t.Context(), string(raw))
	if err != nil {
		t.Fatalf("signed UserInfo: %v", err)
	}
	if info.Subject != got.id.Subject {
		t.Errorf("signed UserInfo is of %q, the ID Token of %q", info.Subject, got.id.Subject)
	}
}

// renew refreshes at once, as x/oauth2 does once the access token has expired.
func (p *party) renew(t *testing.T, old *issued) *issued {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	expired := *old.token
	expired.Expiry = time.Unix(1, 0)
	token, err := p.config.TokenSource(ctx, &expired).Token()
	if err != nil {
		t.Fatalf("refresh: %v", err)
	}
	if token.AccessToken == old.token.AccessToken || token.RefreshToken == old.token.RefreshToken {
		t.Error("a refresh gave the same tokens again")
	}
	renewed := &issued{request: old.request, token: token}
	p.verify(t, renewed, "")
	if renewed.id.Subject != old.id.Subject {
		t.Errorf("after the refresh the subject is %q; it was %q", renewed.id.Subject, old.id.Subject)
	}
	return renewed
}
