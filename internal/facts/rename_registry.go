package facts

import (
	"strings"

	"github.com/goccy/go-yaml"
)

// What the files of realms have in which organizations own scopes.

// nameOrganizations makes names for organizations and for their prefixes. A number
// stays: it is nobody's to choose.
func (r *Renaming) nameOrganizations(document yaml.MapSlice) {
	for _, item := range mapping(member(document, "organizations")) {
		if key, ok := item.Key.(string); ok {
			r.name(key)
		}
		for _, prefix := range list(member(mapping(item.Value), "prefixes")) {
			if text, ok := prefix.(string); ok && strings.Trim(text, "0123456789") != "" {
				r.name(text)
				r.prefixes = append(r.prefixes, text)
			}
		}
	}
}

// nameGrants makes names for what a machine's grant says and is answered: its own
// claims, types of details, sources of delegations, and errors but the standards'.
func (r *Renaming) nameGrants(document yaml.MapSlice) {
	for _, item := range mapping(member(document, "delegation_sources")) {
		if key, ok := item.Key.(string); ok {
			r.table[key] = "https://" + r.fresh() + ".example/"
		}
	}
	r.nameAll(document, "authorization_details")
	for _, item := range mapping(member(document, "authorization_details")) {
		r.nameAll(mapping(item.Value), "values")
	}
	assertion := mapping(member(document, "assertion"))
	if assertion == nil {
		return
	}
	if word, ok := member(assertion, "certificate").(string); ok {
		r.name(word)
	}
	for _, item := range mapping(member(assertion, "claims")) {
		switch key, _ := item.Key.(string); key {
		case "scope", "resource", "authorization_details": // RFC 6749, 8707 and 9396
		default:
			r.name(key)
		}
	}
	for _, item := range mapping(member(document, "errors")) {
		fields := mapping(item.Value)
		if code, ok := member(fields, "code").(string); ok {
			r.name(code)
		}
		if word, ok := member(fields, "error").(string); ok && !strings.HasPrefix(word, "invalid_") && r.table[word] == "" {
			r.table[word] = lettered(r.fresh())
		}
	}
}

// lettered writes digits as letters: an error's word has none.
func lettered(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return c - '0' + 'a'
		}
		return c
	}, name)
}

// nameTypes makes names for types of clients where organizations say them.
func (r *Renaming) nameTypes(document yaml.MapSlice) {
	if len(r.prefixes) > 0 {
		r.nameAll(document, "client_types")
	}
}

func (r *Renaming) assertion(value any) any {
	fields := mapping(r.lists(value, "certificate"))
	for i := range fields {
		if fields[i].Key == "claims" {
			fields[i].Value = r.eachKeyed(fields[i].Value, same)
		}
	}
	return orSame(fields, value)
}
