package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// How long authorities live. They begin before they are made, so that they cover
// certificates which a directory says are older.
const (
	year           = 365 * 24 * time.Hour
	backdated      = 10 * year
	rootLives      = 30 * year
	issuingLives   = 20 * year
	statusLives    = year
	country        = "NO"
	serialSize     = 64 // bits
	personBackdate = time.Minute
	statusBackdate = 30 * 24 * time.Hour // clocks of those who check differ
)

// Object identifiers that crypto/x509 has no field for.
var (
	oidGivenName = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidSurname   = asn1.ObjectIdentifier{2, 5, 4, 4}

	oidDirectoryAttributes = asn1.ObjectIdentifier{2, 5, 29, 9}               // RFC 5280 §4.2.1.8
	oidDateOfBirth         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1} // RFC 3739 §3.2.2
	oidStatements          = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3} // RFC 3739 §3.2.6
	oidQualified           = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}       // ETSI EN 319 412-5 §4.2.1
)

// issueRoot makes the realm's trust anchor.
func (a *Authority) issueRoot(r *realm) (*credential, error) {
	return a.sign(nil, &x509.Certificate{
		Subject: pkix.Name{
			CommonName:   r.profile.Organization + " Root CA",
			Organization: []string{r.profile.Organization},
			Country:      []string{country},
		},
		NotAfter: a.config.Now().Add(rootLives),
	}, 0, authority(1))
}

// issueIssuing makes the authority that issues to people.
func (a *Authority) issueIssuing(r *realm) (*credential, error) {
	return a.sign(r.root, &x509.Certificate{
		Subject: pkix.Name{
			CommonName:         r.profile.CommonName,
			OrganizationalUnit: []string{r.profile.OrganizationNumber},
			Organization:       []string{r.profile.Organization},
			Country:            []string{country},
		},
		NotAfter: a.config.Now().Add(issuingLives),
	}, 0, authority(0))
}

// authority makes a template that of a CA with so many CAs below it.
func authority(below int) func(*Authority, *x509.Certificate) error {
	return func(a *Authority, t *x509.Certificate) error {
		t.NotBefore = a.config.Now().Add(-backdated)
		t.IsCA, t.BasicConstraintsValid = true, true
		t.MaxPathLen, t.MaxPathLenZero = below, below == 0
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return nil
	}
}

// issueStatus makes what signs OCSP responses: those who check take it without
// asking about it in turn (RFC 6960 §4.2.2.2.1).
func (a *Authority) issueStatus(r *realm) (*credential, error) {
	now := a.config.Now()
	return a.sign(r.issuing, &x509.Certificate{
		Subject:         pkix.Name{CommonName: r.profile.CommonName + " OCSP", Organization: []string{r.profile.Organization}, Country: []string{country}},
		NotBefore:       now.Add(-statusBackdate),
		NotAfter:        now.Add(statusLives),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: oidNoCheck, Value: asn1.NullBytes}},
	}, 0, func(_ *Authority, t *x509.Certificate) error {
		t.BasicConstraintsValid = true
		return nil
	})
}

// issueOrganization makes what an organization signs with: a P-256 key for 0 bits.
func (a *Authority) issueOrganization(r *realm, number, name string, rsaBits int) (*credential, error) {
	h := holder{serialNumber: number, commonName: name}
	notBefore, notAfter := h.validity(a.config.Now(), r)
	return a.sign(r.issuing, &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{name}, Country: []string{country}, SerialNumber: number},
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		OCSPServer:            a.statusAddress(r),
		BasicConstraintsValid: true,
	}, rsaBits, func(_ *Authority, t *x509.Certificate) error {
		oid, err := x509.ParseOID(r.profile.Policy)
		if err != nil {
			return fmt.Errorf("policy %q: no object identifier in dots", r.profile.Policy)
		}
		t.Policies = []x509.OID{oid}
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection}
		return nil
	})
}

// statusAddress is where certificates of the realm are asked about.
func (a *Authority) statusAddress(r *realm) []string {
	if a.config.Status == nil {
		return nil
	}
	return []string{a.config.Status(r.name)}
}

// issuePerson makes a person's certificate.
func (a *Authority) issuePerson(r *realm, h holder, now time.Time) (*credential, error) {
	notBefore, notAfter := h.validity(now, r)
	return a.sign(r.issuing, &x509.Certificate{
		SerialNumber: h.number,
		Subject: pkix.Name{
			CommonName:   h.commonName,
			Organization: []string{r.profile.Organization},
			Country:      []string{country},
			SerialNumber: h.serialNumber,
			ExtraNames:   h.names(),
		},
		NotBefore:  notBefore,
		NotAfter:   notAfter,
		KeyUsage:   x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		OCSPServer: a.statusAddress(r),
	}, h.rsaBits, func(_ *Authority, t *x509.Certificate) error {
		return endUser(t, first(h.policy, r.profile.Policy), h.birthdate)
	})
}

// endUser adds to a template what makes a person's certificate of it.
func endUser(t *x509.Certificate, policy, birthdate string) error {
	oid, err := x509.ParseOID(policy)
	if err != nil {
		return fmt.Errorf("policy %q: no object identifier in dots", policy)
	}
	t.Policies = []x509.OID{oid}
	t.BasicConstraintsValid = true
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection}
	qualified, err := asn1.Marshal([]struct{ ID asn1.ObjectIdentifier }{{oidQualified}})
	if err != nil {
		return err
	}
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidStatements, Value: qualified})
	if born, err := time.Parse(time.DateOnly, birthdate); err == nil {
		attribute := dateOfBirth{ID: oidDateOfBirth}
		attribute.Values.Born = born.Add(12 * time.Hour)
		value, err := asn1.Marshal([]dateOfBirth{attribute})
		if err != nil {
			return err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidDirectoryAttributes, Value: value})
	}
	return nil
}

// dateOfBirth is an attribute with one value; the time of day is noon, as RFC
// 3739 §3.2.2 has it.
type dateOfBirth struct {
	ID     asn1.ObjectIdentifier
	Values struct {
		Born time.Time `asn1:"generalized"`
	} `asn1:"set"`
}

// key makes a private key: RSA with so many bits, P-256 for 0.
func (a *Authority) key(rsaBits int) (crypto.Signer, error) {
	if a.config.NewKey != nil {
		return a.config.NewKey(rsaBits)
	}
	if rsaBits == 0 {
		return ecdsa.GenerateKey(elliptic.P256(), a.config.Random)
	}
	return rsa.GenerateKey(a.config.Random, rsaBits)
}

// sign makes a key and a certificate from the template, issued by the issuer, or
// by itself without one. Keys are P-256 unless the directory says RSA: making
// those takes long for the moment in which somebody signs in.
func (a *Authority) sign(issuer *credential, t *x509.Certificate, rsaBits int, complete func(*Authority, *x509.Certificate) error) (*credential, error) {
	if err := complete(a, t); err != nil {
		return nil, err
	}
	key, err := a.key(rsaBits)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if t.SerialNumber == nil {
		// Unpredictable, positive and never zero (RFC 5280 §4.1.2.2).
		if t.SerialNumber, err = rand.Int(a.config.Random, new(big.Int).Lsh(big.NewInt(1), serialSize-1)); err != nil {
			return nil, fmt.Errorf("serial number: %w", err)
		}
		t.SerialNumber.Add(t.SerialNumber, big.NewInt(1))
	}
	parent, signer := t, key
	if issuer != nil {
		parent, signer = issuer.certificate, issuer.signer
	}
	der, err := x509.CreateCertificate(a.config.Random, t, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	return &credential{certificate: certificate, signer: key}, nil
}
