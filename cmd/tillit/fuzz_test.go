package main

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzRegistration: no registration makes the reading, the linter or the look at
// its yields panic, and a client that passes may ask for nothing it was not given.
func FuzzRegistration(f *testing.F) {
	f.Add(`{"client_id":"a","type":"confidential","token_endpoint_auth_method":"client_secret_basic","grant_types":["client_credentials"],"scopes":["service-api",{"scope":"email","notes":{"a":"b"}}]}`)
	f.Add(`{"client_id":"a","type":"public","application_type":"native","redirect_uris":["app:/cb","http://[::1"],"placements":{"email":["id_token"]},"jwks":{"keys":[{}]}}`)
	f.Add(`{"scopes":[""],"claims":null,"secrets":[],"jwks":"x"} {}`)
	p, err := (&place{}).demo(f.Context(), defaultBase)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { p.close() })
	catalog := p.catalogs.Catalog("buypass", "")
	path := filepath.Join(f.TempDir(), "registration.json")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		client, err := (&clientAddCommand{File: path}).read()
		if err != nil {
			return
		}
		wrong, _ := lint(catalog, client)
		for _, y := range yields(catalog, client, nil) {
			if len(wrong) == 0 && y.May && y.Scope != "openid" && !client.Has(y.Scope) {
				t.Errorf("%s may ask for %s, which it was not given", client.ID, y.Scope)
			}
		}
	})
}

// FuzzExplainLine: whatever stands in a line of --requests is answered or
// refused, and nothing is issued for it.
func FuzzExplainLine(f *testing.F) {
	f.Add(`{"realm":"bankid","person":"kari","query":"` + request + `&scope=openid+nnin","decline":["nnin"]}`)
	f.Add(`{"realm":"buypass","endpoint":"token","client":"demo-service","query":"grant_type=client_credentials&scope=service-api"}`)
	f.Add(`{"realm":"idporten","person":"","query":"` + request + `&claims=%7B%22id_token%22%3A%7B%22acr%22%3Anull%7D%7D"}`)
	f.Add(`{"realm":"buypass","query":"%zz&request=a.b.c&id_token_hint=x&max_age=-1"}`)
	p, err := (&place{}).demo(f.Context(), defaultBase)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { p.close() })
	f.Fuzz(func(t *testing.T, line string) {
		answer, err := p.explainLine(t.Context(), []byte(line))
		if err == nil && answer.Error != "" && answer.Tokens != nil {
			t.Errorf("an error, %s, and tokens", answer.Error)
		}
	})
}
