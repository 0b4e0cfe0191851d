// Package reply is how resource servers answer: JSON that nobody keeps, and
// refusals with a code and a sentence that says what would be right.
package reply

import (
	"encoding/json"
	"net/http"
)

// A Refusal is the body of an answer that is not what was asked for.
type Refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// JSON writes an answer.
func JSON(w http.ResponseWriter, status int, value any) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Content-Type-Options", "nosniff")
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

// Refuse writes a refusal.
func Refuse(w http.ResponseWriter, status int, code, description string) {
	JSON(w, status, Refusal{code, description})
}

// Empty writes an answer without a body.
func Empty(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
}
