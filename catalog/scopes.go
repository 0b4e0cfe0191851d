package catalog

import (
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

func (c *catalogBuilder) allScopes() []tillit.Scope {
	declared := c.resolved(c.section("scopes"))
	all := make([]tillit.Scope, 0, len(declared))
	for _, d := range declared {
		all = append(all, c.scope(d))
	}
	return all
}

// families gives what registered scopes take from the families that match them,
// the longest pattern first. A family takes from those that match its own pattern.
func (c *catalogBuilder) families() []tillit.Family {
	var section []declared
	for _, d := range c.section("scopes") {
		if family(d.key) {
			section = append(section, d)
		}
	}
	slices.SortStableFunc(section, func(a, b declared) int { return len(b.key) - len(a.key) })
	all := make([]tillit.Family, 0, len(section))
	for i, d := range section {
		for _, wider := range section[i+1:] {
			if matches(wider.key, d.key) {
				d.value = d.value.under(wider.value)
			}
		}
		n := d.value
		s := tillit.Scope{
			Name:            tillit.ScopeName(d.key),
			Types:           references[string](c, n.get("types"), c.types),
			At:              endpoints(n.get("at")),
			Eligible:        tillit.Eligibility(n.get("eligible").strOr(string(tillit.EligibleProvisioned))),
			RequiresOneOf:   references[tillit.ScopeName](c, n.get("requires_one_of"), c.scopes),
			Excludes:        references[tillit.ScopeName](c, n.get("excludes"), c.scopes),
			ResponseTypes:   n.get("response_types").strs(),
			Unassigned:      tillit.Policy(n.get("unassigned").str()),
			OutlivesSession: n.get("outlives_session").flag(false),
			SignIn:          c.condition(n.get("sign_in"), d),
			Server:          c.serverOf(n.get("server")),
		}
		all = append(all, tillit.Family{Scope: c.elsewhere(s, n, d)})
	}
	return all
}

// scope reads one scope, its families resolved. What is not said is the
// narrowest thing that can be meant.
func (c *catalogBuilder) scope(d declared) tillit.Scope {
	n := d.value
	s := tillit.Scope{
		Name:            tillit.ScopeName(d.key),
		Aliases:         c.aliases(n),
		Title:           c.title(n, d.realm),
		Description:     c.text(n, "description", d.realm),
		State:           tillit.State(n.get("state").strOr(string(tillit.Active))),
		Visibility:      tillit.Visibility(n.get("visibility").strOr(string(tillit.Public))),
		Owner:           c.owner(d.key),
		Types:           references[string](c, n.get("types"), c.types),
		At:              endpoints(n.get("at")),
		Eligible:        tillit.Eligibility(n.get("eligible").strOr(string(tillit.EligibleProvisioned))),
		ProvisionWith:   n.get("provision_with").strs(),
		RequiresOneOf:   references[tillit.ScopeName](c, n.get("requires_one_of"), c.scopes),
		Excludes:        references[tillit.ScopeName](c, n.get("excludes"), c.scopes),
		ResponseTypes:   n.get("response_types").strs(),
		Needs:           tillit.NeedKind(n.get("needs").str()),
		Consent:         tillit.ConsentMode(n.get("consent").strOr(string(tillit.ConsentNever))),
		Unassigned:      tillit.Policy(n.get("unassigned").str()),
		Standing:        n.get("standing").flag(false),
		OutlivesSession: n.get("outlives_session").flag(false),
		AccessTokenMax:  c.seconds(n.get("lifetime").get("access_token")),
		GrantMax:        c.seconds(n.get("lifetime").get("grant")),
		Format:          tillit.TokenFormat(n.get("format").strOr(string(tillit.JWT))),
		Audience:        n.get("audience").str(),
		IntrospectedBy:  n.get("introspected_by").strs(),
		Claims:          c.claimsOf(n.get("claims"), d),
		Withholds:       c.claimsOf(n.get("withholds"), d),
		SignIn:          c.condition(n.get("sign_in"), d),
		Server:          c.serverOf(n.get("server")),
	}
	if delegation := n.get("delegation"); delegation != nil && c.refer(delegation, c.delegations) {
		s.Delegation = delegation.str()
	}
	for _, m := range n.get("variants").each() {
		s.Variants = append(s.Variants, tillit.Variant{
			Parameter: m.key,
			SignIn:    c.condition(m.value.get("sign_in"), d),
			Server:    c.serverOf(m.value.get("server")),
			Claims:    c.claimsOf(m.value.get("claims"), d),
			Text:      int(m.value.get("text").integer()),
		})
	}
	c.scopeName(d)
	if s.Server != "" && s.Audience != "" {
		c.faults.at(n.get("audience"), "audience of the server, or a scope without a server", "the scope opens the server %q and forces another audience", s.Server)
	}
	return c.elsewhere(s, n, d)
}

// elsewhere makes a scope of another realm safe in this one: where it may be
// carried only by ways to sign in that are not here, it cannot be asked for
// with a person.
func (c *catalogBuilder) elsewhere(s tillit.Scope, n *node, d declared) tillit.Scope {
	if !d.own && len(s.SignIn.By) < len(n.get("sign_in").get("by").elements()) {
		s.At &^= tillit.AtAuthorization
	}
	return s
}

func (c *catalogBuilder) scopeName(d declared) {
	letters := d.realm.source.root.get("settings").get("scope_letters").str()
	list, err := tillit.ParseScopes(d.key, letters)
	if err != nil || len(list) != 1 || string(list[0]) != d.key {
		c.faults.at(d.value, "printable ASCII without space, quote and backslash, or letters of settings.scope_letters", "%q is not a scope token (RFC 6749 §3.3)", d.key)
	}
}

func (c *catalogBuilder) aliases(n *node) []tillit.ScopeName {
	for _, alias := range n.get("aliases").elements() {
		if c.scopes.has[alias.str()] {
			c.faults.at(alias, "a spelling that is no scope of its own", "%q is a scope", alias.str())
		}
	}
	return words[tillit.ScopeName](n.get("aliases"))
}

// claimsOf gives the claims a scope names. A scope's claims are those of the
// file that declares it: in a realm that only shares the registry it yields
// what bears the same name there.
func (c *catalogBuilder) claimsOf(n *node, d declared) []tillit.ClaimName {
	if d.own {
		return references[tillit.ClaimName](c, n, c.claims)
	}
	return slices.DeleteFunc(words[tillit.ClaimName](n), func(name tillit.ClaimName) bool { return !c.claims.has[string(name)] })
}

func (c *catalogBuilder) serverOf(n *node) string {
	if n != nil && c.refer(n, c.servers) {
		return n.str()
	}
	return ""
}

func (c *catalogBuilder) condition(n *node, d declared) tillit.SignInCondition {
	condition := tillit.SignInCondition{
		Level: int(n.get("level").integer()), Fresh: n.get("fresh").flag(false), MaxAge: c.seconds(n.get("max_age")),
		Evidence: c.evidence(n.get("evidence"), d),
	}
	if d.own {
		condition.By = references[string](c, n.get("by"), c.ways)
		return condition
	}
	condition.By = slices.DeleteFunc(n.get("by").strs(), func(code string) bool { return !c.ways.has[code] })
	return condition
}

// evidence gives kinds that some way of the realm brings: another could never be
// had.
func (c *catalogBuilder) evidence(n *node, d declared) []string {
	var brought []string
	for _, way := range c.root.get("sign_in").each() {
		brought = append(brought, way.value.get("evidence").strs()...)
	}
	return slices.DeleteFunc(n.strs(), func(kind string) bool {
		missing := !slices.Contains(brought, kind)
		if missing && d.own {
			c.faults.at(n, near(kind, brought), "no way to sign in brings the evidence %s", kind)
		}
		return missing
	})
}

func endpoints(n *node) tillit.Endpoints {
	if n == nil {
		return tillit.AtAuthorization
	}
	var at tillit.Endpoints
	for _, word := range n.strs() {
		switch word {
		case "authorization":
			at |= tillit.AtAuthorization
		case "token":
			at |= tillit.AtToken
		}
	}
	return at
}

// owner gives the number of the organization that holds a scope's prefix, ""
// for the operator.
func (c *catalogBuilder) owner(scope string) string {
	prefix, _, found := strings.Cut(scope, ":")
	if !found {
		return ""
	}
	for _, d := range c.section("organizations") {
		if slices.Contains(d.value.get("prefixes").strs(), prefix) && !d.value.get("operator").flag(false) {
			return d.value.get("orgno").str()
		}
	}
	return ""
}
