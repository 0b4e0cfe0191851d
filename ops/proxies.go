package ops

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// maxHops bounds how many forwarding hops are looked at.
const maxHops = 32

// Proxies are the networks whose word is taken for where a request came from.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks such as 10.0.0.0/8.
func ParseProxies(list []string) (Proxies, error) {
	var proxies Proxies
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, single := netip.ParseAddr(text)
			if single != nil || address.Zone() != "" {
				return nil, fmt.Errorf("%q is no network; right would be one such as 10.0.0.0/8 or fd00::/8", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		proxies = append(proxies, netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()).Masked())
	}
	return proxies, nil
}

// Trusts reports whether the address is one of a proxy.
func (p Proxies) Trusts(address netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// Client gives the address a request came from: that of the connection, or if
// this is a proxy's, the nearest one in Forwarded (RFC 7239), else in
// X-Forwarded-For, that is not. What anybody else says in these is not looked at.
func (p Proxies) Client(r *http.Request) netip.Addr {
	at := connection(r)
	if !p.Trusts(at) {
		return at
	}
	for _, hop := range hops(r.Header) {
		address, ok := parseNode(hop)
		if !ok {
			return at // beyond it nobody is known
		}
		if at = address; !p.Trusts(at) {
			return at
		}
	}
	return at
}

// Guard refuses what does not come from a proxy or this machine, for listeners
// that speak plain HTTP.
func (p Proxies) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at := connection(r); !at.IsLoopback() && !p.Trusts(at) {
			http.Error(w, "plain HTTP is for the trusted proxies alone", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func connection(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// hops lists what the headers say, the nearest first.
func hops(header http.Header) []string {
	name, read := "X-Forwarded-For", func(element string) string { return element }
	if len(header.Values("Forwarded")) > 0 {
		name, read = "Forwarded", forwardedFor
	}
	elements := strings.Split(strings.Join(header.Values(name), ","), ",")
	var list []string
	for i := len(elements) - 1; i >= 0 && len(list) < maxHops; i-- {
		if element := strings.TrimSpace(elements[i]); element != "" {
			list = append(list, read(element))
		}
	}
	return list
}

// forwardedFor gives the parameter for of an element of Forwarded, "" for none.
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// parseNode reads an address with or without port: 192.0.2.1, 192.0.2.1:80,
// 2001:db8::1, [2001:db8::1], [2001:db8::1]:80 (RFC 7239 §6).
func parseNode(text string) (netip.Addr, bool) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	at, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return at.Unmap().WithZone(""), err == nil
}
