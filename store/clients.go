package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tillit/tillit"
)

const (
	sqlRaiseRevision = `INSERT INTO revisions (name, revision) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET revision = revisions.revision + 1 RETURNING revision`
	sqlRevision = `SELECT revision FROM revisions WHERE name = $1`

	sqlClient  = `SELECT revision, document FROM clients WHERE registry = $1 AND id = $2 AND removed = FALSE`
	sqlClients = `SELECT revision, document FROM clients WHERE registry = $1 AND removed = FALSE ORDER BY id`
	// A client that is put again as it was keeps its revision.
	sqlPutClient = `INSERT INTO clients (registry, id, revision, changed, organization, supplier, removed, document)
VALUES ($1, $2, 1, $3, $4, $5, FALSE, $6)
ON CONFLICT (registry, id) DO UPDATE SET revision = clients.revision + 1, changed = excluded.changed, organization = excluded.organization,
supplier = excluded.supplier, removed = FALSE, document = excluded.document
WHERE clients.document <> excluded.document OR clients.removed`
	sqlCreateClient = `INSERT INTO clients (registry, id, revision, changed, organization, supplier, removed, document) VALUES ($1, $2, 1, $3, $4, $5, FALSE, $6)`
	sqlClientsOf    = `SELECT revision, document FROM clients WHERE registry = $1 AND organization = $2 AND removed = FALSE
UNION ALL SELECT revision, document FROM clients WHERE registry = $1 AND supplier = $2 AND organization <> $2 AND removed = FALSE`
	sqlDeleteClient   = `UPDATE clients SET removed = TRUE, revision = revision + 1, changed = $1, document = '' WHERE registry = $2 AND id = $3 AND removed = FALSE`
	sqlChangedClients = `SELECT registry, id FROM clients WHERE changed > $1 LIMIT $2`
)

// clientsRevision names the row of revisions that every change of a client raises.
const clientsRevision = "clients"

// A clientKey names a client across registries.
type clientKey struct {
	registry string
	id       tillit.ClientID
}

// clientCache keeps prepared clients. What is read while something is dropped is
// not kept, so that an old client never outlives its change.
type clientCache struct {
	mu       sync.RWMutex
	size     int
	clients  map[clientKey]*tillit.Client
	drops    uint64 // grows with every drop
	revision int64  // of 'clients', as last polled
}

func newClientCache(size int) *clientCache {
	return &clientCache{size: size, clients: make(map[clientKey]*tillit.Client)}
}

// get gives the client, or the number of drops to hand to keep.
func (c *clientCache) get(key clientKey) (*tillit.Client, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.clients[key], c.drops
}

func (c *clientCache) keep(key clientKey, client *tillit.Client, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != drops {
		return
	}
	if len(c.clients) >= c.size {
		for other := range c.clients { // any: a full cache is no reason to keep books
			delete(c.clients, other)
			break
		}
	}
	c.clients[key] = client
}

func (c *clientCache) drop(keys ...clientKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for _, key := range keys {
		delete(c.clients, key)
	}
}

func (c *clientCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	clear(c.clients)
}

// Client gives a prepared client, which is shared and immutable;
// tillit.ErrNotFound for an unknown or removed one.
func (s *Store) Client(ctx context.Context, registry string, id tillit.ClientID) (*tillit.Client, error) {
	key := clientKey{registry, id}
	client, drops := s.clients.get(key)
	if client != nil {
		return client, nil
	}
	client, err := s.FreshClient(ctx, registry, id)
	if err != nil {
		return nil, err
	}
	s.clients.keep(key, client, drops)
	return client, nil
}

// FreshClient gives a client as it stands in the store now, whatever is in memory:
// for what is decided once and cannot be made good when the next poll tells of a
// change. It is prepared as [Store.Client] has it; tillit.ErrNotFound likewise.
func (s *Store) FreshClient(ctx context.Context, registry string, id tillit.ClientID) (*tillit.Client, error) {
	var revision int64
	var document string
	if err := s.row(ctx, "client", sqlClient, []any{registry, string(id)}, &revision, &document); err != nil {
		return nil, err
	}
	return decodeClient(revision, document)
}

func decodeClient(revision int64, document string) (*tillit.Client, error) {
	client := new(tillit.Client)
	if err := decode(document, client); err != nil {
		return nil, err
	}
	client.Revision = revision
	return client.Prepare(), nil
}

// Clients lists the clients of a registry by id.
func (s *Store) Clients(ctx context.Context, registry string) ([]*tillit.Client, error) {
	return s.listClients(ctx, sqlClients, registry)
}

func (s *Store) listClients(ctx context.Context, query string, args ...any) ([]*tillit.Client, error) {
	var clients []*tillit.Client
	err := s.rows(ctx, "clients", query, args, func(scan scan) error {
		var revision int64
		var document string
		if err := scan(&revision, &document); err != nil {
			return err
		}
		client, err := decodeClient(revision, document)
		clients = append(clients, client)
		return err
	})
	return clients, err
}

// PutClient stores a client, new or known, and raises its revision if anything changed.
func (s *Store) PutClient(ctx context.Context, registry string, client *tillit.Client) error {
	return s.saveClient(ctx, "put client", sqlPutClient, registry, client, nil)
}

// CreateClient stores a new client. An id that is or was in use is tillit.ErrConflict:
// consents and grants of the one must never become another's.
func (s *Store) CreateClient(ctx context.Context, registry string, client *tillit.Client, record *tillit.AuditRecord) error {
	return s.saveClient(ctx, "create client", sqlCreateClient, registry, client, record)
}

func (s *Store) saveClient(ctx context.Context, what, query, registry string, client *tillit.Client, record *tillit.AuditRecord) error {
	document, err := encode(client)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	e, err := prepare(record)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	organization, supplier := client.Organization, client.Supplier
	return s.changeClient(ctx, what, clientKey{registry, client.ID}, func(tx *tx, changed int64) error {
		if _, err := tx.exec(query, registry, string(client.ID), changed, organization, supplier, document); err != nil {
			return err
		}
		return tx.append(e)
	})
}

// ClientsOf lists the clients that belong to an organization or that it runs for
// others.
func (s *Store) ClientsOf(ctx context.Context, registry, organization string) ([]*tillit.Client, error) {
	return s.listClients(ctx, sqlClientsOf, registry, organization)
}

// DeleteClient removes a client; its id stays taken. An unknown one is tillit.ErrNotFound.
func (s *Store) DeleteClient(ctx context.Context, registry string, id tillit.ClientID) error {
	return s.changeClient(ctx, "delete client", clientKey{registry, id}, func(tx *tx, changed int64) error {
		return tx.change(tillit.ErrNotFound, sqlDeleteClient, changed, registry, string(id))
	})
}

func (s *Store) changeClient(ctx context.Context, what string, key clientKey, change func(*tx, int64) error) error {
	err := s.write(ctx, what, func(tx *tx) error {
		var changed int64
		if err := tx.row(sqlRaiseRevision, []any{clientsRevision}, &changed); err != nil {
			return err
		}
		return change(tx, changed)
	})
	s.clients.drop(key)
	return err
}

// changedClients bounds what one poll drops singly; beyond it all is dropped.
const changedClients = 1000

// Poll drops from memory what other processes changed since the last poll. The
// wiring calls it every second.
func (s *Store) Poll(ctx context.Context) error {
	var revision int64
	err := s.row(ctx, "poll", sqlRevision, []any{clientsRevision}, &revision)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil // no client yet
	}
	if err != nil {
		return err
	}
	s.clients.mu.RLock()
	last := s.clients.revision
	s.clients.mu.RUnlock()
	if revision == last {
		return nil
	}
	var keys []clientKey
	err = s.rows(ctx, "poll", sqlChangedClients, []any{last, changedClients}, func(scan scan) error {
		var key clientKey
		err := scan(&key.registry, &key.id)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return err
	}
	if len(keys) >= changedClients {
		s.clients.clear()
	} else {
		s.clients.drop(keys...)
	}
	s.clients.mu.Lock()
	s.clients.revision = revision
	s.clients.mu.Unlock()
	return nil
}
