package server

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Bounds on what a request may carry.
const (
	maxBody      = 128 << 10
	maxQuery     = 32 << 10
	maxParameter = 16 << 10
)

// repeatable are the parameters that may stand more than once (RFC 8707 §2).
var repeatable = map[string]bool{"resource": true, "consent": true, "audience": true}

// lengthy are the parameters whose readers have bounds of their own.
var lengthy = map[string]bool{"claims": true, "authorization_details": true, "request": true, "assertion": true}

// params are the parameters of one request, each read once. Empty ones count as
// omitted (RFC 6749 §3.1).
type params struct {
	url.Values
	repeated string // name of a parameter that stood more than once, or ""
}

// Get gives a parameter, "" when it is missing or empty.
func (p params) Get(name string) string { return p.Values.Get(name) }

// has reports whether the parameter stood in the request, empty or not.
func (p params) has(name string) bool { _, ok := p.Values[name]; return ok }

// parseForm reads a POST form. It refuses other media types, bodies that are
// too large, malformed encodings and repeated parameters.
func parseForm(r *http.Request) (params, error) {
	p, err := readForm(r)
	if err == nil && p.repeated != "" {
		err = refuse("invalid_request", "the parameter %s stands more than once", p.repeated)
	}
	return p, err
}

func readForm(r *http.Request) (params, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return params{}, refuse("invalid_request", "the body must be application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return params{}, refuse("invalid_request", "the body could not be read")
	}
	if len(body) > maxBody {
		return params{}, &Error{Code: "invalid_request", Description: "the body is too large", Status: http.StatusRequestEntityTooLarge}
	}
	return parseParams(string(body))
}

func parseQuery(r *http.Request) (params, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return params{}, &Error{Code: "invalid_request", Description: "the query is too long", Status: http.StatusRequestURITooLong}
	}
	return parseParams(r.URL.RawQuery)
}

func parseParams(encoded string) (params, error) {
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return params{}, refuse("invalid_request", "the parameters are not well-formed")
	}
	p := params{Values: values}
	if len(values) > 200 {
		return p, refuse("invalid_request", "too many parameters")
	}
	for name, list := range values {
		for _, value := range list {
			tooLong := len(value) > maxParameter && !lengthy[name]
			if tooLong || name == "" || !isText(name) || !isText(value) {
				return p, refuse("invalid_request", "the parameter %s is malformed or too long", name)
			}
		}
		if len(list) > 1 && !repeatable[name] {
			p.repeated = first(p.repeated, name)
		}
	}
	return p, nil
}

// isText admits what every part behind can store and give back unchanged.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// first keeps the alphabetically first of two names, so that answers do not
// depend on the order of a map; "client_id" and "redirect_uri" come before all.
func first(a, b string) string {
	trust := func(s string) bool { return s == "client_id" || s == "redirect_uri" }
	switch {
	case a == "" || trust(b) && !trust(a):
		return b
	case trust(a) && !trust(b):
		return a
	case b < a:
		return b
	}
	return a
}

// words splits a parameter that is a list separated by spaces.
func words(s string) []string { return strings.Fields(s) }
