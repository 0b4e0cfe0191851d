package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"github.com/tillit/tillit"
)

// After mostWrong wrong secrets of one client from one address within wrongWindow
// seconds, further wrong ones are told to wait.
const (
	mostWrong   = 20
	wrongWindow = 60
)

// Attempts counts what was got wrong, across processes.
type Attempts interface {
	// Fail notes one failure and gives how many there are within the window
	// (seconds), this one included.
	Fail(ctx context.Context, realm, kind string, key []byte, at, window int64) (count int, err error)
	// Attempts gives how many failures there are now, and when (unix seconds)
	// they lapse.
	Attempts(ctx context.Context, realm, kind string, key []byte, at int64) (count int, until int64, err error)
}

// throttled gives the refusal of a wrong secret as it may be told: itself, or
// beyond the limit one that says when to come back. A right secret is never
// refused: secrets and codes are random beyond guessing, so that what is saved
// here is work and room in the store, and nobody can lock a client out.
func (p *Provider) throttled(r *http.Request, realm *realm, kind string, client tillit.ClientID, refusal *Error) error {
	if p.Attempts == nil {
		return refusal
	}
	ctx, at := r.Context(), p.now()
	key, err := p.attemptKey(r, realm, client)
	if err != nil {
		return err
	}
	count, until, err := p.Attempts.Attempts(ctx, realm.name, kind, key, at)
	if err != nil {
		return err
	}
	if count < mostWrong {
		if _, err := p.Attempts.Fail(ctx, realm.name, kind, key, at, wrongWindow); err != nil {
			return err
		}
		return refusal
	}
	p.metrics().Throttled(realm.name, kind)
	later := *refusal
	later.Status, later.RetryAfter = http.StatusTooManyRequests, max(1, until-at)
	return &later
}

// throttledCode is throttled for authorization codes that are not known, no
// longer valid or another's.
func (p *Provider) throttledCode(r *http.Request, realm *realm, client tillit.ClientID, grantType string, err error) error {
	var e *Error
	if grantType != "authorization_code" || !errors.As(err, &e) || e.Code != "invalid_grant" {
		return err
	}
	return p.throttled(r, realm, "code", client, e)
}

// attemptKey is what failures are counted under: neither the client nor the
// address can be read from it.
func (p *Provider) attemptKey(r *http.Request, realm *realm, client tillit.ClientID) ([]byte, error) {
	secret, err := p.Secret(r.Context(), realm.name, "throttle")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(p.address(r)))
	mac.Write([]byte("\x00" + client))
	return mac.Sum(nil), nil
}

// address says where a request came from: the network of one subscriber, where
// that has more addresses than it could use.
func (p *Provider) address(r *http.Request) string {
	at := p.addressOf(r)
	if at.Is6() {
		if network, err := at.Prefix(64); err == nil {
			return network.String()
		}
	}
	return at.String()
}

// addressOf says where a request came from.
func (p *Provider) addressOf(r *http.Request) netip.Addr {
	var at netip.Addr
	if p.Address != nil {
		at = p.Address(r)
	} else if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		at, _ = netip.ParseAddr(host)
	}
	return at.Unmap().WithZone("")
}
