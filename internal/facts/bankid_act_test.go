package facts

import (
	"maps"
	"slices"
)

// The checks of this file are about scopes that stand for an act of the person's.

func bankIDChangesPassword(t TB, e *Env) {
	person := e.Person(nil, "nnin")
	before := Manners{Person: person, Way: "BID"}
	plain := e.Login(Request{Scope: "openid", Manners: before})

	refused := before
	refused.NewPassword, refused.Again = "to the mill and back", "to the mill and home"
	if end := e.Authorize(Request{Scope: "openid chgpwd", Manners: refused}); end.Page == nil || end.Page.Kind != "change_password" || end.Page.Alert == "" {
		t.Errorf("two different passwords: error %q; want the page again with an alert", end.Error())
	}

	changing := before
	changing.NewPassword = "to the mill and back"
	tokens := e.Login(Request{Scope: "openid chgpwd", Manners: changing})
	defer e.changeBack(person, changing.NewPassword)
	e.Equal("pages on which a password is chosen", tokens.Browser.Met("change_password"), 1)
	e.Granted(tokens, "openid chgpwd")
	members := func(claims map[string]any) []string { return slices.Sorted(maps.Keys(claims)) }
	e.Equal("members of the ID Token", members(e.IDClaims(tokens)), members(e.IDClaims(plain)))
	e.Equal("members of the access token", members(e.AccessClaims(tokens)), members(e.AccessClaims(plain)))

	if end := e.Authorize(Request{Scope: "openid", Manners: before}); end.Page == nil || end.Page.Kind != "sign_in" || end.Page.Alert == "" {
		t.Errorf("the old password: error %q, code %t; want the sign-in page with an alert", end.Error(), end.Code() != "")
	}
	after := person
	after.Password = changing.NewPassword
	for _, way := range []string{"BID", "BIS"} {
		e.Login(Request{Scope: "openid", Manners: Manners{Person: after, Way: way}})
	}

	e.Refused(e.Authorize(Request{Scope: "openid chgpwd", Manners: Manners{Person: after, Way: "BIS"}, Params: map[string]string{"acr_values": "urn:bankid:bis"}}), "access_denied")
	e.Refused(e.Authorize(Request{Client: "demo-basic", Scope: "openid chgpwd", Manners: changing}), "invalid_scope")
}

// changeBack gives a person the fixtures' password again, for the checks that
// follow.
func (e *Env) changeBack(person PersonFixture, present string) {
	e.t.Helper()
	now := person
	now.Password = present
	e.Login(Request{Scope: "openid chgpwd", Manners: Manners{Person: now, Way: "BID", NewPassword: person.Password}})
}
