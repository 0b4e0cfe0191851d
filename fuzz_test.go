package tillit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tillit/tillit"
)

func FuzzParseScopes(f *testing.F) {
	for _, seed := range []string{"", " ", "openid", "openid  profile openid", "a\tb", "skogdata:tømmer", "a\"b", "a\\b", "\xff", "a\x00b", "é", strings.Repeat("s ", 300), "aml_person/basic fraud-data-rs/GetSecurityData"} {
		f.Add(seed, "")
		f.Add(seed, "æøå")
	}
	f.Fuzz(func(t *testing.T, text, letters string) {
		names, err := tillit.ParseScopes(text, letters)
		if err != nil {
			mustBeSyntax(t, err)
			return
		}
		if len(names) > tillit.MaxScopes {
			t.Fatalf("%d scopes", len(names))
		}
		seen := map[tillit.ScopeName]bool{}
		for _, name := range names {
			if name == "" || seen[name] || strings.ContainsAny(string(name), " \"\\\t\r\n") {
				t.Fatalf("%q is among the scopes of %q", name, text)
			}
			seen[name] = true
		}
		again, err := tillit.ParseScopes(tillit.JoinScopes(names), letters)
		if err != nil || len(names) > 0 && !reflect.DeepEqual(names, again) {
			t.Fatalf("%q reads back as %q, %v", names, again, err)
		}
	})
}

func FuzzParseClaims(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"userinfo": null}`, `{"userinfo": {"name": null, "name#nb": null}}`,
		`{"id_token": {"acr": {"essential": true, "values": ["a", "b"]}, "sub": {"value": "x"}}}`,
		`{"userinfo": {"name": {"value": 1, "values": [2]}}}`, `{"userinfo": {"a": null, "a": null}}`, `{"userinfo": {"a": {"values": []}}}`,
		`{"x": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, `{"id_token": {"é": {"essential": "yes"}}}`, `{} {}`, "\xff",
		`{"userinfo": {"name": null, "name#": null, "#nb": null}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		request, err := tillit.ParseClaims(text)
		if err != nil {
			mustBeSyntax(t, err)
			if !request.Empty() {
				t.Fatalf("an error and a request: %v", request)
			}
			return
		}
		if len(request.UserInfo) > tillit.MaxClaimsAsked || len(request.IDToken) > tillit.MaxClaimsAsked {
			t.Fatalf("%d and %d claims", len(request.UserInfo), len(request.IDToken))
		}
		for _, ask := range append(request.UserInfo, request.IDToken...) {
			if len(ask.Values) > tillit.MaxClaimValues {
				t.Fatalf("%d values of %s", len(ask.Values), ask.Name)
			}
		}
		again, err := tillit.ParseClaims(writeClaims(request))
		if err != nil || !reflect.DeepEqual(request, again) {
			t.Fatalf("%+v reads back as %+v, %v\n%s", request, again, err, writeClaims(request))
		}
	})
}

// writeClaims writes a claims request as a client would send it.
func writeClaims(request tillit.ClaimsRequest) string {
	var b bytes.Buffer
	member := func(name string, asks []tillit.ClaimAsk) {
		b.WriteString(quoted(name) + ":{")
		for i, ask := range asks {
			if i > 0 {
				b.WriteByte(',')
			}
			name := string(ask.Name)
			if ask.Language != "" {
				name += "#" + ask.Language
			}
			b.WriteString(quoted(name) + `:{"essential":` + map[bool]string{true: "true", false: "false"}[ask.Essential])
			if len(ask.Values) > 0 {
				b.WriteString(`,"values":[` + string(bytes.Join(raws(ask.Values), []byte(","))) + "]")
			}
			b.WriteByte('}')
		}
		b.WriteByte('}')
	}
	b.WriteByte('{')
	member("userinfo", request.UserInfo)
	b.WriteByte(',')
	member("id_token", request.IDToken)
	b.WriteByte('}')
	return b.String()
}

func FuzzParseDetails(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "null", "{}", `[{"type": "a"}]`, `[{"type": "a", "x": {"y": [1, 2.50]}}, {"type": "b"}]`, `[{"type": 1}]`, `[{"type": ""}]`,
		`[{"type": "a", "type": "b"}]`, `[1]`, `[{"type":"a"}] x`, "[" + strings.Repeat(`{"type":"a"},`, 30) + `{"type":"a"}]`, "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		details, err := tillit.ParseDetails(text)
		if err != nil {
			mustBeSyntax(t, err)
			return
		}
		if len(details) > tillit.MaxDetails {
			t.Fatalf("%d details", len(details))
		}
		again, err := tillit.ParseDetails(writeDetails(details))
		if err != nil || !reflect.DeepEqual(details, again) {
			t.Fatalf("%+v reads back as %+v, %v", details, again, err)
		}
		client := &tillit.Client{Type: "branch"}
		tillit.Decide(find("library", ""), client, &tillit.Ask{Endpoint: tillit.AtAuthorization, Details: details}, &tillit.Facts{})
	})
}

func writeDetails(details []tillit.Detail) string {
	elements := make([][]byte, len(details))
	for i, d := range details {
		var b bytes.Buffer
		b.WriteByte('{')
		for name, value := range d.Fields {
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.WriteString(quoted(name) + ":" + string(value))
		}
		b.WriteByte('}')
		elements[i] = b.Bytes()
	}
	return "[" + string(bytes.Join(elements, []byte(","))) + "]"
}

// FuzzDecide asks the shipped realms whatever a request may say.
func FuzzDecide(f *testing.F) {
	f.Add("bankid", "openid profile phone nnin aml_person/basic", `{"userinfo":{"nnin":null}}`, "[]", "consent", "4")
	f.Add("idporten", "openid profile no_pid skogdata:helse", `{"id_token":{"acr":{"essential":true,"value":"Level4"}}}`, `[{"type":"idporten:fullmakt","permission_roles":["skatt"]}]`, "", "")
	f.Add("library", "openid renew pin town:archive", "", `[{"type":"room","number":1}]`, "none", "gold")
	f.Fuzz(func(t *testing.T, realm, scope, claims, details, prompt, acr string) {
		c := find(realm, "")
		if c == nil {
			return
		}
		ask := tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code", Prompt: []string{prompt}, ACRValues: []string{acr}}
		var err error
		if ask.Scopes, err = tillit.ParseScopes(scope, c.Settings.ScopeLetters); err != nil {
			return
		}
		if ask.Claims, err = tillit.ParseClaims(claims); err != nil {
			return
		}
		if ask.Details, err = tillit.ParseDetails(details); err != nil {
			return
		}
		client := &tillit.Client{Type: c.ClientTypes[0].Name, GrantTypes: c.ClientTypes[0].GrantTypes}
		facts := tillit.Facts{}
		first := tillit.Decide(c, client, &ask, &facts)
		second := tillit.Decide(c, client, &ask, &facts)
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("two answers:\n%s\n%s", &first, &second)
		}
		if first.Refused == nil && len(first.Needs) == 0 {
			t.Fatalf("given to nobody:\n%s", &first)
		}
	})
}

func mustBeSyntax(t *testing.T, err error) {
	t.Helper()
	var syntax *tillit.SyntaxError
	if !errors.As(err, &syntax) || syntax.What == "" || syntax.Right == "" {
		t.Fatalf("%v does not say what is malformed and what would be right", err)
	}
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func raws(values []json.RawMessage) [][]byte {
	list := make([][]byte, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}
