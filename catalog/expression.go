package catalog

import (
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// valueRoots are what every value expression can name; a realm's sources come
// beside them.
var valueRoots = []string{"person", "sign_in", "client", "acting", "ask", "act", "grant", "realm"}

// discoveryRoots are what members of the discovery document can name: nothing
// about anybody.
var discoveryRoots = []string{"realm", "server", "endpoint"}

// known are the members of the roots that the provider itself fills. What
// stands below person, sign_in, ask and act is up to directories, ways to sign
// in, requests and special pages.
var known = map[string][]string{
	"client":   {"id", "authentication", "organization", "on_behalf_of", "certificate"},
	"acting":   {"consumer", "supplier", "source"},
	"grant":    {"scopes", "roles", "userinfo", "dialect", "token_type", "refresh_lifetime", "details"},
	"realm":    {"name", "version"},
	"endpoint": {"authorization", "token", "userinfo", "introspection", "revocation", "jwks", "logout"},
}

func (c *catalogBuilder) roots() []string {
	return append(slices.Clone(valueRoots), c.sources.list...)
}

// expression compiles a value: one expression, or an object of them.
func (c *catalogBuilder) expression(n *node, roots []string) tillit.Expression {
	switch n.kind {
	case text:
		return c.single(n, roots)
	case object:
		return c.assembly(n, roots)
	}
	return nil // the schema has said so
}

func (c *catalogBuilder) assembly(n *node, roots []string) tillit.Expression {
	if len(n.members) == 0 {
		c.faults.at(n, `"{}"`, "an object without members says nothing")
		return nil
	}
	a := &assembly{}
	for _, m := range n.members {
		e := c.expression(m.value, roots)
		if e == nil {
			continue
		}
		p := part{m.key, e, fixed(e)}
		a.varies = a.varies || !p.fixed
		a.members = append(a.members, p)
	}
	return a
}

func (c *catalogBuilder) single(n *node, roots []string) tillit.Expression {
	source := strings.TrimSpace(n.str())
	if source == "" {
		c.faults.at(n, "a path, e.g. person.name, or an expression", "the expression is empty")
		return nil
	}
	if fixed, ok := plainConstant(source); ok {
		return fixed
	}
	if plainPath.MatchString(source) {
		root, rest, _ := strings.Cut(source, ".")
		member, _, _ := strings.Cut(rest, ".")
		if !c.knownRoot(n, root, roots) || !c.knownMember(n, root, member) {
			return nil
		}
		return newGetter(source)
	}
	return c.computed(n, source, roots)
}

func (c *catalogBuilder) knownRoot(n *node, root string, roots []string) bool {
	if slices.Contains(roots, root) {
		return true
	}
	right := near(root, roots)
	if right == "" {
		right = strings.Join(roots, ", ")
	}
	c.faults.at(n, right, "an expression cannot name %q", root)
	return false
}

func (c *catalogBuilder) knownMember(n *node, root, member string) bool {
	members := known[root]
	if members == nil || member == "" || slices.Contains(members, member) {
		return true
	}
	c.faults.at(n, near(member, members), "%s has no %q", root, member)
	return false
}

// computed compiles what is no path, once for all dialects of the realm.
func (c *catalogBuilder) computed(n *node, source string, roots []string) tillit.Expression {
	key := strings.Join(roots, " ") + "\x00" + source
	e, met := c.cache[key].(*program)
	if !met {
		if c.compiler == nil {
			c.realmBuilder.compiler = &compiler{}
		}
		var problem string
		if e, problem = c.compiler.compile(source, roots); problem != "" {
			c.faults.at(n, "", "the expression is wrong: %s", problem)
			return nil
		}
		c.cache[key] = e
	}
	for _, operand := range e.operands {
		if len(operand) > 1 {
			c.knownMember(n, operand[0], operand[1])
		}
	}
	for _, name := range e.scopes {
		if !c.scopes.has[name] {
			c.faults.at(n, near(name, c.scopes.list), "it compares grant.scopes with %q, which is no scope", name)
		}
	}
	return e
}
