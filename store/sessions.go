package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddSession = `INSERT INTO sessions (realm, hash, sid, person, sign_in, context, account, created, last_seen, expires, ended)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlSession = `SELECT sid, person, sign_in, context, account, created, last_seen, expires
FROM sessions WHERE realm = $1 AND hash = $2 AND ended = 0 AND expires > $3`
	sqlTouchSession  = `UPDATE sessions SET last_seen = $1, expires = $2 WHERE realm = $3 AND hash = $4 AND ended = 0`
	sqlRenewSession  = `UPDATE sessions SET ended = $1 WHERE realm = $2 AND hash = $3 AND ended = 0`
	sqlEndSession    = `UPDATE sessions SET ended = $1 WHERE realm = $2 AND sid = $3 AND ended = 0`
	sqlRevokeSession = `UPDATE grants SET revoked = $1 WHERE realm = $2 AND session = $3 AND offline = FALSE AND revoked = 0`
	sqlSpoilSession  = `UPDATE codes SET spent = $1 WHERE realm = $2 AND session = $3 AND offline = FALSE AND spent = 0`
	// What somebody else's session in the same browser leaves behind.
	sqlSpoilFormer = `UPDATE codes SET spent = $1 WHERE realm = $2 AND offline = FALSE AND spent = 0
AND session IN (SELECT sid FROM sessions WHERE realm = $2 AND hash = $3 AND person <> $4 AND sid <> '' AND ended = 0)`
	sqlRevokeFormer = `UPDATE grants SET revoked = $1 WHERE realm = $2 AND offline = FALSE AND revoked = 0
AND session IN (SELECT sid FROM sessions WHERE realm = $2 AND hash = $3 AND person <> $4 AND sid <> '' AND ended = 0)`
)

// SaveSession inserts a session and, when old is not nil, ends that one in the
// same commit. The grants of the old one live on if it is the same person's; if
// it is somebody else's, those that do not outlive it end with it, as do the
// codes that would become such grants, and its clients are to be told.
func (s *Store) SaveSession(ctx context.Context, session *tillit.Session, old []byte) error {
	signIn, err := encode(session.SignIn)
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	context, err := encode(session.Context)
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	at := max(1, session.Created, session.LastSeen)
	return s.write(ctx, "save session", func(tx *tx) error {
		if len(old) > 0 {
			// In the order of EndSession, and before the old session is ended.
			for _, query := range [...]string{sqlSpoilFormer, sqlRevokeFormer} {
				if _, err := tx.exec(query, at, session.Realm, old, session.Person); err != nil {
					return err
				}
			}
			if _, err := tx.exec(sqlTellFormer, at, at+logoutsRemembered, session.Realm, old, session.Person); err != nil {
				return err
			}
			if _, err := tx.exec(sqlRenewSession, at, session.Realm, old); err != nil {
				return err
			}
		}
		_, err := tx.exec(sqlAddSession, session.Realm, bytes(session.Hash), session.ID, session.Person, signIn, context, session.Account,
			session.Created, session.LastSeen, session.Expires, session.Ended)
		return err
	})
}

// Session gives a session that is neither ended nor expired at the instant.
func (s *Store) Session(ctx context.Context, realm string, hash []byte, at int64) (*tillit.Session, error) {
	session := &tillit.Session{Realm: realm, Hash: hash}
	var signIn, context string
	err := s.row(ctx, "session", sqlSession, []any{realm, bytes(hash), at}, &session.ID, &session.Person, &signIn, &context, &session.Account,
		&session.Created, &session.LastSeen, &session.Expires)
	if err != nil {
		return nil, err
	}
	if err := decode(signIn, &session.SignIn); err != nil {
		return nil, err
	}
	return session, decode(context, &session.Context)
}

// TouchSession notes that the session was used; one that ended is tillit.ErrNotFound.
func (s *Store) TouchSession(ctx context.Context, realm string, hash []byte, at, expires int64) error {
	return s.write(ctx, "touch session", func(tx *tx) error {
		return tx.change(tillit.ErrNotFound, sqlTouchSession, at, expires, realm, bytes(hash))
	})
}

// EndSession ends the session, revokes its grants that do not outlive it, spends
// the codes that would become such grants, and notes that its clients are to be
// told. Doing it twice is no error, and tells nobody twice.
func (s *Store) EndSession(ctx context.Context, realm, sid string, at int64, record *tillit.AuditRecord) error {
	if sid == "" { // it would name every grant without a session
		return fmt.Errorf("end session: %w: no sid was given", tillit.ErrNotFound)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return s.write(ctx, "end session", func(tx *tx) error {
		// Codes come before grants: this waits for redemptions under way, whose
		// grants are then seen.
		for _, query := range [...]string{sqlEndSession, sqlSpoilSession, sqlRevokeSession} {
			if _, err := tx.exec(query, at, realm, sid); err != nil {
				return err
			}
		}
		if _, err := tx.exec(sqlTellSession, at, at+logoutsRemembered, realm, sid); err != nil {
			return err
		}
		return tx.append(e)
	})
}
