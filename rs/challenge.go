package rs

import (
	"encoding/json"
	"net/http"
	"strings"
)

// A refusal is an answer of RFC 6750 §3.
type refusal struct {
	status      int
	code        string // "" when the request brought no credentials (§3.1)
	description string
	scope       []string
	scheme      string // of the challenge; "": Bearer
}

func noCredentials() *refusal { return &refusal{status: http.StatusUnauthorized} }

func invalidRequest(right string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "invalid_request", description: "right would be: " + right}
}

// invalidToken says no more than the code: which check failed is for the log of
// whoever holds the token.
func invalidToken() *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "invalid_token", description: "expired, revoked, or not for this API"}
}

func insufficientScope(scopes []string) *refusal {
	return &refusal{status: http.StatusForbidden, code: "insufficient_scope", description: "the token lacks a scope", scope: scopes}
}

// by makes the challenge one of the scheme that the request used.
func (f *refusal) by(scheme string) *refusal {
	f.scheme = scheme
	return f
}

func unavailable() *refusal {
	return &refusal{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", description: "tokens cannot be checked now"}
}

func (f *refusal) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if f.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	} else {
		h.Set("WWW-Authenticate", f.challenge())
	}
	if f.code == "" {
		w.WriteHeader(f.status)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	// The caller may have gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(map[string]string{"error": f.code, "error_description": f.description})
}

// challenge writes WWW-Authenticate. Scope names and our sentences hold neither
// quotes nor backslashes.
func (f *refusal) challenge() string {
	if f.code == "" {
		return "Bearer"
	}
	scheme := f.scheme
	if scheme == "" {
		scheme = schemeBearer
	}
	text := scheme + ` error="` + f.code + `", error_description="` + f.description + `"`
	if len(f.scope) > 0 {
		text += `, scope="` + strings.Join(f.scope, " ") + `"`
	}
	return text
}
