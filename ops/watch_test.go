package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// watching gives a small provider under a watch, with its metrics and its log.
func watching(t *testing.T) (http.Handler, *Metrics, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	log := slog.New(WithRequestID(slog.NewTextHandler(out, nil)))
	m := NewMetrics(Sources{
		Version: "1.2.3", Revision: "abc", Queue: func() (int, int) { return 3, 8 },
		Catalogs: func() map[string]string { return map[string]string{"harbour": "d1"} },
	})
	inner := http.NewServeMux()
	inner.HandleFunc("POST /{realm}/token", func(w http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "refused")
		w.WriteHeader(http.StatusUnauthorized)
	})
	inner.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("alive")) })
	inner.HandleFunc("GET /{realm}/falls", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	outer := http.NewServeMux()
	outer.Handle("/", inner)
	w := &Watch{Metrics: m, Log: log, Now: time.Now, Realm: func(name string) bool { return name == "harbour" }}
	return w.Around(outer), m, out
}

func send(h http.Handler, method, target string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	r := httptest.NewRequest(method, target, strings.NewReader("client_secret=hush"))
	r.Header.Set("Cookie", "session=hush")
	r.Header.Set("User-Agent", "agent-hush")
	h.ServeHTTP(answer, r)
	return answer
}

func scrape(m *Metrics) string { return send(m.Handler(), http.MethodGet, "/metrics").Body.String() }

func TestRequestsAreCountedByPattern(t *testing.T) {
	h, m, _ := watching(t)
	send(h, http.MethodPost, "/harbour/token?code=hush")
	send(h, http.MethodPost, "/harbour/token")
	send(h, http.MethodGet, "/healthz")
	m.Issued("harbour", "refresh_token")
	m.Refused("harbour", "unknown_scope")
	m.SignInRefused("harbour", "wrong_credentials")
	m.Told("harbour", "invalid_client")
	m.Throttled("harbour", "client")
	text := scrape(m)
	for _, want := range []string{
		`tillit_http_requests_total{endpoint="POST /{realm}/token",realm="harbour",status="4xx"} 2`,
		`tillit_http_requests_total{endpoint="GET /healthz",realm="",status="2xx"} 1`,
		`tillit_http_request_duration_seconds_count{endpoint="POST /{realm}/token",realm="harbour"} 2`,
		`tillit_tokens_issued_total{grant_type="refresh_token",realm="harbour"} 1`,
		`tillit_decisions_refused_total{realm="harbour",reason="unknown_scope"} 1`,
		`tillit_sign_ins_refused_total{realm="harbour",why="wrong_credentials"} 1`,
		`tillit_errors_total{error="invalid_client",realm="harbour"} 1`,
		`tillit_throttled_total{realm="harbour",what="client"} 1`,
		`tillit_catalog_info{realm="harbour",version="d1"} 1`,
		`tillit_store_writes_waiting 3`, `tillit_store_writes_room 8`,
		`revision="abc",version="1.2.3"} 1`, `go_goroutines `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// A client can send what it likes: it never becomes a label.
func TestNoLabelIsAClientsText(t *testing.T) {
	h, m, out := watching(t)
	send(h, http.MethodPost, "/hush/token")
	send(h, http.MethodGet, "/hush/hush/hush")
	send(h, "HUSH", "/harbour/token")
	text := scrape(m)
	if strings.Contains(strings.ToLower(text), "hush") {
		t.Errorf("a client's text is in\n%s", text)
	}
	if want := `tillit_http_requests_total{endpoint="none",realm="",status="4xx"} `; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
	if strings.Contains(strings.ToLower(out.String()), "hush") {
		t.Errorf("a client's text is logged:\n%s", out)
	}
}

func TestRequestLog(t *testing.T) {
	h, _, out := watching(t)
	answer := send(h, http.MethodPost, "/harbour/token?code=hush")
	id := answer.Header().Get("X-Request-Id")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if id == "" || len(lines) != 2 {
		t.Fatalf("request id %q, %d lines; want an id and 2 lines:\n%s", id, len(lines), out)
	}
	for _, line := range lines {
		if !strings.Contains(line, "request="+id) {
			t.Errorf("no request id in %s", line)
		}
	}
	if last := lines[1]; !strings.Contains(last, `endpoint="POST /{realm}/token"`) || !strings.Contains(last, "status=401") || !strings.Contains(last, "duration=") {
		t.Errorf("the line is %s", last)
	}
	for _, secret := range []string{"hush", "192.0.2.1"} { // httptest's address
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is logged:\n%s", secret, out)
		}
	}
}

// A handler that never comes back is counted as our fault.
func TestPanicCountsAsFault(t *testing.T) {
	h, m, _ := watching(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		send(h, http.MethodGet, "/harbour/falls")
	}()
	if want := `tillit_http_requests_total{endpoint="GET /{realm}/falls",realm="harbour",status="5xx"} 1`; !strings.Contains(scrape(m), want) {
		t.Errorf("no %s in\n%s", want, scrape(m))
	}
}

func TestReadiness(t *testing.T) {
	_, m, _ := watching(t)
	status := Status{Ready: true, Store: StoreStatus{Reachable: true}, Catalogs: []CatalogStatus{{"harbour", "d1"}}}
	h := Handler(m, func(context.Context) Status { return status })
	answer := send(h, http.MethodGet, "/readyz")
	var got Status
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || answer.Code != http.StatusOK || !got.Ready || got.Catalogs[0].Version != "d1" {
		t.Errorf("%d %s, %v", answer.Code, answer.Body, err)
	}
	status = Status{Store: StoreStatus{Cause: "gone"}}
	if answer = send(h, http.MethodGet, "/readyz"); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "gone") {
		t.Errorf("%d %s; want 503 with the cause", answer.Code, answer.Body)
	}
	if answer = send(h, http.MethodGet, "/healthz"); answer.Code != http.StatusOK {
		t.Errorf("healthz: %d; want 200", answer.Code)
	}
}
