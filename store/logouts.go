package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

// logoutsRemembered is how long it is known that a client was told of the end of
// a session (seconds): asking to end it once more tells nobody twice.
const logoutsRemembered = 7 * 86400

const (
	// A client is told once, however many grants it had. Rows are made in the
	// commit that ends the session, from what stands there at that instant.
	sqlTellSession = `INSERT INTO logouts (realm, session, client, grant_id, due, tries, done, expires)
SELECT g.realm, g.session, g.client, max(g.id), CAST($1 AS BIGINT), 0, 0, CAST($2 AS BIGINT)
FROM grants g WHERE g.realm = $3 AND g.session = $4 GROUP BY g.realm, g.session, g.client
ON CONFLICT (realm, session, client) DO NOTHING`
	sqlTellFormer = `INSERT INTO logouts (realm, session, client, grant_id, due, tries, done, expires)
SELECT g.realm, g.session, g.client, max(g.id), CAST($1 AS BIGINT), 0, 0, CAST($2 AS BIGINT)
FROM grants g WHERE g.realm = $3
AND g.session IN (SELECT s.sid FROM sessions s WHERE s.realm = $3 AND s.hash = $4 AND s.person <> $5 AND s.sid <> '' AND s.ended = 0)
GROUP BY g.realm, g.session, g.client
ON CONFLICT (realm, session, client) DO NOTHING`
	sqlLogoutsDue = `SELECT count(session) FROM logouts WHERE done = 0 AND due <= $1`
	// The condition stands outside too: of two that take at once, the second finds
	// the row moved ahead.
	sqlTakeLogouts = `UPDATE logouts SET due = $1, tries = tries + 1 WHERE done = 0 AND due <= $2
AND (realm, session, client) IN (SELECT x.realm, x.session, x.client FROM logouts x WHERE x.done = 0 AND x.due <= $2 ORDER BY x.due LIMIT $3)
RETURNING realm, session, client, grant_id, tries`
	sqlDelayLogout = `UPDATE logouts SET due = $1 WHERE realm = $2 AND session = $3 AND client = $4 AND tries = $5 AND done = 0`
	sqlLogoutDone  = `UPDATE logouts SET done = $1 WHERE realm = $2 AND session = $3 AND client = $4 AND done = 0`

	sqlSessionsOf = `SELECT hash, sid, sign_in, account, created, last_seen, expires FROM sessions
WHERE realm = $1 AND person = $2 AND ended = 0 AND expires > $3 ORDER BY last_seen DESC, sid LIMIT $4`
	sqlSessionClients = `SELECT DISTINCT client FROM grants WHERE realm = $1 AND session = $2 ORDER BY client LIMIT $3`
)

// sessionsShown bounds the list of a person's sessions, and of the clients in one.
const sessionsShown = 100

// TakeLogouts gives clients that are to be told now of the end of a session, and
// nobody else until lease: whoever took them and died leaves them to the next.
// Each carries how often it was taken, this time included.
func (s *Store) TakeLogouts(ctx context.Context, at, lease int64, limit int) ([]tillit.Logout, error) {
	var due int64
	if err := s.row(ctx, "logouts", sqlLogoutsDue, []any{at}, &due); err != nil || due == 0 {
		return nil, err
	}
	var list []tillit.Logout
	err := s.write(ctx, "take logouts", func(tx *tx) error {
		list = nil // the job may run again
		return tx.rows(sqlTakeLogouts, []any{lease, at, limit}, func(scan scan) error {
			var l tillit.Logout
			err := scan(&l.Realm, &l.Session, &l.Client, &l.Grant, &l.Tries)
			list = append(list, l)
			return err
		})
	})
	return list, err
}

// DelayLogout lets the client be told again at the instant, unless somebody else
// has taken it since.
func (s *Store) DelayLogout(ctx context.Context, l tillit.Logout, due int64) error {
	return s.write(ctx, "delay logout", func(tx *tx) error {
		_, err := tx.exec(sqlDelayLogout, due, l.Realm, l.Session, string(l.Client), l.Tries)
		return err
	})
}

// LogoutDone ends it: the client was told, wants not to be, or was given up.
func (s *Store) LogoutDone(ctx context.Context, l tillit.Logout, at int64) error {
	return s.write(ctx, "logout done", func(tx *tx) error {
		_, err := tx.exec(sqlLogoutDone, max(1, at), l.Realm, l.Session, string(l.Client))
		return err
	})
}

// Sessions lists a person's living sessions, the one used last first.
func (s *Store) Sessions(ctx context.Context, realm, person string, at int64) ([]tillit.Session, error) {
	var list []tillit.Session
	err := s.rows(ctx, "sessions", sqlSessionsOf, []any{realm, person, at, sessionsShown}, func(scan scan) error {
		session := tillit.Session{Realm: realm, Person: person}
		var signIn string
		if err := scan(&session.Hash, &session.ID, &signIn, &session.Account, &session.Created, &session.LastSeen, &session.Expires); err != nil {
			return err
		}
		list = append(list, session)
		return decode(signIn, &list[len(list)-1].SignIn)
	})
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	return list, nil
}

// SessionClients lists the clients that took part in a session, in order.
func (s *Store) SessionClients(ctx context.Context, realm, sid string) ([]tillit.ClientID, error) {
	var list []tillit.ClientID
	err := s.rows(ctx, "clients of a session", sqlSessionClients, []any{realm, sid, sessionsShown}, func(scan scan) error {
		var id string
		err := scan(&id)
		list = append(list, tillit.ClientID(id))
		return err
	})
	return list, err
}
