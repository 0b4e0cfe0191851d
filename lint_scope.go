package tillit

import (
	"regexp"
	"slices"
	"strings"
)

// Advice is what the linter says of a scope: nothing is refused for it.
type Advice struct {
	Code     string // L-nn, stable
	Severity string // info, warn, or error: what a build should stop at
	Message  string
}

// ScopeHints are what the linter may know beyond the scope itself.
type ScopeHints struct {
	Operations []string // read, write: what the API does under the scope
	Owner      *Organization
	// Others is how many other organizations have a scope of the same second half.
	Others int
	// Exists reports whether a scope of that name is there; nil: nobody knows.
	Exists func(ScopeName) bool
}

var version = regexp.MustCompile(`^v[0-9]+$`)

// LintScope gives advice on a scope of an organization, in the order of codes.
func (c *Catalog) LintScope(s *RegisteredScope, hints ScopeHints) []Advice {
	var list []Advice
	for _, row := range scopeAdvice {
		if message := row.says(c, s, &hints); message != "" {
			list = append(list, Advice{row.code, row.severity, message})
		}
	}
	return list
}

var scopeAdvice = []struct {
	code, severity string
	says           func(*Catalog, *RegisteredScope, *ScopeHints) string
}{
	{"L-01", "info", prefixOfOwner},
	{"L-02", "warn", prefixOfSector},
	{"L-03", "warn", namesResource},
	{"L-04", "warn", showsWriting},
	{"L-05", "warn", bareMeansReading},
	{"L-06", "info", writesWhatNobodyReads},
	{"L-07", "warn", consentInWords},
	{"L-08", "error", nobodySignsIn},
	{"L-09", "error", nobodyDelegates},
	{"L-10", "warn", equalLifetimes},
	{"L-11", "error", machinesReadTokens},
	{"L-12", "warn", openButHidden},
	{"L-13", "info", betterOpaque},
	{"L-14", "warn", namesTypes},
	{"L-15", "warn", businessesCall},
	{"L-16", "info", unusualLetters},
}

// words are the parts of the second half of a name.
func (s *RegisteredScope) words() []string {
	return strings.FieldsFunc(s.Subscope, func(r rune) bool { return strings.ContainsRune("/:._-", r) })
}

// postfix is what stands after the last dot, or "".
func (s *RegisteredScope) postfix() string {
	if i := strings.LastIndexByte(s.Subscope, '.'); i >= 0 {
		return s.Subscope[i+1:]
	}
	return ""
}

func (c *Catalog) writes(s *RegisteredScope) bool {
	return slices.Contains(c.Naming.WriteSuffixes, s.postfix())
}

// machines reports whether only clients without people can have the scope.
func (c *Catalog) machines(s *RegisteredScope) bool {
	for _, name := range s.Types {
		if t := c.typeOfRegistry(name); t == nil || slices.Contains(t.GrantTypes, "authorization_code") {
			return false
		}
	}
	return len(s.Types) > 0
}

// people reports whether only clients with people can have the scope.
func (c *Catalog) people(s *RegisteredScope) bool {
	for _, name := range s.Types {
		if t := c.typeOfRegistry(name); t == nil || !slices.Contains(t.GrantTypes, "authorization_code") {
			return false
		}
	}
	return len(s.Types) > 0
}

func prefixOfOwner(_ *Catalog, s *RegisteredScope, hints *ScopeHints) string {
	if hints.Owner == nil || s.namesOwner(hints.Owner) {
		return ""
	}
	return "the prefix should name the owner, a part or an application of it, or be its organization number"
}

// prefixOfSector sees that several organizations offer the same only by what they
// call it: a name that stands below prefixes of others too. A prefix that does not
// name its owner is taken for a sector's already.
func prefixOfSector(_ *Catalog, s *RegisteredScope, hints *ScopeHints) string {
	if hints.Others == 0 || hints.Owner != nil && !s.namesOwner(hints.Owner) {
		return ""
	}
	return "other organizations have a scope " + s.Subscope + " too: what several offer alike should have the prefix of their sector"
}

// namesOwner reports whether the prefix is the owner's name, a part of it, or its
// number.
func (s *RegisteredScope) namesOwner(owner *Organization) bool {
	if s.Prefix == s.Owner {
		return true
	}
	prefix := strings.ToLower(s.Prefix)
	for _, name := range owner.Title {
		if first, _, _ := strings.Cut(strings.ToLower(name), " "); strings.HasPrefix(first, prefix) || strings.HasPrefix(prefix, first) {
			return true
		}
	}
	return owner.Key != "" && strings.HasPrefix(prefix, strings.ToLower(owner.Key))
}

func namesResource(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	for _, word := range s.words() {
		avoid := version.MatchString(word)
		for _, pattern := range c.Naming.Avoid {
			avoid = avoid || matchesPattern(pattern, word)
		}
		if avoid {
			return "the name should tell the resource rather than the API; " + word + " tells of an API"
		}
	}
	return ""
}

func showsWriting(c *Catalog, s *RegisteredScope, hints *ScopeHints) string {
	if !slices.Contains(hints.Operations, "write") || c.writes(s) || len(c.Naming.WriteSuffixes) == 0 {
		return ""
	}
	stem, _, _ := strings.Cut(string(s.Name), ".")
	return "what writes should show it by a postfix: " + stem + "." + c.Naming.WriteSuffixes[0]
}

func bareMeansReading(c *Catalog, s *RegisteredScope, hints *ScopeHints) string {
	if !slices.Contains(hints.Operations, "write") || s.postfix() != "" || len(c.Naming.WriteSuffixes) == 0 {
		return ""
	}
	return "without a postfix a scope only reads; right would be " + string(s.Name) + "." + c.Naming.WriteSuffixes[0]
}

func writesWhatNobodyReads(c *Catalog, s *RegisteredScope, hints *ScopeHints) string {
	if hints.Exists == nil || !c.writes(s) {
		return ""
	}
	stem := ScopeName(strings.TrimSuffix(string(s.Name), "."+s.postfix()))
	if hints.Exists(stem) || hints.Exists(stem+".read") {
		return ""
	}
	return "neither " + string(stem) + " nor " + string(stem) + ".read exists"
}

func consentInWords(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if !s.Consent {
		return ""
	}
	for _, language := range c.Languages {
		if s.Description[language] == "" || s.Long[language] == "" {
			return "people are asked to agree: description and long_description should be there in " + strings.Join(c.Languages, ", ")
		}
	}
	return ""
}

func nobodySignsIn(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if (s.Consent || s.FreshSignIn || s.Pseudonymous) && c.machines(s) {
		return "consent, sign-in and pseudonymous tokens mean nothing where no person signs in"
	}
	return ""
}

func nobodyDelegates(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if s.Delegation != "" && c.people(s) {
		return "delegation_source means nothing for clients of these types"
	}
	return ""
}

func equalLifetimes(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if c.machines(s) && s.GrantMax != s.AccessTokenMax {
		return "authorization_max_lifetime should equal at_max_age where no person signs in"
	}
	return ""
}

func machinesReadTokens(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if s.Format == Opaque && c.machines(s) {
		return "clients of these types get SELF_CONTAINED tokens only"
	}
	return ""
}

func openButHidden(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	switch {
	case !s.Open:
		return ""
	case s.Visibility == Private:
		return "open to everybody, but in no public list"
	case c.writes(s):
		return "everybody may write without being let in"
	}
	return ""
}

func betterOpaque(_ *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if s.Pseudonymous && s.Format == JWT {
		return "OPAQUE tokens protect people better together with requires_pseudonymous_tokens"
	}
	return ""
}

func namesTypes(_ *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if len(s.Types) == 0 {
		return "allowed_integration_types is empty: clients of any type may have it"
	}
	return ""
}

func businessesCall(c *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if s.Businesses && (len(s.Types) == 0 || c.people(s)) {
		return "businesses that nobody registered call as machines do: their integration type is missing"
	}
	return ""
}

func unusualLetters(_ *Catalog, s *RegisteredScope, _ *ScopeHints) string {
	if strings.ContainsAny(s.Subscope, "-_") || strings.ToLower(s.Subscope) != s.Subscope {
		return "upper-case letters, - and _ are used by no other scope"
	}
	return ""
}
