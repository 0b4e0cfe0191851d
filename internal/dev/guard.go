package dev

import (
	"net"
	"net/http"
	"net/url"
)

// guard answers only requests that were sent to a loopback name, so that a name
// somebody else points at 127.0.0.1 reaches nothing, and refuses requests that a
// page of another origin made.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !loopback(r.Host) {
			http.Error(w, "dev answers only to a loopback Host", http.StatusMisdirectedRequest)
			return
		}
		if foreign(r) {
			http.Error(w, "dev refuses requests of other origins", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether host (with or without port) names this machine.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	if host == "localhost" {
		return true
	}
	address := net.ParseIP(host)
	return address != nil && address.IsLoopback()
}

// foreign reports whether a page of another origin sent the request. A link or a
// redirect that leads here with GET is not such a request, unless a script
// fetches it.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		from, err := url.Parse(origin)
		return err != nil || from.Host != r.Host
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if site == "" || site == "same-origin" || site == "none" {
		return false
	}
	navigates := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate"
	return !navigates
}
