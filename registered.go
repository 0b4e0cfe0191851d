package tillit

import (
	"maps"
	"slices"
	"strings"
)

// A RegisteredScope is a scope that an organization keeps through an API: the
// record as its owner gave it. It enters the catalogs of its registry beside
// the declared ones (docs/decisions/0001).
type RegisteredScope struct {
	Name        ScopeName `json:"name"`
	Prefix      string    `json:"prefix"`
	Subscope    string    `json:"subscope"`
	Owner       string    `json:"owner"` // organization number
	Active      bool      `json:"active"`
	Description Text      `json:"description,omitempty"` // what people read, by language
	Long        Text      `json:"long_description,omitempty"`

	Visibility     Visibility  `json:"visibility"`
	Types          []string    `json:"types,omitempty"` // client types that may have it; empty: any
	Open           bool        `json:"open,omitempty"`  // to every organization, without a grant
	Protected      bool        `json:"protected,omitempty"`
	Delegation     string      `json:"delegation,omitempty"` // issuer of a delegation source
	Format         TokenFormat `json:"format"`
	AccessTokenMax int64       `json:"access_token_max,omitempty"` // seconds; 0: no bound
	GrantMax       int64       `json:"grant_max,omitempty"`
	Consent        bool        `json:"consent,omitempty"`
	FreshSignIn    bool        `json:"fresh_sign_in,omitempty"`
	Pseudonymous   bool        `json:"pseudonymous,omitempty"`
	Audience       string      `json:"audience,omitempty"`
	IntrospectedBy []string    `json:"introspected_by,omitempty"`
	// Businesses opens it to types of client whose evidence stands for registration.
	Businesses bool `json:"businesses,omitempty"`

	Created int64 `json:"created"` // unix milliseconds
	Updated int64 `json:"updated"`
}

// SplitScope takes a name apart at its first colon. ok is false where there is
// none.
func SplitScope(name ScopeName) (prefix, subscope string, ok bool) {
	return strings.Cut(string(name), ":")
}

// A Family is what the scopes of one pattern have in common; see docs/catalog.md.
// Its scope's name is the pattern.
type Family struct{ Scope Scope }

// Matches reports whether the pattern of a family matches the name.
func (f *Family) Matches(name ScopeName) bool {
	return matchesPattern(string(f.Scope.Name), string(name))
}

func matchesPattern(pattern, name string) bool {
	before, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, before)
	for ok {
		part, more, again := strings.Cut(rest, "*")
		if !again {
			return strings.HasSuffix(name, part)
		}
		_, name, ok = strings.Cut(name, part)
		rest = more
	}
	return false
}

// shelves are registered scopes by name, apart so that one more costs a copy of
// one shelf alone.
type shelves [256]map[ScopeName]*Scope

func shelfOf(name ScopeName) int {
	hash := uint32(2166136261)
	for i := range len(name) {
		hash = (hash ^ uint32(name[i])) * 16777619
	}
	return int(hash>>8^hash) & 0xff
}

// With gives the catalog with registered scopes added, or put in the place of
// those that bear the same names, under a version of its own. What was declared
// stays. It is a small copy: nothing is compiled again.
func (c *Catalog) With(records []RegisteredScope, version string) *Catalog {
	wider := *c
	wider.Definition.Version = version
	own := shelves{}
	if c.registered != nil {
		own = *c.registered
	}
	copied := map[int]bool{}
	for i := range records {
		if c.scopes[records[i].Name] != nil {
			continue
		}
		at := shelfOf(records[i].Name)
		if !copied[at] {
			own[at], copied[at] = maps.Clone(own[at]), true
			if own[at] == nil {
				own[at] = map[ScopeName]*Scope{}
			}
		}
		own[at][records[i].Name] = c.admit(&records[i])
	}
	wider.registered = &own
	return &wider
}

// Registered lists the registered scopes in the order of their names.
func (c *Catalog) Registered() []*RegisteredScope {
	if c.registered == nil {
		return nil
	}
	var list []*RegisteredScope
	for _, shelf := range c.registered {
		for _, s := range shelf {
			list = append(list, s.record)
		}
	}
	slices.SortFunc(list, func(a, b *RegisteredScope) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return list
}

// OthersWith counts the organizations beside the scope's owner that have a scope
// in use with the same second half of the name.
func (c *Catalog) OthersWith(s *RegisteredScope) int {
	owners := map[string]bool{}
	look := func(scope *Scope) {
		if _, subscope, ok := SplitScope(scope.Name); ok && subscope == s.Subscope && scope.State.Works() && scope.Owner != s.Owner && scope.Owner != "" {
			owners[scope.Owner] = true
		}
	}
	for i := range c.Scopes {
		look(&c.Scopes[i])
	}
	if c.registered != nil {
		for _, shelf := range c.registered {
			for _, scope := range shelf {
				look(scope)
			}
		}
	}
	return len(owners)
}

// Record is what the scope's owner registered, nil for a declared scope.
func (s *Scope) Record() *RegisteredScope { return s.record }

// admit makes the scope of a record: what its owner said, and for the rest what
// the longest family says that matches. It yields no claims; it can take some away.
func (c *Catalog) admit(record *RegisteredScope) *Scope {
	kept := *record
	s := &Scope{At: AtAuthorization | AtToken, Eligible: EligibleGranted}
	if f := c.family(record.Name); f != nil {
		*s = f.Scope
		s.server = c.servers[s.Server]
		if s.server != nil {
			s.designator, s.role = s.server.designate(record.Name)
		}
	}
	s.Name, s.Owner, s.Visibility, s.Format = record.Name, record.Owner, record.Visibility, record.Format
	s.Title, s.Description = record.Description, record.Long
	s.State = Active
	if !record.Active {
		s.State = Inactive
	}
	if len(record.Types) > 0 {
		s.Types = c.typesOf(record)
	}
	switch {
	case record.Protected:
		s.Eligible = EligibleProvisioned
	case record.Open:
		s.Eligible = EligibleSelfService
	}
	s.Consent = ConsentNever
	if record.Consent {
		s.Consent = ConsentOnce
	}
	s.SignIn.Fresh = s.SignIn.Fresh || record.FreshSignIn
	if record.Pseudonymous {
		s.Withholds = c.Naming.Withholds
	}
	s.Delegation, s.Audience, s.IntrospectedBy = record.Delegation, record.Audience, record.IntrospectedBy
	s.AccessTokenMax, s.GrantMax = record.AccessTokenMax, record.GrantMax
	s.record, s.order, s.text = &kept, len(c.Definition.Scopes), TextDigest(s.Title, s.Description)
	s.askRules, s.clientRules = concerned(askRules, s), concerned(clientRules, s)
	return s
}

// typesOf gives the client types that may have a registered scope.
func (c *Catalog) typesOf(record *RegisteredScope) []string {
	types := slices.Clone(record.Types)
	for _, list := range [...][]ClientType{c.ClientTypes, c.OtherTypes} {
		for i := range list {
			if record.Businesses && list[i].Unregistered && !contains(types, list[i].Name) {
				types = append(types, list[i].Name)
			}
		}
	}
	return types
}

// RecordOf gives a scope as a record of registration, also one that the realm's
// files declare.
func (c *Catalog) RecordOf(s *Scope) *RegisteredScope {
	if s.record != nil {
		return s.record
	}
	r := &RegisteredScope{
		Name: s.Name, Owner: s.Owner, Active: s.State.Works(), Description: s.Title, Long: s.Description,
		Visibility: s.Visibility, Open: s.Eligible == EligibleAny || s.Eligible == EligibleSelfService,
		Protected: s.Eligible == EligibleProvisioned, Delegation: s.Delegation, Format: s.Format,
		AccessTokenMax: s.AccessTokenMax, GrantMax: s.GrantMax, Consent: s.Consent != ConsentNever && s.Consent != "",
		FreshSignIn: s.SignIn.Fresh, Pseudonymous: len(s.Withholds) > 0, Audience: s.Audience, IntrospectedBy: s.IntrospectedBy,
	}
	r.Prefix, r.Subscope, _ = SplitScope(s.Name)
	if r.Owner == "" {
		r.Owner = c.OperatorNumber()
	}
	for _, name := range s.Types {
		if t := c.typeOfRegistry(name); t != nil && t.Unregistered {
			r.Businesses = true
		} else {
			r.Types = append(r.Types, name)
		}
	}
	return r
}

// OperatorNumber gives the organization that the realm names as its operator.
func (c *Catalog) OperatorNumber() string {
	for i := range c.Organizations {
		if c.Organizations[i].Operator {
			return c.Organizations[i].Number
		}
	}
	return ""
}

// family gives the longest family that matches the name, or nil.
func (c *Catalog) family(name ScopeName) *Family {
	for i := range c.Families {
		if c.Families[i].Matches(name) {
			return &c.Families[i]
		}
	}
	return nil
}
