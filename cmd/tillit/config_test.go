package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// FuzzConfig: no configuration file makes the reader panic, and one that is taken
// sends nothing over an open network in the clear.
func FuzzConfig(f *testing.F) {
	f.Add("listen: 127.0.0.1:0\nbase_url: http://localhost\nrealms: r\nstore: s\nmaster_key_file: m\n")
	f.Add("listen: :443\nbase_url: https://id.example\nissuers: {a: https://a.example/a}\nrealms: r\nstore: s\nmaster_key_file: m\ntls: {certificate: c, key: k}\nlog_level: warn\n")
	f.Add("listen: :80\nbase_url: https://id.example\nrealms: r\nstore: s\nmaster_key_file: m\ntrusted_proxies: [10.0.0.0/8]\noperations: {}\nrequest_log: false\n")
	f.Add("a: &a [*a]\n")
	f.Add("- x\n")
	f.Add("")
	f.Add("{}\n---\n{}")
	f.Add("listen: {}\nlisten: 3")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseConfig("fuzz.yaml", []byte(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		if c.TLS == nil && len(c.Proxies) == 0 && !strings.Contains(c.Listen, "127.") && !strings.Contains(c.Listen, "localhost") && !strings.Contains(c.Listen, "::1") {
			t.Errorf("%q without TLS is taken", c.Listen)
		}
	})
}

// What docs/operations.md and the schema say of a configuration is what is read.
func TestOperationsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindSubmatch(page)
	if found == nil {
		t.Fatal("docs/operations.md shows no configuration")
	}
	c, err := parseConfig("tillit.yaml", found[1])
	if err != nil {
		t.Fatal(err)
	}
	if c.Operations == nil || c.Operations.Listen != defaultOperations {
		t.Errorf("operations: %+v; want the default address", c.Operations)
	}
	if !bytes.Contains(page, []byte("`"+defaultOperations+"`")) || !bytes.Contains(configSchema, []byte(`"default": "`+defaultOperations+`"`)) {
		t.Errorf("the page or the schema has another default than %s", defaultOperations)
	}
}
