package pki

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"

	"github.com/tillit/tillit"
)

// A Signatory signs: a person, or the organization behind a client. Get one from
// [Authority.Person] or [Authority.Organization] for each act, and keep none:
// certificates are revoked meanwhile.
//
//	who, err := house.PKI.Person(ctx, realm, person) // *tillit.SignInRefused: revoked
//	cms, err := who.SignCMS(content, pki.CMSOptions{Detached: true})
//	ocsp, err := who.Status(ctx) // DER of the OCSP response, as of now
//
// house.PKI is the one [Authority] of the process, made in internal/wiring over
// the store and the master key; whoever needs it declares these methods in an
// interface of its own.
type Signatory struct {
	authority  *Authority
	realm      *realm
	credential *credential
}

// Revoked is the key of the refusal that a revoked certificate gives.
const Revoked = "certificate_revoked"

// Person gives what a person signs with, issuing a certificate at first need and
// again when it has expired. One that was revoked is a *tillit.SignInRefused
// until [Authority.Renew].
func (a *Authority) Person(ctx context.Context, realm string, person *tillit.Person) (*Signatory, error) {
	r, issue, err := a.forPerson(ctx, realm, person)
	if err != nil {
		return nil, err
	}
	return a.signatory(ctx, r, tillit.CertificatePerson, person.ID, issue)
}

// Organization gives what an organization signs with: a merchant beside the
// person whom it asks to.
func (a *Authority) Organization(ctx context.Context, realm, number, name string) (*Signatory, error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return nil, err
	}
	return a.signatory(ctx, r, tillit.CertificateOrganization, number, func(int) (*credential, error) {
		return a.issueOrganization(r, number, name, 0)
	})
}

// Renew issues another certificate to a person, whatever became of the last.
func (a *Authority) Renew(ctx context.Context, realm string, person *tillit.Person) (*x509.Certificate, error) {
	r, issue, err := a.forPerson(ctx, realm, person)
	if err != nil {
		return nil, err
	}
	number := 0
	if last, err := a.config.Register.Certificate(ctx, realm, tillit.CertificatePerson, person.ID); err == nil {
		number = last.Number + 1
	}
	c, err := a.issueNumber(ctx, r, tillit.CertificatePerson, person.ID, number, issue)
	if err != nil {
		return nil, err
	}
	return c.certificate, nil
}

func (a *Authority) forPerson(ctx context.Context, realm string, person *tillit.Person) (*realm, func(int) (*credential, error), error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return nil, nil, err
	}
	h, err := holderOf(person)
	if err != nil {
		return nil, nil, err
	}
	return r, func(number int) (*credential, error) {
		if number > 0 {
			h = h.again()
		}
		return a.issuePerson(r, h, a.config.Now())
	}, nil
}

func (a *Authority) signatory(ctx context.Context, r *realm, kind tillit.CertificateKind, holder string, issue func(int) (*credential, error)) (*Signatory, error) {
	c, err := a.keep(ctx, r, kind, holder, issue)
	if err != nil {
		return nil, err
	}
	if c.revoked {
		return nil, &tillit.SignInRefused{Key: Revoked}
	}
	return &Signatory{a, r, c}, nil
}

// Certificate is the signatory's own.
func (s *Signatory) Certificate() *x509.Certificate { return s.credential.certificate }

// Chain lists the certificates between the signatory's own and the trust anchor.
func (s *Signatory) Chain() []*x509.Certificate {
	return []*x509.Certificate{s.realm.issuing.certificate}
}

// sign signs a SHA-256 digest: RSA PKCS #1 v1.5 or ECDSA.
func (s *Signatory) sign(digest []byte) ([]byte, error) {
	signature, err := s.credential.signer.Sign(s.authority.config.Random, digest, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signature, nil
}

// Status gives what the realm's responder says of the certificate now: the DER
// of an OCSP response (RFC 6960).
func (s *Signatory) Status(ctx context.Context) ([]byte, error) {
	return s.authority.statusOf(ctx, s.realm, s.credential.certificate)
}
