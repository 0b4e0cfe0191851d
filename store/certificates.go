package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlCertificateColumns = `SELECT kind, holder, number, serial_number, der, private, issued, expires, revoked, reason FROM certificates WHERE realm = $1 `
	sqlCertificate        = sqlCertificateColumns + `AND kind = $2 AND holder = $3 ORDER BY number DESC LIMIT 1`
	sqlCertificateAt      = sqlCertificateColumns + `AND kind = $2 AND holder = $3 AND number = $4`
	sqlCertificateSerial  = sqlCertificateColumns + `AND serial_number = $2`
	sqlCertificates       = sqlCertificateColumns + `ORDER BY kind, holder, number`
	sqlIssueCertificate   = `INSERT INTO certificates (realm, kind, holder, number, serial_number, der, private, issued, expires, revoked, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`
	sqlRevokeCertificate = `UPDATE certificates SET revoked = $1, reason = $2 WHERE realm = $3 AND serial_number = $4 AND revoked = 0`
)

// Certificate gives the holder's last certificate.
func (s *Store) Certificate(ctx context.Context, realm string, kind tillit.CertificateKind, holder string) (*tillit.Certificate, error) {
	return s.certificate(ctx, sqlCertificate, realm, string(kind), holder)
}

// CertificateBySerial gives the certificate of that serial number.
func (s *Store) CertificateBySerial(ctx context.Context, realm, serial string) (*tillit.Certificate, error) {
	return s.certificate(ctx, sqlCertificateSerial, realm, serial)
}

func (s *Store) certificate(ctx context.Context, query, realm string, args ...any) (*tillit.Certificate, error) {
	found, err := s.certificates(ctx, query, realm, args...)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("certificate: %w", tillit.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// Certificates lists everything the realm's authority issued, the certificates of
// one holder in the order in which they followed each other.
func (s *Store) Certificates(ctx context.Context, realm string) ([]tillit.Certificate, error) {
	return s.certificates(ctx, sqlCertificates, realm)
}

func (s *Store) certificates(ctx context.Context, query, realm string, args ...any) ([]tillit.Certificate, error) {
	var list []tillit.Certificate
	err := s.rows(ctx, "certificates", query, append([]any{realm}, args...), func(scan scan) error {
		c := tillit.Certificate{Realm: realm}
		err := scan(certificateFields(&c)...)
		list = append(list, c)
		return err
	})
	return list, err
}

func certificateFields(c *tillit.Certificate) []any {
	return []any{&c.Kind, &c.Holder, &c.Number, &c.Serial, &c.DER, &c.Private, &c.Issued, &c.Expires, &c.Revoked, &c.Reason}
}

// IssueCertificate stores a certificate and gives the one of its place: of
// several that issue at once, all get the one that was stored. A serial number
// that another certificate has is tillit.ErrConflict.
func (s *Store) IssueCertificate(ctx context.Context, c *tillit.Certificate) (*tillit.Certificate, error) {
	stored := &tillit.Certificate{Realm: c.Realm}
	err := s.write(ctx, "issue certificate", func(tx *tx) error {
		_, err := tx.exec(sqlIssueCertificate, c.Realm, string(c.Kind), c.Holder, c.Number, c.Serial,
			bytes(c.DER), bytes(c.Private), c.Issued, c.Expires, c.Revoked, c.Reason)
		if err != nil {
			return err
		}
		return tx.take(tillit.ErrConflict, sqlCertificateAt, []any{c.Realm, string(c.Kind), c.Holder, c.Number}, certificateFields(stored)...)
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// RevokeCertificate revokes a certificate for a reason. Unknown is
// tillit.ErrNotFound, revoked before tillit.ErrConflict.
func (s *Store) RevokeCertificate(ctx context.Context, realm, serial string, at int64, reason int, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("revoke certificate: %w", err)
	}
	return s.write(ctx, "revoke certificate", func(tx *tx) error {
		err := tx.change(tillit.ErrConflict, sqlRevokeCertificate, at, reason, realm, serial)
		if errors.Is(err, tillit.ErrConflict) {
			c := tillit.Certificate{}
			if err := tx.row(sqlCertificateSerial, []any{realm, serial}, certificateFields(&c)...); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return tx.append(e)
	})
}
