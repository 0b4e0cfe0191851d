package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddInitial   = `INSERT INTO initial_tokens (realm, hash, uses, expires) VALUES ($1, $2, $3, $4)`
	sqlInitial      = `SELECT uses FROM initial_tokens WHERE realm = $1 AND hash = $2 AND uses > 0 AND expires > $3`
	sqlSpendInitial = `UPDATE initial_tokens SET uses = uses - 1 WHERE realm = $1 AND hash = $2 AND uses > 0 AND expires > $3`

	sqlAddRegistration    = `INSERT INTO registrations (registry, client, realm, hash, created) VALUES ($1, $2, $3, $4, $5)`
	sqlRegistration       = `SELECT hash, created FROM registrations WHERE registry = $1 AND client = $2 AND realm = $3`
	sqlDeleteRegistration = `DELETE FROM registrations WHERE registry = $1 AND client = $2`

	sqlReplaceClient = `UPDATE clients SET revision = revision + 1, changed = $1, organization = $2, supplier = $3, document = $4
WHERE registry = $5 AND id = $6 AND revision = $7 AND removed = FALSE`
)

// SaveInitialToken lets whoever holds the token register that many clients until
// it expires (RFC 7591 §3).
func (s *Store) SaveInitialToken(ctx context.Context, realm string, hash []byte, uses, expires int64) error {
	return s.write(ctx, "save initial token", func(tx *tx) error {
		_, err := tx.exec(sqlAddInitial, realm, bytes(hash), uses, expires)
		return err
	})
}

// InitialToken reports whether a client may still be registered with the token:
// tillit.ErrNotFound when it is unknown, used up, or expired at the instant.
func (s *Store) InitialToken(ctx context.Context, realm string, hash []byte, at int64) error {
	var uses int64
	return s.row(ctx, "initial token", sqlInitial, []any{realm, bytes(hash), at}, &uses)
}

// RegisterClient uses an initial token once and stores the client it registers,
// with who may change it. A token that is unknown, used up, or expired at the
// instant is tillit.ErrSpent, an id that is or was in use tillit.ErrConflict; then
// nothing is changed.
func (s *Store) RegisterClient(ctx context.Context, registry string, client *tillit.Client, r *tillit.Registration, initial []byte, record *tillit.AuditRecord) error {
	document, err := encode(client)
	if err != nil {
		return fmt.Errorf("register client: %w", err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("register client: %w", err)
	}
	return s.changeClient(ctx, "register client", clientKey{registry, client.ID}, func(tx *tx, changed int64) error {
		if err := tx.change(tillit.ErrSpent, sqlSpendInitial, r.Realm, bytes(initial), r.Created); err != nil {
			return err
		}
		if _, err := tx.exec(sqlCreateClient, registry, string(client.ID), changed, client.Organization, client.Supplier, document); err != nil {
			return err
		}
		if _, err := tx.exec(sqlAddRegistration, registry, string(client.ID), r.Realm, bytes(r.Hash), r.Created); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// Registration says who may change a client; tillit.ErrNotFound for one that was
// not registered in the realm by itself.
func (s *Store) Registration(ctx context.Context, registry, realm string, client tillit.ClientID) (*tillit.Registration, error) {
	r := &tillit.Registration{Client: client, Realm: realm}
	err := s.row(ctx, "registration", sqlRegistration, []any{registry, string(client), realm}, &r.Hash, &r.Created)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ReplaceClient stores a client that is still at the revision it was read with,
// else tillit.ErrStale.
func (s *Store) ReplaceClient(ctx context.Context, registry string, client *tillit.Client, record *tillit.AuditRecord) error {
	document, err := encode(client)
	if err != nil {
		return fmt.Errorf("replace client: %w", err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("replace client: %w", err)
	}
	return s.changeClient(ctx, "replace client", clientKey{registry, client.ID}, func(tx *tx, changed int64) error {
		if err := tx.change(tillit.ErrStale, sqlReplaceClient, changed, client.Organization, client.Supplier, document, registry, string(client.ID), client.Revision); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// RemoveRegistered removes a client and who may change it; its id stays taken. An
// unknown one is tillit.ErrNotFound.
func (s *Store) RemoveRegistered(ctx context.Context, registry string, id tillit.ClientID, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("remove registered client: %w", err)
	}
	return s.changeClient(ctx, "remove registered client", clientKey{registry, id}, func(tx *tx, changed int64) error {
		if err := tx.change(tillit.ErrNotFound, sqlDeleteClient, changed, registry, string(id)); err != nil {
			return err
		}
		if _, err := tx.exec(sqlDeleteRegistration, registry, string(id)); err != nil {
			return err
		}
		return tx.append(e)
	})
}
