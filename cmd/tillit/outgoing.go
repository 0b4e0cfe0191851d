package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

// outgoing says to whom requests may go that follow an address a client gave.
type outgoing struct {
	CABundle      string `yaml:"ca_bundle"`
	AllowLoopback bool   `yaml:"allow_loopback"`
}

// furtherRoots gives the system's roots with those of a PEM file added; nil, the
// system's alone, without a file.
func furtherRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf(": %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf(" %s: there is no certificate in it; right would be a PEM file", path)
	}
	return pool, nil
}
