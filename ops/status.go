package ops

import (
	"context"
	"encoding/json"
	"net/http"
)

// A Status says whether the provider can answer, and if not why.
type Status struct {
	Ready    bool            `json:"ready"`
	Store    StoreStatus     `json:"store"`
	Catalogs []CatalogStatus `json:"catalogs"`
	Keys     []KeyStatus     `json:"keys"`
}

// StoreStatus says whether the store can be read and written.
type StoreStatus struct {
	Reachable bool   `json:"reachable"`
	Cause     string `json:"cause,omitempty"`
}

// CatalogStatus is the catalog that a realm uses.
type CatalogStatus struct {
	Realm   string `json:"realm"`
	Version string `json:"version"`
}

// KeyStatus says of an algorithm of a realm which key signs.
type KeyStatus struct {
	Realm     string `json:"realm"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid,omitempty"` // empty: none, and the realm cannot issue
	Published int    `json:"published"`
}

// Handler serves the operations listener: GET /metrics, /healthz and /readyz.
// It asks nobody who they are; who can reach the listener can read it.
func Handler(metrics *Metrics, status func(context.Context) Status) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("alive\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		s := status(r.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !s.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.Encode(s) // who went away does not read it
	})
	return mux
}
