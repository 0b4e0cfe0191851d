package fetch

import (
	"net/netip"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "193.212.1.10": true, "2a02:2020:1::1": true, "2606:4700::1111": true,
		"::ffff:8.8.8.8": true, // the same address

		"127.0.0.1": false, "127.255.0.1": false, "::1": false, "::ffff:127.0.0.1": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "fd00::1": false,
		"::ffff:10.0.0.1": false, "::ffff:a9fe:a9fe": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false,
		"100.64.0.1": false, "100.127.255.255": false,
		"0.0.0.0": false, "0.1.2.3": false, "::": false,
		"224.0.0.1": false, "ff02::1": false, "239.255.255.250": false, "255.255.255.255": false, "240.0.0.1": false,
		"192.0.0.8": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false, "192.88.99.1": false,
		"::7f00:1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false,
		"2001:db8::1": false, "3fff::1": false, "fec0::1": false, "100::1": false, "5f00::1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public is %t, want %t", address, got, want)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestParse(t *testing.T) {
	for address, want := range map[string]bool{
		"https://client.example/jwks":          true,
		"https://client.example:8443/jwks?a=b": true,
		"http://127.0.0.1:9000/jwks":           true, // judged later
		"https://user@client.example/":         false,
		"https://client.example/#x":            false,
		"https:///jwks":                        false,
		"https://:443/":                        false,
		"//client.example/":                    false,
		"/jwks":                                false,
		"file:///etc/passwd":                   false,
		"gopher://client.example/":             false,
		"https:client.example":                 false,
		"https://client.example/\n":            false,
		"":                                     false,
		"https://a.example/" + strings.Repeat("x", maxAddress): false,
	} {
		if _, err := parse(address); (err == nil) != want {
			t.Errorf("%.60q: %v", address, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, address := range []string{"https://client.example/jwks", "http://[::1]:80/%2f?x#y", "https://a@b/"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if u, err := parse(address); err == nil && (u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http") {
			t.Errorf("%q was taken as %v", address, u)
		}
	})
}
