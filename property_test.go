package tillit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/story"
)

// realmsUnderTest are those that random questions are put to.
var realmsUnderTest = []string{"bankid", "buypass", "idporten", "maskinporten", "library"}

// drawScene draws a client, an ask and facts of a realm. Nothing in it needs to
// be sensible: Decide must hold its promises for every question.
func drawScene(t *rapid.T) *story.Scene {
	s := story.NewScene(find)
	s.Catalog = find(rapid.SampledFrom(realmsUnderTest).Draw(t, "realm"), "")
	s.Client = drawClient(t, s.Catalog)
	s.Ask = drawAsk(t, s.Catalog, &s.Client)
	s.Facts = drawFacts(t, s.Catalog, &s.Ask)
	return s
}

func subset[T any](t *rapid.T, label string, of []T, atMost int) []T {
	if len(of) == 0 {
		return nil
	}
	var list []T
	for range rapid.IntRange(0, min(atMost, len(of))).Draw(t, label+" count") {
		list = append(list, rapid.SampledFrom(of).Draw(t, label))
	}
	return list
}

// mostOf gives all, or now and then a part.
func mostOf[T any](t *rapid.T, label string, of []T) []T {
	if rapid.IntRange(0, 2).Draw(t, "every "+label) > 0 {
		return slices.Clone(of)
	}
	return subset(t, label, of, len(of))
}

func scopeNames(c *tillit.Catalog) []tillit.ScopeName {
	var list []tillit.ScopeName
	for i := range c.Scopes {
		list = append(append(list, c.Scopes[i].Name), c.Scopes[i].Aliases...)
	}
	return list
}

func claimNames(c *tillit.Catalog) []tillit.ClaimName {
	list := make([]tillit.ClaimName, len(c.Claims))
	for i := range c.Claims {
		list[i] = c.Claims[i].Name
	}
	return list
}

func wayCodes(c *tillit.Catalog) []string {
	list := make([]string, len(c.Ways))
	for i := range c.Ways {
		list[i] = c.Ways[i].Code
	}
	return list
}

func drawClient(t *rapid.T, c *tillit.Catalog) tillit.Client {
	kind := rapid.SampledFrom(c.ClientTypes).Draw(t, "type")
	client := tillit.Client{ID: "demo", Active: true, Type: kind.Name, GrantTypes: kind.GrantTypes, ResponseTypes: kind.ResponseTypes,
		Organization: rapid.SampledFrom([]string{"", "310103772", "310107549"}).Draw(t, "organization")}
	for _, name := range mostOf(t, "provisioned", scopeNames(c)) {
		client.Scopes = append(client.Scopes, tillit.Provision{Scope: name})
	}
	if rapid.IntRange(0, 3).Draw(t, "own claims") == 0 {
		client.Claims = append([]tillit.ClaimName{}, subset(t, "claim", claimNames(c), 20)...)
	}
	if len(c.Claims) > 0 && rapid.Bool().Draw(t, "places") {
		name := rapid.SampledFrom(claimNames(c)).Draw(t, "placed")
		client.Placements = map[tillit.ClaimName][]tillit.Sink{name: {tillit.SinkIDToken, tillit.SinkAccessToken}}
	}
	if rapid.IntRange(0, 4).Draw(t, "requires") == 0 {
		client.RequiredScopes = subset(t, "required", scopeNames(c), 1)
	}
	if rapid.IntRange(0, 4).Draw(t, "own ways") == 0 {
		client.Ways = subset(t, "client way", wayCodes(c), 3)
	}
	client.MinLevel = rapid.SampledFrom([]int{0, 0, 0, 3, 4}).Draw(t, "least level")
	return client
}

// plausible are the scopes that may be asked for at the endpoint by the client's
// type; now and then any scope, and one that is none.
func plausible(t *rapid.T, c *tillit.Catalog, client *tillit.Client, at tillit.Endpoints) []tillit.ScopeName {
	if rapid.IntRange(0, 5).Draw(t, "any scope") == 0 {
		return append(scopeNames(c), "unheard.of")
	}
	var list []tillit.ScopeName
	for i := range c.Scopes {
		s := &c.Scopes[i]
		works := s.State != tillit.Inactive && s.State != tillit.Disabled
		if works && s.At&at != 0 && (len(s.Types) == 0 || slices.Contains(s.Types, client.Type)) {
			list = append(append(list, s.Name), s.Aliases...)
		}
	}
	return list
}

func drawAsk(t *rapid.T, c *tillit.Catalog, client *tillit.Client) tillit.Ask {
	if c.Scope(tillit.OpenID) == nil || rapid.IntRange(0, 4).Draw(t, "machine") == 0 {
		return tillit.Ask{Endpoint: tillit.AtToken, Scopes: subset(t, "scope", plausible(t, c, client, tillit.AtToken), 4)}
	}
	ask := tillit.Ask{Endpoint: tillit.AtAuthorization, Scopes: subset(t, "scope", plausible(t, c, client, tillit.AtAuthorization), 8)}
	if rapid.IntRange(0, 9).Draw(t, "without openid") > 0 {
		ask.Scopes = append(ask.Scopes, tillit.OpenID)
	}
	ask.ResponseType = rapid.SampledFrom([]string{"code", "code", "code", "code", "id_token", "code id_token", "id_token token"}).Draw(t, "response type")
	ask.Claims.UserInfo = drawClaims(t, c, "userinfo")
	ask.Claims.IDToken = drawClaims(t, c, "id_token")
	ask.Prompt = rapid.SampledFrom([][]string{nil, nil, nil, {"consent"}, {"login"}}).Draw(t, "prompt")
	for _, acr := range c.ACR {
		if rapid.IntRange(0, 9).Draw(t, "acr") == 0 {
			ask.ACRValues = append(ask.ACRValues, acr.Value)
		}
	}
	ask.Parameters = drawParameters(t, c, ask.Scopes)
	if rapid.IntRange(0, 4).Draw(t, "with resource") == 0 {
		for _, server := range subset(t, "server", c.Servers, 2) {
			if server.Audience != "" {
				ask.Resources = append(ask.Resources, server.Audience)
			} else {
				ask.Resources = append(ask.Resources, server.Designators[0])
			}
		}
	}
	return ask
}

// drawParameters sends one parameter of each scope that wants one; now and then
// any other.
func drawParameters(t *rapid.T, c *tillit.Catalog, asked []tillit.ScopeName) map[string]string {
	parameters := map[string]string{}
	for _, name := range asked {
		if scope := c.Scope(name); scope != nil && len(scope.Variants) > 0 {
			parameters[rapid.SampledFrom(scope.Variants).Draw(t, "variant").Parameter] = "x"
		}
	}
	for _, name := range c.Parameters() {
		if rapid.IntRange(0, 19).Draw(t, name) == 0 {
			parameters[name] = "x"
		}
	}
	return parameters
}

func drawClaims(t *rapid.T, c *tillit.Catalog, sink string) []tillit.ClaimAsk {
	if len(c.Claims) == 0 {
		return nil
	}
	var asks []tillit.ClaimAsk
	for _, name := range subset(t, sink, claimNames(c), 2) {
		asks = append(asks, tillit.ClaimAsk{Name: tillit.ClaimName(c.Claim(name).Wire()), Essential: rapid.Bool().Draw(t, "essential")})
	}
	return asks
}

func drawFacts(t *rapid.T, c *tillit.Catalog, ask *tillit.Ask) tillit.Facts {
	facts := tillit.Facts{Now: 1000, Access: mostOf(t, "access", scopeNames(c))}
	if len(c.Ways) > 0 && rapid.IntRange(0, 5).Draw(t, "nobody") > 0 {
		way := rapid.SampledFrom(c.Ways).Draw(t, "way")
		acr := rapid.SampledFrom(way.ACR).Draw(t, "reached")
		facts.SignIn = &tillit.SignIn{Way: way.Code, ACR: acr, Level: c.FindACR(acr).Level, Fresh: rapid.IntRange(0, 3).Draw(t, "fresh") > 0, AuthTime: 900, Subject: "someone"}
		facts.SignIn.Hinted = !facts.SignIn.Fresh && rapid.Bool().Draw(t, "hinted")
	}
	items := make([]string, 0, len(ask.Scopes))
	for _, name := range ask.Scopes {
		if scope := c.Scope(name); scope != nil {
			items = append(items, string(scope.Name))
		}
	}
	for _, single := range append(slices.Clone(ask.Claims.UserInfo), ask.Claims.IDToken...) {
		items = append(items, string(c.ClaimOnWire(string(single.Name), tillit.SinkUserInfo).Name))
	}
	for _, item := range items {
		switch rapid.IntRange(0, 4).Draw(t, "says to "+item) {
		case 0:
			facts.Consent.Declined = append(facts.Consent.Declined, item)
		case 1, 2, 3:
			facts.Consent.Agreed = append(facts.Consent.Agreed, tillit.Agreement{Item: item, Claims: claimNames(c), Now: rapid.IntRange(0, 3).Draw(t, "now") > 0})
		}
	}
	facts.Consent.Asked = rapid.Bool().Draw(t, "asked")
	facts.Acts = map[string]bool{}
	for _, kind := range []tillit.NeedKind{tillit.NeedSign, tillit.NeedChangePassword} {
		if rapid.IntRange(0, 3).Draw(t, string(kind)) > 0 {
			facts.Acts[string(kind)] = true
		}
	}
	return facts
}

// released lists what a decision lets out. While something is needed, or when
// the request is refused, nothing is.
func released(d *tillit.Decision) map[string]bool {
	set := map[string]bool{}
	if d.Refused != nil || len(d.Needs) > 0 {
		return set
	}
	for _, name := range d.Shape.Scopes {
		set["scope "+string(name)] = true
	}
	for _, sc := range d.Shape.Claims {
		for _, name := range sc.Claims {
			set[string(sc.Sink)+" "+string(name)] = true
		}
	}
	return set
}

func withinOf(t *rapid.T, what string, less, more map[string]bool) {
	for item := range less {
		if !more[item] {
			t.Errorf("%s gives %s, which was not given before", what, item)
		}
	}
}

// frozen is everything Decide was given, as text.
func frozen(s *story.Scene) string {
	b, err := json.Marshal([]any{s.Client, s.Ask, s.Facts, s.Facts.Prior, s.Facts.Narrow, s.Catalog.Scopes, s.Catalog.Servers})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestTheSameQuestionHasTheSameAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		before := frozen(s)
		first := s.Decide()
		for range 3 {
			if again := s.Decide(); !reflect.DeepEqual(first, again) {
				t.Fatalf("two answers:\n%s\n%s", &first, &again)
			}
		}
		if frozen(s) != before {
			t.Fatal("an argument was changed")
		}
	})
}

// TestShortcutsChangeNothing: what is found out about a scope when the catalog is
// compiled saves work and decides nothing.
func TestShortcutsChangeNothing(t *testing.T) {
	long := map[*tillit.Catalog]*tillit.Catalog{}
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		if long[s.Catalog] == nil {
			long[s.Catalog] = s.Catalog.WithoutShortcuts()
		}
		short := s.Decide()
		s.Catalog = long[s.Catalog]
		if d := s.Decide(); !reflect.DeepEqual(short, d) {
			t.Fatalf("with shortcuts:\n%s\nwithout:\n%s", &short, &d)
		}
	})
}

func TestEverythingAskedForHasOneVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		d := s.Decide()
		verdicts := map[tillit.ScopeName]int{}
		for _, v := range d.Scopes {
			verdicts[v.Scope]++
			if v.Reason == "" || verdicts[v.Scope] > 1 {
				t.Errorf("%q has %d verdicts, reason %q", v.Scope, verdicts[v.Scope], v.Reason)
			}
		}
		for _, name := range s.Ask.Scopes {
			if scope := s.Catalog.Scope(name); scope != nil {
				name = scope.Name
			}
			if verdicts[name] == 0 {
				t.Errorf("%q was asked for and has no verdict", name)
			}
		}
		claims := map[string]bool{}
		for _, v := range d.ClaimVerdicts(s.Catalog) {
			key := fmt.Sprint(v.Claim, v.Sink)
			if claims[key] {
				t.Errorf("%s has two verdicts in %s", v.Claim, v.Sink)
			}
			claims[key] = true
			if (v.Reason == tillit.Given) != slices.Contains(d.Shape.For(v.Sink), v.Claim) && d.Refused == nil {
				t.Errorf("%s is %s in %s; the shape says otherwise", v.Claim, v.Reason, v.Sink)
			}
		}
		for _, name := range d.Shape.Scopes {
			if d.Scope(name) != tillit.Given {
				t.Errorf("%s is given with the verdict %q", name, d.Scope(name))
			}
		}
		if d.Refused != nil && (len(d.Needs) > 0 || !reflect.DeepEqual(d.Shape, tillit.Shape{})) {
			t.Error("a refused request needs or yields something")
		}
	})
}

func TestOrderAndRepetitionOfScopesAreIrrelevant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		first := s.Decide()
		s.Ask.Scopes = rapid.Permutation(append(s.Ask.Scopes, subset(t, "again", s.Ask.Scopes, 3)...)).Draw(t, "order")
		second := s.Decide()
		if (first.Refused == nil) != (second.Refused == nil) || first.Refused != nil && first.Refused.Reason != second.Refused.Reason {
			t.Fatalf("refused otherwise:\n%s\n%s", &first, &second)
		}
		for _, v := range first.Scopes {
			if other := second.Scope(v.Scope); other != v.Reason {
				t.Errorf("%s is %s and, in another order, %s", v.Scope, v.Reason, other)
			}
		}
		if a, b := released(&first), released(&second); !reflect.DeepEqual(a, b) {
			t.Errorf("released %v and, in another order, %v", a, b)
		}
	})
}

// restricts reports whether taking the scope away could lift a restriction.
// These are the exceptions of the lattice: what withholds counts the other way
// round, and standing on the client is what makes it withhold.
func restricts(c *tillit.Catalog, name tillit.ScopeName) bool {
	scope := c.Scope(name)
	return scope != nil && scope.Standing
}

func TestLessProvisioningNeverYieldsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		more := s.Decide()
		if len(s.Client.Scopes) == 0 {
			return
		}
		lost := rapid.SampledFrom(s.Client.Scopes).Draw(t, "lost").Scope
		if restricts(s.Catalog, lost) {
			return
		}
		s.Client.Scopes = slices.DeleteFunc(slices.Clone(s.Client.Scopes), func(p tillit.Provision) bool { return p.Scope == lost })
		less := s.Decide()
		switch {
		case more.Refused != nil && whoeverAsks[more.Refused.Reason]:
			if less.Refused == nil {
				t.Errorf("refused by %s, but not without %s", more.Refused.Reason, lost)
			}
		case more.Refused != nil || len(more.Needs) > 0:
			// The exception: a request that is refused, or waits for a page, for a
			// scope that the client has goes on once the client does not have it.
		default:
			withinOf(t, "the client without "+string(lost), released(&less), released(&more))
		}
	})
}

// whoeverAsks are refusals that no client's registration changes.
var whoeverAsks = map[tillit.Reason]bool{
	tillit.UnknownScope: true, tillit.ScopeInactive: true, tillit.WrongEndpoint: true, tillit.OpenIDMissing: true,
	tillit.Excluded: true, tillit.RequirementMissing: true, tillit.WrongResponseType: true, tillit.ParameterMissing: true,
	tillit.ParameterConflict: true, tillit.UnknownResource: true, tillit.ScopeMissing: true,
}

func TestLessConsentNeverYieldsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		more := s.Decide()
		if len(s.Facts.Consent.Agreed) == 0 || more.Refused != nil || len(more.Needs) > 0 {
			return
		}
		i := rapid.IntRange(0, len(s.Facts.Consent.Agreed)-1).Draw(t, "taken back")
		item := s.Facts.Consent.Agreed[i].Item
		s.Facts.Consent.Agreed = slices.Delete(slices.Clone(s.Facts.Consent.Agreed), i, i+1)
		if rapid.Bool().Draw(t, "declined") {
			s.Facts.Consent.Declined = append(slices.Clone(s.Facts.Consent.Declined), item)
		}
		s.Facts.NoInteraction = rapid.Bool().Draw(t, "without pages")
		less := s.Decide()
		withinOf(t, "without agreement to "+item, released(&less), released(&more))
	})
}

func TestALowerLevelNeverYieldsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		if s.Facts.SignIn == nil {
			return
		}
		more := s.Decide()
		if more.Refused != nil || len(more.Needs) > 0 {
			return
		}
		signIn := *s.Facts.SignIn
		signIn.Level = rapid.IntRange(0, signIn.Level).Draw(t, "level")
		s.Facts.SignIn = &signIn
		less := s.Decide()
		withinOf(t, "a lower level", released(&less), released(&more))
	})
}

// Removing a restriction's verdict never adds a claim: declining what withholds,
// or losing it in a refresh, leaves everything withheld.
func TestLosingARestrictionLiftsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		s.Catalog = find(rapid.SampledFrom([]string{"library", "idporten"}).Draw(t, "realm that restricts"), "")
		s.Client = drawClient(t, s.Catalog)
		restriction := map[string]tillit.ScopeName{"library": "anonymous", "idporten": "skogdata:helse"}[s.Catalog.Realm]
		s.Client.Scopes = append(s.Client.Scopes, tillit.Provision{Scope: restriction})
		s.Ask = drawAsk(t, s.Catalog, &s.Client)
		s.Ask.Scopes = append(s.Ask.Scopes, restriction)
		s.Facts = drawFacts(t, s.Catalog, &s.Ask)
		s.Facts.Access = append(s.Facts.Access, restriction)
		withheld := s.Catalog.Scope(restriction).Withholds
		decisions := []tillit.Decision{s.Decide()}
		s.Facts.Consent.Declined = append(s.Facts.Consent.Declined, string(restriction))
		decisions = append(decisions, s.Decide())
		s.Client.Scopes = slices.DeleteFunc(s.Client.Scopes, func(p tillit.Provision) bool { return p.Scope == restriction })
		decisions = append(decisions, s.Decide())
		for _, d := range decisions {
			for _, sc := range d.Shape.Claims {
				for _, name := range sc.Claims {
					if slices.Contains(withheld, name) {
						t.Errorf("%s is in %s though %s was asked for:\n%s", name, sc.Sink, restriction, &d)
					}
				}
			}
		}
	})
}

// What is decided again never gives more than the stored grant, whatever has
// become of the client, the consent and the access since.
func TestAGrantNeverGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		first := s.Decide()
		if first.Refused != nil || len(first.Needs) > 0 {
			return
		}
		before := released(&first)
		s.GoOn(&first)
		s.Client = drawClient(t, s.Catalog)
		later := drawFacts(t, s.Catalog, &s.Ask)
		s.Facts.Consent, s.Facts.Access = later.Consent, later.Access
		s.Facts.Narrow = subset(t, "narrowed", first.Shape.Scopes, 3)
		second := s.Decide()
		withinOf(t, "a later decision", released(&second), before)
		shape, prior := &second.Shape, &first.Shape
		if shape.IDToken && !prior.IDToken || shape.UserInfo && !prior.UserInfo || shape.Refresh && !prior.Refresh || shape.Offline && !prior.Offline {
			t.Errorf("a later decision issues more:\n%s\n%s", &first, &second)
		}
		for _, audience := range shape.Audience {
			if !slices.Contains(prior.Audience, audience) {
				t.Errorf("%s is in the audience", audience)
			}
		}
		if shape.Access > prior.Access || prior.Whole > 0 && shape.Whole > prior.Whole {
			t.Errorf("a later token lives longer: %d, %d", prior.Access, shape.Access)
		}
	})
}

func TestGivenScopesWereAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		asked := map[tillit.ScopeName]bool{}
		for _, name := range s.Ask.Scopes {
			if scope := s.Catalog.Scope(name); scope != nil {
				asked[scope.Name] = true
			}
		}
		d := s.Decide()
		for _, name := range d.Shape.Scopes {
			if !asked[name] {
				t.Errorf("%s was not asked for", name)
			}
		}
	})
}

// A decision holds names, never values: nothing of what a request or a sign-in
// says in free text is in it, but for the names it asks for.
func TestADecisionHoldsNoValue(t *testing.T) {
	const value = "17858512370"
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		for i := range s.Ask.Claims.UserInfo {
			s.Ask.Claims.UserInfo[i].Values = []json.RawMessage{json.RawMessage(`"` + value + `"`)}
		}
		for name := range s.Ask.Parameters {
			s.Ask.Parameters[name] = value
		}
		if s.Facts.SignIn != nil {
			s.Facts.SignIn.Subject = value
		}
		s.Ask.ACRValues = append(s.Ask.ACRValues, value)
		d := s.Decide()
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(value)) || strings.Contains(d.String(), value) {
			t.Errorf("a value is in the decision: %s", b)
		}
	})
}
