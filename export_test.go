package tillit

// RuleEffects tells, for every rule of the two tables, what its objection does.
func RuleEffects() map[Reason]string {
	words := map[effect]string{
		drops:      "left out",
		byUnknown:  "as `unknown_scope` says: refused, or left out; without a person refused",
		byAssigned: "as `unassigned_scope` or the scope's `unassigned` says: refused, or left out; without a person refused",
	}
	effects := map[Reason]string{}
	for _, table := range [...][]rule{askRules, clientRules} {
		for _, r := range table {
			if r.effect == refuses {
				effects[r.reason] = "refused: `" + r.error + "`"
			} else {
				effects[r.reason] = words[r.effect]
			}
		}
	}
	return effects
}

// WithoutShortcuts gives a copy of the catalog whose scopes are judged and
// projected claim by claim and condition by condition, each of them.
func (c *Catalog) WithoutShortcuts() *Catalog {
	long, faults := Compile(c.Definition)
	if faults != nil {
		panic(faults)
	}
	for i := range long.Definition.Scopes {
		s := &long.Definition.Scopes[i]
		s.bulk, s.anySignIn = "", false
		s.askRules, s.clientRules = 1<<len(askRules)-1, 1<<len(clientRules)-1
	}
	return long
}
