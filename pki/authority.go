package pki

import (
	"context"
	"crypto"
	"crypto/x509"
	"io"
	"sync"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/recent"
)

// A Register keeps what was issued, with its keys.
type Register interface {
	// Certificate gives the holder's last certificate, or tillit.ErrNotFound.
	Certificate(ctx context.Context, realm string, kind tillit.CertificateKind, holder string) (*tillit.Certificate, error)
	// CertificateBySerial gives any certificate, or tillit.ErrNotFound.
	CertificateBySerial(ctx context.Context, realm, serial string) (*tillit.Certificate, error)
	// IssueCertificate stores a certificate. Of several that issue one at once,
	// all get the one that was stored.
	IssueCertificate(ctx context.Context, c *tillit.Certificate) (*tillit.Certificate, error)
}

// A Sealer encrypts the keys; opening needs the same purpose.
type Sealer interface {
	Seal(plain []byte, purpose string) []byte
	Open(sealed []byte, purpose string) ([]byte, error)
}

// A Profile is what the certificates of a realm say of their issuer. Its zero
// fields are those of [DefaultProfile].
type Profile struct {
	CommonName         string        // of the issuing CA
	Organization       string        // of the issuing CA, and of people's certificates
	OrganizationNumber string        // of the issuing CA
	OriginatorID       string        // number of the issuer among issuers, or ""
	OriginatorName     string        // its name there
	Policy             string        // certificate policy, an OID in dots
	Validity           time.Duration // of people's certificates
}

// DefaultProfile is an invented bank, with a policy below the OID of examples.
var DefaultProfile = Profile{
	CommonName:         "Granlund Bank CA 3",
	Organization:       "Granlund Sparebank",
	OrganizationNumber: "310200123",
	OriginatorID:       "9980",
	OriginatorName:     "GRANLUND",
	Policy:             "2.999.1",
	Validity:           2 * 365 * 24 * time.Hour,
}

// Config is what an [Authority] is made of.
type Config struct {
	Register Register
	Sealer   Sealer
	Now      func() time.Time
	Random   io.Reader
	// Status gives the address at which certificates of the realm are asked
	// about, told in every one of them. Nil: none is told.
	Status func(realm string) string
	// Profile gives a realm's profile. Nil: every realm has the default.
	Profile func(realm string) Profile
	// NewKey makes private keys: RSA with so many bits, P-256 for 0. Nil: each is
	// new. Tests that start many authorities let them share some.
	NewKey func(rsaBits int) (crypto.Signer, error)
}

// An Authority issues the certificates of every realm. It is safe for concurrent
// use.
type Authority struct {
	config Config
	mu     sync.Mutex
	realms map[string]*realm

	issuing sync.Mutex // one certificate at a time: whoever waited finds it issued
	opened  *recent.Values[sealed, *credential]
}

// A realm is the pair of authorities of one realm, with its profile.
type realm struct {
	name          string
	profile       Profile
	root, issuing *credential
}

// New makes an Authority. Nothing is made before the first certificate.
func New(config Config) *Authority {
	return &Authority{config: config, realms: map[string]*realm{}, opened: recent.New[sealed, *credential](mostOpened)}
}

// TrustAnchor gives the realm's root certificate.
func (a *Authority) TrustAnchor(ctx context.Context, realm string) (*x509.Certificate, error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return nil, err
	}
	return r.root.certificate, nil
}

// Issuer gives the realm's issuing certificate, which chains to the root.
func (a *Authority) Issuer(ctx context.Context, realm string) (*x509.Certificate, error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return nil, err
	}
	return r.issuing.certificate, nil
}

// Originator gives what the realm's certificates say of their issuer, as
// relying parties meet it.
func (a *Authority) Originator(ctx context.Context, realm string) (string, error) {
	r, err := a.realm(ctx, realm)
	if err != nil {
		return "", err
	}
	return originator(r.issuing.certificate.Subject, r.profile), nil
}

// Certificate gives a person's certificate, issuing one at first need and again
// when it has expired.
func (a *Authority) Certificate(ctx context.Context, realm string, person *tillit.Person) (*x509.Certificate, error) {
	s, err := a.Person(ctx, realm, person)
	if err != nil {
		return nil, err
	}
	return s.Certificate(), nil
}

// PersonFacts gives what expressions read below sign_in.certificate of a
// person's certificate.
func (a *Authority) PersonFacts(ctx context.Context, realm string, person *tillit.Person) (map[string]any, error) {
	s, err := a.Person(ctx, realm, person)
	if err != nil {
		return nil, err
	}
	return Facts(s.Certificate(), s.realm.profile)
}

// realm gives the authorities of a realm, made at first need.
func (a *Authority) realm(ctx context.Context, name string) (*realm, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.realms[name]; r != nil {
		return r, nil
	}
	r := &realm{name: name, profile: a.profile(name)}
	var err error
	if r.root, err = a.keep(ctx, r, tillit.CertificateRoot, "", func(int) (*credential, error) { return a.issueRoot(r) }); err != nil {
		return nil, err
	}
	if r.issuing, err = a.keep(ctx, r, tillit.CertificateIssuing, "", func(int) (*credential, error) { return a.issueIssuing(r) }); err != nil {
		return nil, err
	}
	a.realms[name] = r
	return r, nil
}

// profile gives the realm's profile with nothing left out.
func (a *Authority) profile(name string) Profile {
	var p Profile
	if a.config.Profile != nil {
		p = a.config.Profile(name)
	}
	for _, field := range []struct {
		value *string
		other string
	}{
		{&p.CommonName, DefaultProfile.CommonName},
		{&p.Organization, DefaultProfile.Organization},
		{&p.OrganizationNumber, DefaultProfile.OrganizationNumber},
		{&p.OriginatorID, DefaultProfile.OriginatorID},
		{&p.OriginatorName, DefaultProfile.OriginatorName},
		{&p.Policy, DefaultProfile.Policy},
	} {
		if *field.value == "" {
			*field.value = field.other
		}
	}
	if p.Validity <= 0 {
		p.Validity = DefaultProfile.Validity
	}
	return p
}
