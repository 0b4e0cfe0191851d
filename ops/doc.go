// Package ops is what the people who run the provider see of it: metrics, the
// request log, readiness with its details, and which proxies are believed.
//
//	request ─▶ Proxies.Guard ─▶ Watch ─▶ the provider
//	                             │  └─▶ one line of log, if wanted
//	                             ▼
//	                          Metrics ─▶ GET /metrics ─┐
//	                          Status  ─▶ GET /readyz  ─┴─▶ operations listener
//
// It never looks at queries, bodies, cookies or headers but those of proxies,
// and no label of a metric comes from what a client sent.
package ops
