package main

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/ops"
)

// checkAddresses tells addresses that would send tokens over an open network.
func (c *config) checkAddresses(f *configFile) {
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		f.at("listen", "HOST:PORT, such as 0.0.0.0:443", "%q is no address to listen on", c.Listen)
	case c.TLS == nil && len(c.Proxies) == 0 && !loopback(host):
		f.at("listen", "a tls section, trusted_proxies, or a loopback address behind a proxy on this machine", "%s would be plain HTTP on the network", c.Listen)
	}
	if _, err := ops.ParseProxies(c.Proxies); err != nil {
		f.at("trusted_proxies", "", "%v", err)
	}
	c.checkMutualTLS(f)
	if c.Operations != nil {
		if _, _, err := net.SplitHostPort(c.Operations.Listen); err != nil {
			f.at("operations.listen", "HOST:PORT, such as "+defaultOperations, "%q is no address to listen on", c.Operations.Listen)
		}
	}
	checkIssuer(f, "base_url", c.BaseURL)
	for _, realm := range slices.Sorted(maps.Keys(c.Issuers)) {
		issuer := c.Issuers[realm]
		checkIssuer(f, "issuers."+realm, issuer)
		if !strings.HasSuffix(issuer, "/"+realm) {
			f.at("issuers."+realm, "https://HOST/"+realm, "the path of %s is not the realm", issuer)
		}
	}
}

func checkIssuer(f *configFile, field, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		f.at(field, "an address such as https://id.example", "%q is malformed", address)
	case u.Scheme != "https" && !loopback(u.Hostname()):
		f.at(field, "https", "plain HTTP is for loopback hosts alone")
	}
}

// loopback reports whether a host is this machine alone.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// check tells everything beyond the file itself: issuers of realms that are not there, and realms that must
// not be served here: those of environment test let anybody sign in as anybody,
// so they answer to this machine alone.
func (c *config) check(set *catalog.Set) error {
	f := c.file
	f.faults = nil
	for _, realm := range slices.Sorted(maps.Keys(c.Issuers)) {
		if set.Catalog(realm, "") == nil {
			f.at("issuers."+realm, strings.Join(set.Realms(), ", "), "there is no realm %q in %s", realm, c.Realms)
		}
	}
	for _, realm := range set.Realms() {
		if set.Catalog(realm, "").Environment == tillit.Test && !c.local(realm) {
			f.at("realms", "environment: production in it, or loopback addresses alone",
				"the realm %s has environment: test, whose people and ways to sign in are invented", realm)
		}
	}
	c.checkSources(set)
	c.checkFiles()
	if len(f.faults) > 0 {
		return f.sorted()
	}
	return nil
}

// checkSources demands a word on every source of claims that a realm has
// elsewhere: a name mistyped here would else be a claim missing from tokens.
func (c *config) checkSources(set *catalog.Set) {
	for _, realm := range slices.Sorted(maps.Keys(c.Sources)) {
		for _, name := range slices.Sorted(maps.Keys(c.Sources[realm])) {
			at, said := "sources."+realm+"."+name, c.Sources[realm][name]
			if !slices.Contains(elsewhere(set.Catalog(realm, "")), name) {
				c.file.at(at, "a source of the realm with from: sql or from: http", "no realm %s has such a source", realm)
			}
			if (said.Address == "") != said.Absent {
				c.file.at(at, "one of address and absent: true", "where it is cannot be told from this")
			}
		}
	}
	for _, realm := range set.Realms() {
		for _, name := range elsewhere(set.Catalog(realm, "")) {
			if _, said := c.Sources[realm][name]; !said {
				c.file.at("sources", "its address, or absent: true to run without, as its on_error says",
					"nothing is said of the source %s, from which the realm %s has claims", name, realm)
			}
		}
	}
}

// elsewhere lists the sources of a realm that are not its directory.
func elsewhere(c *tillit.Catalog) []string {
	var names []string
	if c == nil {
		return nil
	}
	for _, use := range c.Sources {
		if use.From != "directory" {
			names = append(names, use.Name)
		}
	}
	return names
}

// checkFiles tells files that are named but cannot be used.
func (c *config) checkFiles() {
	if _, err := c.master(context.Background()); err != nil {
		c.file.at("master_key_file", "a file with what tillit key master prints", "%v", err)
	}
	if _, err := furtherRoots(c.Outgoing.CABundle); err != nil {
		c.file.at("outgoing.ca_bundle", "", "ca_bundle%v", err)
	}
	if _, err := c.wired(); err != nil {
		c.file.at("mutual_tls.authorities", "a PEM file with the certificates of who issues those of clients", "%v", err)
	}
	if _, err := c.secure(slog.New(slog.DiscardHandler)); err != nil {
		c.file.at("tls", "", "%v", err)
	}
}

// local reports whether a realm can be reached from this machine alone.
func (c *config) local(realm string) bool {
	issuer := c.Issuers[realm]
	if issuer == "" {
		issuer = c.BaseURL
	}
	u, err := url.Parse(issuer)
	host, _, listenErr := net.SplitHostPort(c.Listen)
	return err == nil && listenErr == nil && loopback(u.Hostname()) && loopback(host)
}

// proxies gives the networks that are believed; the file was checked.
func (c *config) proxies() ops.Proxies {
	proxies, err := ops.ParseProxies(c.Proxies)
	if err != nil {
		return nil
	}
	return proxies
}
