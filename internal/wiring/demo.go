package wiring

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
	"github.com/tillit/tillit/login"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/dataapi"
)

// loadDemo stores the demo data, and says of every demo person's certificate
// what the test PKI issues.
func (h *House) loadDemo(ctx context.Context, hasher *login.Hasher) error {
	data, err := demo.Read(h.config.Demo)
	if err != nil {
		return err
	}
	seed, err := h.Store.Secret(ctx, "", "demo seed", func() []byte {
		raw := make([]byte, 32)
		rand.Read(raw)
		return raw
	})
	if err != nil {
		return fmt.Errorf("demo data: seed: %w", err)
	}
	h.Loaded, err = demo.Load(ctx, demo.Config{
		Data: data, Store: h.Store, Catalogs: h.Catalogs, Seed: seed,
		Key:          h.demoKey,
		HashPassword: func(password string) (string, error) { return hasher.Hash(ctx, password) },
	})
	return err
}

// demoPeople lists who is offered on the sign-in page.
func (h *House) demoPeople(realm string) []login.Demo {
	if h.Loaded == nil {
		return nil
	}
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
	return h.Loaded.Fixtures(demo.Addresses{
		Issuer: h.Provider.Issuer, APIs: h.apis,
		TrustAnchors: func(realm string) []string {
			root, err := h.PKI.TrustAnchor(context.Background(), realm)
			if err != nil || !h.bringsCertificates(realm) {
				return nil
			}
			return []string{base64DER(root.Raw)}
		},
	})
}

func (h *House) bringsCertificates(realm string) bool {
	c := h.Catalogs.Catalog(realm, "")
	return c != nil && slices.ContainsFunc(c.Ways, func(w tillit.Way) bool { return slices.Contains(w.Evidence, "certificate") })
}

// apis are the addresses that fixtures tell of a realm.
func (h *House) apis(realm string) map[string]string {
	addresses := map[string]string{}
	maps.Copy(addresses, h.services()[realm])
	if c := h.Catalogs.Catalog(realm, ""); c != nil && len(c.Ways) > 0 {
		addresses["userinfo"] = h.Provider.Issuer(realm) + "/userinfo"
		addresses["account"] = h.Provider.Issuer(realm) + "/account"
	}
	return addresses
}

// services gives the base addresses of the resource servers that run here.
func (h *House) services() map[string]map[string]string {
	if h.Loaded == nil {
		return nil
	}
	all := map[string]map[string]string{}
	for i := range h.Loaded.Realms {
		r := &h.Loaded.Realms[i]
		for _, s := range r.Servers {
			if s.API == nil {
				continue
			}
			if all[r.Name] == nil {
				all[r.Name] = map[string]string{}
			}
			all[r.Name][s.Server.Name] = h.config.Base + "/" + r.Name + "/api/" + s.Server.Name
		}
	}
	return all
}

// mountAPIs puts the small API of documents behind the resource servers that
// want one. It checks tokens as any API would, and asks whether they were revoked.
func (h *House) mountAPIs(mux *http.ServeMux) error {
	if h.Loaded == nil {
		return nil
	}
	for i := range h.Loaded.Realms {
		r := &h.Loaded.Realms[i]
		for _, s := range r.Servers {
			if s.API == nil {
				continue
			}
			guard := &rs.Guard{
				Issuer: h.Provider.Issuer(r.Name), Audience: s.Server.Audience, Now: h.Now,
				Keys: ownKeys{h, r.Name}, Proof: h.proof(r.Name),
				Revoked: func(ctx context.Context, token *rs.Token) (bool, error) {
					return h.Provider.TokenRevoked(ctx, r.Name, token.ID)
				},
			}
			prefix := "/" + r.Name + "/api/" + s.Server.Name
			api := dataapi.Handler(guard, dataapi.Scopes{Read: string(s.API.Read), Write: string(s.API.Write), Delete: string(s.API.Delete)})
			mux.Handle(prefix+"/", http.StripPrefix(prefix, api))
		}
	}
	return nil
}
