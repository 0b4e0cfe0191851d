package tillittest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit/tillittest"
)

// Every shipped realm starts, and gives a token to somebody.
func TestEveryRealmStarts(t *testing.T) {
	for _, test := range []struct{ realm, client, scope string }{
		{"bankid", "demo-web", "openid"}, {"buypass", "demo-web", "openid"}, {"idporten", "demo-web", "openid"},
	} {
		t.Run(test.realm, func(t *testing.T) {
			p := tillittest.Start(t, test.realm)
			tokens := p.Tokens(tillittest.Request{Client: test.client, Scope: test.scope})
			if tokens.Access == "" || tokens.IDClaims["iss"] != p.Issuer {
				t.Errorf("%v; want tokens of %s", tokens.Body, p.Issuer)
			}
		})
	}
}

func TestMachines(t *testing.T) {
	p := tillittest.Start(t, "buypass")
	tokens := p.Machine("demo-service", "myservice.data_read")
	if !slices.Equal(tokens.Scopes, []string{"myservice.data_read"}) {
		t.Errorf("%v; want the scope", tokens.Body)
	}
	p.Why(tokens).Gives("myservice.data_read")
	p.MachineDecision("demo-service", "openid").Refuses("invalid_scope")
}

// What a person takes back is asked for again.
func TestWithdraw(t *testing.T) {
	p := tillittest.Start(t, "buypass")
	r := tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid email"}
	tokens := p.Tokens(r)
	p.Decision(r).Gives("email").Asks()
	p.Withdraw("mats", "demo-web")
	p.Decision(r).Asks("email")
	if active := p.Introspect("myservice", tokens)["active"]; active != false {
		t.Errorf("active %v; want the grant to have ended", active)
	}
}

func TestRefused(t *testing.T) {
	p := tillittest.Start(t, "buypass")
	if code := p.Refused(tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid email", Deny: true}); code != "access_denied" {
		t.Errorf("error %q; want access_denied", code)
	}
	if code := p.Refused(tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid no_such"}); code != "invalid_scope" {
		t.Errorf("error %q; want invalid_scope", code)
	}
}

// A watched test notes what it is told.
type watched struct {
	testing.TB
	told []string
}

func (w *watched) Errorf(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}
func (w *watched) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	panic(w)
}
func (w *watched) Context() context.Context { return w.TB.Context() }

// Assertions that do not hold are told, each in a sentence.
func TestAssertionsFail(t *testing.T) {
	w := &watched{TB: t}
	p := tillittest.Start(w, "buypass")
	p.Decision(tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid email", Decline: []string{"email"}}).
		Gives("email").Leaves("openid", "consent_declined").Delivers("userinfo", "email").Refuses("access_denied").Asks("phone")
	if len(w.told) != 5 || !strings.Contains(w.told[0], "consent_declined; want it given") {
		t.Errorf("told %q; want five failures", w.told)
	}
}

// A realm of one's own, with nobody in it but whom the test puts there.
func TestRealmOfOnesOwn(t *testing.T) {
	files := fstest.MapFS{"hytta.yaml": {Data: []byte(`
realm: hytta
title: {nb: Hytta, nn: Hytta, en: Hytta}
environment: test
languages: [nb, nn, en]
acr: {low: {level: 1}}
sign_in:
  password: {title: {nb: Passord, nn: Passord, en: Password}, method: password, acr: low, amr: [pwd]}
client_types:
  web:
    title: {nb: Nett, nn: Nett, en: Web}
    grant_types: [authorization_code]
    response_types: [code]
    auth: {web: [client_secret_basic]}
claims:
  keys: {title: {nb: Nøkler, nn: Nøklar, en: Keys}, type: integer, value: person.keys, sinks: [userinfo]}
scopes:
  openid: {title: {nb: Innlogging, nn: Innlogging, en: Sign-in}, eligible: any}
  keys: {title: {nb: Nøkler, nn: Nøklar, en: Keys}, consent: once, claims: [keys]}
tokens:
  id_token: {lifetime: 300s, protocol: [iss, sub, aud, exp, iat, nonce]}
  access_token: {lifetime: 300s, protocol: [iss, sub, aud, exp, iat, jti, client_id, scope]}
`)}}
	p := tillittest.Start(t, "hytta", tillittest.Realms(files))
	p.Put(tillittest.Person{Username: "ola", Attributes: map[string]any{"keys": 3}})
	p.PutClient("door", tillittest.Client{Type: "web", Auth: "client_secret_basic", GrantTypes: []string{"authorization_code"}, Scopes: "all_authorization"})
	tokens := p.Tokens(tillittest.Request{Client: "door", Person: "ola", Scope: "openid keys"})
	if got := p.UserInfo(tokens)["keys"]; got != 3.0 {
		t.Errorf("keys %v; want 3", got)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		tillittest.Start(b, "buypass")
	}
}
