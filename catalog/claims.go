package catalog

import (
	"github.com/tillit/tillit"
)

func (c *catalogBuilder) allClaims() []tillit.Claim {
	var section []declared
	for _, m := range c.root.get("claims").each() {
		section = append(section, declared{m, c.realmBuilder, true})
	}
	section = c.resolved(section)
	all := make([]tillit.Claim, 0, len(section))
	for _, d := range section {
		all = append(all, c.claim(d))
	}
	c.sharedWireNames(section, all)
	return all
}

func (c *catalogBuilder) claim(d declared) tillit.Claim {
	n := d.value
	claim := tillit.Claim{
		Name:        tillit.ClaimName(d.key),
		As:          n.get("as").str(),
		Title:       c.title(n, d.realm),
		Description: c.text(n, "description", d.realm),
		Type:        tillit.ClaimType(n.get("type").strOr(string(tillit.TypeString))),
		Sinks:       c.sinks(n.get("sinks")),
		MayAlso:     c.sinks(n.get("may_also")),
		Sensitivity: tillit.Sensitivity(n.get("sensitivity").strOr(string(tillit.SensitivityNormal))),
		Types:       references[string](c, n.get("types"), c.types),
		Brings:      references[tillit.ClaimName](c, n.get("brings"), c.claims),
		KeepEmpty:   n.get("keep_empty").flag(false),
		State:       tillit.State(n.get("state").strOr(string(tillit.Active))),
	}
	if n.get("sinks") == nil {
		claim.Sinks = []tillit.Sink{tillit.SinkUserInfo}
	}
	switch value := n.get("value"); {
	case value != nil:
		claim.Value = c.expression(value, c.roots())
	case claim.State != tillit.Disabled && n.kind == object:
		c.faults.at(n, "value: an expression, or state: disabled", "the claim has no value")
	}
	if claim.KeepEmpty && claim.Value != nil {
		claim.Value = keepEmpty(claim.Value, claim.Type)
	}
	c.reserved(n, claim)
	return claim
}

func (c *catalogBuilder) reserved(n *node, claim tillit.Claim) {
	if !tillit.Reserved[claim.Wire()] {
		return
	}
	at := n
	if as := n.get("as"); as != nil {
		at = as
	}
	c.faults.at(at, "another name; tokens.*.protocol says which protocol claims a token has", "%q is a protocol claim, which no mapping may produce (CL-17)", claim.Wire())
}

// sinks reads where a claim goes. A name that no realm has of itself is an
// extra token of this realm, which says under tokens what it looks like.
func (c *catalogBuilder) sinks(n *node) []tillit.Sink {
	var all []tillit.Sink
	for _, item := range n.elements() {
		sink := tillit.Sink(item.str())
		if !sink.Standard() && c.root.get("tokens").get(item.str()) == nil {
			known := []string{"id_token", "access_token", "userinfo", "introspection", "token_response"}
			for _, kind := range c.root.get("tokens").keys() {
				if !standardKind[kind] {
					known = append(known, kind)
				}
			}
			c.faults.at(item, near(item.str(), known), "no sink %q: it is neither a standard one nor an extra token of tokens", item.str())
			continue
		}
		all = append(all, sink)
	}
	return all
}

// sharedWireNames warns of two claims that bear one name on the wire and may
// meet in one sink for one client: then one must be absent by evidence.
func (c *catalogBuilder) sharedWireNames(section []declared, all []tillit.Claim) {
	first := map[string][]int{}
	for i := range all {
		for _, j := range first[all[i].Wire()] {
			if sink, meet := meet(&all[i], &all[j]); meet {
				c.warnings.at(section[i].value, "", "claims %s and %s are both %q in %s: only one may have a value for any person", all[j].Name, all[i].Name, all[i].Wire(), sink)
			}
		}
		first[all[i].Wire()] = append(first[all[i].Wire()], i)
	}
}

func meet(a, b *tillit.Claim) (tillit.Sink, bool) {
	if len(a.Types) > 0 && len(b.Types) > 0 && !overlap(a.Types, b.Types) {
		return "", false
	}
	for _, sink := range append(append([]tillit.Sink(nil), a.Sinks...), a.MayAlso...) {
		for _, other := range append(append([]tillit.Sink(nil), b.Sinks...), b.MayAlso...) {
			if sink == other {
				return sink, true
			}
		}
	}
	return "", false
}

func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
