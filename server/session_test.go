package server_test

import (
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// TestSomebodyElseSignsIn: a sign-in ends what the former person of the browser
// left in it, but nothing of a person who signs in again.
func TestSomebodyElseSignsIn(t *testing.T) {
	o := open(t, "buypass")
	people := o.People(nil)
	if len(people) < 2 {
		t.Fatalf("%d people in the fixtures; want two", len(people))
	}
	b := o.NewBrowser()
	signIn := func(person facts.PersonFixture) *facts.Tokens {
		return o.Login(facts.Request{
			Scope: "openid email", Browser: b, Manners: facts.Manners{Person: person},
			Params: map[string]string{"prompt": "login"},
		})
	}
	former := signIn(people[0])
	signIn(people[0])
	if u := o.UserInfo(former.Access()); u.Status != 200 {
		t.Fatalf("UserInfo after the same person signed in again: %d; want 200", u.Status)
	}
	present := signIn(people[1])
	if u := o.UserInfo(former.Access()); u.Status != 401 {
		t.Errorf("UserInfo of the former person: %d; want 401", u.Status)
	}
	if r := o.Renew("demo-web", former.Refresh(), ""); r.Text("error") != "invalid_grant" {
		t.Errorf("refresh of the former person: %d %q; want invalid_grant", r.Status, r.Text("error"))
	}
	if u := o.UserInfo(present.Access()); u.Status != 200 {
		t.Errorf("UserInfo of who is here now: %d; want 200", u.Status)
	}
}
