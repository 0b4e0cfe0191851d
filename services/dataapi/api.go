package dataapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/tillit/tillit/rs"
)

// Bounds of what is kept.
const (
	maxBody      = 16 << 10 // bytes of one document
	maxDocuments = 100      // per owner
	maxOwners    = 1000
)

// Scopes are the names of the three scopes.
type Scopes struct{ Read, Write, Delete string }

// An API holds the documents.
type API struct {
	mu        sync.Mutex
	documents map[string][]json.RawMessage // by owner
}

// Handler serves the API below a base address; guard checks the tokens.
func Handler(guard *rs.Guard, scopes Scopes) http.Handler {
	api := &API{documents: map[string][]json.RawMessage{}}
	mux := http.NewServeMux()
	mux.Handle("GET /data", guard.Require(scopes.Read)(http.HandlerFunc(api.list)))
	mux.Handle("POST /data", guard.Require(scopes.Write)(http.HandlerFunc(api.add)))
	mux.Handle("DELETE /data", guard.Require(scopes.Delete)(http.HandlerFunc(api.clear)))
	return mux
}

// owner is whose documents a token opens: the person's, or the client's own.
func owner(r *http.Request) string {
	token := rs.FromContext(r.Context())
	if token.Subject != "" {
		return "sub " + token.Subject
	}
	return "client " + token.Client
}

func (a *API) list(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	documents := append([]json.RawMessage{}, a.documents[owner(r)]...)
	a.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"data": documents})
}

func (a *API) add(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		answer(w, http.StatusRequestEntityTooLarge, fault("too_large", "a document has at most 16 KiB"))
		return
	}
	body = bytes.TrimSpace(body)
	if !json.Valid(body) || len(body) == 0 || body[0] != '{' {
		answer(w, http.StatusBadRequest, fault("bad_document", "right would be one JSON object"))
		return
	}
	if !a.keep(owner(r), body) {
		answer(w, http.StatusConflict, fault("full", "no room for more; DELETE makes some"))
		return
	}
	answer(w, http.StatusCreated, json.RawMessage(body))
}

func (a *API) keep(owner string, document json.RawMessage) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	held, known := a.documents[owner]
	if len(held) >= maxDocuments || !known && len(a.documents) >= maxOwners {
		return false
	}
	a.documents[owner] = append(held, document)
	return true
}

func (a *API) clear(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	delete(a.documents, owner(r))
	a.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func fault(code, description string) map[string]string {
	return map[string]string{"error": code, "error_description": description}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}
