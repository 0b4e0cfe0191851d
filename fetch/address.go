package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
)

// ErrForbidden says that an address is not one that a stranger may have us call.
var ErrForbidden = errors.New("not an address that may be read from here; right would be https on a public host")

// maxAddress bounds an address, in bytes.
const maxAddress = 2048

// parse reads an absolute address without user and fragment.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, fmt.Errorf("address: %w", ErrForbidden)
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("address with scheme %q: %w", u.Scheme, ErrForbidden)
	}
	return u, nil
}

// special lists what is not the public Internet beyond what netip tells apart
// (the special-purpose registries of IANA, RFC 6890). Transition addresses that
// carry an IPv4 address inside could lead anywhere, so none of them are public.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // carrier-grade NAT
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // protocol assignments, Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4
	"3fff::/20",       // documentation
)

// global is all of IPv6 that is given out for the public Internet: what is
// outside (mapped and translated IPv4, site-local, segment routing) is not.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// public reports whether an address is on the public Internet.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !global.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// loopback reports whether an address is this machine's own.
func loopback(a netip.Addr) bool { return a.Unmap().IsLoopback() }
