package pki

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"

	"github.com/tillit/tillit"
)

// keep gives the holder's credential, issuing one where there is none and where
// the last has expired. A revoked one is given with its revocation: whether
// another follows is for people to say.
func (a *Authority) keep(ctx context.Context, r *realm, kind tillit.CertificateKind, holder string, issue func(number int) (*credential, error)) (*credential, error) {
	c, _, err := a.last(ctx, r, kind, holder)
	if c != nil || err != nil {
		return c, err
	}
	a.issuing.Lock()
	defer a.issuing.Unlock()
	c, number, err := a.last(ctx, r, kind, holder)
	if c != nil || err != nil {
		return c, err
	}
	return a.issueNumber(ctx, r, kind, holder, number, issue)
}

// last gives the holder's certificate as long as it is not to be replaced: one
// that was revoked never is. Otherwise next is the number of the one to issue.
func (a *Authority) last(ctx context.Context, r *realm, kind tillit.CertificateKind, holder string) (c *credential, next int, err error) {
	last, err := a.config.Register.Certificate(ctx, r.name, kind, holder)
	switch {
	case errors.Is(err, tillit.ErrNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("%s certificate of realm %s: %w", kind, r.name, err)
	case last.Revoked != 0 || a.config.Now().Unix() < last.Expires:
		c, err = a.unseal(last)
		return c, 0, err
	}
	return nil, last.Number + 1, nil
}

// issueNumber issues the holder's certificate of that number, or gives the one
// that somebody else has issued meanwhile.
func (a *Authority) issueNumber(ctx context.Context, r *realm, kind tillit.CertificateKind, holder string, number int, issue func(number int) (*credential, error)) (*credential, error) {
	c, err := issue(number)
	if err != nil {
		return nil, fmt.Errorf("%s certificate of realm %s: %w", kind, r.name, err)
	}
	row := &tillit.Certificate{
		Realm: r.name, Kind: kind, Holder: holder, Number: number, Serial: c.certificate.SerialNumber.String(),
		DER: c.certificate.Raw, Issued: a.config.Now().Unix(), Expires: c.certificate.NotAfter.Unix(),
	}
	key, err := c.encode()
	if err != nil {
		return nil, fmt.Errorf("%s certificate of realm %s: %w", kind, r.name, err)
	}
	row.Private = a.config.Sealer.Seal(key, Purpose(row))
	stored, err := a.config.Register.IssueCertificate(ctx, row)
	if err != nil {
		return nil, fmt.Errorf("%s certificate of realm %s: %w", kind, r.name, err)
	}
	return a.unseal(stored)
}

// mostOpened is how many opened credentials are remembered: an RSA key is read
// for longer than it signs.
const mostOpened = 256

// sealed is a certificate with its key as the register has it.
type sealed struct{ purpose, der, private string }

func (a *Authority) unseal(row *tillit.Certificate) (*credential, error) {
	opened, err := a.opened.Of(sealed{Purpose(row), string(row.DER), string(row.Private)}, func(s sealed) (*credential, error) {
		key, err := a.config.Sealer.Open(row.Private, s.purpose)
		if err != nil {
			return nil, fmt.Errorf("key of certificate %s of realm %s: %w", row.Serial, row.Realm, err)
		}
		c, err := decodeCredential(row.DER, key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s of realm %s: %w", row.Serial, row.Realm, err)
		}
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	return &credential{certificate: opened.certificate, signer: opened.signer, revoked: row.Revoked != 0}, nil
}

// Purpose binds a sealed key to its place.
func Purpose(row *tillit.Certificate) string {
	return "certificate\x00" + row.Realm + "\x00" + string(row.Kind) + "\x00" + row.Holder + "\x00" + strconv.Itoa(row.Number)
}

// Parse reads the certificate of a row.
func Parse(row *tillit.Certificate) (*x509.Certificate, error) { return x509.ParseCertificate(row.DER) }
