package dev

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tillit/tillit"
)

// maxRuns bounds what is remembered; the oldest goes first.
const maxRuns = 200

// cookieName names the cookie that ties runs to a browser.
const cookieName = "tillit-playground"

// A run is one walk through an authorization, from the request to the tokens.
type run struct {
	ID       string
	Browser  string // value of the cookie
	Realm    string
	Client   tillit.ClientID
	State    string
	Nonce    string
	Verifier string
	Asked    []tillit.ScopeName
	Request  string // the authorization request, or "" of a machine
	Began    time.Time

	Tokens   *tokens // nil until the code is redeemed
	Failed   string  // what went wrong, in words
	Error    string  // the standard's error code, or ""
	Told     string  // what was just done
	Revoked  bool
	Renewals int
}

// runs holds the walks of every browser, in memory.
type runs struct {
	mu    sync.Mutex
	byID  map[string]*run
	order []string // oldest first
}

func newRuns() *runs { return &runs{byID: map[string]*run{}} }

func (s *runs) put(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[r.ID] == nil {
		s.order = append(s.order, r.ID)
	}
	kept := *r // the caller may go on changing its own
	s.byID[r.ID] = &kept
	for len(s.order) > maxRuns {
		delete(s.byID, s.order[0])
		s.order = s.order[1:]
	}
}

// get gives a copy of the run if it is the browser's.
func (s *runs) get(id, browser string) (run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil || browser == "" || subtle.ConstantTimeCompare([]byte(r.Browser), []byte(browser)) != 1 {
		return run{}, false
	}
	return *r, true
}

// take finds a run that still waits for its answer, by its state, and marks it
// answered: a state serves once.
func (s *runs) take(state, browser string) (run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.byID {
		if state != "" && r.State == state && r.Browser == browser && browser != "" {
			taken := *r
			r.State = ""
			return taken, true
		}
	}
	return run{}, false
}

// secret makes 256 random bits, base64url.
func secret(random io.Reader) (string, error) {
	bits := make([]byte, 32)
	if _, err := io.ReadFull(random, bits); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(bits), nil
}

// challenge is the S256 code challenge of a verifier (RFC 7636 §4.2).
func challenge(verifier string) string {
	digest := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

func browserOf(r *http.Request) string {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// browser gives the browser's cookie, setting one where there is none.
func (p *playground) browser(w http.ResponseWriter, r *http.Request) (string, error) {
	if value := browserOf(r); value != "" {
		return value, nil
	}
	value, err := secret(p.Random)
	if err != nil {
		return "", err
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return value, nil
}
