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
	renaming, err := Rename("bankid", options.Realms, options.Demo)
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
