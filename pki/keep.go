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
	last, err := a.config.Register.Certificate(ctx, r.name, kind, holder)
	number := 0
	switch {
	case errors.Is(err, tillit.ErrNotFound):
	case err != nil:
		return nil, fmt.Errorf("%s certificate of realm %s: %w", kind, r.name, err)
	case last.Revoked != 0 || a.config.Now().Unix() < last.Expires:
		return a.unseal(last)
	default:
		number = last.Number + 1
	}
	return a.issueNumber(ctx, r, kind, holder, number, issue)
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
	row.Private = a.config.Sealer.Seal(key, purpose(row))
	stored, err := a.config.Register.IssueCertificate(ctx, row)
	if err != nil {
		return nil, fmt.Errorf("%s certificate of realm %s: %w", kind, r.name, err)
	}
	return a.unseal(stored)
}

func (a *Authority) unseal(row *tillit.Certificate) (*credential, error) {
	key, err := a.config.Sealer.Open(row.Private, purpose(row))
	if err != nil {
		return nil, fmt.Errorf("key of certificate %s of realm %s: %w", row.Serial, row.Realm, err)
	}
	c, err := decodeCredential(row.DER, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s of realm %s: %w", row.Serial, row.Realm, err)
	}
	c.revoked = row.Revoked != 0
	return c, nil
}

// purpose binds a sealed key to its place.
func purpose(row *tillit.Certificate) string {
	return "certificate\x00" + row.Realm + "\x00" + string(row.Kind) + "\x00" + row.Holder + "\x00" + strconv.Itoa(row.Number)
}

// Parse reads the certificate of a row.
func Parse(row *tillit.Certificate) (*x509.Certificate, error) { return x509.ParseCertificate(row.DER) }
