package tillit

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what an organization registers.
const (
	MaxScopeText     = 255  // characters of a description
	MaxScopeLongText = 1023 // characters of a long description
	MaxSubscope      = 255
)

// MaxLifetime bounds what a registration may say of a lifetime, in seconds: a
// hundred years, so that no time computed from it leaves the calendar.
const MaxLifetime int64 = 100 * 365 * 24 * 3600

// naming is a realm's Naming, compiled.
type naming struct{ prefix, subscope, text *regexp.Regexp }

func (c *Catalog) compileNaming(fault func(string, ...any)) {
	for _, p := range []struct {
		name, pattern string
		into          **regexp.Regexp
	}{
		{"prefix", c.Naming.Prefix, &c.naming.prefix},
		{"subscope", c.Naming.Subscope, &c.naming.subscope},
		{"text", c.Naming.Text, &c.naming.text},
	} {
		if p.pattern == "" {
			continue
		}
		compiled, err := regexp.Compile(p.pattern)
		if err != nil {
			fault("naming.%s: %v", p.name, err)
		}
		*p.into = compiled
	}
	for _, name := range c.Naming.Withholds {
		if c.claims[name] == nil {
			fault("naming.withholds: no claim %q", name)
		}
	}
}

// TakesRegistrations reports whether organizations may register scopes here.
func (c *Catalog) TakesRegistrations() bool { return c.naming.subscope != nil }

// ValidPrefix reports whether a prefix is formed as the realm wants them, or is
// an organization number.
func (c *Catalog) ValidPrefix(prefix string) bool {
	return c.naming.prefix != nil && c.naming.prefix.MatchString(prefix) || ValidOrganization(prefix)
}

// CheckScope says everything that is wrong with a scope that somebody wants to
// register or change. Whether the prefix is theirs, and the name free, is not
// known here.
func (c *Catalog) CheckScope(s *RegisteredScope, by Registrar) []Objection {
	o := &objections{}
	c.checkScopeName(o, s)
	if strings.TrimSpace(s.Description[c.Languages[0]]) == "" {
		o.say(Malformed, "required", "description", "description is missing")
	}
	c.checkScopeText(o, "description", s.Description, MaxScopeText)
	c.checkScopeText(o, "long_description", s.Long, MaxScopeLongText)
	switch s.Visibility {
	case Public, Private:
	case Internal:
		if !by.Operator {
			o.say(Forbidden, "scope_operator_only", "visibility", "only the operator makes scopes INTERNAL")
		}
	default:
		o.say(Malformed, "invalid_value", "visibility", "right would be PUBLIC or PRIVATE")
	}
	if s.Format != JWT && s.Format != Opaque {
		o.say(Malformed, "invalid_value", "token_type", "right would be SELF_CONTAINED or OPAQUE")
	}
	c.checkScopeTypes(o, s, by)
	if s.AccessTokenMax < 0 || s.AccessTokenMax > MaxLifetime {
		o.say(Malformed, "invalid_value", "at_max_age", "right would be seconds, 0 to %d", MaxLifetime)
	}
	if s.GrantMax < 0 || s.GrantMax > MaxLifetime {
		o.say(Malformed, "invalid_value", "authorization_max_lifetime", "right would be seconds, 0 to %d", MaxLifetime)
	}
	if s.Delegation != "" && !slices.ContainsFunc(c.Delegations, func(d DelegationSource) bool { return d.Issuer == s.Delegation }) {
		o.say(Malformed, "invalid_value", "delegation_source", "right would be an issuer of /delegationsources")
	}
	if s.Audience != "" && !absoluteURI(s.Audience) {
		o.say(Malformed, "invalid_value", "enforced_aud_for_access_token", "right would be an absolute URI without fragment")
	}
	if len(s.IntrospectedBy) > 100 {
		o.say(Malformed, "invalid_value", "enforced_aud_for_introspection", "right would be at most 100 clients")
	}
	return o.list
}

func (c *Catalog) checkScopeName(o *objections, s *RegisteredScope) {
	if strings.TrimSpace(s.Prefix) == "" {
		o.say(Malformed, "required", "prefix", "prefix is missing")
	} else if !c.ValidPrefix(s.Prefix) {
		o.say(Malformed, "invalid_name", "prefix", "right would be lower-case letters and digits, or an organization number")
	}
	switch {
	case strings.TrimSpace(s.Subscope) == "":
		o.say(Malformed, "required", "subscope", "subscope is missing")
	case strings.Contains(s.Subscope, "*"):
		o.say(Malformed, "invalid_name", "subscope", "a scope has no *: families are no scopes")
	case len(s.Subscope) > MaxSubscope || c.naming.subscope == nil || !c.naming.subscope.MatchString(s.Subscope):
		o.say(Malformed, "invalid_name", "subscope", "right would be lower-case letters and digits, joined by / or :, then postfixes after dots")
	}
	if want := ScopeName(s.Prefix + ":" + s.Subscope); s.Name != want {
		o.say(Malformed, "invalid_name", "name", "right would be nothing, or prefix:subscope")
	}
}

func (c *Catalog) checkScopeText(o *objections, field string, text Text, most int) {
	for _, language := range slices.Sorted(maps.Keys(text)) {
		at := field
		if language != c.Languages[0] {
			at += "#" + language
		}
		switch value := text[language]; {
		case !slices.Contains(c.Languages, language) && !slices.Contains(c.OptionalLanguages, language):
			o.say(Malformed, "invalid_language", at, "right would be one of %s", strings.Join(append(slices.Clone(c.Languages[1:]), c.OptionalLanguages...), ", "))
		case utf8.RuneCountInString(value) > most:
			o.say(Malformed, "too_long", at, "right would be at most %d characters", most)
		case c.naming.text != nil && !c.naming.text.MatchString(value):
			o.say(Malformed, "invalid_text", at, "right would be letters, digits, blanks, simple punctuation and the marks of bold, italic and links")
		}
	}
}

// checkScopeTypes lets owners name types that may hold scopes of organizations,
// and the operator any.
func (c *Catalog) checkScopeTypes(o *objections, s *RegisteredScope, by Registrar) {
	for _, name := range s.Types {
		t := c.typeOfRegistry(name)
		switch {
		case t == nil:
			o.say(Malformed, "invalid_value", "allowed_integration_types", "there is no such integration type")
		case !t.MayAddAny && !by.Operator:
			o.say(Malformed, "invalid_value", "allowed_integration_types", "clients of type %s hold no scopes of organizations", name)
		}
	}
}

// typeOfRegistry gives a client type of this realm or of one that shares its
// registry, or nil.
func (c *Catalog) typeOfRegistry(name string) *ClientType {
	if t := c.types[name]; t != nil {
		return t
	}
	for i := range c.OtherTypes {
		if c.OtherTypes[i].Name == name {
			return &c.OtherTypes[i]
		}
	}
	return nil
}

// absoluteURI reports whether the text is an absolute URI without fragment
// (RFC 8707 §2).
func absoluteURI(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.IsAbs() && u.Fragment == "" && !strings.HasSuffix(text, "#")
}

// ValidOrganization checks a Norwegian organization number: nine digits, the
// last of which is the check digit by modulus 11.
func ValidOrganization(number string) bool {
	weights := [...]int{3, 2, 7, 6, 5, 4, 3, 2, 1}
	if len(number) != len(weights) {
		return false
	}
	sum := 0
	for i, weight := range weights {
		if number[i] < '0' || number[i] > '9' {
			return false
		}
		sum += int(number[i]-'0') * weight
	}
	return sum%11 == 0
}
