package catalog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
)

// everything is a client of the type with every scope of the realm but some.
func everything(c *tillit.Catalog, id tillit.ClientID, clientType string, but ...tillit.ScopeName) *tillit.Client {
	client := &tillit.Client{ID: id, Active: true, Type: clientType, Application: "web", AuthMethod: "client_secret_basic",
		GrantTypes: c.ClientType(clientType).GrantTypes, ResponseTypes: c.ClientType(clientType).ResponseTypes, Organization: "310107549"}
	left := map[tillit.ScopeName]bool{}
	for _, name := range but {
		left[name] = true
	}
	for _, s := range c.Scopes {
		if !left[s.Name] {
			client.Scopes = append(client.Scopes, tillit.Provision{Scope: s.Name})
		}
	}
	return client.Prepare()
}

func signedIn(way, acr string, level int) *tillit.SignIn {
	return &tillit.SignIn{Way: way, ACR: acr, Level: level, AuthTime: 100, Fresh: true, Subject: "someone"}
}

// TestDecisionsOfShippedRealms tells what the shipped realms come to for
// requests that their documents describe.
func TestDecisionsOfShippedRealms(t *testing.T) {
	set := shipped(t)
	bankid, buypass := set.Catalog("bankid", ""), set.Catalog("buypass", "")
	idporten, maskinporten := set.Catalog("idporten", ""), set.Catalog("maskinporten", "")
	merchant := everything(bankid, "shop", "merchant")
	bank := everything(bankid, "bank", "issuing_bank")
	code := func(scopes ...tillit.ScopeName) *tillit.Ask {
		return &tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code", Scopes: scopes}
	}
	token := func(grant string, scopes ...tillit.ScopeName) *tillit.Ask {
		return &tillit.Ask{Endpoint: tillit.AtToken, GrantType: grant, Scopes: scopes}
	}
	high := signedIn("BID", "urn:bankid:bid", 4)
	for _, test := range []struct {
		name    string
		catalog *tillit.Catalog
		client  *tillit.Client
		ask     *tillit.Ask
		facts   tillit.Facts
	}{
		{"bankid-nobody-signed-in", bankid, merchant, code("openid", "profile", "phone", "nnin", "aml_person/basic"), tillit.Facts{}},
		{"bankid-consent-missing", bankid, merchant, code("openid", "profile", "phone", "nnin", "aml_person/basic"), tillit.Facts{SignIn: high}},
		{"bankid-phone-agreed-nnin-declined", bankid, merchant, code("openid", "profile", "phone", "nnin", "aml_person/basic"), tillit.Facts{SignIn: high,
			Consent: tillit.Consent{Asked: true, Agreed: []tillit.Agreement{{Item: "phone", Now: true,
				Claims: []tillit.ClaimName{"phone_number", "phone_number_verified", "all_phone_numbers"}}}, Declined: []string{"nnin"}}}},
		{"bankid-issuing-bank", bankid, bank, code("openid"), tillit.Facts{SignIn: high}},
		{"bankid-dialect-3", set.Catalog("bankid", "3"), merchant, code("openid"), tillit.Facts{SignIn: high}},
		{"bankid-not-provisioned", bankid, &tillit.Client{ID: "basic", Active: true, Type: "merchant", AuthMethod: "client_secret_basic",
			GrantTypes: []string{"authorization_code"}, ResponseTypes: []string{"code"}}, code("openid", "profile", "nnin_altsub"), tillit.Facts{SignIn: high}},
		{"bankid-sign-and-change-password", bankid, merchant, code("openid", "sign", "chgpwd"), tillit.Facts{}},
		{"bankid-orders-at-authorization", bankid, merchant, code("openid", "signdoc/read_write"), tillit.Facts{}},
		{"bankid-machine", bankid, bank, token("client_credentials", "aml_person/basic", "aml_organization/basic", "aml_organization/monitor", "fraud-data-rs/GetSecurityData"), tillit.Facts{}},
		{"buypass-api", buypass, everything(buypass, "demo", "confidential"), code("openid", "email", "myservice.data_read"), tillit.Facts{SignIn: signedIn("password", "substantial", 3),
			Consent: tillit.Consent{Asked: true, Agreed: []tillit.Agreement{{Item: "email", Now: true, Claims: []tillit.ClaimName{"email", "email_verified"}}, {Item: "myservice.data_read", Now: true}}}}},
		{"buypass-machine-without-scope", buypass, everything(buypass, "demo", "confidential"), token("client_credentials"), tillit.Facts{}},
		{"idporten-pseudonymous", idporten, everything(idporten, "portal", "api_klient"), code("openid", "profile"), tillit.Facts{SignIn: signedIn("BankID", "idporten-loa-high", 4)}},
		{"idporten-with-number", idporten, everything(idporten, "portal", "api_klient", "no_pid"), code("openid", "profile"), tillit.Facts{SignIn: signedIn("BankID", "idporten-loa-high", 4)}},
		{"maskinporten-delegated", maskinporten, everything(maskinporten, "supplier", "maskinporten", "no_pid"),
			token("urn:ietf:params:oauth:grant-type:jwt-bearer", "skogdata:hogstmelding"), tillit.Facts{
				Access: []tillit.ScopeName{"skogdata:hogstmelding"},
				Acting: tillit.Acting{Consumer: "310107549", Supplier: "310111317", Source: "https://www.altinn.no/", Delegated: []tillit.ScopeName{"skogdata:hogstmelding"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.facts.Now = 200
			decision := tillit.Decide(test.catalog, test.client, test.ask, &test.facts)
			golden(t, filepath.Join("testdata/decisions", test.name+".txt"), decision.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); -update writes it:\n%s", name, diff)
	}
}
