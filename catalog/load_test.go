package catalog

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit/realms"
)

// large is a realm of many scopes, three claims each.
func large(scopes int) fstest.MapFS {
	var b strings.Builder
	b.WriteString("realm: large\ntitle: {en: Large}\nlanguages: [en]\nacr: {basic: {level: 2}}\n")
	b.WriteString("sign_in: {password: {method: password, acr: basic, title: {en: Password}}}\nclaims:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  claim%d: {value: person.member%d, title: {en: Claim}}\n", i, i)
	}
	b.WriteString("scopes:\n  \"owner*\": {consent: once, at: [authorization, token]}\n  openid: {eligible: any, title: {en: Signing in}}\n")
	for i := range scopes {
		fmt.Fprintf(&b, "  owner%d:data/%d.read:\n    title: {en: \"Read the data %d\"}\n    claims: [claim%d, claim%d, claim%d]\n", i%300, i, i, i%200, (i+1)%200, (i+2)%200)
	}
	return fstest.MapFS{"large.yaml": {Data: []byte(b.String())}}
}

func TestManyScopesLoad(t *testing.T) {
	set, err := Load(large(10_000))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(set.Catalog("large", "").Scopes); got != 10_001 {
		t.Errorf("%d scopes; right would be 10001", got)
	}
}

func BenchmarkLoadShipped(b *testing.B) {
	for b.Loop() {
		if _, err := Load(realms.Files()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadManyScopes(b *testing.B) {
	files := large(10_000)
	for b.Loop() {
		if _, err := Load(files); err != nil {
			b.Fatal(err)
		}
	}
}
