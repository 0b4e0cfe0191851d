// Command bench is a closed-loop load generator: it starts providers, asks each
// for the same operations over HTTP from 1 to 64 connections, and says what a
// request cost the provider. It owns the operations, the browser that fills in
// the forms, and what is read of processes; it never reaches into a provider.
//
//	start a target ─▶ ready ─▶ prepare tokens ─▶ warm up ─▶ measure ─▶ results/*.json
//	      │                                                    │
//	      └── house, dev, peers/goidc, peers/node              └── /proc before and after
//
// Client and provider share the machine, so the server's CPU time per request is
// the figure to compare; requests per second are what the client left over.
package main
