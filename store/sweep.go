package store

import "context"

const (
	// codesRemembered is how long after its end a code is still known, so that
	// one redeemed twice ends what was issued for it (RFC 6749 §4.1.2).
	codesRemembered = 3600
	// revokedRemembered is how long a revoked grant can still be looked at.
	revokedRemembered = 86400
	// ordersRemembered is how long after its end an order is still told from one
	// that never was.
	ordersRemembered = 3600
	// transactionsRemembered is how long a sign-in of which nothing is told any
	// more is still told from one that never was.
	transactionsRemembered = 86400
)

// sweeps delete what has ended, a batch at a time. Each repeats its condition
// outside the subselect: a row renewed in the meantime stays.
var sweeps = [...]struct {
	query string
	after int64 // seconds after the end
}{
	{`DELETE FROM interactions WHERE expires <= $1 AND (realm, id) IN (SELECT x.realm, x.id FROM interactions x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM sessions WHERE expires <= $1 AND (realm, hash) IN (SELECT x.realm, x.hash FROM sessions x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM logouts WHERE expires <= $1 AND (realm, session, client) IN (SELECT x.realm, x.session, x.client FROM logouts x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM codes WHERE expires <= $1 AND (realm, hash) IN (SELECT x.realm, x.hash FROM codes x WHERE x.expires <= $1 LIMIT $2)`, codesRemembered},
	{`DELETE FROM refresh_tokens WHERE expires <= $1 AND (realm, hash) IN (SELECT x.realm, x.hash FROM refresh_tokens x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM opaque_tokens WHERE expires <= $1 AND (realm, hash) IN (SELECT x.realm, x.hash FROM opaque_tokens x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM revoked_tokens WHERE expires <= $1 AND (realm, jti) IN (SELECT x.realm, x.jti FROM revoked_tokens x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM initial_tokens WHERE expires <= $1 AND (realm, hash) IN (SELECT x.realm, x.hash FROM initial_tokens x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM attempts WHERE until <= $1 AND (realm, kind, hash) IN (SELECT x.realm, x.kind, x.hash FROM attempts x WHERE x.until <= $1 LIMIT $2)`, 0},
	{`DELETE FROM completions WHERE expires > 0 AND expires <= $1 AND (registry, source, organization, name) IN (SELECT x.registry, x.source, x.organization, x.name FROM completions x WHERE x.expires > 0 AND x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM grants WHERE expires > 0 AND expires <= $1 AND (realm, id) IN (SELECT x.realm, x.id FROM grants x WHERE x.expires > 0 AND x.expires <= $1 LIMIT $2)`, revokedRemembered},
	{`DELETE FROM grants WHERE revoked > 0 AND revoked <= $1 AND (realm, id) IN (SELECT x.realm, x.id FROM grants x WHERE x.revoked > 0 AND x.revoked <= $1 LIMIT $2)`, revokedRemembered},
	{`DELETE FROM orders WHERE deadline <= $1 AND (realm, id) IN (SELECT x.realm, x.id FROM orders x WHERE x.deadline <= $1 LIMIT $2)`, ordersRemembered},
	{`DELETE FROM contents WHERE expires <= $1 AND (realm, order_id, document, part) IN (SELECT x.realm, x.order_id, x.document, x.part FROM contents x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`UPDATE transactions SET signals = '', person = '' WHERE signals <> '' AND expires <= $1 AND (realm, id) IN (SELECT x.realm, x.id FROM transactions x WHERE x.signals <> '' AND x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM transactions WHERE expires <= $1 AND (realm, id) IN (SELECT x.realm, x.id FROM transactions x WHERE x.expires <= $1 LIMIT $2)`, transactionsRemembered},
	{`DELETE FROM alerts WHERE expires <= $1 AND (realm, server, monitor, id) IN (SELECT x.realm, x.server, x.monitor, x.id FROM alerts x WHERE x.expires <= $1 LIMIT $2)`, 0},
	{`DELETE FROM acts WHERE expires <= $1 AND (realm, interaction, kind) IN (SELECT x.realm, x.interaction, x.kind FROM acts x WHERE x.expires <= $1 LIMIT $2)`, 0},
}

const sqlSweepWithdrawn = `DELETE FROM withdrawn WHERE (realm, grant_id, item) IN (SELECT w.realm, w.grant_id, w.item FROM withdrawn w
WHERE NOT EXISTS (SELECT 1 FROM grants g WHERE g.realm = w.realm AND g.id = w.grant_id) LIMIT $1)`

// Sweep deletes rows that ended before the instant, at most limit of each kind,
// each kind in a commit of its own, and gives how many went. The wiring calls it
// again at once while it removes as many as it may.
func (s *Store) Sweep(ctx context.Context, at int64, limit int) (removed int, err error) {
	for _, sweep := range sweeps {
		n, err := s.sweep(ctx, sweep.query, at-sweep.after, limit)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	n, err := s.sweep(ctx, sqlSweepWithdrawn, limit)
	return removed + n, err
}

func (s *Store) sweep(ctx context.Context, query string, args ...any) (removed int, err error) {
	err = s.write(ctx, "sweep", func(tx *tx) error {
		n, err := tx.exec(query, args...)
		removed = int(n)
		return err
	})
	return removed, err
}
