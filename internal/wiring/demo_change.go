package wiring

import (
	"context"
	"sync"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// A demonstration is what changes of the demo data need.
type demonstration struct {
	mu     sync.RWMutex // over House.Loaded
	config demo.Config
}

// PutDemoPerson stores a person, in place of whoever has the user name.
func (h *House) PutDemoPerson(ctx context.Context, realm string, p demo.Person) error {
	return h.changeDemo(func() error { return h.Loaded.PutPerson(ctx, h.demo.config, realm, p) })
}

// RemoveDemoPerson erases a person with everything that is theirs.
func (h *House) RemoveDemoPerson(ctx context.Context, realm, username string) error {
	return h.changeDemo(func() error {
		id, err := h.Loaded.ForgetPerson(realm, username)
		if err != nil {
			return err
		}
		return h.Store.RemovePerson(ctx, realm, id, nil)
	})
}

// DemoPerson gives what is said of a person.
func (h *House) DemoPerson(realm, username string) (demo.Person, error) {
	h.demo.mu.RLock()
	defer h.demo.mu.RUnlock()
	return h.Loaded.Person(realm, username)
}

// PutDemoClient stores a client, in place of the one that has the id, and tells
// what its fixture tells.
func (h *House) PutDemoClient(ctx context.Context, realm string, id tillit.ClientID, c demo.Client) (made demo.FixtureClient, err error) {
	err = h.changeDemo(func() error {
		made, err = h.Loaded.PutClient(ctx, h.demo.config, realm, id, c)
		return err
	})
	return made, err
}

// RemoveDemoClient removes a client; nobody gets its id again.
func (h *House) RemoveDemoClient(ctx context.Context, realm string, id tillit.ClientID) error {
	return h.changeDemo(func() error {
		registry, err := h.Loaded.ForgetClient(realm, id)
		if err != nil {
			return err
		}
		return h.Store.DeleteClient(ctx, registry, id)
	})
}

func (h *House) changeDemo(change func() error) error {
	if h.Loaded == nil {
		return tillit.ErrNotFound
	}
	h.demo.mu.Lock()
	defer h.demo.mu.Unlock()
	return change()
}
