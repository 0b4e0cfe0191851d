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
