package tillittest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tillit/tillit/tillittest"
)

// An example has no *testing.T; in a test it is the test's own.
var t = &example{}

type example struct{ cleanups []func() }

func (e *example) Helper()                           {}
func (e *example) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (e *example) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (e *example) Logf(string, ...any)               {}
func (e *example) Cleanup(f func())                  { e.cleanups = append(e.cleanups, f) }
func (e *example) Context() context.Context          { return context.Background() }

// A person signs in to a client, and an API asks what the token opens.
func ExampleStart() {
	p := tillittest.Start(t, "buypass")
	tokens := p.Tokens(tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid email"})
	fmt.Println(tokens.Scopes, p.UserInfo(tokens)["email"])
	// Output: [email openid] mats.birkedal@example.no
}

// Claims change while the provider runs, and so does the clock.
func ExampleProvider_Set() {
	p := tillittest.Start(t, "buypass")
	tokens := p.Tokens(tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid email"})
	p.Set("mats", map[string]any{"email": "mats@new.example.no"})
	fmt.Println(p.UserInfo(tokens)["email"])
	p.Advance(10 * time.Minute)
	fmt.Println(p.Introspect("myservice", tokens)["active"])
	// Output:
	// mats@new.example.no
	// false
}

// A decision says what would be issued, and why not more; nothing is.
func ExampleProvider_Decision() {
	p := tillittest.Start(t, "buypass")
	d := p.Decision(tillittest.Request{Client: "demo-web", Person: "mats", Scope: "openid email phone", Decline: []string{"phone"}})
	d.Gives("openid", "email").Leaves("phone", "consent_declined")
	d.Delivers("userinfo", "email").Withholds("userinfo", "phone_number")
	for _, v := range d.Scopes {
		fmt.Println(v.Scope, v.Reason)
	}
	// Output:
	// openid given
	// email given
	// phone consent_declined
}

// People and clients come and go.
func ExampleProvider_Put() {
	p := tillittest.Start(t, "buypass")
	p.Put(tillittest.Person{Username: "ada", Name: "Ada Vik", Attributes: map[string]any{"name": "Ada Vik"}})
	p.PutClient("shop", tillittest.Client{
		Type: "confidential", Auth: "client_secret_basic", GrantTypes: []string{"authorization_code"}, Scopes: "standard",
	})
	tokens := p.Tokens(tillittest.Request{Client: "shop", Person: "ada", Scope: "openid profile"})
	fmt.Println(p.UserInfo(tokens)["name"])
	// Output: Ada Vik
}
