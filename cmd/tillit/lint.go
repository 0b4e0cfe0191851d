package main

import (
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
)

// A finding is one thing about what somebody wrote that is wrong, or odd.
type finding struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Right   string `json:"right,omitempty"`
}

func (f finding) String() string { return server.Finding(f).String() }

// lint gives what is wrong with a client, which keeps it out, and what is odd, as
// registration over HTTP would find it.
func lint(catalog *tillit.Catalog, client *tillit.Client) (wrong, warnings []finding) {
	faults, odd := server.LintClient(catalog, client)
	return findings(faults), findings(odd)
}

func findings(list []server.Finding) []finding {
	var all []finding
	for _, f := range list {
		all = append(all, finding(f))
	}
	return all
}

// reach gives the endpoints at which a client can ask for anything.
func reach(client *tillit.Client) tillit.Endpoints { return server.Reach(client) }
