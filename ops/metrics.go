package ops

import (
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// durations are the upper bounds of the histogram's buckets, in seconds: from
// what a cached document takes to what a person would call hanging.
var durations = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Sources are what metrics read when they are asked, and not before.
type Sources struct {
	// Version and Revision say which build runs.
	Version, Revision string
	// Catalogs gives the version of the catalog in use, by realm; nil: none.
	Catalogs func() map[string]string
	// Queue gives how many writes wait for the store, and how many may; nil: unknown.
	Queue func() (waiting, room int)
}

// Metrics counts what happens. Its labels are names that the realms or the code
// declare: realms, patterns of endpoints, grant types, reasons.
type Metrics struct {
	registry                                                  *prometheus.Registry
	requests, issued, refused, told, signIns, slowed, logouts *prometheus.CounterVec
	seconds                                                   *prometheus.HistogramVec

	handles sync.Map // series → *handle
}

// A series is one combination of labels of a request.
type series struct{ realm, endpoint, class string }

// A handle is what a request of a series adds to, found without hashing labels.
type handle struct {
	count   prometheus.Counter
	seconds prometheus.Observer
}

// NewMetrics makes metrics that belong to nobody else in the process.
func NewMetrics(from Sources) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = m.counter("tillit_http_requests_total", "HTTP requests answered.", "realm", "endpoint", "status")
	m.issued = m.counter("tillit_tokens_issued_total", "Token responses, by the grant type they answer.", "realm", "grant_type")
	m.refused = m.counter("tillit_decisions_refused_total", "Requests that a decision refused, by its reason.", "realm", "reason")
	m.told = m.counter("tillit_errors_total", "Errors told to clients and people, by code.", "realm", "error")
	m.signIns = m.counter("tillit_sign_ins_refused_total", "Sign-ins refused, by why.", "realm", "why")
	m.slowed = m.counter("tillit_throttled_total", "Wrong secrets and codes beyond what an address may send.", "realm", "what")
	m.logouts = m.counter("tillit_logouts_told_total", "Tries to tell a client that a session has ended, by what came of it.", "realm", "outcome")
	m.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tillit_http_request_duration_seconds", Help: "Time to answer an HTTP request.", Buckets: durations,
	}, []string{"realm", "endpoint"})
	m.registry.MustRegister(m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.observe(from)
	return m
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

// observe registers what is read at each scrape.
func (m *Metrics) observe(from Sources) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tillit_build_info", Help: "The build that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": from.Version, "revision": from.Revision, "go": runtime.Version()},
	}, func() float64 { return 1 }))
	if from.Catalogs != nil {
		m.registry.MustRegister(catalogInfo{from.Catalogs})
	}
	if from.Queue == nil {
		return
	}
	gauge := func(name, help string, value func() int) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
	}
	gauge("tillit_store_writes_waiting", "Writes that wait for the store.", func() int { n, _ := from.Queue(); return n })
	gauge("tillit_store_writes_room", "Writes that may wait; further ones are refused.", func() int { _, n := from.Queue(); return n })
}

// Request counts an answered request. endpoint is the pattern that matched.
func (m *Metrics) Request(realm, endpoint string, status int, took time.Duration) {
	h := m.handle(series{realm, endpoint, class(status)})
	h.count.Inc()
	h.seconds.Observe(took.Seconds())
}

func (m *Metrics) handle(s series) *handle {
	if found, ok := m.handles.Load(s); ok {
		return found.(*handle)
	}
	made := &handle{m.requests.WithLabelValues(s.realm, s.endpoint, s.class), m.seconds.WithLabelValues(s.realm, s.endpoint)}
	kept, _ := m.handles.LoadOrStore(s, made)
	return kept.(*handle)
}

// class gives the first digit of a status: 2xx, 4xx, …
func class(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return string(rune('0'+status/100)) + "xx"
}

// Issued counts a token response.
func (m *Metrics) Issued(realm, grantType string) { m.issued.WithLabelValues(realm, grantType).Inc() }

// Refused counts a request that a decision refused.
func (m *Metrics) Refused(realm, reason string) { m.refused.WithLabelValues(realm, reason).Inc() }

// Told counts an error that was told, by its code.
func (m *Metrics) Told(realm, code string) { m.told.WithLabelValues(realm, code).Inc() }

// SignInRefused counts a sign-in that failed.
func (m *Metrics) SignInRefused(realm, why string) { m.signIns.WithLabelValues(realm, why).Inc() }

// Throttled counts a wrong secret or code too many.
func (m *Metrics) Throttled(realm, what string) { m.slowed.WithLabelValues(realm, what).Inc() }

// Handler serves the metrics in the formats of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// A catalogInfo tells which catalog each realm uses, so that one can see whether
// all processes use the same.
type catalogInfo struct{ versions func() map[string]string }

var catalogDesc = prometheus.NewDesc("tillit_catalog_info", "The version of the catalog in use; always 1.", []string{"realm", "version"}, nil)

// Describe tells what Collect gives.
func (catalogInfo) Describe(out chan<- *prometheus.Desc) { out <- catalogDesc }

// Collect gives one gauge per realm.
func (c catalogInfo) Collect(out chan<- prometheus.Metric) {
	for realm, version := range c.versions() {
		out <- prometheus.MustNewConstMetric(catalogDesc, prometheus.GaugeValue, 1, realm, version)
	}
}

// LogoutTold counts a try to tell a client of a logout.
func (m *Metrics) LogoutTold(realm, outcome string) { m.logouts.WithLabelValues(realm, outcome).Inc() }
