package dev

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// served gives a handler with an empty set of fixtures and the moves of its clock.
func served(t *testing.T) (http.Handler, *[]time.Duration) {
	t.Helper()
	var moves []time.Duration
	handler, err := Handler(Config{
		Base:     "http://localhost:8080",
		Fixtures: func() (demo.Fixtures, error) { return demo.Fixtures{Realms: []demo.FixtureRealm{}}, nil },
		Catalog:  func(string) *tillit.Catalog { return nil },
		Advance:  func(by time.Duration) { moves = append(moves, by) },
		HTTP:     http.DefaultClient, Random: rand.Reader, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler, &moves
}

func send(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFixturesAreJSON(t *testing.T) {
	h, _ := served(t)
	w := send(h, http.MethodGet, "http://localhost:8080/dev/fixtures.json", "")
	var all map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != http.StatusOK || all["realms"] == nil {
		t.Errorf("%d %s %v", w.Code, w.Body, err)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestClockMovesForwardOnly(t *testing.T) {
	h, moves := served(t)
	if w := send(h, http.MethodPost, "http://127.0.0.1:8080/dev/clock", `{"advance":"91s"}`); w.Code/100 != 2 {
		t.Errorf("91s: %d %s", w.Code, w.Body)
	}
	for _, body := range []string{`{"advance":"-1s"}`, `{"advance":"soon"}`, `{}`, `91s`, `{"advance":"99999999h"}`, `{"advance":"` + strings.Repeat("9", 2000) + `s"}`} {
		if w := send(h, http.MethodPost, "http://127.0.0.1:8080/dev/clock", body); w.Code != http.StatusBadRequest {
			t.Errorf("%.30s: %d; want 400", body, w.Code)
		}
	}
	if len(*moves) != 1 || (*moves)[0] != 91*time.Second {
		t.Errorf("the clock moved by %v; want 91s once", *moves)
	}
	if w := send(h, http.MethodGet, "http://127.0.0.1:8080/dev/clock", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d; want 405", w.Code)
	}
}

func TestOnlyLoopbackAndOwnOrigin(t *testing.T) {
	h, moves := served(t)
	for _, host := range []string{"evil.example", "localhost.evil.example", "10.0.0.1:8080", "127.0.0.1.evil.example", ""} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/dev/fixtures.json", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code/100 != 4 {
			t.Errorf("Host %q: %d; want 4xx", host, w.Code)
		}
	}
	for _, host := range []string{"localhost", "localhost:1", "127.0.0.1:8080", "[::1]:8080", "127.0.0.9"} {
		if w := send(h, http.MethodGet, "http://"+host+"/dev/fixtures.json", ""); w.Code != http.StatusOK {
			t.Errorf("Host %s: %d; want 200", host, w.Code)
		}
	}
	for _, header := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "http://localhost:9999"}, {"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
	} {
		if w := send(h, http.MethodPost, "http://localhost:8080/dev/clock", `{"advance":"1s"}`, header...); w.Code != http.StatusForbidden {
			t.Errorf("%v: %d; want 403", header, w.Code)
		}
	}
	if len(*moves) != 0 {
		t.Errorf("a foreign page moved the clock: %v", *moves)
	}
	if w := send(h, http.MethodPost, "http://localhost:8080/dev/clock", `{"advance":"1s"}`, "Origin", "http://localhost:8080"); w.Code/100 != 2 {
		t.Errorf("own origin: %d", w.Code)
	}
	if w := send(h, http.MethodGet, "http://localhost:8080/", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"); w.Code != http.StatusOK {
		t.Errorf("a link from elsewhere: %d", w.Code)
	}
}
