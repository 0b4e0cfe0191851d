package catalog

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/realms"
)

func load1(t *testing.T, yaml string) *Set {
	t.Helper()
	set, err := Load(fstest.MapFS{"realm.yaml": {Data: []byte(yaml)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestFamilies(t *testing.T) {
	c := load1(t, `
realm: family
title: {en: Family}
languages: [en]
scopes:
  "*": {consent: once, eligible: any, title: {en: Anything}}
  "a:*": {eligible: provisioned, at: [token]}
  "a:b*": {at: [authorization, token]}
  "*.write": {consent: always}
  openid: {consent: never}
  a:x: {}
  a:bc: {}
  a:bc.write: {eligible: granted}
  z.write: {}
`).Catalog("family", "")
	for _, want := range []struct {
		name     tillit.ScopeName
		consent  tillit.ConsentMode
		eligible tillit.Eligibility
		at       tillit.Endpoints
	}{
		{"openid", "never", "any", tillit.AtAuthorization},
		{"a:x", "once", "provisioned", tillit.AtToken},
		{"a:bc", "once", "provisioned", tillit.AtAuthorization | tillit.AtToken},
		{"a:bc.write", "always", "granted", tillit.AtAuthorization | tillit.AtToken},
		{"z.write", "always", "any", tillit.AtAuthorization},
	} {
		s := c.Scope(want.name)
		if s.Consent != want.consent || s.Eligible != want.eligible || s.At != want.at {
			t.Errorf("%s: consent %s, eligible %s, at %d; right would be %s, %s, %d", want.name, s.Consent, s.Eligible, s.At, want.consent, want.eligible, want.at)
		}
	}
	for _, family := range []tillit.ScopeName{"*", "a:*", "a:b*"} {
		if c.Scope(family) != nil {
			t.Errorf("the family %s is a scope", family)
		}
	}
}

func TestPatternsMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*", "x", true}, {"*:*", "a:b", true}, {"*:*", "a.b", false}, {"a*", "b", false},
		{"a*c", "abc", true}, {"a*c", "ac", true}, {"a*c", "a", false}, {"a*b*c", "a1b2c", true}, {"a*b*c", "a1c", false}, {"aa*a", "aa", false},
	} {
		if got := matches(test.pattern, test.name); got != test.want {
			t.Errorf("%s matches %q: %v", test.pattern, test.name, got)
		}
	}
}

// What is not said is the narrowest thing that can be meant.
func TestDefaults(t *testing.T) {
	c := load1(t, "realm: plain\ntitle: {en: Plain}\nlanguages: [en]\nscopes: {a: {title: {en: A}}}\nclaims: {c: {value: person.c, title: {en: C}}}\n").Catalog("plain", "")
	want := tillit.Scope{Name: "a", Title: tillit.Text{"en": "A"}, State: "active", Visibility: "public", At: tillit.AtAuthorization,
		Eligible: "provisioned", Consent: "never", Format: "jwt"}
	if diff := cmp.Diff(want, *c.Scope("a"), cmpopts.IgnoreUnexported(tillit.Scope{})); diff != "" {
		t.Errorf("scope differs (-want +got):\n%s", diff)
	}
	claim := c.Claim("c")
	if !slices.Equal(claim.Sinks, []tillit.Sink{"userinfo"}) || claim.MayAlso != nil || claim.Type != "string" || claim.Sensitivity != "normal" {
		t.Errorf("claim: %+v", claim)
	}
	if c.Environment != tillit.Production {
		t.Errorf("environment %q; what is not said is production", c.Environment)
	}
	s := c.Settings
	if s.UnknownScope != "refuse" || s.UnassignedScope != "refuse" || s.WithoutOpenID != "refuse" || s.WithoutScope != "refuse" ||
		s.Resource != "registered" || s.SingleSignOn != nil || s.IDTokenHint != "identifies" || !slices.Equal(s.Subject, []string{"public"}) {
		t.Errorf("settings: %+v", s)
	}
	if !slices.Equal(c.Request.Require, []string{"pkce"}) || c.Request.Features != nil {
		t.Errorf("request: %+v", c.Request)
	}
	if c.Token("userinfo").Requires != tillit.OpenID || c.Token("id_token").Lifetime != 300 {
		t.Errorf("tokens: %+v", c.Tokens)
	}
}

func shipped(t *testing.T) *Set {
	t.Helper()
	set, err := Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestDialectsArePatches(t *testing.T) {
	set := shipped(t)
	if got := set.Dialects("bankid"); !slices.Equal(got, []string{"4", "0", "1", "2", "3", "keycloak"}) {
		t.Errorf("dialects %v", got)
	}
	if set.Catalog("bankid", "4") != set.Catalog("bankid", "") {
		t.Error("the own dialect is another catalog by its name")
	}
	if set.Catalog("bankid", "5") != nil || set.Catalog("nobody", "") != nil {
		t.Error("there is a catalog that nobody declared")
	}
	one, three, four := set.Catalog("bankid", "1"), set.Catalog("bankid", "3"), set.Catalog("bankid", "4")
	if w := one.Way("BID"); !w.AMRWord || !slices.Equal(w.AMR, []string{"BID"}) || w.Factors != nil {
		t.Errorf("dialect 1 tells amr %v, as a word: %v, factors %v", w.AMR, w.AMRWord, w.Factors)
	}
	if w := four.Way("BID"); w.AMRWord || !slices.Equal(w.AMR, []string{"bid"}) || w.Factors["otp"] != "bid-otp" {
		t.Errorf("dialect 4 tells amr %v, as a word: %v, factors %v", w.AMR, w.AMRWord, w.Factors)
	}
	if four.Claim("additionalCertInfo").State != tillit.Disabled || three.Claim("additionalCertInfo").State != tillit.Active {
		t.Error("additionalCertInfo is of dialect 3, not of 4")
	}
	if len(three.Claim("tid").Types) != 0 || !slices.Equal(four.Claim("tid").Types, []string{"issuing_bank"}) {
		t.Error("tid is for everyone in dialect 3 and for issuing banks in 4")
	}
	if !slices.Equal(one.Settings.Algorithms, []string{"RS256"}) || one.Settings.Chain || !slices.Equal(three.Settings.Algorithms, []string{"ES256"}) {
		t.Error("ES256 with the chain came with dialect 3")
	}
	if one.Dialect != "1" || four.Dialect != "4" || one.Version != four.Version {
		t.Error("dialects of one version are told apart by name alone")
	}
}

func TestRegistryIsShared(t *testing.T) {
	set := shipped(t)
	idporten, maskinporten := set.Catalog("idporten", ""), set.Catalog("maskinporten", "")
	if len(idporten.Scopes) != len(maskinporten.Scopes) || len(idporten.Organizations) != len(maskinporten.Organizations) {
		t.Fatal("the registry is not one set")
	}
	for _, s := range idporten.Scopes {
		other := maskinporten.Scope(s.Name)
		if other == nil || other.Eligible != s.Eligible || other.At != s.At || other.Owner != s.Owner || !slices.Equal(other.Types, s.Types) {
			t.Errorf("%s is another scope in the other realm", s.Name)
		}
	}
	if idporten.ClientType("maskinporten") != nil || maskinporten.ClientType("api_klient") != nil || idporten.ClientType("api_klient") == nil {
		t.Error("a client works in the realm that declares its type")
	}
	felling := maskinporten.Scope("skogdata:hogstmelding")
	if felling.Eligible != tillit.EligibleGranted || felling.At&tillit.AtToken == 0 || felling.Owner != "310103772" {
		t.Errorf("the family of the other file does not reach: %+v", felling)
	}
	if !slices.Equal(maskinporten.Access["skogdata:hogstmelding"], []string{"310107549"}) {
		t.Errorf("access: %v", maskinporten.Access)
	}
	if claims := maskinporten.Scope("profile").Claims; len(claims) != 0 {
		t.Errorf("a scope of the other realm yields %v here", claims)
	}
	if idporten.Version != maskinporten.Version || set.Version("bankid") == set.Version("buypass") || len(set.Version("bankid")) != 64 {
		t.Error("a version is the digest of all that declares the realm")
	}
	if krr := maskinporten.ClientType("krr"); krr.MayAddAny || krr.MayAdd != nil || !slices.Equal(krr.GrantTypes, maskinporten.ClientType("maskinporten").GrantTypes) {
		t.Errorf("like: %+v", krr)
	}
}

func TestFolderIsARealm(t *testing.T) {
	set, err := Load(fstest.MapFS{
		"town/realm.yaml":  {Data: []byte("realm: town\ntitle: {en: Town}\nlanguages: [en]\nscopes: {a: {title: {en: A}}}\n")},
		"town/school.yaml": {Data: []byte("scopes: {b: {title: {en: B}, requires_one_of: [a]}}\n")},
		"demo/town.yaml":   {Data: []byte("clients: {}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := set.Catalog("town", ""); c.Scope("a") == nil || c.Scope("b") == nil {
		t.Error("the files are not one realm")
	}
	if len(set.Source("town")) != 2 || !slices.Equal(set.Realms(), []string{"town"}) {
		t.Errorf("realms %v", set.Realms())
	}
}

func TestHolderSwaps(t *testing.T) {
	first, second := shipped(t), load1(t, "realm: other\ntitle: {en: Other}\nlanguages: [en]\n")
	h := NewHolder(first)
	kept := h.Catalog("bankid", "")
	if former := h.Swap(second); former != first {
		t.Error("the former set is lost")
	}
	if h.Catalog("bankid", "") != nil || h.Catalog("other", "") == nil || !slices.Equal(h.Realms(), []string{"other"}) {
		t.Error("the new set is not in place")
	}
	if kept.Scope("nnin") == nil {
		t.Error("a catalog in use changed")
	}
}

func TestNothingIsNoRealm(t *testing.T) {
	if set, err := Load(fstest.MapFS{"notes.txt": {}}); set != nil || err == nil {
		t.Errorf("set %v, error %v", set, err)
	}
}

func TestCheckReports(t *testing.T) {
	report, err := Check(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Realms) != 4 || report.Realms[0].Name != "bankid" || report.Realms[0].Environment != "test" || report.Realms[0].Scopes == 0 {
		t.Errorf("report: %+v", report.Realms)
	}
	// The consumer of a European business and of an organization are one claim
	// on the wire; that only one has a value is evidence nobody can prove here.
	if len(report.Warnings) != 1 || report.Warnings[0].File != "maskinporten.yaml" {
		t.Errorf("warnings:\n%v", report.Warnings)
	}
}

// pages are those of acts that the provider has.
var pages = []tillit.NeedKind{tillit.NeedChangePassword, tillit.NeedSign}

// The frame of the shipped realms that the provider cannot serve yet is off.
func TestShippedRealmsPromiseWhatIsThere(t *testing.T) {
	set := shipped(t)
	for _, name := range set.Realms() {
		c := set.Catalog(name, "")
		if c.Environment != tillit.Test {
			t.Errorf("%s is %s", name, c.Environment)
		}
		for _, s := range c.Scopes {
			if s.Needs != "" && s.State != tillit.Disabled && !slices.Contains(pages, s.Needs) {
				t.Errorf("%s: %s needs the page %s, which is not there", name, s.Name, s.Needs)
			}
		}
	}
}
