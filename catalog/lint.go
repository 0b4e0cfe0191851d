package catalog

import "github.com/tillit/tillit"

// lint gives advice on the scopes of organizations that the realm's file declares,
// as it is given on those that are registered. Info is for those who register.
func (b *realmBuilder) lint(set *Set, warnings *faults) {
	c := set.Catalog(b.source.name, "")
	if c == nil || !c.TakesRegistrations() {
		return
	}
	owners := map[string]map[string]bool{} // by the second half of scopes' names
	for i := range c.Scopes {
		if _, subscope, ok := tillit.SplitScope(c.Scopes[i].Name); ok && c.Scopes[i].Owner != "" {
			if owners[subscope] == nil {
				owners[subscope] = map[string]bool{}
			}
			owners[subscope][c.Scopes[i].Owner] = true
		}
	}
	for _, m := range b.source.root.get("scopes").each() {
		s := c.Scope(tillit.ScopeName(m.key))
		if s == nil || s.Owner == "" {
			continue
		}
		record := c.RecordOf(s)
		hints := tillit.ScopeHints{Others: len(owners[record.Subscope]) - 1, Exists: func(name tillit.ScopeName) bool { return c.Scope(name) != nil }}
		for _, advice := range c.LintScope(record, hints) {
			if advice.Severity != "info" {
				warnings.at(m.value, "", "%s: %s", advice.Code, advice.Message)
			}
		}
	}
}
