package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Bounds of every request, unless a field says otherwise.
const (
	defaultSize       = 64 << 10 // bytes
	defaultTime       = 5 * time.Second
	defaultConcurrent = 16
	perHost           = 4        // connections to one host at a time
	maxHeaders        = 16 << 10 // bytes
)

// ErrBusy says that as many requests are under way as there may be.
var ErrBusy = errors.New("too many outgoing requests")

// A Guarded reads from addresses that strangers give: https only, public hosts
// only, no redirects, no proxy, nothing kept between requests. Make one with
// [NewGuarded].
type Guarded struct {
	options GuardedOptions
	client  *http.Client
	slots   chan struct{}
}

// GuardedOptions bound a [Guarded]; the zero value is right for production.
type GuardedOptions struct {
	// AllowLoopback lets addresses be this machine's own, there by http too.
	AllowLoopback bool
	Roots         *x509.CertPool // nil: the system's
	Size          int64          // largest body, bytes; 0: 64 KiB
	Time          time.Duration  // for all of a request; 0: 5 s
	Concurrent    int            // requests at a time; 0: 16
	Resolver      *net.Resolver  // nil: the system's
}

// NewGuarded makes a Guarded.
func NewGuarded(options GuardedOptions) *Guarded {
	if options.Size == 0 {
		options.Size = defaultSize
	}
	if options.Time == 0 {
		options.Time = defaultTime
	}
	if options.Concurrent == 0 {
		options.Concurrent = defaultConcurrent
	}
	g := &Guarded{options: options, slots: make(chan struct{}, options.Concurrent)}
	dialer := &net.Dialer{Resolver: options.Resolver, ControlContext: g.control}
	g.client = &http.Client{
		CheckRedirect: never,
		Transport: &http.Transport{
			Proxy:                  nil, // it would dial for us
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: options.Roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true, // every request is judged anew
			DisableCompression:     true, // what is bounded is what is read
			MaxConnsPerHost:        perHost,
			MaxResponseHeaderBytes: maxHeaders,
		},
	}
	return g
}

// Get reads a document. [ErrForbidden] says that the address is not allowed,
// [ErrTooLarge] and [ErrBusy] that a bound was reached.
func (g *Guarded) Get(ctx context.Context, address string) (*Document, error) {
	return g.send(ctx, address, func(ctx context.Context) (*http.Request, error) { return get(ctx, address) })
}

// PostForm sends a form, as back-channel logout does; any 2xx is success.
func (g *Guarded) PostForm(ctx context.Context, address string, form url.Values) (*Document, error) {
	return g.send(ctx, address, func(ctx context.Context) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, fmt.Errorf("address: %w", ErrForbidden)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return request, nil
	})
}

// Post sends a body as the header describes it, as webhooks do; any 2xx is
// success.
func (g *Guarded) Post(ctx context.Context, address string, header http.Header, body []byte) (*Document, error) {
	return g.send(ctx, address, func(ctx context.Context) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("address: %w", ErrForbidden)
		}
		maps.Copy(request.Header, header)
		return request, nil
	})
}

// Admits says of an address that is to be called later whether it might be: nil,
// or [ErrForbidden]. A name may lead anywhere by then, so it is judged again when
// it is called.
func (g *Guarded) Admits(address string) error {
	u, err := parse(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(u.Hostname())
	literal := err == nil
	name := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	local := literal && loopback(ip) || name == "localhost" || strings.HasSuffix(name, ".localhost")
	switch {
	case local:
		if g.options.AllowLoopback {
			return nil
		}
	case u.Scheme == "https" && (!literal || public(ip)):
		return nil
	}
	return fmt.Errorf("address at %s: %w", u.Host, ErrForbidden)
}

// plain marks a request by http, which may only go to this machine itself.
type plain struct{}

func (g *Guarded) send(ctx context.Context, address string, make func(context.Context) (*http.Request, error)) (*Document, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" && !g.options.AllowLoopback {
		return nil, fmt.Errorf("read from %s by http: %w", u.Host, ErrForbidden)
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, plain{}, u.Scheme == "http"), g.options.Time)
	defer cancel()
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("read from %s: %w", u.Host, ErrBusy)
	}
	request, err := make(ctx)
	if err != nil {
		return nil, err
	}
	return do(g.client, request, g.options.Size)
}

// control judges the address that is about to be dialled, after its name was
// resolved and right before the connection: a name that leads elsewhere the
// second time is judged the second time.
func (g *Guarded) control(ctx context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return ErrForbidden
	}
	unencrypted, _ := ctx.Value(plain{}).(bool)
	if g.options.AllowLoopback && loopback(to.Addr()) || !unencrypted && public(to.Addr()) {
		return nil
	}
	return ErrForbidden
}
