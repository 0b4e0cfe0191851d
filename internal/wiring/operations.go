package wiring

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/token"
)

// Operations say what the people who run the provider want to see of it.
type Operations struct {
	Version, Revision string // of the build
	RequestLog        bool   // a line of log for every request
	// Throttle tells who gets secrets and codes wrong too often to wait.
	Throttle bool
	Traces   *ops.Traces // nil: none
	Proxies  ops.Proxies // believed about where a request comes from
}

// counts makes the metrics of the house.
func (h *House) counts() *ops.Metrics {
	return ops.NewMetrics(ops.Sources{
		Version: h.config.Operations.Version, Revision: h.config.Operations.Revision,
		Catalogs: func() map[string]string {
			set := h.Catalogs.Set()
			versions := map[string]string{}
			for _, realm := range set.Realms() {
				versions[realm] = set.Version(realm)
			}
			return versions
		},
		Queue: h.Store.Load,
	})
}

// watched puts metrics and the request log around a handler.
func (h *House) watched(next http.Handler) http.Handler {
	w := &ops.Watch{Metrics: h.Metrics, Traces: h.config.Operations.Traces, Now: time.Now, Realm: func(name string) bool { return h.Catalogs.Catalog(name, "") != nil }}
	if h.config.Operations.RequestLog {
		w.Log = h.config.Log
	}
	return w.Around(next)
}

// Operations serves metrics and the details of readiness.
func (h *House) Operations() http.Handler { return ops.Handler(h.Metrics, h.Status) }

// Status says whether the house can answer, and with what.
func (h *House) Status(ctx context.Context) ops.Status {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := ops.Status{Ready: true, Store: ops.StoreStatus{Reachable: true}}
	if err := h.Store.Ready(ctx); err != nil {
		s.Ready, s.Store = false, ops.StoreStatus{Cause: err.Error()}
	}
	set := h.Catalogs.Set()
	for _, realm := range set.Realms() {
		s.Catalogs = append(s.Catalogs, ops.CatalogStatus{Realm: realm, Version: set.Version(realm)})
		if !s.Store.Reachable {
			continue
		}
		keys, err := h.keyStatus(ctx, realm, set.Catalog(realm, "").Settings.Algorithms)
		if err != nil {
			h.config.Log.Error("readiness: keys", "realm", realm, "cause", err.Error())
			s.Ready = false
			continue
		}
		for _, k := range keys {
			s.Ready = s.Ready && k.ID != ""
		}
		s.Keys = append(s.Keys, keys...)
	}
	return s
}

// patience is how long readiness waits for the store.
const patience = 5 * time.Second

// keyStatus says of each algorithm which key signs now: the one that began last.
func (h *House) keyStatus(ctx context.Context, realm string, algorithms []string) ([]ops.KeyStatus, error) {
	stored, err := h.Store.Keys(ctx, realm)
	if err != nil {
		return nil, err
	}
	now := h.Now().Unix()
	var list []ops.KeyStatus
	for _, algorithm := range algorithms {
		status := ops.KeyStatus{Realm: realm, Algorithm: algorithm}
		for _, k := range stored {
			if k.Algorithm != algorithm || k.Expires != 0 && k.Expires <= now {
				continue
			}
			status.Published++
			if k.Activates <= now && (k.Retires == 0 || k.Retires > now) {
				status.ID = k.ID
			}
		}
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b ops.KeyStatus) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
	return list, nil
}

// identified makes the log say for which request a line is written.
func identified(log *slog.Logger) *slog.Logger { return slog.New(ops.WithRequestID(log.Handler())) }

// tracedKeys makes every signature a part of its request.
type tracedKeys struct {
	*token.Ring
	span func(context.Context, string) (context.Context, func(error))
}

// Sign is the ring's.
func (k tracedKeys) Sign(ctx context.Context, realm, algorithm, typ string, claims []byte) (string, error) {
	ctx, ended := k.span(ctx, "sign")
	jws, err := k.Ring.Sign(ctx, realm, algorithm, typ, claims)
	ended(err)
	return jws, err
}

// traced lets those who watch see the parts of a request, where they want to.
func (h *House) traced() {
	if traces := h.config.Operations.Traces; traces != nil {
		h.Provider.Span, h.Provider.Keys = traces.Span, tracedKeys{h.Keys, traces.Span}
	}
}

// endTraces sends what is left, within a bound: a collector that is down holds
// nobody up.
func (h *House) endTraces() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.config.Operations.Traces.Close(ctx); err != nil {
		h.config.Log.Warn("the last traces were not sent", "cause", err.Error())
	}
	return nil
}
