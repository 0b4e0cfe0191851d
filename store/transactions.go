package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddTransaction = `INSERT INTO transactions (realm, id, client, person, acr, signals, began, asked, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)`
	sqlTransaction    = `SELECT client, person, acr, signals, began, asked, expires FROM transactions WHERE realm = $1 AND id = $2`
	sqlTransactionsOf = `SELECT id, client, acr, signals, began, asked, expires FROM transactions WHERE realm = $1 AND person = $2 AND expires > $3 ORDER BY began DESC, id LIMIT $4`
	sqlAskAbout       = `UPDATE transactions SET asked = $1 WHERE realm = $2 AND id = $3 AND asked = 0 AND expires > $1`
	sqlPolled         = `SELECT polled FROM transactions WHERE realm = $1 AND id = $2`
	sqlPoll           = `UPDATE transactions SET polled = $1 WHERE realm = $2 AND id = $3 AND polled <= $4`
)

// transactionsShown bounds the list of a person's sign-ins.
const transactionsShown = 50

// AddTransaction keeps what a browser told at a sign-in.
func (s *Store) AddTransaction(ctx context.Context, t *tillit.Transaction) error {
	signals, err := encode(t.Signals)
	if err != nil {
		return fmt.Errorf("add transaction: %w", err)
	}
	return s.write(ctx, "add transaction", func(tx *tx) error {
		_, err := tx.exec(sqlAddTransaction, t.Realm, t.ID, string(t.Client), t.Person, t.ACR, signals, t.Began, t.Expires)
		return err
	})
}

// Transaction gives a sign-in, also one of which nothing is told any more, until
// it is swept.
func (s *Store) Transaction(ctx context.Context, realm, id string) (*tillit.Transaction, error) {
	t := &tillit.Transaction{Realm: realm, ID: id}
	var signals string
	err := s.row(ctx, "transaction", sqlTransaction, []any{realm, id}, &t.Client, &t.Person, &t.ACR, &signals, &t.Began, &t.Asked, &t.Expires)
	if err == nil && signals != "" {
		err = decode(signals, &t.Signals)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// TransactionsOf lists the sign-ins of a person of which something is still told,
// the latest first, at most 50.
func (s *Store) TransactionsOf(ctx context.Context, realm, person string, at int64) ([]tillit.Transaction, error) {
	var list []tillit.Transaction
	err := s.rows(ctx, "transactions of a person", sqlTransactionsOf, []any{realm, person, at, transactionsShown}, func(scan scan) error {
		t := tillit.Transaction{Realm: realm, Person: person}
		var signals string
		err := scan(&t.ID, &t.Client, &t.ACR, &signals, &t.Began, &t.Asked, &t.Expires)
		if err == nil && signals != "" {
			err = decode(signals, &t.Signals)
		}
		list = append(list, t)
		return err
	})
	return list, err
}

// AskAbout notes that a client asks about a sign-in, and says whether it is the
// first time: of several at once, one. Then the record is kept with it.
func (s *Store) AskAbout(ctx context.Context, realm, id string, at int64, record *tillit.AuditRecord) (first bool, err error) {
	e, err := prepare(record)
	if err != nil {
		return false, fmt.Errorf("ask about a transaction: %w", err)
	}
	err = s.write(ctx, "ask about a transaction", func(tx *tx) error {
		n, err := tx.exec(sqlAskAbout, at, realm, id)
		if first = n > 0; err != nil || !first {
			return err
		}
		return tx.append(e)
	})
	return first, err
}

// PollTransaction notes that a client asks about a sign-in once more, at the
// instant at, unless less than pause has gone by since it last did (both in
// milliseconds). Then nothing is noted, and wait is how much longer it has to
// wait; of several at once one need not.
func (s *Store) PollTransaction(ctx context.Context, realm, id string, at, pause int64) (wait int64, err error) {
	var polled int64
	left := func() int64 { return min(pause, max(0, polled+pause-at)) }
	if err := s.row(ctx, "poll a transaction", sqlPolled, []any{realm, id}, &polled); err != nil {
		return 0, err
	}
	if wait = left(); wait > 0 { // who asks all the time costs no write
		return wait, nil
	}
	err = s.write(ctx, "poll a transaction", func(tx *tx) error {
		wait = 0
		n, err := tx.exec(sqlPoll, at, realm, id, at-pause)
		if err != nil || n > 0 {
			return err
		}
		if err := tx.row(sqlPolled, []any{realm, id}, &polled); err != nil {
			return err
		}
		wait = max(1, left())
		return nil
	})
	return wait, err
}
