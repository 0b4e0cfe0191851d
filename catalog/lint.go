package catalog

import "github.com/tillit/tillit"

// lint gives advice on the scopes of organizations that the realm's file declares,
// as it is given on those that are registered. Info is for those who register.
func (b *realmBuilder) lint(set *Set, warnings *faults) {
	c := set.Catalog(b.source.name, "")
	if c == nil || !c.TakesRegistrations() {
		return
	}
	for _, m := range b.source.root.get("scopes").each() {
		s := c.Scope(tillit.ScopeName(m.key))
		if s == nil || s.Owner == "" {
			continue
		}
		hints := tillit.ScopeHints{Exists: func(name tillit.ScopeName) bool { return c.Scope(name) != nil }}
		for _, advice := range c.LintScope(c.RecordOf(s), hints) {
			if advice.Severity != "info" {
				warnings.at(m.value, "", "%s: %s", advice.Code, advice.Message)
			}
		}
	}
}
