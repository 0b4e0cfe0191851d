package selfservice

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tillit/tillit"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 256 << 10

// A Fault is one thing that is wrong, in the words of the envelope.
type Fault struct {
	Message string `json:"errorMessage"`
	Field   bool   `json:"isFieldError"`
	Object  string `json:"objectName,omitempty"`
	At      string `json:"fieldIdentifier,omitempty"`
	Code    string `json:"code"` // stable
}

// An Envelope is how a refusal is told.
type Envelope struct {
	Status        int     `json:"status"`
	Timestamp     string  `json:"timestamp"`
	CorrelationID string  `json:"correlation_id"`
	Errors        []Fault `json:"errors"`
	Error         string  `json:"error"`
	Description   string  `json:"error_description"`
}

// A Refusal is an answer that is not what was asked for.
type Refusal struct {
	Status int
	Object string // Scope, Client, …
	Faults []tillit.Objection
}

// Error tells every fault in one line.
func (r *Refusal) Error() string {
	messages := make([]string, len(r.Faults))
	for i := range r.Faults {
		messages[i] = r.Faults[i].Message
	}
	return strings.Join(messages, "; ")
}

// Refuse makes a refusal of one fault.
func Refuse(status int, object, code, field, message string) error {
	return &Refusal{status, object, []tillit.Objection{{Code: code, Field: field, Message: message}}}
}

// Object refuses for everything that is wrong, nil for nothing. What is malformed
// goes before what is forbidden: nobody learns what they may not do with what
// cannot be done.
func Object(object string, faults []tillit.Objection) error {
	if len(faults) == 0 {
		return nil
	}
	status := 0
	for _, f := range faults {
		switch {
		case f.Kind == tillit.Malformed:
			status = http.StatusBadRequest
		case f.Kind == tillit.Forbidden && status != http.StatusBadRequest:
			status = http.StatusForbidden
		case status == 0:
			status = http.StatusConflict
		}
	}
	return &Refusal{status, object, faults}
}

// A Desk answers requests: it writes what handlers give, and tells refusals.
type Desk struct {
	Now func() time.Time
	Log *slog.Logger
}

// Serve makes a handler of a function that gives what to answer or why not.
func (d *Desk) Serve(serve func(r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := serve(r)
		if err != nil {
			d.refuse(w, err)
			return
		}
		write(w, http.StatusOK, answer)
	})
}

func (d *Desk) refuse(w http.ResponseWriter, err error) {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
	case errors.Is(err, tillit.ErrBusy):
		w.Header().Set("Retry-After", "5")
		refusal = &Refusal{http.StatusServiceUnavailable, "", []tillit.Objection{{Code: "busy", Message: "too much to do at the moment"}}}
	case errors.Is(err, tillit.ErrStale):
		refusal = &Refusal{http.StatusConflict, "", []tillit.Objection{{Code: "changed_meanwhile", Message: "somebody else changed it at the same time; right would be to read it again"}}}
	default:
		refusal = &Refusal{http.StatusInternalServerError, "", []tillit.Objection{{Code: "server_error", Message: "our fault; it has been noted"}}}
	}
	id := make([]byte, 16)
	rand.Read(id)
	e := Envelope{
		Status: refusal.Status, Timestamp: Instant(d.Now().UnixMilli()), CorrelationID: hex.EncodeToString(id),
		Errors: make([]Fault, len(refusal.Faults)), Error: refusal.Faults[0].Code, Description: refusal.Error(),
	}
	for i, f := range refusal.Faults {
		e.Errors[i] = Fault{Message: f.Message, Field: f.Field != "", Object: refusal.Object, At: f.Field, Code: f.Code}
	}
	if refusal.Status == http.StatusInternalServerError {
		d.Log.Error("self-service", "correlation_id", e.CorrelationID, "cause", err.Error())
	}
	write(w, refusal.Status, e)
}

// A Signed is an answer that is a signed text instead of JSON.
type Signed struct{ Type, Text string }

func write(w http.ResponseWriter, status int, answer any) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	if signed, ok := answer.(Signed); ok {
		h.Set("Content-Type", signed.Type)
		w.WriteHeader(status)
		w.Write([]byte(signed.Text))
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if raw, ok := answer.(json.RawMessage); ok {
		w.Write(raw)
		return
	}
	// The caller may have gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(answer)
}

// Versioned answers below /api/v1 too, where the documents have the same addresses.
func Versioned(api http.Handler) http.Handler {
	const version = "/api/v1"
	below := http.StripPrefix(version, api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, version+"/") {
			below.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// Describe serves an API's own description (OpenAPI 3.1).
func Describe(document []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Write(document) //nolint:errcheck // the caller has gone; there is nobody to tell
	}
}

// Instant writes a time in unix milliseconds as RFC 3339 does, in UTC.
func Instant(milliseconds int64) string {
	return time.UnixMilli(milliseconds).UTC().Format("2006-01-02T15:04:05.000Z")
}

// Body reads a bounded body that is one JSON object, and gives its members.
func Body(r *http.Request, object string) (map[string]json.RawMessage, error) {
	text, err := Text(r, object)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&members); err != nil || members == nil || decoder.More() {
		return nil, Refuse(http.StatusBadRequest, object, "invalid_json", "", "the body is not one JSON object")
	}
	return members, nil
}

// Text reads a bounded body.
func Text(r *http.Request, object string) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, Refuse(http.StatusRequestEntityTooLarge, object, "too_large", "", "right would be a body of at most 256 KiB")
	}
	return text, nil
}

// Member reads one member into a value; an absent one or null leaves it as it is.
func Member(members map[string]json.RawMessage, name string, into any, faults *[]tillit.Objection) {
	text, there := members[name]
	if !there || string(text) == "null" {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		*faults = append(*faults, tillit.Objection{Code: "invalid_type", Field: name, Message: "right would be another type of value"})
	}
}
