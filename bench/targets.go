package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// programs are what was built for a run.
type programs struct{ tree, tillit, house, goidc string }

func buildAll(tree, into string) (*programs, error) {
	p := &programs{tree: tree, tillit: filepath.Join(into, "tillit"), house: filepath.Join(into, "house"), goidc: filepath.Join(into, "goidc")}
	for _, b := range []struct{ module, pkg, into string }{
		{tree, "./cmd/tillit", p.tillit}, {tree, "./bench/house", p.house}, {filepath.Join(tree, "bench/peers/goidc"), ".", p.goidc},
	} {
		if err := build(b.module, b.pkg, b.into); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// targets lists all providers, in the order of the report.
func (p *programs) targets() []target {
	flowAlone := []string{"flow"}
	return []target{
		{"tillit-sqlite", "durable: what was answered is flushed to disk, with an audit record", nil, p.startDev(false)},
		{"tillit-sqlite-cheap-hash", "as tillit-sqlite; password hashes cost next to nothing", flowAlone, p.startHouse(false)},
		{"tillit-postgres", "durable: what was answered is flushed to disk, with an audit record", nil, p.startDev(true)},
		{"tillit-postgres-cheap-hash", "as tillit-postgres; password hashes cost next to nothing", flowAlone, p.startHouse(true)},
		{"luikyv-go-oidc", "none: in memory, 100 entries of a kind", nil, p.startGoOIDC},
		{"node-oidc-provider", "none: in memory, 1,000 entries; opaque access tokens in flow and refresh", nil, p.startNode},
	}
}

func (p *programs) startDev(onPostgres bool) func(context.Context, string) (*running, error) {
	return p.startOwn(onPostgres, func(r *running, dir, port, store string) error {
		args := []string{"dev", "--data", dir, "--listen", "127.0.0.1:" + port}
		if store != "" {
			args = append(args, "--store", store)
		}
		return r.launch(dir, nil, p.tillit, args...)
	})
}

func (p *programs) startHouse(onPostgres bool) func(context.Context, string) (*running, error) {
	return p.startOwn(onPostgres, func(r *running, dir, port, store string) error {
		profiles, err := freePort()
		if err != nil {
			return err
		}
		args := []string{dir, port, profiles}
		if store != "" {
			args = append(args, store)
		}
		return r.launch(dir, nil, p.house, args...)
	})
}

func (p *programs) startOwn(onPostgres bool, launch func(r *running, dir, port, store string) error) func(context.Context, string) (*running, error) {
	return func(ctx context.Context, dir string) (*running, error) {
		r, store := new(running), ""
		if onPostgres {
			address, err := r.postgres(ctx, dir)
			if err != nil {
				r.stop()
				return nil, err
			}
			store = address
		}
		port, err := freePort()
		if err == nil {
			err = launch(r, dir, port, store)
		}
		if err == nil {
			r.provider, err = fromFixtures(ctx, "http://localhost:"+port)
		}
		if err != nil {
			r.stop()
			return nil, err
		}
		return r, nil
	}
}

// A fixture is what the fixtures of dev say of a realm.
type fixture struct {
	Issuer  string
	Clients []struct {
		ID           string   `json:"client_id"`
		Secret       string   `json:"client_secret"`
		Auth         string   `json:"token_endpoint_auth_method"`
		GrantTypes   []string `json:"grant_types"`
		RedirectURIs []string `json:"redirect_uris"`
		Scopes       []string
	}
	People []person
}

// fromFixtures picks a realm in which people sign in and a client with a secret
// gets tokens for itself, and in it the clients with the fewest scopes.
func fromFixtures(ctx context.Context, base string) (*provider, error) {
	text, err := await(ctx, base+"/dev/fixtures.json")
	if err != nil {
		return nil, fmt.Errorf("fixtures: %w", err)
	}
	var all struct{ Realms []fixture }
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("fixtures: %w", err)
	}
	for i := range all.Realms {
		if p := all.Realms[i].provider(base); p != nil {
			return p, p.await(ctx)
		}
	}
	return nil, fmt.Errorf("fixtures: no realm with people and a client of client_credentials")
}

func (f *fixture) provider(base string) *provider {
	p := &provider{Origin: base, Discovery: f.Issuer + "/.well-known/openid-configuration", Scope: "openid profile", Redirect: "http://127.0.0.1/callback"}
	fewest := 0
	for _, c := range f.Clients {
		who := credentials{c.ID, c.Secret}
		switch {
		case c.Auth != "client_secret_basic":
		case len(c.GrantTypes) == 1 && c.GrantTypes[0] == "client_credentials" && p.Service.ID == "":
			p.Service, p.Resource, p.Access = who, who, c.Scopes[0]
		case slices.Contains(c.GrantTypes, "refresh_token") && slices.Contains(c.Scopes, "offline_access"):
			if p.Web.ID == "" || len(c.Scopes) < fewest {
				p.Web, p.Offline, fewest = who, "offline_access", len(c.Scopes)
			}
		}
	}
	if p.Service.ID == "" || p.Web.ID == "" || len(f.People) == 0 {
		return nil
	}
	p.Person = f.People[0]
	return p
}

// peerSecret is what both peers know their clients by.
const peerSecret = "peer-secret-of-the-load-generator"

func peer(port string) *provider {
	base := "http://localhost:" + port
	web := credentials{"web", peerSecret}
	return &provider{
		Origin: base, Discovery: base + "/.well-known/openid-configuration", Service: credentials{"service", peerSecret}, Web: web, Resource: web,
		Redirect: "https://client.example/callback", Scope: "openid profile", Offline: "offline_access", Person: person{Username: "kari", Password: "password"},
	}
}

func (p *programs) startGoOIDC(ctx context.Context, dir string) (*running, error) {
	return startPeer(ctx, func(r *running, port string) error { return r.launch(dir, nil, p.goidc, port) }, nil)
}

func (p *programs) startNode(ctx context.Context, dir string) (*running, error) {
	script := filepath.Join(p.tree, "bench/peers/node/server.mjs")
	return startPeer(ctx, func(r *running, port string) error {
		return r.launch(dir, []string{"NODE_ENV=production", "DEBUG="}, "node", script, port)
	}, func(p *provider) { p.Opaque = true })
}

func startPeer(ctx context.Context, launch func(*running, string) error, adapt func(*provider)) (*running, error) {
	r := new(running)
	port, err := freePort()
	if err == nil {
		err = launch(r, port)
	}
	if err == nil {
		r.provider = peer(port)
		if adapt != nil {
			adapt(r.provider)
		}
		err = r.provider.await(ctx)
	}
	if err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// comparable reports whether the target is asked for the operation.
func (t *target) comparable(op string) bool {
	return t.only == nil || slices.Contains(t.only, op)
}

func listed(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}
