package wiring_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// TestRewrap changes the master key of a store: with both keys everything opens
// at any time, and in the end the new one is enough.
func TestRewrap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	masterKey := func(fill byte) token.MasterKey {
		key, err := token.NewMasterKey(bytes.Repeat([]byte{fill}, 32))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	old, present := masterKey(1), masterKey(2)
	with := func(key token.MasterKey, do func(h *wiring.House)) {
		t.Helper()
		h, err := wiring.Open(t.Context(), wiring.Config{
			Base: "http://localhost", Realms: realms.Files(), Demo: demodata.Files, Store: path, Stamp: "dev", MasterKey: key, Cheap: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		do(h)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var signed string
	var secret []byte
	with(old, func(h *wiring.House) {
		var err error
		if signed, err = h.Keys.Sign(t.Context(), "buypass", "ES256", "JWT", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		if secret, err = h.Provider.Secret(t.Context(), "buypass", "pairwise"); err != nil {
			t.Fatal(err)
		}
		sealed, err := token.SealSecret(old, "buypass", "sealed-client", string(bytes.Repeat([]byte("s"), 40)))
		if err != nil {
			t.Fatal(err)
		}
		client := &tillit.Client{ID: "sealed-client", Active: true, Secrets: []tillit.SecretHash{sealed}}
		if err := h.Store.PutClient(t.Context(), "buypass", client); err != nil {
			t.Fatal(err)
		}
	})
	both := present.After(old)
	works := func(h *wiring.House) {
		t.Helper()
		if _, _, _, err := h.Keys.Verify(t.Context(), "buypass", signed); err != nil {
			t.Errorf("a token from before: %v", err)
		}
		if _, err := h.Keys.Sign(t.Context(), "buypass", "ES256", "JWT", []byte(`{}`)); err != nil {
			t.Error(err)
		}
		if now, err := h.Provider.Secret(t.Context(), "buypass", "pairwise"); err != nil || !bytes.Equal(now, secret) {
			t.Errorf("the pairwise secret: %v", err)
		}
	}
	with(both, works)
	kept, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := wiring.Rewrap(t.Context(), kept, both, []string{"buypass"})
	if err != nil || first.Changed == 0 || first.Changed != first.Values {
		t.Fatalf("rewrap: %+v, %v; want every value changed", first, err)
	}
	again, err := wiring.Rewrap(t.Context(), kept, both, []string{"buypass"})
	if err != nil || again.Changed != 0 || again.Values != first.Values {
		t.Errorf("rewrap again: %+v, %v; want nothing changed", again, err)
	}
	client, err := kept.Client(t.Context(), "buypass", "sealed-client")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.OpenSecret(present, "buypass", client.ID, client.Secrets[0]); err != nil {
		t.Errorf("a client's sealed secret: %v", err)
	}
	if _, err := wiring.Rewrap(t.Context(), kept, old, nil); err == nil {
		t.Error("the old key alone still opens everything")
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	with(present, works)
}
