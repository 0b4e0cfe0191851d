package facts

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
)

func TestRenameLeavesNoName(t *testing.T) {
	options := Options{Realms: realms.Files(), Demo: demodata.Files}
	renaming, err := Rename(options.Realms, options.Demo, "bankid")
	if err != nil {
		t.Fatal(err)
	}
	renamed, err := renaming.Apply(options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(renamed.Realms, "bankid.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nnin_altsub:", "aml_person", "BID:", "all_phone_numbers", "GetSecurityData", "[bankid_altsub"} {
		if strings.Contains(string(text), name) {
			t.Errorf("renamed realm: %q still stands there", name)
		}
	}
	names := renaming.Names()
	designator, role, _ := strings.Cut(names.There("aml_person/basic"), "/")
	if designator != names.There("aml_person") || role != names.There("basic") || names.There("openid") != "openid" {
		t.Errorf("scope, designator and role do not go together: %q", names.There("aml_person/basic"))
	}
	if other, err := fs.ReadFile(renamed.Realms, "buypass.yaml"); err != nil || !strings.Contains(string(other), "realm: buypass") {
		t.Errorf("another realm was touched: %v", err)
	}
}

func TestRenameOfASharedRegistry(t *testing.T) {
	options := Options{Realms: realms.Files(), Demo: demodata.Files}
	renaming, err := Rename(options.Realms, options.Demo, "idporten", "maskinporten")
	if err != nil {
		t.Fatal(err)
	}
	renamed, err := renaming.Apply(options)
	if err != nil {
		t.Fatal(err)
	}
	for file, names := range map[string][]string{
		"idporten.yaml":     {"skogdata:", "idporten:authorizations", "krr:user", "api_klient", "no_pid", "[treslaget]", "owner: directorate"},
		"maskinporten.yaml": {"skogdata:", "idporten:dcr", "krr:global", "MP-", "error: forbidden", "consumer_org:", "urn:altinn:systemuser:", "www.altinn.no", "virksomhetssertifikat"},
	} {
		text, err := fs.ReadFile(renamed.Realms, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.Contains(string(text), name) {
				t.Errorf("%s, renamed: %q still stands there", file, name)
			}
		}
	}
	names := renaming.Names()
	head, _, _ := strings.Cut(names.There("skogdata:hogstmelding"), ":")
	if head != names.There("skogdata") || names.There("skogdata:made.up") != head+":made.up" || names.Back(head+":made.up") != "skogdata:made.up" {
		t.Errorf("what is registered below a prefix: %q; want it below %q", names.There("skogdata:made.up"), head)
	}
	if names.There("310103772") != "310103772" {
		t.Errorf("an organization number was exchanged: it is nobody's to choose")
	}
}
