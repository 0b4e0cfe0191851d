package scopes

import (
	"encoding/json"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

// The words of the API for what the product calls otherwise.
var (
	visibilities = map[tillit.Visibility]string{tillit.Public: "PUBLIC", tillit.Private: "PRIVATE", tillit.Internal: "INTERNAL"}
	formats      = map[tillit.TokenFormat]string{tillit.JWT: "SELF_CONTAINED", tillit.Opaque: "OPAQUE"}
)

// wordOf finds the product's word for one of the API's; an unknown one stays as
// it is, and is refused as such.
func wordOf[T ~string](words map[T]string, said string) T {
	for word, theirs := range words {
		if theirs == strings.ReplaceAll(said, "-", "_") {
			return word
		}
	}
	return T("?" + said)
}

// wire writes a scope as the API tells it.
func wire(c *tillit.Catalog, s *tillit.RegisteredScope) map[string]any {
	types := s.Types
	if types == nil {
		types = []string{}
	}
	m := map[string]any{
		"name": s.Name, "prefix": s.Prefix, "subscope": s.Subscope,
		"visibility": visibilities[s.Visibility], "token_type": formats[s.Format],
		"allowed_integration_types": types, "accessible_for_all": s.Open,
		"at_max_age": s.AccessTokenMax, "authorization_max_lifetime": s.GrantMax,
		"requires_user_consent": s.Consent, "requires_user_authentication": s.FreshSignIn,
		"requires_pseudonymous_tokens": s.Pseudonymous, "protected": s.Protected,
		"supports_european_businesses": s.Businesses, "owner_orgno": s.Owner, "active": s.Active,
	}
	writeText(c, m, "description", s.Description)
	writeText(c, m, "long_description", s.Long)
	if s.Delegation != "" {
		m["delegation_source"] = s.Delegation
	}
	if s.Audience != "" {
		m["enforced_aud_for_access_token"] = s.Audience
	}
	if len(s.IntrospectedBy) > 0 {
		m["enforced_aud_for_introspection"] = s.IntrospectedBy
	}
	if s.Created > 0 {
		m["created"], m["last_updated"] = selfservice.Instant(s.Created), selfservice.Instant(s.Updated)
	}
	return m
}

// writeText writes a text flat: the first language under the bare name.
func writeText(c *tillit.Catalog, m map[string]any, name string, text tillit.Text) {
	for language, value := range text {
		switch {
		case value == "":
		case language == c.Languages[0]:
			m[name] = value
		default:
			m[name+"#"+language] = value
		}
	}
}

// A reading is a body on its way into a scope.
type reading struct {
	catalog  *tillit.Catalog
	members  map[string]json.RawMessage
	faults   []tillit.Objection
	warnings []tillit.Advice
}

func (r *reading) member(name string, into any) { selfservice.Member(r.members, name, into, &r.faults) }

// into overwrites what the body says. What it does not say stays, null takes a
// text away, and what only we say is passed over.
func (r *reading) into(s *tillit.RegisteredScope, operator bool) {
	r.texts("description", &s.Description)
	r.texts("long_description", &s.Long)
	word := ""
	if r.member("visibility", &word); word != "" {
		s.Visibility = wordOf(visibilities, strings.ToUpper(word))
	}
	word = ""
	if r.member("token_type", &word); word != "" {
		s.Format = wordOf(formats, strings.ToUpper(word))
	}
	r.older("allowable_integration_types", "allowed_integration_types", &s.Types)
	r.older("authorization_max_age", "authorization_max_lifetime", &s.GrantMax)
	r.member("accessible_for_all", &s.Open)
	r.member("at_max_age", &s.AccessTokenMax)
	r.member("requires_user_consent", &s.Consent)
	r.member("requires_user_authentication", &s.FreshSignIn)
	r.member("requires_pseudonymous_tokens", &s.Pseudonymous)
	r.member("supports_european_businesses", &s.Businesses)
	r.clearable("delegation_source", &s.Delegation)
	r.clearable("enforced_aud_for_access_token", &s.Audience)
	r.clients("enforced_aud_for_introspection", &s.IntrospectedBy)
	if operator {
		r.member("protected", &s.Protected)
	}
}

// texts reads a text in every language that the body has it in: flat, or as a map
// by language.
func (r *reading) texts(name string, into *tillit.Text) {
	text := tillit.Text{}
	for language, value := range *into {
		text[language] = value
	}
	set := func(language string, raw json.RawMessage, at string) {
		var value string
		if string(raw) == "null" {
			delete(text, language)
		} else if err := json.Unmarshal(raw, &value); err != nil {
			r.faults = append(r.faults, tillit.Objection{Code: "invalid_type", Field: at, Message: "right would be a text"})
		} else if value == "" && language != r.catalog.Languages[0] {
			delete(text, language)
		} else {
			text[language] = value
		}
	}
	var byLanguage map[string]json.RawMessage
	r.member(name+"s", &byLanguage)
	for language, raw := range byLanguage {
		set(language, raw, name+"s")
	}
	for member, raw := range r.members {
		if member == name {
			set(r.catalog.Languages[0], raw, member)
		} else if language, found := strings.CutPrefix(member, name+"#"); found && language == r.catalog.Languages[0] {
			r.faults = append(r.faults, tillit.Objection{Code: "invalid_language", Field: member, Message: "right would be " + name + ": the first language has no suffix"})
		} else if found {
			set(language, raw, member)
		}
	}
	*into = text
}

// older reads a member by its name or by one that earlier documents had.
func (r *reading) older(before, name string, into any) {
	if _, there := r.members[before]; there {
		r.warnings = append(r.warnings, tillit.Advice{Code: "deprecated_member", Severity: "warn", Message: before + " is now called " + name})
		r.member(before, into)
	}
	r.member(name, into)
}

func (r *reading) clearable(name string, into *string) {
	if string(r.members[name]) == "null" {
		*into = ""
	}
	r.member(name, into)
}

// clients reads a client id or a list of them.
func (r *reading) clients(name string, into *[]string) {
	raw, there := r.members[name]
	var id string
	switch {
	case !there:
	case string(raw) == "null":
		*into = nil
	case json.Unmarshal(raw, &id) == nil:
		*into = []string{id}
	default:
		r.member(name, into)
	}
}
