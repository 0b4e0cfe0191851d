package rs

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const wellKnown = "/.well-known/oauth-protected-resource"

// metadata is what a client may know of the resource before it asks (RFC 9728
// §2).
type metadata struct {
	Resource   string   `json:"resource"`
	Servers    []string `json:"authorization_servers"`
	Scopes     []string `json:"scopes_supported,omitempty"`
	Methods    []string `json:"bearer_methods_supported"`
	Name       string   `json:"resource_name,omitempty"`
	Algorithms []string `json:"dpop_signing_alg_values_supported,omitempty"`
}

// Metadata tells what the guard guards: its issuer and the scopes of its routes.
// It belongs at [Guard.MetadataPath] of the API's host.
func (g *Guard) Metadata() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "application/json")
		h.Set("Access-Control-Allow-Origin", "*") // public, and read by pages of clients
		_ = json.NewEncoder(w).Encode(g.metadata())
	})
}

func (g *Guard) metadata() metadata {
	g.mu.Lock()
	scopes := slices.Clone(g.scopes)
	g.mu.Unlock()
	m := metadata{Resource: g.Resource, Servers: []string{g.Issuer}, Scopes: scopes, Methods: []string{"header"}, Name: g.Name}
	if g.Proof != nil {
		m.Algorithms = strings.Fields(joined(proofAlgorithms))
	}
	return m
}

// MetadataPath is where the metadata of the resource is looked for: a well-known
// name before its path (RFC 9728 §3.1).
func (g *Guard) MetadataPath() string {
	u, err := url.Parse(g.Resource)
	if err != nil {
		return wellKnown
	}
	return wellKnown + strings.TrimSuffix(u.EscapedPath(), "/")
}

func (g *Guard) metadataAddress() string {
	u, err := url.Parse(g.Resource)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + g.MetadataPath()
}
