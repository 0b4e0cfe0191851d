package server

import (
	"testing"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

func TestReadLoginHint(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	long := make([]byte, maxHint+1)
	for i := range long {
		long[i] = 'a'
	}
	for _, test := range []struct {
		realm, hint string
		want        loginHint
	}{
		{"bankid", "", loginHint{}},
		{"bankid", "BID", loginHint{way: "BID"}},
		{"bankid", "BIS", loginHint{way: "BIS"}},
		{"bankid", "BID:", loginHint{way: "BID"}},
		{"bankid", "BID:14848134180", loginHint{way: "BID", named: "14848134180"}},
		{"bankid", "BID:1484813418", loginHint{way: "BID"}},
		{"bankid", "BID:kari", loginHint{way: "BID"}},
		{"bankid", "BID:14848134180:140481", loginHint{way: "BID"}},
		{"bankid", "BIM:99887766:140481", loginHint{way: "BIM"}},
		{"bankid", "BIM:99887766", loginHint{way: "BIM"}},
		{"bankid", "BIS:14848134180", loginHint{way: "BIS"}},
		{"bankid", ":14848134180", loginHint{typed: "14848134180"}},
		{"bankid", ":kari", loginHint{}},
		{"bankid", ":", loginHint{}},
		{"bankid", "::::", loginHint{}},
		{"bankid", "bid:14848134180", loginHint{}},
		{"bankid", "XID:nostepup", loginHint{}},
		{"bankid", "XID", loginHint{}},
		{"bankid", "kari", loginHint{}},
		{"bankid", "14848134180", loginHint{}},
		{"bankid", string(long), loginHint{}},
		{"idporten", "eidas:true", loginHint{way: "eIDAS"}},
		{"idporten", "eidas:false", loginHint{}},
		{"idporten", "eIDAS", loginHint{way: "eIDAS"}},
		{"buypass", "mats@example.no", loginHint{typed: "mats@example.no"}},
		{"buypass", "no:such", loginHint{}},
		{"buypass", "password", loginHint{way: "password"}},
	} {
		if got := readLoginHint(set.Catalog(test.realm, ""), test.hint); got != test.want {
			t.Errorf("%s, login_hint=%s: %+v; want %+v", test.realm, test.hint, got, test.want)
		}
	}
}

// TestPrivateHint: a number is private whatever stands around it.
func TestPrivateHint(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	for hint, want := range map[string]bool{
		"BID": false, "BIM:99887766:140481": false, "BID:14848134180": true, ":14848134180": true, "BIS:14848134180": true,
		"14848134180": true, "XID::14848134180": true, "BID:1484813418": true, "kari": false,
	} {
		if got := tells(set.Catalog("bankid", ""), hint); got != want {
			t.Errorf("login_hint=%s is private: %v; want %v", hint, got, want)
		}
	}
}

func TestMasked(t *testing.T) {
	for name, want := range map[string]string{"": "", "14848134180": "14848••••••", "å": "•", "kari": "ka••"} {
		if got := masked(name); got != want {
			t.Errorf("%q is shown as %q; want %q", name, got, want)
		}
	}
}
