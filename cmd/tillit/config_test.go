package main

import (
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
