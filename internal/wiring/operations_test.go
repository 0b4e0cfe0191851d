package wiring_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

func house(t *testing.T, operations wiring.Operations) *wiring.House {
	t.Helper()
	h, err := wiring.Open(t.Context(), wiring.Config{
		Base: "http://localhost", Realms: realms.Files(), Demo: demodata.Files, Stamp: store.StampDev,
		MasterKey: master(t, 7), Cheap: true, Operations: operations,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func master(t *testing.T, of byte) token.MasterKey {
	t.Helper()
	key, err := token.NewMasterKey(bytes.Repeat([]byte{of}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestReadyz(t *testing.T) {
	h := house(t, wiring.Operations{Version: "1"})
	ready := func() (int, ops.Status) {
		answer := httptest.NewRecorder()
		h.Operations().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var s ops.Status
		if err := json.Unmarshal(answer.Body.Bytes(), &s); err != nil {
			t.Fatalf("%s: %v", answer.Body, err)
		}
		return answer.Code, s
	}
	code, s := ready()
	if code != http.StatusOK || !s.Ready || !s.Store.Reachable || len(s.Catalogs) != 4 {
		t.Fatalf("%d %+v; want 200, ready, with four realms", code, s)
	}
	for _, c := range s.Catalogs {
		if c.Version != h.Catalogs.Set().Version(c.Realm) || c.Version == "" {
			t.Errorf("realm %s is of version %q; want that in use", c.Realm, c.Version)
		}
	}
	signing := 0
	for _, k := range s.Keys {
		if k.ID == "" || k.Published < 1 {
			t.Errorf("%s of %s: %+v; want a key that signs", k.Algorithm, k.Realm, k)
		}
		signing++
	}
	if signing < 4 {
		t.Errorf("%d algorithms; want one a realm at least", signing)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if code, s = ready(); code != http.StatusServiceUnavailable || s.Ready || s.Store.Reachable || s.Store.Cause == "" {
		t.Errorf("without a store: %d %+v; want 503 and why", code, s)
	}
}

// Whose word for an address is taken decides who is throttled with whom.
func TestThrottlingBelievesTrustedProxiesAlone(t *testing.T) {
	for _, c := range []struct {
		name    string
		proxies []string
		want    int
	}{
		{"of a trusted proxy", []string{"192.0.2.0/24"}, http.StatusUnauthorized},
		{"of anybody", nil, http.StatusTooManyRequests},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxies, err := ops.ParseProxies(c.proxies)
			if err != nil {
				t.Fatal(err)
			}
			h := house(t, wiring.Operations{Throttle: true, Proxies: proxies})
			defer h.Close()
			status := 0
			for i := range 21 {
				form := url.Values{"grant_type": {"client_credentials"}}
				r := httptest.NewRequest(http.MethodPost, "/buypass/token", strings.NewReader(form.Encode()))
				r.RemoteAddr = "192.0.2.1:4711"
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
				r.SetBasicAuth("demo-service", "wrong")
				answer := httptest.NewRecorder()
				h.Handler.ServeHTTP(answer, r)
				status = answer.Code
			}
			if status != c.want {
				t.Errorf("the 21st wrong secret from an address of its own: %d; want %d", status, c.want)
			}
		})
	}
}

// Checkpoints are ours only under the master key that they were signed under.
func TestCheckpointsNeedTheirMasterKey(t *testing.T) {
	ctx := context.Background()
	path := t.TempDir() + "/tillit.db"
	h, err := wiring.Open(ctx, wiring.Config{
		Base: "http://localhost", Realms: realms.Files(), Demo: demodata.Files, Store: path, Stamp: store.StampDev, MasterKey: master(t, 7), Cheap: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/buypass/token", strings.NewReader("grant_type=client_credentials&scope=service-api"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := range h.Loaded.Realms {
		for _, c := range h.Loaded.Realms[i].Clients {
			if h.Loaded.Realms[i].Name == "buypass" && c.ID == "demo-service" {
				r.SetBasicAuth("demo-service", c.Secret)
			}
		}
	}
	answer := httptest.NewRecorder()
	if h.Handler.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		t.Fatalf("%d %s; want a token, which is on record", answer.Code, answer.Body)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	for of, want := range map[byte]bool{7: true, 8: false} {
		forged, err := wiring.VerifyCheckpoints(ctx, kept, token.NewRing(kept, master(t, of), time.Now, rand.Reader))
		if ours := err == nil && forged == ""; ours != want {
			t.Errorf("under master key %d: ours is %v (%s, %v); want %v", of, ours, forged, err, want)
		}
	}
}
