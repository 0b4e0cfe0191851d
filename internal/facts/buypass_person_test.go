package facts

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The checks of this file are about signing a person in at the realm buypass.

func buypassIDToken(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid"})
	e.Present("ID Token", e.IDClaims(tokens), "sub")
}

func buypassStandardScopes(t TB, e *Env) {
	person := e.Person(nil, "name", "email", "phone_number", "address")
	claims := e.Released(e.Login(Request{Scope: "openid profile email phone", Manners: Manners{Person: person}}))
	for _, name := range []string{"name", "given_name", "family_name", "birthdate", "email", "phone_number"} {
		e.Equal("UserInfo: "+name, claims[name], person.Claims[name])
	}
	e.Absent("UserInfo", claims, "address")
}

func buypassOrder(t TB, e *Env) {
	one := e.Login(Request{Scope: "email openid"})
	other := e.Login(Request{Scope: "openid email"})
	e.Granted(one, "openid email")
	e.Granted(other, "openid email")
	e.Equal("UserInfo", e.Released(one), e.Released(other))
}

func buypassCase(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "OpenID"}), "invalid_scope")
	e.Refused(e.Authorize(Request{Scope: "openid Email"}), "invalid_scope")
}

func buypassComma(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "openid,email"}), "invalid_scope")
	e.Refused(e.Authorize(Request{Scope: "openid openid,email"}), "invalid_scope")
}

func buypassScopeOfOneRealm(t TB, e *Env) {
	e.Present("UserInfo", e.Released(e.Login(Request{Scope: "openid bpid"})), "bp_id_sub")
	e.At("bankid").Refused(e.At("bankid").Authorize(Request{Scope: "openid bpid"}), "invalid_scope")
}

func buypassOwnMeaning(t TB, e *Env) {
	here := e.Person(nil, "phone_number")
	e.Absent("UserInfo", e.Released(e.Login(Request{Scope: "openid phone", Manners: Manners{Person: here}})), "all_phone_numbers")
	other := e.At("bankid")
	there := other.Person(nil, "all_phone_numbers")
	e.Present("UserInfo", other.Released(other.Login(Request{Scope: "openid phone", Manners: Manners{Person: there}})), "all_phone_numbers")
}

func buypassCustomClaim(t TB, e *Env) {
	person := e.Person(nil, "bp_id_sub")
	with := e.Login(Request{Client: "demo-placed", Scope: "openid bpid", Manners: Manners{Person: person}})
	for where, claims := range e.everywhere(with) {
		if where != "ID Token" {
			e.Equal(where+": bp_id_sub", claims["bp_id_sub"], person.Claims["bp_id_sub"])
		}
	}
	without := e.Login(Request{Client: "demo-placed", Scope: "openid", Manners: Manners{Person: person}})
	for where, claims := range e.everywhere(without) {
		e.Absent(where, claims, "bp_id_sub")
	}
}

// everywhere gives the claims of every place they can be looked up.
func (e *Env) everywhere(tokens *Tokens) map[string]map[string]any {
	e.t.Helper()
	return map[string]map[string]any{
		"ID Token": e.IDClaims(tokens), "access token": e.AccessClaims(tokens),
		"UserInfo": e.Released(tokens), "introspection": e.Introspect(tokens.Client, tokens.Access()),
	}
}

func buypassRemapped(t TB, e *Env) {
	person := e.Person(nil, "bp_id_sub", "name")
	remapped := e.With(Fault{Old: "claims: [bp_id_sub]", New: "claims: [bp_sub, nickname]"})
	claims := remapped.Released(remapped.Login(Request{Scope: "openid bpid", Manners: Manners{Person: person}}))
	e.Absent("UserInfo", claims, "bp_id_sub")
	e.Present("UserInfo", claims, "nickname", "bp_sub")
	before := e.Released(e.Login(Request{Scope: "openid bpid", Manners: Manners{Person: person}}))
	e.Absent("UserInfo", before, "nickname")
}

func buypassThreePlaces(t TB, e *Env) {
	person := e.Person(nil, "email", "bp_id_sub")
	tokens := e.Login(Request{Client: "demo-placed", Scope: "openid email bpid", Manners: Manners{Person: person}})
	e.Equal("ID Token: email", e.IDClaims(tokens)["email"], person.Claims["email"])
	e.Equal("UserInfo: email", e.Released(tokens)["email"], person.Claims["email"])
	e.Equal("introspection: bp_id_sub", e.Introspect("demo-placed", tokens.Access())["bp_id_sub"], person.Claims["bp_id_sub"])
}

func buypassOneToken(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid myservice.data_read"})
	e.Granted(tokens, "openid myservice.data_read")
	e.Present("UserInfo", e.Released(tokens), "sub")
	e.Equal("GET of the API", e.callAPI(http.MethodGet, tokens.Access()).status, 200)
}

func buypassPlainOAuth(t TB, e *Env) {
	plain := e.With(Fault{Old: "without_openid: refuse", New: "without_openid: oauth"})
	tokens := plain.Login(Request{Scope: "myservice.data_read"})
	e.Absent("token response", tokens.Body, "id_token")
	answer := plain.UserInfo(tokens.Access())
	e.Equal("UserInfo: status", answer.Status, 403)
	if !challenges(answer.Challenge, "insufficient_scope") {
		t.Errorf("UserInfo: WWW-Authenticate %q; want error insufficient_scope", answer.Challenge)
	}
}

func buypassNeedsOpenID(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Scope: "myservice.data_read"}), "invalid_scope")
}

func buypassUnassigned(t TB, e *Env) {
	e.Refused(e.Authorize(Request{Client: "demo-basic", Scope: "openid bpnnin"}), "invalid_scope")
}

func buypassNumbers(t TB, e *Env) {
	person := e.Person(nil, "bp_id_sub", "bp_nnin_sub")
	claims := e.Released(e.Login(Request{Scope: "openid bpid bpnnin", Manners: Manners{Person: person}}))
	e.Equal("UserInfo: bp_id_sub", claims["bp_id_sub"], person.Claims["bp_id_sub"])
	number, _ := claims["bp_nnin_sub"].(string)
	if len(number) != 11 {
		t.Errorf("UserInfo: bp_nnin_sub %T of %d characters; want a string of 11", claims["bp_nnin_sub"], len(number))
	}
}

func buypassOpenIDAlone(t TB, e *Env) {
	tokens := e.Login(Request{Scope: "openid", Manners: Manners{Person: e.Person(nil, "bp_nnin_sub")}})
	for where, claims := range e.everywhere(tokens) {
		e.Absent(where, claims, "bp_nnin_sub")
	}
}

func buypassNoCertificate(t TB, e *Env) {
	person := e.Person(nil, "bp_nnin_sub")
	without := e.Login(Request{Scope: "openid bpx509certificate", Manners: Manners{Person: person, Way: "password"}})
	e.Absent("UserInfo", e.Released(without), "bp_x509certificate")
	with := e.Login(Request{Scope: "openid bpx509certificate", Manners: Manners{Person: person, Way: "certificate"}})
	text, _ := e.Released(with)["bp_x509certificate"].(string)
	e.Equal("UserInfo: bp_x509certificate", text, person.Claims["bp_x509certificate"])
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("UserInfo: bp_x509certificate %.30q; want a certificate in PEM", text)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatalf("UserInfo: bp_x509certificate: %v", err)
	}
	number, _ := person.Claims["bp_id_sub"].(string)
	if !strings.HasSuffix(certificate.Subject.SerialNumber, number) || len(certificate.AuthorityKeyId) == 0 {
		t.Errorf("certificate of %s, by key %x; want one of number %s, issued by an authority", certificate.Subject.SerialNumber, certificate.AuthorityKeyId, number)
	}
}

func buypassPlaced(t TB, e *Env) {
	person := e.Person(nil, "email")
	for client, placed := range map[string]bool{"demo-placed": true, "demo-web": false} {
		tokens := e.Login(Request{Client: client, Scope: "openid email", Manners: Manners{Person: person}})
		if placed {
			e.Equal("ID Token of "+client+": email", e.IDClaims(tokens)["email"], person.Claims["email"])
		} else {
			e.Absent("ID Token of "+client, e.IDClaims(tokens), "email")
		}
		e.Equal("UserInfo of "+client+": email", e.Released(tokens)["email"], person.Claims["email"])
	}
}

func buypassRedirectURI(t TB, e *Env) {
	right := e.redirectURI("demo-web")
	a := e.Authorize(Request{Scope: "openid", Params: map[string]string{"redirect_uri": right + "k"}})
	if a.URL != nil {
		t.Fatalf("authorization: redirected to %s; want a page", a.URL)
	}
	e.Equal("page", []any{a.Page.Kind, a.Page.Status}, []any{"error", 400})
}

func buypassNonce(t TB, e *Env) {
	long := "n-" + strings.Repeat("0S6_WzA2Mj.~", 8)
	tokens := e.Login(Request{Scope: "openid", Params: map[string]string{"nonce": long}})
	e.Equal("ID Token: nonce", e.IDClaims(tokens)["nonce"], long)
}

func buypassHowSignedIn(t TB, e *Env) {
	for way, method := range map[string]string{"password": "pwd", "certificate": "sc"} {
		claims := e.IDClaims(e.Login(Request{Scope: "openid", Manners: Manners{Way: way}}))
		if list, ok := claims["amr"].([]any); !ok || !slices.Contains(list, any(method)) {
			t.Errorf("ID Token by %s: amr %v; want an array with %s", way, claims["amr"], method)
		}
		if text, ok := claims["acr"].(string); !ok || text == "" {
			t.Errorf("ID Token by %s: acr %v; want a string", way, claims["acr"])
		}
	}
}

func buypassUserInfo(t TB, e *Env) {
	none := e.UserInfo("")
	e.Equal("UserInfo without a token: status", none.Status, 401)
	if !regexp.MustCompile(`(?i)^bearer\b`).MatchString(none.Challenge) || strings.Contains(none.Challenge, "error=") {
		t.Errorf("UserInfo without a token: WWW-Authenticate %q; want Bearer and no error", none.Challenge)
	}
	tokens := e.Login(Request{Scope: "openid"})
	answer := e.UserInfo(tokens.Access())
	e.Equal("UserInfo: Content-Type", answer.Type, "application/json")
	e.Equal("UserInfo: sub", answer.Claims["sub"], e.IDClaims(tokens)["sub"])
}

func buypassNoValue(t TB, e *Env) {
	lacks := func(claims map[string]any) bool { return claims["middle_name"] == nil && claims["address"] == nil }
	tokens := e.Login(Request{Scope: "openid profile email phone address", Manners: Manners{Person: e.Person(lacks)}})
	for where, claims := range e.everywhere(tokens) {
		for name, value := range claims {
			object, isObject := value.(map[string]any)
			if value == nil || value == "" || isObject && len(object) == 0 {
				t.Errorf("%s: %s is null or empty; want it left out", where, name)
			}
		}
	}
	e.Absent("UserInfo", e.Released(tokens), "middle_name", "address")
}

func buypassScopeAtExchange(t TB, e *Env) {
	a := e.Authorize(Request{Scope: "openid email"})
	tokens := e.Succeeded(e.Token("demo-web", url.Values{
		"grant_type": {"authorization_code"}, "code": {a.Code()}, "code_verifier": {a.Verifier},
		"redirect_uri": {a.Sent.Get("redirect_uri")}, "scope": {e.names.ThereWords("openid profile phone")},
	}))
	e.Granted(tokens, "openid email")
}

func buypassRetiredSubject(t TB, e *Env) {
	own := e.With()
	person := Manners{Person: own.Named("mats")}
	before := own.Login(Request{Scope: "openid", Manners: person})
	retired := own.IDClaims(before)["sub"]
	own.Succeed("mats")
	after := own.Login(Request{Scope: "openid", Manners: person})
	if own.IDClaims(after)["sub"] == retired {
		t.Errorf("the sub of a person who left is given to another one")
	}
	e.Equal("UserInfo with the token of who left: status", own.UserInfo(before.Access()).Status, 401)
}
