package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/pki"
)

type pkiCommand struct {
	List   pkiListCommand   `cmd:"" help:"List the certificates that a test realm has issued."`
	Show   pkiShowCommand   `cmd:"" help:"Show one certificate."`
	Export pkiExportCommand `cmd:"" help:"Print certificates in PEM: the trust anchor, or the one of a serial number with its issuer."`
	Revoke pkiRevokeCommand `cmd:"" help:"Revoke a certificate: its holder signs in and signs with it no longer."`
	Renew  pkiRenewCommand  `cmd:"" help:"Issue another certificate to a person."`
}

// A certificateRow is one certificate as it is shown; nothing of the key.
type certificateRow struct {
	Serial    string `json:"serial_number"`
	Kind      string `json:"kind"`
	Subject   string `json:"subject"`
	Issuer    string `json:"issuer"`
	Key       string `json:"key"`
	State     string `json:"state"`
	NotBefore int64  `json:"not_before"`
	NotAfter  int64  `json:"not_after"`
	Revoked   int64  `json:"revoked,omitempty"`
	Reason    string `json:"reason,omitempty"`
	OCSP      string `json:"ocsp,omitempty"`
}

// revocationReasons are the reasons of RFC 5280 §5.3.1 that fit a certificate of a
// person or an organization.
var revocationReasons = map[string]int{
	"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5, "privilegeWithdrawn": 9,
}

func certificateRowOf(c *tillit.Certificate, now int64) (certificateRow, error) {
	parsed, err := pki.Parse(c)
	if err != nil {
		return certificateRow{}, fmt.Errorf("certificate %s of realm %s: %w", c.Serial, c.Realm, err)
	}
	r := certificateRow{
		Serial: c.Serial, Kind: string(c.Kind), Subject: parsed.Subject.String(), Issuer: parsed.Issuer.CommonName,
		Key: parsed.PublicKeyAlgorithm.String(), State: "good", NotBefore: parsed.NotBefore.Unix(), NotAfter: parsed.NotAfter.Unix(),
		Revoked: c.Revoked, OCSP: strings.Join(parsed.OCSPServer, " "),
	}
	switch {
	case c.Revoked != 0:
		r.State = "revoked"
		for name, code := range revocationReasons {
			if code == c.Reason {
				r.Reason = name
			}
		}
	case c.Expires <= now:
		r.State = "expired"
	}
	return r, nil
}

// realmOf opens the store of a place for a realm that it has.
func (p *place) realmOf(c *console, realm string) (*premises, error) {
	opened, err := p.rooms(c.ctx)
	if err != nil {
		return nil, err
	}
	if opened.catalogs.Catalog(realm, "") == nil {
		return nil, errors.Join(opened.noRealm(realm), opened.close())
	}
	return opened, nil
}

type pkiListCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
}

// Run lists authorities first, then people and organizations.
func (l *pkiListCommand) Run(c *console) error {
	p, err := l.realmOf(c, l.Realm)
	if err != nil {
		return err
	}
	defer p.close()
	issued, err := p.store.Certificates(c.ctx, l.Realm)
	if err != nil {
		return err
	}
	rows := []certificateRow{}
	for i := range issued {
		r, err := certificateRowOf(&issued[i], time.Now().Unix())
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	return c.print(rows, func(w io.Writer) {
		cells := [][]string{{"SERIAL NUMBER", "KIND", "STATE", "UNTIL", "SUBJECT"}}
		for _, r := range rows {
			cells = append(cells, []string{r.Serial, r.Kind, r.State, instant(r.NotAfter), r.Subject})
		}
		table(w, cells)
	})
}

type pkiShowCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Serial string `arg:"" help:"Serial number of the certificate."`
}

func (s *pkiShowCommand) Run(c *console) error {
	p, err := s.realmOf(c, s.Realm)
	if err != nil {
		return err
	}
	defer p.close()
	found, err := p.certificate(c, s.Realm, s.Serial)
	if err != nil {
		return err
	}
	r, err := certificateRowOf(found, time.Now().Unix())
	if err != nil {
		return err
	}
	return c.print(r, func(w io.Writer) {
		for _, line := range [][2]string{
			{"serial number", r.Serial}, {"kind", r.Kind}, {"subject", r.Subject}, {"issuer", r.Issuer}, {"key", r.Key}, {"state", r.State},
			{"from", instant(r.NotBefore)}, {"until", instant(r.NotAfter)}, {"revoked", instant(r.Revoked)}, {"reason", r.Reason}, {"OCSP", r.OCSP},
		} {
			if line[1] != "" {
				fmt.Fprintf(w, "%-14s %s\n", line[0], line[1])
			}
		}
	})
}

func (p *premises) certificate(c *console, realm, serial string) (*tillit.Certificate, error) {
	found, err := p.store.CertificateBySerial(c.ctx, realm, serial)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, fmt.Errorf("realm %s has issued no certificate %s; right would be one that tillit pki list shows", realm, serial)
	}
	return found, err
}

type pkiExportCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Serial string `arg:"" optional:"" help:"Serial number (default: the trust anchor)."`
}

// Run prints the certificate and, where it is not the anchor, its issuer's.
func (e *pkiExportCommand) Run(c *console) error {
	p, err := e.realmOf(c, e.Realm)
	if err != nil {
		return err
	}
	defer p.close()
	var list []*tillit.Certificate
	if e.Serial != "" {
		found, err := p.certificate(c, e.Realm, e.Serial)
		if err != nil {
			return err
		}
		list = append(list, found)
	}
	kind := tillit.CertificateRoot
	if len(list) > 0 {
		kind = tillit.CertificateIssuing
	}
	if len(list) == 0 || list[0].Kind != tillit.CertificateRoot && list[0].Kind != tillit.CertificateIssuing {
		above, err := p.store.Certificate(c.ctx, e.Realm, kind, "")
		if errors.Is(err, tillit.ErrNotFound) {
			return fmt.Errorf("realm %s has issued no certificate yet: the first sign-in that brings one makes its authorities", e.Realm)
		}
		if err != nil {
			return err
		}
		list = append(list, above)
	}
	var text strings.Builder
	for _, each := range list {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: each.DER}))
	}
	return c.print(map[string]string{"pem": text.String()}, func(w io.Writer) { io.WriteString(w, text.String()) })
}

type pkiRevokeCommand struct {
	place
	Realm  string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Serial string `arg:"" help:"Serial number of the certificate."`
	Reason string `help:"Why, in the words of RFC 5280." default:"unspecified" env:"TILLIT_REASON"`
}

// Run revokes for good. A running provider says so from the next question on.
func (r *pkiRevokeCommand) Run(c *console) error {
	reason, known := revocationReasons[r.Reason]
	if !known {
		return misused("pki revoke: --reason %s: right would be one of %s", r.Reason, strings.Join(slices.Sorted(maps.Keys(revocationReasons)), ", "))
	}
	p, err := r.realmOf(c, r.Realm)
	if err != nil {
		return err
	}
	defer p.close()
	found, err := p.certificate(c, r.Realm, r.Serial)
	if err != nil {
		return err
	}
	if found.Kind != tillit.CertificatePerson && found.Kind != tillit.CertificateOrganization {
		return fmt.Errorf("certificate %s is of the %s authority; right would be one of a person or an organization", r.Serial, found.Kind)
	}
	now := time.Now().Unix()
	record := &tillit.AuditRecord{Realm: r.Realm, Time: now, Event: "certificate_revoked"}
	if found.Kind == tillit.CertificatePerson {
		if record.Subject, err = p.store.Pseudonym(c.ctx, r.Realm, found.Holder); err != nil {
			return err
		}
	}
	if err := p.store.RevokeCertificate(c.ctx, r.Realm, r.Serial, now, reason, record); errors.Is(err, tillit.ErrConflict) {
		return fmt.Errorf("certificate %s was revoked before", r.Serial)
	} else if err != nil {
		return err
	}
	return c.print(map[string]string{"revoked": r.Serial}, func(w io.Writer) { fmt.Fprintf(w, "certificate %s is revoked\n", r.Serial) })
}

type pkiRenewCommand struct {
	place
	Realm    string `help:"Realm." required:"" env:"TILLIT_REALM"`
	Username string `arg:"" help:"User name of the person."`
}

// Run issues a new certificate with a key of its own; the last one stays what it
// was.
func (r *pkiRenewCommand) Run(c *console) error {
	if _, err := r.settings(); err != nil {
		return err
	}
	p, err := r.whole(c, "")
	if err != nil {
		return err
	}
	defer p.close()
	if p.catalogs.Catalog(r.Realm, "") == nil {
		return p.noRealm(r.Realm)
	}
	person, err := p.store.PersonByUsername(c.ctx, r.Realm, r.Username)
	if errors.Is(err, tillit.ErrNotFound) {
		return fmt.Errorf("realm %s has no person %s", r.Realm, r.Username)
	}
	if err != nil {
		return err
	}
	issued, err := p.house.PKI.Renew(c.ctx, r.Realm, person)
	if err != nil {
		return err
	}
	serial := issued.SerialNumber.String()
	return c.print(map[string]string{"issued": serial}, func(w io.Writer) { fmt.Fprintf(w, "certificate %s is issued\n", serial) })
}
