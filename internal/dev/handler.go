package dev

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// Config is what the pages of dev need.
type Config struct {
	// Base is the base URL, e.g. http://localhost:8080, without a slash at the end.
	Base string
	// Stylesheet is the address of the style sheet of the provider's pages, or "".
	Stylesheet string
	// Fixtures gives the present fixtures.
	Fixtures func() (demo.Fixtures, error)
	// Catalog gives a realm's catalog, nil for an unknown realm.
	Catalog func(realm string) *tillit.Catalog
	// Advance moves the provider's clock forward.
	Advance func(time.Duration)
	// Explain tells why the scopes and claims of an issued token were given or
	// not; nil where nobody can.
	Explain func(ctx context.Context, realm, jti string) (Explanation, error)
	// Delegated keeps the delegations between demo organizations.
	Delegated Delegations
	// Change changes the demo data; nil where nobody may.
	Change Changer
	// HTTP calls the provider. It must not follow redirects to other hosts.
	HTTP *http.Client
	// Random makes state, nonce and verifier.
	Random io.Reader
	// Now is the provider's clock.
	Now func() time.Time
}

// An Explanation is the view of one decision, in words.
type Explanation struct {
	Scopes []ScopeExplained
	Claims []ClaimExplained
}

// ScopeExplained is what became of one scope that was asked for.
type ScopeExplained struct {
	Scope    tillit.ScopeName
	Reason   tillit.Reason
	Sentence string
	By       string // what decided, or ""
}

// ClaimExplained is what became of one claim in one sink.
type ClaimExplained struct {
	Claim    tillit.ClaimName
	Sink     tillit.Sink
	Via      string // the scope; "claims" for the claims parameter; "" for the token's frame
	Reason   tillit.Reason
	Sentence string
}

// maxAdvance bounds one move of the clock: ten years.
const maxAdvance = 10 * 365 * 24 * time.Hour

// Handler serves the pages of dev. It answers only where the Host is a loopback
// name, and refuses what pages of other origins send.
func Handler(c Config) (http.Handler, error) {
	pages, err := newPlayground(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/fixtures.json", c.fixtures)
	mux.HandleFunc("POST /dev/clock", c.clock)
	if c.Delegated != nil {
		mux.HandleFunc("GET /dev/delegations.json", c.delegationsText)
		mux.HandleFunc("POST /dev/delegations", c.delegate)
		mux.HandleFunc("GET /dev/delegations", pages.delegationsPage)
	}
	c.changes(mux)
	pages.routes(mux)
	return guard(mux), nil
}

func (c Config) fixtures(w http.ResponseWriter, _ *http.Request) {
	fixtures, err := c.Fixtures()
	if err != nil {
		http.Error(w, "fixtures: "+err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, fixtures)
}

func (c Config) clock(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Advance string `json:"advance"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&body); err != nil {
		http.Error(w, `clock: the body is not JSON; right would be {"advance":"91s"}`, http.StatusBadRequest)
		return
	}
	by, err := forward(body.Advance)
	if err != nil {
		http.Error(w, "clock: "+err.Error(), http.StatusBadRequest)
		return
	}
	c.Advance(by)
	writeJSON(w, map[string]string{"advanced": by.String(), "now": c.Now().UTC().Format(time.RFC3339)})
}

// forward reads how far to move: time never goes back.
func forward(text string) (time.Duration, error) {
	by, err := time.ParseDuration(text)
	if err != nil || by < 0 || by > maxAdvance {
		return 0, errors.New("advance: right would be a Go duration from 0s to 87600h, e.g. 91s")
	}
	return by, nil
}

func writeJSON(w http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(text) //nolint:errcheck // the caller has gone; there is nobody to tell
}
