package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlBeginList = `INSERT INTO lists (realm, name, digest, version, entries, stored, active, changed) VALUES ($1, $2, $3, $4, $5, 0, FALSE, 0)
ON CONFLICT (realm, name, digest) DO UPDATE SET version = excluded.version`
	sqlList     = `SELECT entries, stored, active FROM lists WHERE realm = $1 AND name = $2 AND digest = $3`
	sqlLists    = `SELECT name, digest, version, entries, stored, active, changed FROM lists WHERE realm = $1 ORDER BY name, digest`
	sqlGrowList = `UPDATE lists SET stored = stored + $1 WHERE realm = $2 AND name = $3 AND digest = $4 AND stored = $5 AND active = FALSE`
	sqlAddEntry = `INSERT INTO listed (realm, list, digest, position, document) VALUES ($1, $2, $3, $4, $5)`
	sqlEntries  = `SELECT document FROM listed WHERE realm = $1 AND list = $2 AND digest = $3 ORDER BY position`
	sqlUseList  = `UPDATE lists SET active = TRUE, changed = $1 WHERE realm = $2 AND name = $3 AND digest = $4 AND stored = entries AND active = FALSE`
	sqlDropList = `DELETE FROM lists WHERE realm = $1 AND name = $2 AND digest <> $3`
	sqlDropRows = `DELETE FROM listed WHERE realm = $1 AND list = $2 AND digest <> $3`
)

// BeginList begins to store a version of a list, or goes on with it, and says how
// many entries are there already.
func (s *Store) BeginList(ctx context.Context, l *tillit.ScreeningList) (stored int64, err error) {
	err = s.write(ctx, "begin list", func(tx *tx) error {
		if _, err := tx.exec(sqlBeginList, l.Realm, l.Name, l.Digest, l.Version, l.Entries); err != nil {
			return err
		}
		var entries int64
		var active bool
		return tx.row(sqlList, []any{l.Realm, l.Name, l.Digest}, &entries, &stored, &active)
	})
	return stored, err
}

// AddEntries stores the entries that follow the first ones; tillit.ErrStale when
// others were stored meanwhile.
func (s *Store) AddEntries(ctx context.Context, l *tillit.ScreeningList, first int64, entries []tillit.ListEntry) error {
	documents := make([]string, len(entries))
	for i := range entries {
		var err error
		if documents[i], err = encode(&entries[i]); err != nil {
			return fmt.Errorf("add entries: %w", err)
		}
	}
	realm, name, digest := l.Realm, l.Name, l.Digest
	return s.write(ctx, "add entries", func(tx *tx) error {
		if err := tx.change(tillit.ErrStale, sqlGrowList, int64(len(documents)), realm, name, digest, first); err != nil {
			return err
		}
		for i, document := range documents {
			if _, err := tx.exec(sqlAddEntry, realm, name, digest, first+int64(i), document); err != nil {
				return err
			}
		}
		return nil
	})
}

// UseList makes a version the one that is compared with and takes the others of
// the list away. One that is not whole is tillit.ErrStale; one that is in use
// stays so.
func (s *Store) UseList(ctx context.Context, l *tillit.ScreeningList, at int64, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("use list: %w", err)
	}
	realm, name, digest := l.Realm, l.Name, l.Digest
	return s.write(ctx, "use list", func(tx *tx) error {
		n, err := tx.exec(sqlUseList, at, realm, name, digest)
		if err != nil {
			return err
		}
		if n == 0 {
			var entries, stored int64
			var active bool
			if err := tx.take(tillit.ErrStale, sqlList, []any{realm, name, digest}, &entries, &stored, &active); err != nil || active {
				return err
			}
			return tillit.ErrStale
		}
		for _, query := range []string{sqlDropRows, sqlDropList} {
			if _, err := tx.exec(query, realm, name, digest); err != nil {
				return err
			}
		}
		return tx.append(e)
	})
}

// Lists gives the versions of a realm's lists, those on their way too.
func (s *Store) Lists(ctx context.Context, realm string) ([]tillit.ScreeningList, error) {
	var list []tillit.ScreeningList
	err := s.rows(ctx, "lists", sqlLists, []any{realm}, func(scan scan) error {
		l := tillit.ScreeningList{Realm: realm}
		err := scan(&l.Name, &l.Digest, &l.Version, &l.Entries, &l.Stored, &l.Current, &l.Changed)
		list = append(list, l)
		return err
	})
	return list, err
}

// Entries gives what stands on a version of a list.
func (s *Store) Entries(ctx context.Context, l *tillit.ScreeningList) ([]tillit.ListEntry, error) {
	list := make([]tillit.ListEntry, 0, l.Stored)
	err := s.rows(ctx, "entries", sqlEntries, []any{l.Realm, l.Name, l.Digest}, func(scan scan) error {
		var document string
		var entry tillit.ListEntry
		err := scan(&document)
		if err == nil {
			err = decode(document, &entry)
		}
		list = append(list, entry)
		return err
	})
	return list, err
}
