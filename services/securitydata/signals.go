package securitydata

import (
	"strings"

	"github.com/tillit/tillit"
)

// unknown is told where a browser did not say. Time zones are never known: only a
// script could ask for one.
const unknown = "Unknown"

// told is what the browser said itself.
func told(s *tillit.Signals) map[string]any {
	name, system, version := browser(s.UserAgent)
	if s.Platform != "" {
		system = s.Platform
	}
	language, _, _ := strings.Cut(s.Languages, ",")
	language, _, _ = strings.Cut(language, ";")
	return map[string]any{
		"browserName": name, "osName": system, "osVersion": version, "timeZone": unknown,
		"userAgent": or(s.UserAgent), "language": or(strings.TrimSpace(language)),
	}
}

func or(value string) string {
	if value == "" {
		return unknown
	}
	return value
}

// browsers and systems in the order in which their marks are looked for: most
// browsers name others' as well.
var (
	browsers = [...]struct{ mark, name string }{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = [...]struct{ mark, name, version string }{
		{"Windows NT", "Windows", "Windows NT "}, {"Android", "Android", "Android "}, {"iPhone", "iOS", "iPhone OS "}, {"iPad", "iPadOS", "CPU OS "},
		{"CrOS", "ChromeOS", ""}, {"Mac OS X", "macOS", "Mac OS X "}, {"Linux", "Linux", ""},
	}
)

// browser reads a User-Agent header.
func browser(agent string) (name, system, version string) {
	name, system, version = unknown, unknown, unknown
	for _, b := range browsers {
		if strings.Contains(agent, b.mark) {
			name = b.name
			break
		}
	}
	for _, s := range systems {
		if !strings.Contains(agent, s.mark) {
			continue
		}
		system = s.name
		if _, after, found := strings.Cut(agent, s.version); found && s.version != "" {
			if end := strings.IndexAny(after, ";) "); end > 0 {
				version = strings.ReplaceAll(after[:end], "_", ".")
			}
		}
		break
	}
	return name, system, version
}

// What makes a sign-in stand out among those of the same person, and how much.
const (
	newAddress = 0.4 // not one of the other sign-ins came from there
	newBrowser = 0.4
	mostOf     = 0.2 // at most, by how many addresses there were
)

// derived says how much the sign-in stands out. Alone it cannot.
func derived(t *tillit.Transaction, others []tillit.Transaction) map[string]any {
	addresses, browsers := map[string]bool{}, map[string]bool{}
	compared := 0
	for i := range others {
		if o := &others[i]; o.ID != t.ID && o.Began <= t.Began {
			compared++
			addresses[o.Signals.Address] = true
			browsers[o.Signals.UserAgent] = true
		}
	}
	factor := 0.0
	if compared > 0 && !addresses[t.Signals.Address] {
		factor += newAddress
	}
	if compared > 0 && !browsers[t.Signals.UserAgent] {
		factor += newBrowser
	}
	if n := len(addresses); n > 1 {
		factor += mostOf * (1 - 1/float64(n))
	}
	return map[string]any{
		"User_IP": t.Signals.Address, "Alarm_IDx": "No alarms", "fpf": factor, "fpf_classification": class(factor, compared),
		"env": environment(&t.Signals),
	}
}

func class(factor float64, compared int) string {
	switch {
	case compared == 0:
		return unknown
	case factor < 0.3:
		return "Green"
	case factor < 0.7:
		return "Yellow"
	}
	return "Red"
}

// environment is how little the browser looks like one that a person uses.
func environment(s *tillit.Signals) float64 {
	name, system, _ := browser(s.UserAgent)
	risk := 0.0
	if name == unknown {
		risk += 0.4
	}
	if system == unknown {
		risk += 0.3
	}
	if s.Languages == "" {
		risk += 0.2
	}
	return risk
}
