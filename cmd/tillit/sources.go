package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/source"
)

// sources say where realms' sources of claims are: realm, then source.
type sources map[string]map[string]connection

type connection struct {
	Address         string `yaml:"address"`
	CredentialsFile string `yaml:"credentials_file"`
	Absent          bool   `yaml:"absent"` // this provider has no such source
}

// open connects every source but the absent. Nothing is asked yet.
func (s sources) open(roots *x509.CertPool) (map[source.Place]source.Asker, error) {
	all := map[source.Place]source.Asker{}
	for realm, list := range s {
		for name, c := range list {
			if c.Absent {
				continue
			}
			asker, err := c.open(roots)
			if err != nil {
				for _, other := range all {
					other.Close()
				}
				return nil, fmt.Errorf("sources.%s.%s: %w", realm, name, err)
			}
			all[source.Place{Realm: realm, Source: name}] = asker
		}
	}
	return all, nil
}

func (c *connection) open(roots *x509.CertPool) (source.Asker, error) {
	secret := ""
	if c.CredentialsFile != "" {
		text, err := os.ReadFile(c.CredentialsFile)
		if err != nil {
			return nil, fmt.Errorf("credentials_file: %w", err)
		}
		secret = strings.TrimSpace(string(text))
	}
	if strings.HasPrefix(c.Address, "http") {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		return source.NewHTTP(c.Address, secret, &http.Client{Transport: transport, Timeout: time.Minute})
	}
	return source.OpenSQL(c.Address, secret)
}

// told reads REALM.SOURCE=ADDRESS, as dev takes it.
func toldSources(flags map[string]string) (sources, error) {
	all := sources{}
	for at, address := range flags {
		realm, name, found := strings.Cut(at, ".")
		if !found {
			return nil, misused("--source %s: right would be REALM.SOURCE=ADDRESS", at)
		}
		if all[realm] == nil {
			all[realm] = map[string]connection{}
		}
		all[realm][name] = connection{Address: address}
	}
	return all, nil
}

// demoFiles are the people and clients of dev: those in the folder demo of a
// directory of realms, where there is one, else those of the shipped realms.
func demoFiles(directory string) fs.FS {
	if directory == "" {
		return demodata.Files
	}
	own := filepath.Join(directory, "demo")
	if info, err := os.Stat(own); err == nil && info.IsDir() {
		return os.DirFS(own)
	}
	return demodata.Files
}
