package facts

import (
	"net/url"
	"regexp"
	"slices"
	"time"
)

// The checks of this file are about signing a person in: scopes, consent, ID
// Token and UserInfo of the realm bankid.

var elevenDigits = regexp.MustCompile(`^[0-9]{11}$`)

func bankIDMinimum(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid"})
	claims := e.IDClaims(tokens)
	e.Present("ID Token", claims, "sub", "bankid_altsub", "acr", "amr")
	e.Absent("ID Token", claims, "name", "given_name", "family_name", "birthdate", "nnin", "nnin_altsub")
	e.Granted(tokens, "openid")
}

func bankIDRegular(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid profile"})
	e.Present("ID Token", e.IDClaims(tokens), "name", "given_name", "family_name", "birthdate")
	e.Equal("consent pages", tokens.Browser.Met("consent"), 0)
}

func bankIDEnhanced(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid nnin_altsub", Manners: Manners{Person: e.Person(nil, "nnin")}})
	number, _ := e.IDClaims(tokens)["nnin_altsub"].(string)
	if !elevenDigits.MatchString(number) {
		t.Errorf("ID Token: nnin_altsub of %d characters; want eleven digits", len(number))
	}
	e.Equal("consent pages", tokens.Browser.Met("consent"), 0)
}

func bankIDNotProvisioned(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid nnin_altsub", Manners: Manners{Person: e.Person(nil, "nnin")}})
	e.Absent("ID Token", e.IDClaims(tokens), "nnin_altsub")
	e.Granted(tokens, "openid")
}

func bankIDAsksForNumber(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid nnin", Manners: Manners{Person: e.Person(nil, "nnin")}})
	e.Equal("consent boxes", tokens.Browser.Offered(), []string{"nnin"})
	e.Absent("ID Token", e.IDClaims(tokens), "nnin", "nnin_altsub")
	roles := Words(Dig(e.AccessClaims(tokens), "resource_access", "tinfo", "roles"))
	if !slices.Contains(roles, "nnin") {
		t.Errorf("access token: roles at tinfo %v; want nnin among them", roles)
	}
}

func bankIDNumberReleased(t TB, e *Env) {
	person := e.Person(nil, "nnin")
	tokens := e.Login(Request{Scope: "openid nnin", Manners: Manners{Person: person}})
	e.Equal("UserInfo: nnin", e.Released(tokens)["nnin"], person.Claims["nnin"])
}

func bankIDNumberDeclined(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid nnin", Manners: Manners{Person: e.Person(nil, "nnin"), Decline: []string{"nnin"}}})
	e.Granted(tokens, "openid")
	access := e.AccessClaims(tokens)
	e.Absent("access token", access, "nnin")
	if roles := Words(Dig(access, "resource_access", "tinfo", "roles")); slices.Contains(roles, "nnin") {
		t.Errorf("access token: roles at tinfo %v; want no nnin", roles)
	}
	seen := e.Introspect("demo-web", tokens.Access())
	e.Equal("introspection: active", seen["active"], true)
	e.Equal("introspection: scope", Words(seen["scope"]), []string{"openid"})
	e.Absent("UserInfo", e.Released(tokens), "nnin")
}

func bankIDAgreesInPart(t TB, e *Env) {
	person := e.Person(nil, "phone_number", "email")
	tokens := e.Login(Request{Scope: "openid phone email", Manners: Manners{Person: person, Decline: []string{"email"}}})
	claims := e.Released(tokens)
	e.Present("UserInfo", claims, "phone_number")
	e.Absent("UserInfo", claims, "email", "email_verified")
	e.Granted(tokens, "openid phone")
}

func bankIDAsksAgain(t TB, e *Env) {
	person := e.Person(nil, "phone_number")
	browser := e.NewBrowser()
	for range 2 {
		before := browser.Met("consent")
		e.Login(Request{Scope: "openid phone", Browser: browser, Manners: Manners{Person: person}})
		e.Equal("consent pages of one sign-in", browser.Met("consent")-before, 1)
	}
}

func bankIDNoConsentPage(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid profile nnin_altsub"})
	e.Equal("consent pages", tokens.Browser.Met("consent"), 0)
	e.Granted(tokens, "openid profile nnin_altsub")
}

func bankIDPhone(t TB, e *Env) {
	person := e.Person(nil, "phone_number", "all_phone_numbers")
	claims := e.Released(e.Login(Request{Scope: "openid phone", Manners: Manners{Person: person}}))
	e.Present("UserInfo", claims, "phone_number")
	if _, ok := claims["phone_number_verified"].(bool); !ok {
		t.Errorf("UserInfo: phone_number_verified %v; want a boolean", claims["phone_number_verified"])
	}
	numbers, ok := claims["all_phone_numbers"].([]any)
	if !ok || len(numbers) == 0 {
		t.Fatalf("UserInfo: all_phone_numbers %T; want an array", claims["all_phone_numbers"])
	}
	for _, entry := range numbers {
		_, isText := Dig(entry, "number").(string)
		_, isBool := Dig(entry, "number_verified").(bool)
		if !isText || !isBool {
			t.Errorf("UserInfo: a member of all_phone_numbers is not {number, number_verified}")
		}
	}
}

func bankIDPhoneVerified(username string, want bool) func(TB, *Env) {
	return func(t TB, e *Env) {
		person := e.Named(username)
		claims := e.Released(e.Login(Request{Scope: "openid phone", Manners: Manners{Person: person}}))
		e.Equal("UserInfo: phone_number_verified", claims["phone_number_verified"], want)
	}
}

func bankIDAddress(t TB, e *Env) {
	person := e.Named("kari")
	claims := e.Released(e.Login(Request{Scope: "openid address", Manners: Manners{Person: person}}))
	address, ok := claims["address"].(map[string]any)
	if !ok {
		t.Fatalf("UserInfo: address %T; want an object", claims["address"])
	}
	e.Present("address", address, "formatted", "street_address", "locality", "postal_code", "country", "street_name", "house_number", "house_letter")
	e.Absent("address", address, "region")
}

func bankIDPostalCode(t TB, e *Env) {
	person := e.Named("jonas")
	claims := e.Released(e.Login(Request{Scope: "openid address", Manners: Manners{Person: person}}))
	e.Equal("address: postal_code", Dig(claims["address"], "postal_code"), "0184")
}

func bankIDAlwaysThere(t TB, e *Env) {
	for _, scope := range []string{"openid", "openid profile"} {
		tokens := e.Login(Request{Client: "demo-basic", Scope: scope})
		claims := e.Released(tokens)
		e.Present("UserInfo", claims, "sub", "updated_at")
		e.Equal("UserInfo: sub", claims["sub"], e.IDClaims(tokens)["sub"])
	}
}

func bankIDLatestChange(t TB, e *Env) {
	var person PersonFixture
	for _, candidate := range e.People(nil, "phone_number", "address") {
		at := candidate.Updated
		if at["address"] > at["phone_number"] && at["address"] > at["email"] {
			person = candidate
		}
	}
	if person.Username == "" {
		t.Fatalf("fixtures: nobody whose address is the latest change")
	}
	claims := e.Released(e.Login(Request{Scope: "openid phone", Manners: Manners{Person: person}}))
	e.Absent("UserInfo", claims, "address")
	e.Equal("UserInfo: updated_at", claims["updated_at"], person.Updated["address"])
}

func bankIDRepeated(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid profile"})
	id, released := e.IDClaims(tokens), e.Released(tokens)
	for _, name := range []string{"name", "given_name", "family_name", "birthdate"} {
		e.Present("UserInfo", released, name)
		e.Equal("UserInfo: "+name, released[name], id[name])
	}
}

func bankIDSignedUserInfo(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid profile"})
	answer := e.UserInfo(tokens.Access())
	e.Equal("UserInfo: status", answer.Status, 200)
	e.Equal("UserInfo: Content-Type", answer.Type, "application/jwt")
	if !contains(answer.Claims["aud"], "demo-basic") {
		t.Errorf("UserInfo: aud %v; want the client", answer.Claims["aud"])
	}
	e.Present("UserInfo", answer.Claims, "iss", "sub")
}

func bankIDExpired(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid"})
	e.Released(tokens)
	e.Advance(301 * time.Second)
	answer := e.UserInfo(tokens.Access())
	e.Equal("UserInfo: status", answer.Status, 401)
	if !challenges(answer.Challenge, "invalid_token") {
		t.Errorf("UserInfo: WWW-Authenticate %q; want error invalid_token", answer.Challenge)
	}
}

// challenges reports whether a WWW-Authenticate header bears the error.
func challenges(header, code string) bool {
	return regexp.MustCompile(`(^|[ ,])error="` + code + `"`).MatchString(header)
}

func bankIDSingleClaim(t TB, e *Env) {
	person := e.Person(nil, "phone_number", "all_phone_numbers")
	tokens := e.Login(Request{Scope: "openid", Claims: `{"userinfo":{"phone_number":null}}`, Manners: Manners{Person: person}})
	e.Equal("consent boxes", tokens.Browser.Offered(), []string{"phone_number"})
	claims := e.Released(tokens)
	e.Equal("UserInfo: phone_number", claims["phone_number"], person.Claims["phone_number"])
	e.Absent("UserInfo", claims, "all_phone_numbers", "email", "address")
}

func bankIDSingleClaimNotProvisioned(t TB, e *Env) {
	person := e.Person(nil, "email", "nnin")
	tokens := e.Login(Request{
		Client: "demo-basic", Scope: "openid", Manners: Manners{Person: person},
		Claims: `{"userinfo":{"email":{"essential":true}},"id_token":{"nnin_altsub":null}}`,
	})
	e.Absent("UserInfo", e.Released(tokens), "email", "email_verified")
	e.Absent("ID Token", e.IDClaims(tokens), "nnin_altsub")
}

func bankIDNeedsOpenID(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "nnin"}), "invalid_scope")
	e.Refused(e.Authorize(Request{Scope: "profile"}), "invalid_scope")
	e.Refused(e.Authorize(Request{Scope: "aml_person/basic", Client: "demo-bank"}), "invalid_scope")
}

func bankIDCaseMatters(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "OpenID Profile"}), "invalid_scope")
	e.Refused(e.Authorize(Request{Scope: "openid Profile"}), "invalid_scope")
}

func bankIDCancelled(t TB, e *Env) {
	a := e.Authorize(Request{Scope: "openid", Manners: Manners{Cancel: true}})
	e.Refused(a, "access_denied")
	e.Equal("sign-in pages", a.Browser.Met("sign_in"), 1)
}

func bankIDOneNotTheOther(t TB, e *Env) {
	person := e.Person(nil, "nnin")
	known := e.Login(Request{Scope: "openid nnin_altsub", Manners: Manners{Person: person}})
	e.Present("ID Token", e.IDClaims(known), "nnin_altsub")
	e.Absent("UserInfo", e.Released(known), "nnin", "nnin_altsub")
	e.Granted(known, "openid nnin_altsub")

	fresh := e.Login(Request{Scope: "openid nnin", Manners: Manners{Person: person}})
	e.Present("UserInfo", e.Released(fresh), "nnin")
	e.Absent("ID Token", e.IDClaims(fresh), "nnin", "nnin_altsub")
	e.Granted(fresh, "openid nnin")
}

func bankIDClaimNotProvisioned(t TB, e *Env) {
	person := e.Person(nil, "phone_number", "all_phone_numbers")
	claims := e.Released(e.Login(Request{Client: "demo-narrow", Scope: "openid phone", Manners: Manners{Person: person}}))
	e.Present("UserInfo", claims, "phone_number", "phone_number_verified")
	e.Absent("UserInfo", claims, "all_phone_numbers")
}

func bankIDGrantedScope(t TB, e *Env) {
	tokens := e.Login(Request{Client: "demo-basic", Scope: "openid profile address nnin"})
	e.Granted(tokens, "openid profile")
	e.Equal("access token: scope", Words(e.AccessClaims(tokens)["scope"]), []string{"openid", "profile"})
}

func bankIDDialects(t TB, e *Env) {
	person := e.Person(nil, "nnin")
	way := Manners{Person: person, Way: "BID"}
	first := e.IDClaims(e.Login(Request{Scope: "openid", Manners: way, Params: map[string]string{"api_version": "1"}}))
	e.Equal("dialect 1: amr", first["amr"], "BID")
	second := e.IDClaims(e.Login(Request{Scope: "openid", Manners: way, Params: map[string]string{"api_version": "2"}}))
	if list, ok := second["amr"].([]any); !ok || !contains(list, "bid") {
		t.Errorf("dialect 2: amr %v; want an array with bid", second["amr"])
	}
	oldest := e.Login(Request{Scope: "openid", Manners: way, Params: map[string]string{"api_version": "0"}})
	e.Equal("dialect 0: acr and amr", []any{e.IDClaims(oldest)["acr"], e.IDClaims(oldest)["amr"]}, []any{"4", "BID"})
	for version, want := range map[string][]any{"1": {0., nil, 0., "bearer"}, "2": {nil, 2., nil, "bearer"}, "4": {nil, 4., nil, "Bearer"}} {
		tokens := e.Login(Request{Scope: "openid", Manners: way, Params: map[string]string{"api_version": version}})
		machine := e.Succeeded(e.Token("demo-bank", url.Values{
			"grant_type": {"client_credentials"}, "scope": {e.names.ThereWords("operational-status/read")}, "api_version": {version},
		}))
		e.Equal("dialect "+version+": nbf, api_ver, a machine's auth_time, token_type", []any{
			e.IDClaims(tokens)["nbf"], e.IDClaims(tokens)["api_ver"], e.AccessClaims(machine)["auth_time"], tokens.Text("token_type"),
		}, want)
	}
}

func bankIDNoProofBelow(t TB, e *Env) {
	tokens := e.Login(Request{
		Scope: "openid bankid_proof", Params: map[string]string{"acr_values": "urn:bankid:bis"},
		Manners: Manners{Person: e.Person(nil, "nnin"), Way: "BIS"},
	})
	e.Equal("ID Token: acr", e.IDClaims(tokens)["acr"], "urn:bankid:bis;LOA=3")
	e.Absent("token response", tokens.Body, "bankid_proof")
	e.Granted(tokens, "openid")
}
