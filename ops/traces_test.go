package ops

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestTraces sends a request's spans to a collector: its parts are named by us,
// and nothing that the client sent is in them.
func TestTraces(t *testing.T) {
	got := make(chan []byte, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", r.URL.Path, r.Header.Get("Content-Type"), err)
		}
		got <- body
	}))
	defer collector.Close()
	traces, err := NewTraces(t.Context(), collector.URL+"/v1/traces", "1", 1)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{realm}/token", func(_ http.ResponseWriter, r *http.Request) {
		for _, part := range []string{"decide", "sign", "commit"} {
			_, ended := traces.Span(r.Context(), part)
			ended(errors.New("it quotes private-text"))
		}
	})
	w := &Watch{Metrics: NewMetrics(Sources{}), Traces: traces, Now: time.Now, Realm: func(string) bool { return true }}
	request := httptest.NewRequest(http.MethodGet, "/shop/token?q=private-text", nil)
	request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	w.Around(mux).ServeHTTP(httptest.NewRecorder(), request)
	if _, ended := traces.Span(context.Background(), "nobody"); ended == nil {
		t.Error("work of nobody's request has no end")
	}
	if err := traces.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := <-got
	for _, want := range []string{"GET /{realm}/token", "decide", "sign", "commit", "tillit.realm", "shop"} {
		if !bytes.Contains(sent, []byte(want)) {
			t.Errorf("%q was not sent", want)
		}
	}
	for _, no := range []string{"private-text", "nobody", "\x0a\xf7\x65\x19\x16\xcd"} {
		if bytes.Contains(sent, []byte(no)) {
			t.Errorf("%q was sent", no)
		}
	}
}
