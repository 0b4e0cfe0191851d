package goidc_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// flows are one code flow per realm: who asks for what, and what the person who
// signs in must then be told of, in which document.
var flows = []struct {
	realm, client, person string
	scopes                []string
	options               []oauth2.AuthCodeOption
	idToken, userinfo     []string // claims that must be there, as the fixtures tell them
	signed                bool     // UserInfo comes as a JWT
	refresh               bool
}{
	{
		realm: "bankid", client: "demo-web", person: "kari", scopes: []string{"openid", "profile", "nnin"},
		idToken: []string{"name", "birthdate"}, userinfo: []string{"name", "nnin"}, signed: true,
	},
	{
		realm: "bankid", client: "demo-web", person: "jonas", scopes: []string{"openid", "profile", "nnin", "offline_access"},
		options: []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "consent")},
		idToken: []string{"name"}, userinfo: []string{"nnin"}, signed: true, refresh: true,
	},
	{
		realm: "buypass", client: "demo-web", person: "eli", scopes: []string{"openid", "profile", "email", "offline_access"},
		options:  []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "consent")},
		userinfo: []string{"name", "email"}, refresh: true,
	},
	{
		realm: "idporten", client: "demo-web", person: "berit", scopes: []string{"openid", "profile"},
		idToken: []string{"pid"},
	},
}

func TestCodeFlow(t *testing.T) {
	for _, flow := range flows {
		t.Run(flow.realm+"/"+strings.Join(flow.scopes, "+"), func(t *testing.T) {
			p := newParty(t, flow.realm, flow.client, flow.scopes...)
			got := p.signIn(t, flow.person, flow.options...)
			person := p.realm.Person(t, flow.person)
			same(t, "ID Token", got.claims, person.Claims, flow.idToken)
			same(t, "UserInfo", got.userinfo, person.Claims, flow.userinfo)
			explainsCode(t, got, flow.person)
			explainsToken(t, p, got.token)
			if flow.signed {
				p.verifySignedUserInfo(t, got)
			}
			if !flow.refresh {
				return
			}
			renewed := p.renew(t, got)
			same(t, "renewed ID Token", renewed.claims, person.Claims, flow.idToken)
			same(t, "UserInfo after the refresh", renewed.userinfo, person.Claims, flow.userinfo)
		})
	}
}

// same demands that claims are there as the fixtures tell them.
func same(t *testing.T, document string, got, want map[string]any, names []string) {
	t.Helper()
	for _, name := range names {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s: %s is %v; want %v", document, name, got[name], want[name])
		}
	}
}

func TestClientCredentials(t *testing.T) {
	for realm, scope := range map[string]string{"buypass": "myservice.data_read", "bankid": "operational-status/read"} {
		t.Run(realm, func(t *testing.T) {
			p := newParty(t, realm, "demo-service")
			config := clientcredentials.Config{
				ClientID: p.client.ID, ClientSecret: p.client.Secret, TokenURL: p.config.Endpoint.TokenURL, Scopes: []string{scope},
			}
			token, err := config.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if granted := token.Extra("scope"); granted != nil && !slices.Contains(strings.Fields(granted.(string)), scope) {
				t.Errorf("scope %q; want %s", granted, scope)
			}
			explainsMachine(t, p, scope, token)
			explainsToken(t, p, token)
		})
	}
}
