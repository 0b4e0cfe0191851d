package token

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

// TestNames: a name is compared by what it says, not by how it is spelled
// (RFC 4514), and everything that is none is refused.
func TestNames(t *testing.T) {
	certificate := func(name pkix.Name) pkix.RDNSequence { return name.ToRDNSequence() }
	example := certificate(pkix.Name{CommonName: "client.example", Organization: []string{"Example, Inc."}, Country: []string{"NO"}})
	for text, want := range map[string]bool{
		`CN=client.example,O=Example\, Inc.,C=NO`:             true,
		`cn = client.example , o= Example\2C Inc. ,c=NO`:      true,
		`2.5.4.3=client.example,2.5.4.10=Example\, Inc.,C=NO`: true,
		`CN=Client.example,O=Example\, Inc.,C=NO`:             false,
		`CN=client.example,O=Example\, Inc.`:                  false,
		`C=NO,O=Example\, Inc.,CN=client.example`:             false,
		`CN=client.example+O=Example\, Inc.,C=NO`:             false,
		`CN=client.example\ ,O=Example\, Inc.,C=NO`:           false,
	} {
		name, err := parseName(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := sameName(name, example); got != want {
			t.Errorf("%s is the certificate's name: %t; want %t", text, got, want)
		}
	}
	several, err := parseName("UID=7+CN=a,DC=example,DC=no")
	uid := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "7"}
	cn := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "a"}
	dc := asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	if err != nil || !sameName(several, pkix.RDNSequence{{{Type: dc, Value: "no"}}, {{Type: dc, Value: "example"}}, {cn, uid}}) {
		t.Errorf("several attributes in one part: %v, %v", several, err)
	}
	for _, text := range []string{"", "client.example", "CN=", "CN=a,", ",CN=a", "XX=a", "1=a", "1.02=a", `CN=a\`, `CN=a\zz`, `CN="a"`, "CN=#0401", "CN=a;O=b", "CN=\\ff", "CN=a\x00"} {
		if name, err := parseName(text); err == nil {
			t.Errorf("%q is taken as %v", text, name)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, text := range []string{`CN=client.example,O=Example\, Inc.,C=NO`, "UID=7+CN=a,DC=example", `CN=\c3\a5`, "1.2.3=x", "CN= "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := parseName(text)
		if err != nil {
			return
		}
		// The standard library writes what we read; read again it is the same.
		again, err := parseName(name.String())
		if err == nil && !sameName(again, name) {
			t.Errorf("%q is %q, which is another name", text, name.String())
		}
		if !sameName(name, name) {
			t.Errorf("%q is not itself", text)
		}
	})
}
