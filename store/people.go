package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tillit/tillit"
	"golang.org/x/text/unicode/norm"
)

const (
	sqlPerson           = `SELECT id, username, password, subject, attributes, disabled, updated FROM people WHERE realm = $1 AND id = $2`
	sqlPersonBySubject  = `SELECT id, username, password, subject, attributes, disabled, updated FROM people WHERE realm = $1 AND subject = $2`
	sqlPersonByUsername = `SELECT id, username, password, subject, attributes, disabled, updated FROM people WHERE realm = $1 AND folded = $2`
	sqlPeople           = `SELECT id, username, password, subject, attributes, disabled, updated FROM people WHERE realm = $1 ORDER BY folded`
	sqlPutPerson        = `INSERT INTO people (realm, id, username, folded, password, subject, attributes, disabled, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (realm, id) DO UPDATE SET username = excluded.username, folded = excluded.folded, password = excluded.password, subject = excluded.subject,
attributes = excluded.attributes, disabled = excluded.disabled, updated = excluded.updated`
	// A subject belongs to whoever had it first, also after that person was erased.
	sqlTakeSubject = `INSERT INTO subjects (realm, subject, person) VALUES ($1, $2, $3)
ON CONFLICT (realm, subject) DO UPDATE SET person = excluded.person WHERE subjects.person = excluded.person`
	sqlRetireSubjects   = `UPDATE subjects SET person = '' WHERE realm = $1 AND person = $2`
	sqlChangePassword   = `UPDATE people SET password = $1, updated = $2 WHERE realm = $3 AND id = $4 AND password = $5`
	sqlChangeAttributes = `UPDATE people SET attributes = $1 WHERE realm = $2 AND id = $3 AND attributes = $4`
	sqlEndOthers        = `UPDATE sessions SET ended = $1 WHERE realm = $2 AND person = $3 AND sid <> $4 AND ended = 0`
	sqlDropOthers       = `DELETE FROM interactions WHERE realm = $1 AND person = $2 AND id <> $3 AND done = 0`
	sqlErasePerson      = `DELETE FROM people WHERE realm = $1 AND id = $2`
)

// actRemembered is how long an act is known by its interaction, in seconds: longer
// than an interaction lives.
const actRemembered = 24 * 60 * 60

// What else of a person goes when the person is erased, in this order: each waits
// for what is under way on its rows, and what comes of it is seen by those that
// follow. Interactions become codes, codes grants, refresh tokens others of their
// kind, which is why those come twice.
var eraseAlso = [...]string{
	`DELETE FROM interactions WHERE realm = $1 AND person = $2`,
	`DELETE FROM sessions WHERE realm = $1 AND person = $2`,
	`DELETE FROM codes WHERE realm = $1 AND person = $2`,
	sqlEraseRefresh,
	sqlEraseRefresh,
	`DELETE FROM opaque_tokens WHERE realm = $1 AND grant_id IN (SELECT g.id FROM grants g WHERE g.realm = $1 AND g.person = $2)`,
	`DELETE FROM withdrawn WHERE realm = $1 AND grant_id IN (SELECT g.id FROM grants g WHERE g.realm = $1 AND g.person = $2)`,
	`DELETE FROM logouts WHERE realm = $1 AND grant_id IN (SELECT g.id FROM grants g WHERE g.realm = $1 AND g.person = $2)`,
	`DELETE FROM grants WHERE realm = $1 AND person = $2`,
	`DELETE FROM remembered WHERE realm = $1 AND person = $2`,
	`DELETE FROM pseudonyms WHERE realm = $1 AND person = $2`,
	`DELETE FROM certificates WHERE realm = $1 AND kind = 'person' AND holder = $2`,
	`DELETE FROM passkeys WHERE realm = $1 AND person = $2`,
	`DELETE FROM acts WHERE realm = $1 AND person = $2`,
	`DELETE FROM transactions WHERE realm = $1 AND person = $2`,
	`DELETE FROM contents WHERE realm = $1 AND order_id IN (SELECT o.id FROM orders o WHERE o.realm = $1 AND o.person = $2)`,
	`DELETE FROM orders WHERE realm = $1 AND person = $2`,
}

const sqlEraseRefresh = `DELETE FROM refresh_tokens WHERE realm = $1 AND grant_id IN (SELECT g.id FROM grants g WHERE g.realm = $1 AND g.person = $2)`

// Fold gives a user name as it is compared: "Åse" and "åse" are one, however
// their letters are composed.
func Fold(username string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(username))))
}

// Person gives a person by the internal id.
func (s *Store) Person(ctx context.Context, realm, id string) (*tillit.Person, error) {
	return s.person(ctx, sqlPerson, realm, id)
}

// PersonBySubject gives a person by the public subject identifier.
func (s *Store) PersonBySubject(ctx context.Context, realm string, subject tillit.Subject) (*tillit.Person, error) {
	return s.person(ctx, sqlPersonBySubject, realm, string(subject))
}

// PersonByUsername gives a person by user name, compared as Fold says.
func (s *Store) PersonByUsername(ctx context.Context, realm, username string) (*tillit.Person, error) {
	return s.person(ctx, sqlPersonByUsername, realm, Fold(username))
}

func (s *Store) person(ctx context.Context, query, realm, key string) (*tillit.Person, error) {
	people, err := s.people(ctx, query, realm, key)
	if err == nil && len(people) == 0 {
		err = fmt.Errorf("person: %w", tillit.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &people[0], nil
}

// People lists the people of a realm by user name.
func (s *Store) People(ctx context.Context, realm string) ([]tillit.Person, error) {
	return s.people(ctx, sqlPeople, realm)
}

func (s *Store) people(ctx context.Context, query, realm string, args ...any) ([]tillit.Person, error) {
	var people []tillit.Person
	err := s.rows(ctx, "people", query, append([]any{realm}, args...), func(scan scan) error {
		p := tillit.Person{Realm: realm}
		var attributes string
		if err := scan(&p.ID, &p.Username, &p.Password, &p.Subject, &attributes, &p.Disabled, &p.Updated); err != nil {
			return err
		}
		p.Attributes = raw(attributes)
		people = append(people, p)
		return nil
	})
	return people, err
}

// PutPerson stores a person, new or known by the id. A user name or subject that
// is another's, and a subject that ever was, is tillit.ErrConflict.
func (s *Store) PutPerson(ctx context.Context, p *tillit.Person) error {
	return s.write(ctx, "put person", func(tx *tx) error {
		if err := tx.change(tillit.ErrConflict, sqlTakeSubject, p.Realm, string(p.Subject), p.ID); err != nil {
			return err
		}
		_, err := tx.exec(sqlPutPerson, p.Realm, p.ID, p.Username, Fold(p.Username), p.Password, string(p.Subject), string(p.Attributes), p.Disabled, p.Updated)
		return err
	})
}

// ChangePassword gives a person another password in place of the one they were
// read with, once for the interaction it was chosen in. In the same commit all
// their sessions end but the present one, and what they had begun elsewhere.
// tillit.ErrStale: somebody else changed it first.
func (s *Store) ChangePassword(ctx context.Context, p *tillit.Person, password, interaction, sid string, at int64, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return s.write(ctx, "change password", func(tx *tx) error {
		if err := tx.change(tillit.ErrStale, sqlChangePassword, password, at, p.Realm, p.ID, p.Password); err != nil {
			return err
		}
		if _, err := tx.exec(sqlKeepAct, p.Realm, interaction, string(tillit.NeedChangePassword), p.ID, "{}", at+actRemembered); err != nil {
			return err
		}
		if _, err := tx.exec(sqlEndOthers, at, p.Realm, p.ID, sid); err != nil {
			return err
		}
		if _, err := tx.exec(sqlDropOthers, p.Realm, p.ID, interaction); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// ChangeAttributes gives a person other attributes in place of those they were
// read with; everything else stays. tillit.ErrStale: somebody else changed them
// first.
func (s *Store) ChangeAttributes(ctx context.Context, p *tillit.Person, attributes json.RawMessage, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("change attributes: %w", err)
	}
	return s.write(ctx, "change attributes", func(tx *tx) error {
		if err := tx.change(tillit.ErrStale, sqlChangeAttributes, string(attributes), p.Realm, p.ID, string(p.Attributes)); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// RemovePerson erases a person with everything issued or agreed. The subject is
// never given again; audit records stay, but nothing ties their pseudonym to the
// person any longer. An unknown person is tillit.ErrNotFound.
func (s *Store) RemovePerson(ctx context.Context, realm, id string, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("remove person: %w", err)
	}
	return s.write(ctx, "remove person", func(tx *tx) error {
		if err := tx.change(tillit.ErrNotFound, sqlErasePerson, realm, id); err != nil {
			return err
		}
		if _, err := tx.exec(sqlRetireSubjects, realm, id); err != nil {
			return err
		}
		for _, query := range eraseAlso {
			if _, err := tx.exec(query, realm, id); err != nil {
				return err
			}
		}
		return tx.append(e)
	})
}
