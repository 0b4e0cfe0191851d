package wiring

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
	"github.com/tillit/tillit/login"
)

// loadDemo stores the demo data, and says of every demo person's certificate
// what the test PKI issues.
func (h *House) loadDemo(ctx context.Context, hasher *login.Hasher) error {
	data, err := demo.Read(h.config.Demo)
	if err != nil {
		return err
	}
	if err := h.loadLists(ctx, data); err != nil {
		return fmt.Errorf("demo data: lists: %w", err)
	}
	seed, err := h.Store.Secret(ctx, "", "demo seed", func() []byte {
		raw := make([]byte, 32)
		rand.Read(raw)
		return raw
	})
	if err != nil {
		return fmt.Errorf("demo data: seed: %w", err)
	}
	h.demo.config = demo.Config{
		Data: data, Store: h.Store, Catalogs: h.Catalogs, Seed: seed,
		Key:          h.demoKey,
		Certificate:  h.PKI.OrganizationKey,
		HashPassword: func(password string) (string, error) { return hasher.Hash(context.WithoutCancel(ctx), password) },
	}
	h.Loaded, err = demo.Load(ctx, h.demo.config)
	return err
}

// demoPeople lists who is offered on the sign-in page.
func (h *House) demoPeople(realm string) []login.Demo {
	if h.Loaded == nil {
		return nil
	}
	h.demo.mu.RLock()
	defer h.demo.mu.RUnlock()
	var list []login.Demo
	for i := range h.Loaded.Realms {
		r := &h.Loaded.Realms[i]
		if r.Name != realm {
			continue
		}
		for j := range r.Stored {
			list = append(list, login.Demo{Person: r.Stored[j], Name: r.People[j].Name, Password: demo.Password})
		}
	}
	return list
}

// demoByNumber finds a demo person by national number, where that is what people
// type.
func (h *House) demoByNumber(ctx context.Context, realm, number string) (*tillit.Person, error) {
	if h.Loaded == nil {
		return nil, tillit.ErrNotFound
	}
	h.demo.mu.RLock()
	defer h.demo.mu.RUnlock()
	for i := range h.Loaded.Realms {
		r := &h.Loaded.Realms[i]
		for j := range r.People {
			if r.Name == realm && r.People[j].Attributes["nnin"] == number {
				return h.Store.Person(ctx, realm, r.Stored[j].ID)
			}
		}
	}
	return nil, tillit.ErrNotFound
}

// Fixtures builds what dev tells of the demo data.
func (h *House) Fixtures() (demo.Fixtures, error) {
	h.demo.mu.RLock()
	defer h.demo.mu.RUnlock()
	return h.Loaded.Fixtures(demo.Addresses{
		Issuer: h.Provider.Issuer, APIs: h.apis,
		TrustAnchors: func(realm string) []string {
			root, err := h.PKI.TrustAnchor(context.Background(), realm)
			if err != nil || !h.bringsCertificates(realm) {
				return nil
			}
			return []string{base64DER(root.Raw)}
		},
		Originator: func(realm string) string {
			text, err := h.PKI.Originator(context.Background(), realm)
			if err != nil {
				h.config.Log.Error("fixtures: issuer of certificates", "realm", realm, "cause", err.Error())
			}
			return text
		},
		Certificate: func(realm string, person *tillit.Person) (string, error) {
			facts, err := h.PKI.PersonFacts(context.Background(), realm, person)
			pem, _ := facts["pem"].(string)
			return pem, err
		},
	})
}

func (h *House) bringsCertificates(realm string) bool {
	c := h.Catalogs.Catalog(realm, "")
	return c != nil && (c.Assertion != nil && c.Assertion.Certificate != "" || slices.ContainsFunc(c.Ways, func(w tillit.Way) bool { return slices.Contains(w.Evidence, "certificate") }))
}

// apis are the addresses that fixtures tell of a realm.
func (h *House) apis(realm string) map[string]string {
	addresses := map[string]string{}
	maps.Copy(addresses, h.services.addresses(realm))
	if c := h.Catalogs.Catalog(realm, ""); c != nil && len(c.Ways) > 0 {
		addresses["userinfo"] = h.Provider.Issuer(realm) + "/userinfo"
		addresses["account"] = h.Provider.Issuer(realm) + "/account"
	}
	return addresses
}
