package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

// A Trusted reads from addresses that stand in the operator's own files: a
// neighbour in a private network is as good as any. It is bounded in size and
// time, uses the proxy of the environment and follows no redirect. Make one with
// [NewTrusted].
type Trusted struct {
	client *http.Client
	size   int64
}

// TrustedOptions bound a [Trusted]; the zero value is good.
type TrustedOptions struct {
	Roots *x509.CertPool // nil: the system's
	Size  int64          // largest body, bytes; 0: 64 KiB
	Time  time.Duration  // for all of a request; 0: 5 s
}

// NewTrusted makes a Trusted.
func NewTrusted(options TrustedOptions) *Trusted {
	if options.Size == 0 {
		options.Size = defaultSize
	}
	if options.Time == 0 {
		options.Time = defaultTime
	}
	return &Trusted{size: options.Size, client: &http.Client{
		Timeout:       options.Time,
		CheckRedirect: never,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{RootCAs: options.Roots, MinVersion: tls.VersionTLS12},
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaders,
			IdleConnTimeout:        time.Minute,
		},
	}}
}

// Get reads a document.
func (t *Trusted) Get(ctx context.Context, address string) (*Document, error) {
	if _, err := parse(address); err != nil {
		return nil, err
	}
	request, err := get(ctx, address)
	if err != nil {
		return nil, err
	}
	return do(t.client, request, t.size)
}
