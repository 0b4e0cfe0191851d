package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/tillit/tillit/token"
)

func writeJSON(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
	return nil
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text))
}

// challenge answers for a protected resource (RFC 6750 §3): without credentials
// no error code, so that a stranger learns nothing.
func challenge(w http.ResponseWriter, realm *realm, e *Error) {
	parts := []string{`realm="` + realm.name + `"`}
	if e.Code != "" && e.Code != "no_credentials" {
		parts = append(parts, `error="`+e.Code+`"`, `error_description="`+e.Description+`"`)
	}
	if e.Scope != "" {
		parts = append(parts, `scope="`+e.Scope+`"`)
	}
	if e.StepUp.ACR != "" {
		parts = append(parts, `acr_values="`+e.StepUp.ACR+`"`)
	}
	if e.StepUp.MaxAge > 0 {
		parts = append(parts, `max_age="`+strconv.FormatInt(e.StepUp.MaxAge, 10)+`"`)
	}
	status := e.status()
	if e.Code == "no_credentials" {
		status = http.StatusUnauthorized
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden || e.Code == "invalid_request" {
		scheme := "Bearer "
		if e.DPoP {
			scheme = "DPoP "
			parts = append(parts, `algs="`+strings.Join(token.AsymmetricAlgorithms, " ")+`"`)
		}
		w.Header().Set("WWW-Authenticate", scheme+strings.Join(parts, ", "))
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if e.Code == "no_credentials" {
		w.WriteHeader(status)
		return
	}
	writeJSON(w, status, map[string]string{"error": e.Code, "error_description": e.Description})
}
