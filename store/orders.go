package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tillit/tillit"
)

const (
	sqlAddOrder = `INSERT INTO orders (realm, id, server, client, state, interaction, person, document, result, created, deadline)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlOrder      = `SELECT server, client, state, interaction, person, document, result, created, deadline FROM orders WHERE realm = $1 AND id = $2`
	sqlOpenOrders = `SELECT count(*) FROM orders WHERE realm = $1 AND client = $2 AND deadline > $3`
	sqlClaimOrder = `UPDATE orders SET state = $1, interaction = $2, deadline = $3
WHERE realm = $4 AND id = $5 AND client = $6 AND state = $7 AND deadline > $8`
	sqlEndOrder = `UPDATE orders SET state = $1, person = $2, result = $3, deadline = $4
WHERE realm = $5 AND id = $6 AND interaction = $7 AND state = $8 AND deadline > $9`
	sqlRemoveOrder    = `DELETE FROM orders WHERE realm = $1 AND id = $2 AND state = $3`
	sqlAddContent     = `INSERT INTO contents (realm, order_id, document, part, body, expires) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlContent        = `SELECT body FROM contents WHERE realm = $1 AND order_id = $2 AND document = $3 AND part = $4`
	sqlRemoveContents = `DELETE FROM contents WHERE realm = $1 AND order_id = $2`
	sqlKeepAct        = `INSERT INTO acts (realm, interaction, kind, person, result, expires) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	sqlAct            = `SELECT result FROM acts WHERE realm = $1 AND interaction = $2 AND kind = $3`
)

// An orderDocument is what of an order never changes.
type orderDocument struct {
	Kind      string                 `json:"kind"`
	Name      string                 `json:"name"`
	Documents []tillit.OrderDocument `json:"documents"`
	Wanted    []string               `json:"wanted,omitempty"`
	Timeout   int64                  `json:"timeout"`
}

// AddOrder stores a new order. Its documents' contents were added before.
func (s *Store) AddOrder(ctx context.Context, o *tillit.Order) error {
	document, err := encode(orderDocument{o.Kind, o.Name, o.Documents, o.Wanted, o.Timeout})
	if err != nil {
		return fmt.Errorf("add order: %w", err)
	}
	return s.write(ctx, "add order", func(tx *tx) error {
		_, err := tx.exec(sqlAddOrder, o.Realm, o.ID, o.Server, string(o.Client), string(o.State), o.Interaction, o.Person,
			document, string(o.Result), o.Created, o.Deadline)
		return err
	})
}

// OpenOrders counts the orders of a client whose time is not over.
func (s *Store) OpenOrders(ctx context.Context, realm string, client tillit.ClientID, at int64) (count int, err error) {
	err = s.row(ctx, "open orders", sqlOpenOrders, []any{realm, string(client), at}, &count)
	return count, err
}

// Order gives an order, also one whose time is over, until it is swept.
func (s *Store) Order(ctx context.Context, realm, id string) (*tillit.Order, error) {
	o := &tillit.Order{Realm: realm, ID: id}
	var document, result string
	err := s.row(ctx, "order", sqlOrder, []any{realm, id}, &o.Server, &o.Client, &o.State, &o.Interaction, &o.Person,
		&document, &result, &o.Created, &o.Deadline)
	if err != nil {
		return nil, err
	}
	var d orderDocument
	if err := decode(document, &d); err != nil {
		return nil, err
	}
	o.Kind, o.Name, o.Documents, o.Wanted, o.Timeout, o.Result = d.Kind, d.Name, d.Documents, d.Wanted, d.Timeout, raw(result)
	return o, nil
}

// ClaimOrder begins the signing of a client's order in an interaction, until the
// instant until. One that is not there to be signed, or is in another
// interaction's hands, is tillit.ErrStale; the same interaction may claim it again.
func (s *Store) ClaimOrder(ctx context.Context, realm, id string, client tillit.ClientID, interaction string, at, until int64) error {
	return s.write(ctx, "claim order", func(tx *tx) error {
		changed, err := tx.exec(sqlClaimOrder, string(tillit.OrderSigning), interaction, until, realm, id, string(client), string(tillit.OrderReceived), at)
		if err != nil || changed > 0 {
			return err
		}
		o := tillit.Order{}
		var document, result string
		err = tx.take(tillit.ErrStale, sqlOrder, []any{realm, id}, &o.Server, &o.Client, &o.State, &o.Interaction, &o.Person,
			&document, &result, &o.Created, &o.Deadline)
		if err == nil && (o.Client != client || o.Interaction != interaction || o.At(at) == tillit.OrderExpired) {
			err = tillit.ErrStale
		}
		return err
	})
}

// EndOrder ends the signing of an order with what came of it, which is kept until
// the instant until. An order that is not being signed in the interaction, or has
// ended, is tillit.ErrStale and stays as it is.
func (s *Store) EndOrder(ctx context.Context, realm, id, interaction string, state tillit.OrderState, person string, result json.RawMessage, at, until int64) error {
	return s.write(ctx, "end order", func(tx *tx) error {
		return tx.change(tillit.ErrStale, sqlEndOrder, string(state), person, string(result), until, realm, id, interaction, string(tillit.OrderSigning), at)
	})
}

// RemoveOrder deletes an order with its documents if it still is in the state,
// else tillit.ErrStale.
func (s *Store) RemoveOrder(ctx context.Context, realm, id string, state tillit.OrderState) error {
	return s.write(ctx, "remove order", func(tx *tx) error {
		if err := tx.change(tillit.ErrStale, sqlRemoveOrder, realm, id, string(state)); err != nil {
			return err
		}
		_, err := tx.exec(sqlRemoveContents, realm, id)
		return err
	})
}

// AddContent stores one part of one document of an order, before the order itself.
func (s *Store) AddContent(ctx context.Context, realm, order string, document, part int, body []byte, expires int64) error {
	return s.write(ctx, "add content", func(tx *tx) error {
		_, err := tx.exec(sqlAddContent, realm, order, int64(document), int64(part), bytes(body), expires)
		return err
	})
}

// Content gives one part of a document.
func (s *Store) Content(ctx context.Context, realm, order string, document, part int) ([]byte, error) {
	var body []byte
	err := s.row(ctx, "content", sqlContent, []any{realm, order, int64(document), int64(part)}, &body)
	return body, err
}

// RemoveContents deletes the contents of an order that never came to be.
func (s *Store) RemoveContents(ctx context.Context, realm, order string) error {
	return s.write(ctx, "remove contents", func(tx *tx) error {
		_, err := tx.exec(sqlRemoveContents, realm, order)
		return err
	})
}

// KeepAct stores what an act of a kind came to in an interaction, and gives what
// is kept: when it was done before, that.
func (s *Store) KeepAct(ctx context.Context, realm, interaction, kind, person string, result json.RawMessage, expires int64) (json.RawMessage, error) {
	var kept string
	err := s.write(ctx, "keep act", func(tx *tx) error {
		if _, err := tx.exec(sqlKeepAct, realm, interaction, kind, person, string(result), expires); err != nil {
			return err
		}
		return tx.row(sqlAct, []any{realm, interaction, kind}, &kept)
	})
	return raw(kept), err
}

// Act gives what an act of a kind came to in an interaction.
func (s *Store) Act(ctx context.Context, realm, interaction, kind string) (json.RawMessage, error) {
	var kept string
	err := s.row(ctx, "act", sqlAct, []any{realm, interaction, kind}, &kept)
	return raw(kept), err
}
