package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// secure gives what TLS needs, nil without a tls section.
func (c *config) secure(log *slog.Logger) (*tls.Config, error) {
	if c.TLS == nil {
		return nil, nil
	}
	f := &certificateFile{files: *c.TLS, log: log}
	if err := f.read(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.present(time.Now()), nil },
	}, nil
}

// certificateCheck is how often the files are looked at.
const certificateCheck = time.Second

// A certificateFile is a certificate that is read again when its files change. A
// pair that does not fit, as when only one of the two is written yet, is told in
// the log and the old one stays.
type certificateFile struct {
	files tlsFiles
	log   *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   [2]os.FileInfo // of certificate and key when they were last tried
	checked time.Time
}

func (f *certificateFile) read() error {
	pair, err := tls.LoadX509KeyPair(f.files.Certificate, f.files.Key)
	if err != nil {
		return fmt.Errorf("tls: %s and %s: %w", f.files.Certificate, f.files.Key, err)
	}
	f.pair, f.stamp = &pair, f.stat()
	return nil
}

func (f *certificateFile) stat() (stamp [2]os.FileInfo) {
	for i, path := range []string{f.files.Certificate, f.files.Key} {
		stamp[i], _ = os.Stat(path) // a file that is away for a moment is one that changed
	}
	return stamp
}

// present gives the certificate as its files have it.
func (f *certificateFile) present(at time.Time) *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.Sub(f.checked) < certificateCheck {
		return f.pair
	}
	f.checked = at
	stamp := f.stat()
	if same(stamp[0], f.stamp[0]) && same(stamp[1], f.stamp[1]) {
		return f.pair
	}
	if err := f.read(); err != nil {
		f.log.Error("the new certificate is refused, the old one stays", "cause", err.Error())
		f.stamp = stamp
	} else {
		f.log.Info("certificate read again", "file", f.files.Certificate)
	}
	return f.pair
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && os.SameFile(a, b)
}
