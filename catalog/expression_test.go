package catalog

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
)

// small loads a realm with one further claim and gives its expression.
func small(t *testing.T, fields string) tillit.Expression {
	t.Helper()
	set, err := Load(fstest.MapFS{"small.yaml": {Data: []byte(`
realm: small
title: {en: Small}
languages: [en]
sources: {register: {from: directory, on_error: deny}}
scopes:
  openid: {eligible: any, title: {en: Signing in}}
  profile: {title: {en: Your name}}
claims:
  subject: {title: {en: It}, ` + fields + "}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return set.Catalog("small", "").Claim("subject").Value
}

func TestValues(t *testing.T) {
	roots := map[string]any{
		"person": map[string]any{
			"name": "Kari Testmann", "empty": "", "nothing": nil, "age": int64(42),
			"address": map[string]any{"postal_code": "0184", "locality": "Oslo"},
			"phones":  []any{map[string]any{"number": "99887766", "verified": true}, map[string]any{"number": "22334455", "verified": false}},
		},
		"register": map[string]any{"updated_at": int64(1758900000)},
		"grant": map[string]any{
			"scopes": []string{"openid", "profile"}, "dialect": "4",
			"roles": map[string]map[string][]string{"tinfo": {"roles": {"phone"}}},
		},
		"acting": map[string]any{"consumer": "310107549"},
	}
	type want struct {
		value any
		ok    bool
	}
	for _, test := range []struct {
		name, fields string
		want         want
	}{
		{"path", `value: person.name`, want{"Kari Testmann", true}},
		{"path into an object", `value: person.address.postal_code`, want{"0184", true}},
		{"path of a source", `value: register.updated_at, type: integer`, want{int64(1758900000), true}},
		{"path over a missing member", `value: person.address.region.code`, want{nil, false}},
		{"path through a text", `value: person.name.first`, want{nil, false}},
		{"path to null", `value: person.nothing`, want{nil, false}},
		{"path to the empty text", `value: person.empty`, want{nil, false}},
		{"path below a root that is not there", `value: act.sign_result`, want{nil, false}},
		{"path into a typed map", `value: grant.roles.tinfo, type: object`, want{map[string][]string{"roles": {"phone"}}, true}},
		{"constant text", `value: '"always"'`, want{"always", true}},
		{"constant number", `value: "0", type: integer, keep_empty: true`, want{int64(0), true}},
		{"computed", `value: '"0192:" + acting.consumer'`, want{"0192:310107549", true}},
		{"computed of an absent operand", `value: '"0192:" + acting.supplier'`, want{nil, false}},
		{"computed of an empty operand", `value: '"x" + person.empty'`, want{nil, false}},
		{"conversion", `value: int(grant.dialect), type: integer`, want{int64(4), true}},
		{"condition on absence", `value: 'has(person.nickname) ? person.nickname : person.name'`, want{"Kari Testmann", true}},
		{"filter", `value: '{"roles": grant.scopes.filter(s, s in ["profile"])}', type: object`, want{map[string]any{"roles": []any{"profile"}}, true}},
		{"map", `value: 'person.phones.map(p, {"n": p.number, "v": p.verified})', type: array`,
			want{[]any{map[string]any{"n": "99887766", "v": true}, map[string]any{"n": "22334455", "v": false}}, true}},
		{"index", `value: 'person["name"]'`, want{"Kari Testmann", true}},
		{"object", `value: {code: person.address.postal_code, place: person.address.locality}, type: object`,
			want{map[string]any{"code": "0184", "place": "Oslo"}, true}},
		{"object with an absent member", `value: {code: person.address.postal_code, region: person.address.region}, type: object`,
			want{map[string]any{"code": "0184"}, true}},
		{"object with nothing but constants left", `value: {authority: '"iso6523"', id: '"0192:" + acting.supplier'}, type: object`, want{nil, false}},
		{"object within an object", `value: {outer: {inner: person.nickname}}, type: object`, want{nil, false}},
		{"kept empty object", `value: {outer: {inner: person.nickname}}, type: object, keep_empty: true`, want{map[string]any{}, true}},
		{"kept empty list", `value: person.nicknames, type: array, keep_empty: true`, want{[]any{}, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, ok, err := small(t, test.fields).Eval(roots)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, want{value, ok}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("value differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPathsNeverSeeCEL(t *testing.T) {
	if _, ok := small(t, `value: person.address.postal_code`).(*getter); !ok {
		t.Error("a plain path is no getter")
	}
	if _, ok := small(t, `value: "[]", type: array`).(*constant); !ok {
		t.Error("an empty list is no constant")
	}
	if _, ok := small(t, `value: person.name + person.name`).(*program); !ok {
		t.Error("a sum is no program")
	}
}

func TestRootsOfExpressions(t *testing.T) {
	for fields, want := range map[string][]string{
		`value: person.name`:                                                       {"person"},
		`value: '"a" + client.id + register.x'`:                                    {"client", "register"},
		`value: {a: person.a, b: '"c"', d: sign_in.x}`:                             {"person", "sign_in"},
		`value: 'grant.scopes.exists(s, s == "openid") ? person.name : client.id'`: {"grant", "person", "client"},
		`value: '"constant"'`:                                                      nil,
	} {
		if got := small(t, fields).Roots(); !cmp.Equal(got, want) {
			t.Errorf("%s reads %v; right would be %v", fields, got, want)
		}
	}
}

func TestCostLimitStopsAnExpression(t *testing.T) {
	e := small(t, `value: 'person.list.map(a, person.list.map(b, person.list.map(c, a + b + c))).size()', type: integer`)
	many := make([]any, 200)
	for i := range many {
		many[i] = int64(i)
	}
	_, ok, err := e.Eval(map[string]any{"person": map[string]any{"list": many}})
	if ok || err == nil || !strings.Contains(err.Error(), "cost") {
		t.Errorf("ok %v, error %v; right would be an error of cost", ok, err)
	}
	if strings.Contains(err.Error(), "199") {
		t.Errorf("the error tells a value: %v", err)
	}
}

func BenchmarkPath(b *testing.B) {
	e := newGetter("person.address.postal_code")
	roots := map[string]any{"person": map[string]any{"address": map[string]any{"postal_code": "0184"}}}
	for b.Loop() {
		if _, ok, _ := e.Eval(roots); !ok {
			b.Fatal("absent")
		}
	}
}
