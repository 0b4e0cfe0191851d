package demo

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

// shipped loads the demo data of the shipped realms and gives its fixtures.
func shipped(t *testing.T) (*Loaded, map[string]FixtureRealm) {
	t.Helper()
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(t.Context(), Config{
		Data: readAll(t), Store: newMemory(), Catalogs: set, Seed: make([]byte, 32),
		Key: testKey,
		Certificate: func(ctx context.Context, realm, number, _ string) (crypto.Signer, []*x509.Certificate, error) {
			signer, err := testKey(ctx, realm, tillit.ClientID(number), "RS256")
			return signer, nil, err
		},
		HashPassword: func(string) (string, error) { return "$hash", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := loaded.Fixtures(Addresses{Issuer: func(realm string) string { return "http://localhost:8080/" + realm },
		Originator:  func(string) string { return "CN=Some CA" },
		Certificate: func(_ string, person *tillit.Person) (string, error) { return "certificate of " + person.ID, nil }})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]FixtureRealm{}
	for _, realm := range fixtures.Realms {
		byName[realm.Name] = realm
	}
	return loaded, byName
}

// testKey makes a key of its own each time: nobody asks for the same twice.
func testKey(context.Context, string, tillit.ClientID, string) (crypto.Signer, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func clientOf(t *testing.T, realm FixtureRealm, id tillit.ClientID) FixtureClient {
	t.Helper()
	for _, c := range realm.Clients {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("realm %s: no client %s", realm.Name, id)
	return FixtureClient{}
}

func TestContractClients(t *testing.T) {
	_, all := shipped(t)
	for realm, ids := range map[string][]tillit.ClientID{
		"bankid":   {"demo-web", "demo-basic", "demo-spa", "demo-service", "demo-bank", "demo-narrow", "demo-hybrid"},
		"buypass":  {"demo-web", "demo-basic", "demo-spa", "demo-service", "demo-post", "demo-placed", "demo-jwt", "demo-implicit", "demo-pairwise-a1", "demo-pairwise-a2", "demo-pairwise-b"},
		"idporten": {"demo-web", "demo-basic", "demo-spa"},
	} {
		for _, id := range ids {
			c := clientOf(t, all[realm], id)
			if signs := c.AuthMethod == "private_key_jwt"; signs != (c.JWKS != nil) || (c.AuthMethod == "none" || signs) != (c.Secret == "") {
				t.Errorf("%s/%s: authenticates by %s, has secret %t, keys %t", realm, id, c.AuthMethod, c.Secret != "", c.JWKS != nil)
			}
			if slices.Contains(c.GrantTypes, "authorization_code") && (len(c.RedirectURIs) != 2 || len(c.PostLogoutRedirectURIs) == 0) {
				t.Errorf("%s/%s: redirect URIs %v, after logout %v", realm, id, c.RedirectURIs, c.PostLogoutRedirectURIs)
			}
			if c.Organization == "" {
				t.Errorf("%s/%s: no organization", realm, id)
			}
		}
	}
}

func TestContractScopes(t *testing.T) {
	_, all := shipped(t)
	for _, row := range []struct {
		realm   string
		client  tillit.ClientID
		has     string
		hasNone string
	}{
		{"bankid", "demo-web", "openid profile nnin nnin_altsub phone email address offline_access aml_person/basic", "aml_person/monitor fraud-data-rs/GetSecurityData"},
		{"bankid", "demo-basic", "openid profile", "phone nnin"},
		{"bankid", "demo-spa", "openid profile email phone address", "nnin offline_access"},
		{"bankid", "demo-bank", "openid nnin aml_person/monitor fraud-data-rs/GetSecurityData operational-status/read", ""},
		{"bankid", "demo-service", "aml_person/basic aml_organization/basic operational-status/read", "openid"},
		{"buypass", "demo-web", "openid profile email phone address offline_access bpid bpnnin myservice.data_read", "service-api"},
		{"buypass", "demo-basic", "openid", "profile email"},
		{"buypass", "demo-spa", "openid profile email phone address", "offline_access bpid"},
		{"buypass", "demo-service", "myservice.data_read myservice.data_delete service-api", "openid"},
		{"idporten", "demo-web", "openid profile eidas krr:user/spraak.write skogdata:helse skogdata:hogstmelding.write idporten:user.log.read", "no_pid skogdata:hogstmelding idporten:dcr.read"},
		{"idporten", "demo-basic", "openid profile", "eidas no_pid"},
	} {
		scopes := clientOf(t, all[row.realm], row.client).Scopes
		for _, name := range strings.Fields(row.has) {
			if !slices.Contains(scopes, tillit.ScopeName(name)) {
				t.Errorf("%s/%s lacks %s; it has %v", row.realm, row.client, name, scopes)
			}
		}
		for _, name := range strings.Fields(row.hasNone) {
			if slices.Contains(scopes, tillit.ScopeName(name)) {
				t.Errorf("%s/%s has %s", row.realm, row.client, name)
			}
		}
	}
}

// Two people of each realm have a value for every claim that tells of a person
// and that nothing but the person decides, and differ in their names.
func TestContractPeople(t *testing.T) {
	_, all := shipped(t)
	for realm, names := range map[string]string{
		"bankid":   "bankid_altsub originator name given_name family_name birthdate nnin nnin_altsub phone_number phone_number_verified all_phone_numbers email email_verified address updated_at",
		"buypass":  "bp_sub bp_id_sub bp_nnin_sub bp_x509certificate name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at email email_verified phone_number phone_number_verified address",
		"idporten": "pid locale given_name family_name",
	} {
		complete := map[any]bool{}
		for _, p := range all[realm].People {
			claims := p["claims"].(map[string]any)
			lacks := ""
			for _, name := range strings.Fields(names) {
				if _, ok := claims[name]; !ok {
					lacks = name
				}
			}
			if lacks == "" {
				complete[claims["family_name"]] = true
			} else {
				t.Logf("%s/%s lacks %s", realm, p["username"], lacks)
			}
		}
		if len(complete) < 2 {
			t.Errorf("%s: %d people with every claim and different names; want 2", realm, len(complete))
		}
	}
}

func TestContractValues(t *testing.T) {
	_, all := shipped(t)
	person := func(realm, username string) map[string]any {
		for _, p := range all[realm].People {
			if p["username"] == username {
				text, err := json.Marshal(p["claims"])
				if err != nil {
					t.Fatal(err)
				}
				var claims map[string]any
				if err := json.Unmarshal(text, &claims); err != nil {
					t.Fatal(err)
				}
				return claims
			}
		}
		t.Fatalf("realm %s: nobody called %s", realm, username)
		return nil
	}
	kari, jonas := person("bankid", "kari"), person("bankid", "jonas")
	if kari["phone_number_verified"] != true || jonas["phone_number_verified"] != false {
		t.Error("of kari and jonas, one number is verified and one is not")
	}
	if address := kari["address"].(map[string]any); address["house_letter"] != "B" {
		t.Errorf("kari's address: %v", address)
	}
	address := jonas["address"].(map[string]any)
	if _, has := address["house_letter"]; has || address["postal_code"] != "0184" || address["updated_at"] != nil {
		t.Errorf("jonas's address: %v", address)
	}
	if jonas["updated_at"] != 1780471200.0 || len(jonas["all_phone_numbers"].([]any)) != 2 {
		t.Errorf("jonas: %v", jonas)
	}
	if lukas := person("idporten", "lukas"); lukas["eidas_identifier"] == nil || lukas["pid"] != nil {
		t.Errorf("lukas: %v", lukas)
	}
}

func TestContractServers(t *testing.T) {
	_, all := shipped(t)
	for realm, want := range map[string][]string{
		"bankid":   {"tinfo", "signdoc", "aml", "fraud-data", "operational-status"},
		"buypass":  {"myservice", "service"},
		"idporten": {"demo-api"},
	} {
		var got []string
		for _, s := range all[realm].ResourceServers {
			got = append(got, s.ID)
			if s.Audience == "" || s.ClientSecret == "" {
				t.Errorf("%s/%s: audience %q, secret %q", realm, s.ID, s.Audience, s.ClientSecret)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: resource servers %v; want %v", realm, got, want)
		}
	}
}

// Ways named for a person exist, or the person could never sign in.
func TestPeoplesWaysExist(t *testing.T) {
	loaded, _ := shipped(t)
	for _, realm := range loaded.Realms {
		for _, p := range realm.People {
			for _, code := range p.SignIn.Ways {
				if realm.Catalog.Way(code) == nil {
					t.Errorf("%s/%s: no way to sign in %q", realm.Name, p.Username, code)
				}
			}
		}
	}
}

// Whatever a way asks for beyond name and password stands in the record, under
// the name of the form field.
func TestRecordsCarryWhatFormsAskFor(t *testing.T) {
	loaded, all := shipped(t)
	for _, realm := range loaded.Realms {
		for i, p := range realm.People {
			for _, code := range p.SignIn.Ways {
				for _, field := range realm.Catalog.Way(code).Fields {
					if all[realm.Name].People[i][field] == nil {
						t.Errorf("%s/%s: %s asks for %s", realm.Name, p.Username, code, field)
					}
				}
			}
		}
	}
}
