package wiring

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// What one process registers counts there at once, and in another that runs
// beside it without anybody telling it; a restart finds it again.
func TestRegisteredScopesAcrossProcesses(t *testing.T) {
	ctx := t.Context()
	key, err := token.NewMasterKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Base: "http://127.0.0.1:1", Realms: realms.Files(), Stamp: store.StampDev, MasterKey: key, Cheap: true,
		Store: filepath.Join(t.TempDir(), "tillit.db"),
	}
	begin := func() *House {
		h, err := Open(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		return h
	}
	one, other := begin(), begin()
	registry, organization := "", tillit.Organization{}
	for _, realm := range one.Catalogs.Realms() {
		if c := one.Catalogs.Catalog(realm, ""); c.TakesRegistrations() && c.Registry == realm {
			for _, o := range c.Organizations {
				if len(o.Prefixes) > 0 {
					registry, organization = realm, o
				}
			}
		}
	}
	name := tillit.ScopeName(organization.Prefixes[0] + ":trevekst")
	scope := &tillit.RegisteredScope{Name: name, Prefix: organization.Prefixes[0], Subscope: "trevekst", Owner: organization.Number, Active: true}
	if err := one.Store.CreateScope(ctx, registry, scope, nil); err != nil {
		t.Fatal(err)
	}
	if err := one.followScopes(ctx); err != nil {
		t.Fatal(err)
	}
	state := func(h *House, realm string) tillit.State {
		if s := h.Catalogs.Catalog(realm, "").Scope(name); s != nil {
			return s.State
		}
		return ""
	}
	sharing := 0
	for _, realm := range one.Catalogs.Realms() {
		if one.Catalogs.Catalog(realm, "").Registry == registry {
			sharing++
			if state(one, realm) != tillit.Active {
				t.Errorf("realm %s does not know the scope", realm)
			}
		} else if state(one, realm) != "" {
			t.Errorf("realm %s of another registry knows the scope", realm)
		}
	}
	if sharing < 2 {
		t.Fatalf("%d realms share the registry; want more than one", sharing)
	}
	eventually := func(h *House, want tillit.State) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); state(h, registry) != want; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the other process has the scope as %q; want %q", state(h, registry), want)
			}
		}
	}
	eventually(other, tillit.Active)
	scope.Active = false
	_, revision, err := one.Store.RegisteredScope(ctx, registry, name)
	if err == nil {
		err = one.Store.ChangeScope(ctx, registry, scope, revision, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(other, tillit.Inactive)
	if state(begin(), registry) != tillit.Inactive {
		t.Error("a restart does not find the scope as it was left")
	}
	if err := other.Reload(ctx); err != nil || state(other, registry) != tillit.Inactive {
		t.Errorf("after a reload the scope is %q, %v", state(other, registry), err)
	}
}
