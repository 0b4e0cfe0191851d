package pki

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

// OrganizationOf judges a certificate that somebody sent, leaf first, and gives
// the number of the organization it is of. Every certificate that was ever issued
// is in the register, and what the register says now is its status.
func (a *Authority) OrganizationOf(ctx context.Context, realm string, chain []*x509.Certificate) (number string, err error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return "", err
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(r.root.certificate)
	between.AddCert(r.issuing.certificate)
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err = chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: a.config.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", fmt.Errorf("%w: %w", tillit.ErrNotTrusted, err)
	}
	row, err := a.config.Register.CertificateBySerial(ctx, realm, chain[0].SerialNumber.String())
	switch {
	case errors.Is(err, tillit.ErrNotFound):
		return "", tillit.ErrNotTrusted
	case err != nil:
		return "", err
	case row.Kind != tillit.CertificateOrganization || row.Revoked != 0 || string(row.DER) != string(chain[0].Raw):
		return "", tillit.ErrNotTrusted
	}
	return row.Holder, nil
}

// OrganizationKey gives the certificate that an organization signs its requests
// with, its key and the chain up to the root, issuing one at first need: for demo
// data alone, whose keys everybody may see.
func (a *Authority) OrganizationKey(ctx context.Context, realm, number, name string) (crypto.Signer, []*x509.Certificate, error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.keep(ctx, r, tillit.CertificateOrganization, number, func(int) (*credential, error) {
		return a.issueOrganization(r, number, name, leastRSA)
	})
	if err != nil {
		return nil, nil, err
	}
	return c.signer, []*x509.Certificate{c.certificate, r.issuing.certificate, r.root.certificate}, nil
}
