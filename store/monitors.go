package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

// receivedRemembered is how long it is known of an alert that it was received
// (seconds).
const receivedRemembered = 7 * 86400

const (
	sqlAddMonitor = `INSERT INTO monitors (realm, server, id, client, template, document, watched, revision, state, lease, raised, created)
VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '', 0, 0, $7)`
	sqlCountMonitors  = `SELECT count(id) FROM monitors WHERE realm = $1 AND server = $2 AND client = $3`
	sqlMonitors       = `SELECT id, template, document, watched, revision, created FROM monitors WHERE realm = $1 AND server = $2 AND client = $3 ORDER BY created, id`
	sqlMonitor        = `SELECT client, template, document, watched, revision, created FROM monitors WHERE realm = $1 AND server = $2 AND id = $3`
	sqlMonitorClients = `SELECT DISTINCT client FROM monitors WHERE realm = $1 AND server = $2 ORDER BY client`
	sqlRemoveMonitor  = `DELETE FROM monitors WHERE realm = $1 AND server = $2 AND id = $3`
	sqlMonitorsLeft   = `SELECT id FROM monitors WHERE realm = $1 AND server = $2 AND client = $3 ORDER BY id`

	sqlGrowMonitor = `UPDATE monitors SET watched = watched + $1, revision = revision + 1, state = '' WHERE realm = $2 AND server = $3 AND id = $4
AND watched + $1 <= $5`
	sqlShrinkMonitor = `UPDATE monitors SET watched = watched - $1 WHERE realm = $2 AND server = $3 AND id = $4`
	sqlWatch         = `INSERT INTO watched (realm, server, monitor, id, kind, document, hits, state) VALUES ($1, $2, $3, $4, $5, $6, $7, '')`
	sqlUnwatch       = `DELETE FROM watched WHERE realm = $1 AND server = $2 AND monitor = $3 AND id = $4 AND kind = $5`
	sqlDropAlerts    = `DELETE FROM alerts WHERE realm = $1 AND server = $2 AND monitor = $3 AND watched = $4`

	sqlAlerts       = `SELECT id, watched, document, created, expires FROM alerts WHERE realm = $1 AND server = $2 AND monitor = $3 AND received = 0 ORDER BY created, id LIMIT $4`
	sqlOpenAlerts   = `SELECT count(id) FROM alerts WHERE realm = $1 AND server = $2 AND monitor = $3 AND received = 0`
	sqlReceiveAlert = `UPDATE alerts SET received = $1, document = $2, expires = $3 WHERE realm = $4 AND server = $5 AND monitor = $6 AND id = $7 AND received = 0`
	sqlAlertThere   = `SELECT received FROM alerts WHERE realm = $1 AND server = $2 AND monitor = $3 AND id = $4`
	sqlAddAlert     = `INSERT INTO alerts (realm, server, monitor, id, watched, document, created, received, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)`

	sqlMonitorsDue = `SELECT count(id) FROM monitors WHERE realm = $1 AND server = $2 AND template = $3 AND state <> $4 AND lease <= $5`
	// The condition stands outside too, as it does for logouts: of two that take at
	// once, the second finds the row moved ahead.
	sqlTakeMonitors = `UPDATE monitors SET lease = $1 WHERE realm = $2 AND server = $3 AND template = $4 AND state <> $5 AND lease <= $6
AND id IN (SELECT x.id FROM monitors x WHERE x.realm = $2 AND x.server = $3 AND x.template = $4 AND x.state <> $5 AND x.lease <= $6 ORDER BY x.lease, x.id LIMIT $7)
RETURNING id, client, template, document, watched, revision, created`
	sqlUncompared   = `SELECT id, kind, document, hits, state FROM watched WHERE realm = $1 AND server = $2 AND monitor = $3 AND state <> $4 ORDER BY id LIMIT $5`
	sqlKeepCompared = `UPDATE watched SET hits = $1, state = $2 WHERE realm = $3 AND server = $4 AND monitor = $5 AND id = $6 AND state = $7`
	sqlRaise        = `UPDATE monitors SET raised = raised + $1, lease = $2 WHERE realm = $3 AND server = $4 AND id = $5`
	sqlMonitorDone  = `UPDATE monitors SET state = $1, lease = 0 WHERE realm = $2 AND server = $3 AND id = $4 AND revision = $5
AND NOT EXISTS (SELECT 1 FROM watched w WHERE w.realm = $2 AND w.server = $3 AND w.monitor = $4 AND w.state <> $1)`
	sqlReleaseMonitor = `UPDATE monitors SET lease = 0 WHERE realm = $1 AND server = $2 AND id = $3`

	sqlAddNotice = `INSERT INTO notices (realm, server, monitor, id, due, tries)
SELECT m.realm, m.server, m.id, CAST($1 AS TEXT), CAST($2 AS BIGINT), 0 FROM monitors m WHERE m.realm = $3 AND m.server = $4 AND m.id = $5 AND m.raised > 0
ON CONFLICT (realm, server, monitor) DO UPDATE SET id = excluded.id, due = excluded.due, tries = 0`
	sqlLower       = `UPDATE monitors SET raised = 0 WHERE realm = $1 AND server = $2 AND id = $3 AND raised > 0`
	sqlNoticesDue  = `SELECT count(monitor) FROM notices WHERE realm = $1 AND server = $2 AND due <= $3`
	sqlTakeNotices = `UPDATE notices SET due = $1, tries = tries + 1 WHERE realm = $2 AND server = $3 AND due <= $4
AND monitor IN (SELECT x.monitor FROM notices x WHERE x.realm = $2 AND x.server = $3 AND x.due <= $4 ORDER BY x.due, x.monitor LIMIT $5)
RETURNING monitor, id, tries`
	sqlDelayNotice = `UPDATE notices SET due = $1 WHERE realm = $2 AND server = $3 AND monitor = $4 AND id = $5 AND tries = $6`
	sqlNoticeDone  = `DELETE FROM notices WHERE realm = $1 AND server = $2 AND monitor = $3 AND id = $4`
)

// What goes with a monitor.
var dropMonitor = [...]string{
	`DELETE FROM notices WHERE realm = $1 AND server = $2 AND monitor = $3`,
	`DELETE FROM alerts WHERE realm = $1 AND server = $2 AND monitor = $3`,
	`DELETE FROM watched WHERE realm = $1 AND server = $2 AND monitor = $3`,
}

// AddMonitor stores a new monitor; tillit.ErrConflict when the client has as many
// as it may.
func (s *Store) AddMonitor(ctx context.Context, m *tillit.Monitor, most int64, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("add monitor: %w", err)
	}
	return s.write(ctx, "add monitor", func(tx *tx) error {
		if _, err := tx.exec(sqlAddMonitor, m.Realm, m.Server, m.ID, string(m.Client), m.Template, bytes(m.Document), m.Created); err != nil {
			return err
		}
		var count int64
		if err := tx.row(sqlCountMonitors, []any{m.Realm, m.Server, string(m.Client)}, &count); err != nil {
			return err
		}
		if count > most {
			return tillit.ErrConflict
		}
		return tx.append(e)
	})
}

// Monitors lists a client's monitors, the first made first.
func (s *Store) Monitors(ctx context.Context, realm, server string, client tillit.ClientID) ([]tillit.Monitor, error) {
	var list []tillit.Monitor
	err := s.rows(ctx, "monitors", sqlMonitors, []any{realm, server, string(client)}, func(scan scan) error {
		m := tillit.Monitor{Realm: realm, Server: server, Client: client}
		err := scan(&m.ID, &m.Template, &m.Document, &m.Watched, &m.Revision, &m.Created)
		list = append(list, m)
		return err
	})
	return list, err
}

// Monitor gives a monitor, whosever it is.
func (s *Store) Monitor(ctx context.Context, realm, server, id string) (*tillit.Monitor, error) {
	m := &tillit.Monitor{Realm: realm, Server: server, ID: id}
	err := s.row(ctx, "monitor", sqlMonitor, []any{realm, server, id}, &m.Client, &m.Template, &m.Document, &m.Watched, &m.Revision, &m.Created)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// MonitoringClients lists the clients that have monitors.
func (s *Store) MonitoringClients(ctx context.Context, realm, server string) ([]tillit.ClientID, error) {
	var list []tillit.ClientID
	err := s.rows(ctx, "clients with monitors", sqlMonitorClients, []any{realm, server}, func(scan scan) error {
		var client tillit.ClientID
		err := scan(&client)
		list = append(list, client)
		return err
	})
	return list, err
}

// RemoveMonitor deletes a monitor with all that it watches and found.
func (s *Store) RemoveMonitor(ctx context.Context, realm, server, id string, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("remove monitor: %w", err)
	}
	return s.write(ctx, "remove monitor", func(tx *tx) error {
		if err := tx.removeMonitor(realm, server, id); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// RemoveMonitors deletes all monitors of a client.
func (s *Store) RemoveMonitors(ctx context.Context, realm, server string, client tillit.ClientID) error {
	return s.write(ctx, "remove monitors", func(tx *tx) error {
		var all []string
		err := tx.rows(sqlMonitorsLeft, []any{realm, server, string(client)}, func(scan scan) error {
			var id string
			err := scan(&id)
			all = append(all, id)
			return err
		})
		for _, id := range all {
			if err == nil {
				err = tx.removeMonitor(realm, server, id)
			}
		}
		return err
	})
}

// removeMonitor deletes the monitor first: what is under way on its row is over
// then, and what it left behind goes too.
func (t *tx) removeMonitor(realm, server, id string) error {
	if err := t.change(tillit.ErrNotFound, sqlRemoveMonitor, realm, server, id); err != nil {
		return err
	}
	for _, query := range dropMonitor {
		if _, err := t.exec(query, realm, server, id); err != nil {
			return err
		}
	}
	return nil
}

// Watch adds to a monitor: all or, where more than most would be watched,
// none (tillit.ErrConflict).
func (s *Store) Watch(ctx context.Context, m *tillit.Monitor, all []tillit.Watched, most int64) error {
	return s.write(ctx, "watch", func(tx *tx) error {
		n, err := tx.exec(sqlGrowMonitor, int64(len(all)), m.Realm, m.Server, m.ID, most)
		if err != nil {
			return err
		}
		if n == 0 {
			there := *m
			err := tx.row(sqlMonitor, []any{m.Realm, m.Server, m.ID}, &there.Client, &there.Template, &there.Document, &there.Watched, &there.Revision, &there.Created)
			if err != nil {
				return err
			}
			return tillit.ErrConflict
		}
		for i := range all {
			w := &all[i]
			if _, err := tx.exec(sqlWatch, m.Realm, m.Server, m.ID, w.ID, w.Kind, bytes(w.Document), bytes(w.Hits)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Unwatch takes people or organizations away from a monitor, with their alerts:
// all or, where one is not there, none (tillit.ErrNotFound).
func (s *Store) Unwatch(ctx context.Context, m *tillit.Monitor, kind string, ids []string) error {
	return s.write(ctx, "unwatch", func(tx *tx) error {
		if err := tx.change(tillit.ErrNotFound, sqlShrinkMonitor, int64(len(ids)), m.Realm, m.Server, m.ID); err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.change(tillit.ErrNotFound, sqlUnwatch, m.Realm, m.Server, m.ID, id, kind); err != nil {
				return err
			}
			if _, err := tx.exec(sqlDropAlerts, m.Realm, m.Server, m.ID, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Alerts gives a monitor's oldest open alerts and how many are open.
func (s *Store) Alerts(ctx context.Context, m *tillit.Monitor, limit int) (list []tillit.Alert, open int64, err error) {
	if open, err = s.OpenAlerts(ctx, m.Realm, m.Server, m.ID); err != nil || open == 0 {
		return nil, open, err
	}
	err = s.rows(ctx, "alerts", sqlAlerts, []any{m.Realm, m.Server, m.ID, limit}, func(scan scan) error {
		var a tillit.Alert
		err := scan(&a.ID, &a.Watched, &a.Document, &a.Created, &a.Expires)
		list = append(list, a)
		return err
	})
	return list, max(open, int64(len(list))), err
}

// OpenAlerts counts the alerts of a monitor that were not received.
func (s *Store) OpenAlerts(ctx context.Context, realm, server, monitor string) (open int64, err error) {
	err = s.row(ctx, "open alerts", sqlOpenAlerts, []any{realm, server, monitor}, &open)
	return open, err
}

// ReceiveAlert notes that the client has an alert, and forgets what it said. One
// that was received before stays so; an unknown one is tillit.ErrNotFound.
func (s *Store) ReceiveAlert(ctx context.Context, m *tillit.Monitor, id string, at int64) error {
	return s.write(ctx, "receive alert", func(tx *tx) error {
		n, err := tx.exec(sqlReceiveAlert, max(1, at), []byte{}, at+receivedRemembered, m.Realm, m.Server, m.ID, id)
		if err != nil || n > 0 {
			return err
		}
		var received int64
		return tx.row(sqlAlertThere, []any{m.Realm, m.Server, m.ID, id}, &received)
	})
}

// TakeMonitors gives monitors of a template of which not all was compared with the
// lists in the state, to nobody else until lease.
func (s *Store) TakeMonitors(ctx context.Context, realm, server, template, state string, at, lease int64, limit int) ([]tillit.Monitor, error) {
	var due int64
	if err := s.row(ctx, "monitors due", sqlMonitorsDue, []any{realm, server, template, state, at}, &due); err != nil || due == 0 {
		return nil, err
	}
	var list []tillit.Monitor
	err := s.write(ctx, "take monitors", func(tx *tx) error {
		list = nil // the job may run again
		return tx.rows(sqlTakeMonitors, []any{lease, realm, server, template, state, at, limit}, func(scan scan) error {
			m := tillit.Monitor{Realm: realm, Server: server}
			err := scan(&m.ID, &m.Client, &m.Template, &m.Document, &m.Watched, &m.Revision, &m.Created)
			list = append(list, m)
			return err
		})
	})
	return list, err
}

// Uncompared gives some of those whom a monitor watches and who were not compared
// with the lists in the state.
func (s *Store) Uncompared(ctx context.Context, m *tillit.Monitor, state string, limit int) ([]tillit.Watched, error) {
	var list []tillit.Watched
	err := s.rows(ctx, "uncompared", sqlUncompared, []any{m.Realm, m.Server, m.ID, state, limit}, func(scan scan) error {
		var w tillit.Watched
		err := scan(&w.ID, &w.Kind, &w.Document, &w.Hits, &w.State)
		list = append(list, w)
		return err
	})
	return list, err
}

// KeepCompared stores what came of comparing, with the alerts, and keeps the
// monitor until lease. Of those whom somebody else compared meanwhile nothing is
// stored. tillit.ErrStale: the lists of these names are not in the state any more,
// and nothing is stored; tillit.ErrNotFound: there is no such monitor any more.
func (s *Store) KeepCompared(ctx context.Context, m *tillit.Monitor, names []string, state string, all []tillit.Compared, lease int64) error {
	return s.write(ctx, "keep compared", func(tx *tx) error {
		// First the monitor, whose row whoever removes it takes first as well.
		if err := tx.change(tillit.ErrNotFound, sqlRaise, int64(0), lease, m.Realm, m.Server, m.ID); err != nil {
			return err
		}
		var lists []tillit.ScreeningList
		err := tx.rows(sqlLists, []any{m.Realm}, func(scan scan) error {
			l := tillit.ScreeningList{Realm: m.Realm}
			err := scan(&l.Name, &l.Digest, &l.Version, &l.Entries, &l.Stored, &l.Current, &l.Changed)
			lists = append(lists, l)
			return err
		})
		if err != nil {
			return err
		}
		if tillit.ListState(lists, names) != state {
			return tillit.ErrStale
		}
		raised := int64(0)
		for i := range all {
			c := &all[i]
			n, err := tx.exec(sqlKeepCompared, bytes(c.Hits), state, m.Realm, m.Server, m.ID, c.ID, c.Before)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			for j := range c.Alerts {
				a := &c.Alerts[j]
				if _, err := tx.exec(sqlAddAlert, m.Realm, m.Server, m.ID, a.ID, a.Watched, bytes(a.Document), a.Created, a.Expires); err != nil {
					return err
				}
				raised++
			}
		}
		if raised == 0 {
			return nil
		}
		_, err = tx.exec(sqlRaise, raised, lease, m.Realm, m.Server, m.ID)
		return err
	})
}

// ReleaseMonitor leaves a monitor that was taken to whoever takes it next.
func (s *Store) ReleaseMonitor(ctx context.Context, m *tillit.Monitor) error {
	return s.write(ctx, "release monitor", func(tx *tx) error {
		_, err := tx.exec(sqlReleaseMonitor, m.Realm, m.Server, m.ID)
		return err
	})
}

// FinishComparing notes that all of a monitor was compared with the lists in the
// state. Where alerts came of it the client is to be told from the instant on, by
// one notice with the id, in place of one that it did not get yet. Where somebody
// was added meanwhile it is not finished, and anybody may go on.
func (s *Store) FinishComparing(ctx context.Context, m *tillit.Monitor, state, notice string, at int64) error {
	return s.write(ctx, "finish comparing", func(tx *tx) error {
		n, err := tx.exec(sqlMonitorDone, state, m.Realm, m.Server, m.ID, m.Revision)
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := tx.exec(sqlReleaseMonitor, m.Realm, m.Server, m.ID)
			return err
		}
		if n, err = tx.exec(sqlAddNotice, notice, at, m.Realm, m.Server, m.ID); err != nil || n == 0 {
			return err
		}
		_, err = tx.exec(sqlLower, m.Realm, m.Server, m.ID)
		return err
	})
}

// TakeNotices gives notices that are due, to nobody else until lease: whoever took
// them and died leaves them to the next.
func (s *Store) TakeNotices(ctx context.Context, realm, server string, at, lease int64, limit int) ([]tillit.Notice, error) {
	var due int64
	if err := s.row(ctx, "notices due", sqlNoticesDue, []any{realm, server, at}, &due); err != nil || due == 0 {
		return nil, err
	}
	var list []tillit.Notice
	err := s.write(ctx, "take notices", func(tx *tx) error {
		list = nil // the job may run again
		return tx.rows(sqlTakeNotices, []any{lease, realm, server, at, limit}, func(scan scan) error {
			n := tillit.Notice{Realm: realm, Server: server}
			err := scan(&n.Monitor, &n.ID, &n.Tries)
			list = append(list, n)
			return err
		})
	})
	return list, err
}

// DelayNotice lets a notice be taken again at the instant, unless somebody else
// has taken it since or another one is in its place.
func (s *Store) DelayNotice(ctx context.Context, n tillit.Notice, due int64) error {
	return s.write(ctx, "delay notice", func(tx *tx) error {
		_, err := tx.exec(sqlDelayNotice, due, n.Realm, n.Server, n.Monitor, n.ID, n.Tries)
		return err
	})
}

// NoticeDone ends a notice: the client was told, or was given up.
func (s *Store) NoticeDone(ctx context.Context, n tillit.Notice) error {
	return s.write(ctx, "notice done", func(tx *tx) error {
		_, err := tx.exec(sqlNoticeDone, n.Realm, n.Server, n.Monitor, n.ID)
		return err
	})
}
