package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tillit/tillit/token"
)

// writePair writes a certificate of that serial number for hosts, and its key.
func writePair(t *testing.T, files tlsFiles, serial int64, hosts ...string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: append(hosts, "localhost"),
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, files.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, files.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateIsReadAgainWhenItChanges(t *testing.T) {
	directory := t.TempDir()
	f := &certificateFile{
		files: tlsFiles{Certificate: filepath.Join(directory, "tls.crt"), Key: filepath.Join(directory, "tls.key")},
		log:   slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	writePair(t, f.files, 1)
	if err := f.read(); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	step := func(what string, want int64) {
		t.Helper()
		at = at.Add(certificateCheck)
		if got := f.present(at).Leaf.SerialNumber.Int64(); got != want {
			t.Errorf("%s: certificate %d; want %d", what, got, want)
		}
	}
	step("as it was", 1)

	key, err := os.ReadFile(f.files.Key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, f.files.Key, []byte("half of a key"))
	step("a key that fits nothing", 1)
	os.Remove(f.files.Certificate)
	step("no certificate", 1)
	write(t, f.files.Key, key)
	writePair(t, f.files, 2)
	step("another pair", 2)
}

// serve answers over TLS, and over nothing else where it has a certificate.
func TestServeOverTLS(t *testing.T) {
	directory := t.TempDir()
	files := tlsFiles{Certificate: filepath.Join(directory, "tls.crt"), Key: filepath.Join(directory, "tls.key")}
	writePair(t, files, 1)
	master, err := token.GenerateMasterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(directory, "master.key"), []byte(master))
	realms, err := filepath.Abs("testdata/realms")
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	config := fmt.Sprintf("listen: 127.0.0.1:%s\nbase_url: https://localhost:%s\nrealms: %s\nstore: tillit.db\nmaster_key_file: master.key\n"+
		"tls: {certificate: tls.crt, key: tls.key}\n", port, port, realms)
	write(t, filepath.Join(directory, "tillit.yaml"), []byte(config))

	base, ended := startInside(t, "serve", "--config", filepath.Join(directory, "tillit.yaml"))
	defer func() {
		if code := ended(); code != 0 {
			t.Errorf("exit status %d; want 0", code)
		}
	}()
	text, err := os.ReadFile(files.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get(base + "/plain/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 || answer.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s %s; want 200 over HTTP/2 and TLS", answer.Proto, answer.Status)
	}
	plain, err := http.Get("http://localhost:" + port + "/healthz")
	if err == nil {
		defer plain.Body.Close()
		if plain.StatusCode == http.StatusOK {
			t.Error("plain HTTP is answered too")
		}
	}
}
