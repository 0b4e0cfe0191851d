package store

import (
	"context"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddInteraction = `INSERT INTO interactions (realm, id, browser, purpose, step, client, request, ask, facts, context, person, language, catalog, created, expires, done, answer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	sqlInteraction = `SELECT browser, purpose, step, client, request, ask, facts, context, person, language, catalog, created, expires, done, answer
FROM interactions WHERE realm = $1 AND id = $2 AND expires > $3`
	sqlStepInteraction = `UPDATE interactions SET step = step + 1, browser = $1, purpose = $2, client = $3, request = $4, ask = $5, facts = $6, context = $7, person = $8,
language = $9, catalog = $10, expires = $11, done = $12, answer = $13
WHERE realm = $14 AND id = $15 AND step = $16 AND done = 0`
	sqlMoveBrowser = `UPDATE interactions SET browser = $1 WHERE realm = $2 AND browser = $3 AND done = 0`
)

// An interactionRow is an interaction as its columns.
type interactionRow struct {
	*tillit.Interaction
	ask, facts, context string
}

func encodeInteraction(i *tillit.Interaction) (row interactionRow, err error) {
	row.Interaction = i
	if row.ask, err = encode(i.Ask); err != nil {
		return row, err
	}
	if row.facts, err = encode(i.Facts); err != nil {
		return row, err
	}
	row.context, err = encode(i.Context)
	return row, err
}

// step stores the row if its step is still the stored one and nothing ended it.
func (row interactionRow) step(tx *tx, done int64) error {
	return tx.change(tillit.ErrStale, sqlStepInteraction, bytes(row.Browser), row.Purpose, string(row.Client), string(row.Request), row.ask, row.facts, row.context,
		row.Person, row.Language, row.Catalog, row.Expires, done, string(row.Answer), row.Realm, row.ID, int64(row.Step))
}

// SaveInteraction inserts a new interaction.
func (s *Store) SaveInteraction(ctx context.Context, i *tillit.Interaction) error {
	row, err := encodeInteraction(i)
	if err != nil {
		return fmt.Errorf("save interaction: %w", err)
	}
	return s.write(ctx, "save interaction", func(tx *tx) error {
		_, err := tx.exec(sqlAddInteraction, i.Realm, i.ID, bytes(i.Browser), i.Purpose, int64(i.Step), string(i.Client), string(i.Request), row.ask, row.facts, row.context,
			i.Person, i.Language, i.Catalog, i.Created, i.Expires, i.Done, string(i.Answer))
		return err
	})
}

// Interaction gives an interaction, open or done, that is not expired at the instant.
func (s *Store) Interaction(ctx context.Context, realm, id string, at int64) (*tillit.Interaction, error) {
	i := &tillit.Interaction{Realm: realm, ID: id}
	var request, ask, facts, context, answer string
	err := s.row(ctx, "interaction", sqlInteraction, []any{realm, id, at}, &i.Browser, &i.Purpose, &i.Step, &i.Client, &request, &ask, &facts, &context,
		&i.Person, &i.Language, &i.Catalog, &i.Created, &i.Expires, &i.Done, &answer)
	if err != nil {
		return nil, err
	}
	i.Request, i.Answer = raw(request), raw(answer)
	if err := decode(ask, &i.Ask); err != nil {
		return nil, err
	}
	if err := decode(facts, &i.Facts); err != nil {
		return nil, err
	}
	return i, decode(context, &i.Context)
}

// StepInteraction stores the interaction if the stored step is still i.Step, and
// raises it, there and in i; else tillit.ErrStale.
func (s *Store) StepInteraction(ctx context.Context, i *tillit.Interaction, record *tillit.AuditRecord) error {
	row, err := encodeInteraction(i)
	if err != nil {
		return fmt.Errorf("step interaction: %w", err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("step interaction: %w", err)
	}
	err = s.write(ctx, "step interaction", func(tx *tx) error {
		if err := row.step(tx, i.Done); err != nil {
			return err
		}
		return tx.append(e)
	})
	if err == nil {
		i.Step++
	}
	return err
}

// FinishInteraction ends an open interaction and stores what it led to, in one
// commit: the code, the grant of tokens issued at once, the consent that is
// remembered, and the record. An interaction that moved on is tillit.ErrStale.
func (s *Store) FinishInteraction(ctx context.Context, i *tillit.Interaction, code *tillit.Code, grant *tillit.Grant, remembered []tillit.Remembered, record *tillit.AuditRecord) error {
	job, err := finishing(i, code, grant, remembered, record)
	if err != nil {
		return fmt.Errorf("finish interaction: %w", err)
	}
	if err := s.write(ctx, "finish interaction", job); err != nil {
		return err
	}
	i.Step++
	return nil
}

func finishing(i *tillit.Interaction, code *tillit.Code, grant *tillit.Grant, remembered []tillit.Remembered, record *tillit.AuditRecord) (func(*tx) error, error) {
	if err := oneRealm(i.Realm, code, grant, nil, nil, record); err != nil {
		return nil, err
	}
	row, err := encodeInteraction(i)
	if err != nil {
		return nil, err
	}
	codeRow, err := encodeCode(code)
	if err != nil {
		return nil, err
	}
	grantRow, err := encodeGrant(grant)
	if err != nil {
		return nil, err
	}
	consents, err := encodeRemembered(remembered)
	if err != nil {
		return nil, err
	}
	e, err := prepare(record)
	if err != nil {
		return nil, err
	}
	done := i.Done
	if done == 0 {
		done = max(1, instant(record, i.Created)) // 0 would leave it open
	}
	return func(tx *tx) error {
		if err := row.step(tx, done); err != nil {
			return err
		}
		if err := codeRow.add(tx); err != nil {
			return err
		}
		if err := grantRow.save(tx); err != nil {
			return err
		}
		for _, consent := range consents {
			if err := consent.save(tx); err != nil {
				return err
			}
		}
		return tx.append(e)
	}, nil
}

// MoveBrowser gives every open interaction of one browser cookie to another.
func (s *Store) MoveBrowser(ctx context.Context, realm string, from, to []byte) error {
	if len(from) == 0 {
		return nil // no cookie, nothing of its own
	}
	return s.write(ctx, "move browser", func(tx *tx) error {
		_, err := tx.exec(sqlMoveBrowser, bytes(to), realm, bytes(from))
		return err
	})
}
