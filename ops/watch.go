package ops

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// A Watch sees every request and its answer.
type Watch struct {
	Metrics *Metrics
	Traces  *Traces                // nil: none
	Log     *slog.Logger           // one line per request; nil: no lines
	Realm   func(name string) bool // whether there is such a realm
	Now     func() time.Time       // measures, so it never jumps
}

// unmatched stands for what no pattern matched: an address is a client's text.
const unmatched = "none"

// Around puts the watch around a handler whose patterns are those of
// http.ServeMux.
func (o *Watch) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := o.Now()
		if o.Log != nil {
			id := rand.Text()
			r = r.WithContext(context.WithValue(r.Context(), requestID{}, id))
			w.Header().Set("X-Request-Id", id)
		}
		ctx, end := o.Traces.request(r.Context())
		if o.Traces != nil {
			r = r.WithContext(ctx)
		}
		// A handler that does not come back did not answer well.
		answer, status := &answered{ResponseWriter: w}, http.StatusInternalServerError
		defer func() {
			realm, endpoint := o.note(r, status, o.Now().Sub(start))
			end(endpoint, realm, status)
		}()
		next.ServeHTTP(answer, r)
		status = answer.Status()
	})
}

// note tells of a request by names that are ours: the pattern and the realm.
func (o *Watch) note(r *http.Request, status int, took time.Duration) (realm, endpoint string) {
	endpoint, realm = endpointOf(r.Pattern), r.PathValue("realm")
	if realm != "" && !o.Realm(realm) {
		realm, endpoint = "", unmatched
	}
	o.Metrics.Request(realm, endpoint, status, took)
	if o.Log == nil {
		return realm, endpoint
	}
	// The id is added by the handler that WithRequestID makes.
	o.Log.InfoContext(r.Context(), "request", "realm", realm, "endpoint", endpoint, "status", status, "duration", took.String())
	return realm, endpoint
}

// endpointOf gives the pattern that matched, unmatched for none or the one that
// matches everything.
func endpointOf(pattern string) string {
	if pattern == "" || pattern == "/" || strings.HasSuffix(pattern, " /") {
		return unmatched
	}
	return pattern
}

// An answered writer remembers the status.
type answered struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the first final status.
func (a *answered) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Status gives what was answered; a handler that writes nothing answers 200.
func (a *answered) Status() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// Unwrap lets http.ResponseController reach what is behind.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

type requestID struct{}

// WithRequestID makes a log handler that adds the request's id to every line
// written on behalf of a request.
func WithRequestID(next slog.Handler) slog.Handler { return identified{next} }

type identified struct{ slog.Handler }

func (h identified) Handle(ctx context.Context, line slog.Record) error {
	if id, ok := ctx.Value(requestID{}).(string); ok {
		line.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, line)
}

func (h identified) WithAttrs(attrs []slog.Attr) slog.Handler {
	return identified{h.Handler.WithAttrs(attrs)}
}
func (h identified) WithGroup(name string) slog.Handler { return identified{h.Handler.WithGroup(name)} }
