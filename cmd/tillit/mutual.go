package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/tillit/tillit/internal/wiring"
)

// mutualTLS says how clients show certificates (RFC 8705).
type mutualTLS struct {
	Listen      string `yaml:"listen"`
	BaseURL     string `yaml:"base_url"`
	Authorities string `yaml:"authorities"`
	Header      string `yaml:"header"`
}

// checkMutualTLS tells what would leave clients without a way to show certificates,
// or make what anybody says of one believed.
func (c *config) checkMutualTLS(f *configFile) {
	m := c.MutualTLS
	if m == nil {
		return
	}
	if m.Listen != "" {
		if _, _, err := net.SplitHostPort(m.Listen); err != nil {
			f.at("mutual_tls.listen", "HOST:PORT, such as 0.0.0.0:8443", "%q is no address to listen on", m.Listen)
		}
	}
	if m.BaseURL != "" {
		checkIssuer(f, "mutual_tls.base_url", m.BaseURL)
	}
	switch {
	case m.Header != "" && len(c.Proxies) == 0:
		f.at("mutual_tls.header", "trusted_proxies", "nobody is trusted to tell certificates in %s", m.Header)
	case m.Listen != "" && c.TLS == nil:
		f.at("mutual_tls.listen", "a tls section", "certificates are asked for in TLS alone")
	case m.Header == "" && c.TLS == nil:
		f.at("mutual_tls", "a tls section, or header and trusted_proxies", "nobody could show a certificate")
	}
}

// authorities reads who issues the certificates of clients; nil: nobody does.
func (m *mutualTLS) authorities() (*x509.CertPool, error) {
	if m.Authorities == "" {
		return nil, nil
	}
	text, err := os.ReadFile(m.Authorities)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: there is no certificate in it; right would be a PEM file", m.Authorities)
	}
	return pool, nil
}

func (c *config) wired() (*wiring.MutualTLS, error) {
	if c.MutualTLS == nil {
		return nil, nil
	}
	pool, err := c.MutualTLS.authorities()
	if err != nil {
		return nil, fmt.Errorf("mutual_tls.authorities: %w", err)
	}
	return &wiring.MutualTLS{Header: c.MutualTLS.Header, Authorities: pool, Base: c.MutualTLS.BaseURL}, nil
}

// asking gives TLS that asks for a certificate and takes any, or none: whose it
// may be is judged by the client that names itself in the request, which TLS does
// not know.
func asking(secure *tls.Config) *tls.Config {
	asks := secure.Clone()
	asks.ClientAuth = tls.RequestClientCert
	return asks
}

// listeners opens the addresses of the configuration. Certificates are asked for
// at mutual_tls.listen; without one, on every connection to the host of its
// base_url, or where this is that of everything else, on every connection.
func (c *config) listeners(secure *tls.Config) (all []net.Listener, err error) {
	listen := func(address string, secure *tls.Config) {
		listener, failed := net.Listen("tcp", address)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("listen: %w", failed))
			return
		}
		if secure != nil {
			listener = tls.NewListener(listener, secure)
		}
		all = append(all, listener)
	}
	m := c.MutualTLS
	switch {
	case secure == nil || m == nil:
		listen(c.Listen, secure)
	case m.Listen != "":
		listen(c.Listen, secure)
		listen(m.Listen, asking(secure))
	case m.host() != "" && m.host() != hostOf(c.BaseURL):
		listen(c.Listen, askingFor(m.host(), secure))
	default:
		listen(c.Listen, asking(secure))
	}
	if err != nil {
		for _, listener := range all {
			listener.Close()
		}
		return nil, err
	}
	return all, nil
}

// askingFor asks on connections to one host alone, so that browsers, which know
// the other, ask nobody for a certificate.
func askingFor(host string, secure *tls.Config) *tls.Config {
	asks, some := asking(secure), secure.Clone()
	some.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if strings.EqualFold(hello.ServerName, host) {
			return asks, nil
		}
		return nil, nil
	}
	return some
}

func (m *mutualTLS) host() string { return hostOf(m.BaseURL) }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
