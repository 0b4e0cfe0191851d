package catalog

import (
	"slices"

	"github.com/tillit/tillit"
)

// standardKind are the kinds of token that every realm has; any other name is
// an extra token.
var standardKind = map[string]bool{
	"id_token": true, "access_token": true, "machine_token": true, "refresh_token": true,
	"grant": true, "userinfo": true, "introspection": true, "token_response": true,
}

// minimum is what a kind of token has where the realm does not say: the members
// of the standards, and short lives.
var minimum = map[string]tillit.TokenSpec{
	"id_token":      {Protocol: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash", "c_hash"}, Lifetime: 300},
	"access_token":  {Protocol: []string{"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "auth_time", "acr", "amr", "cnf", "authorization_details"}, Lifetime: 300},
	"refresh_token": {Lifetime: 1800},
	"userinfo":      {Protocol: []string{"sub"}, Requires: tillit.OpenID},
}

func (c *catalogBuilder) tokens() map[string]tillit.TokenSpec {
	all := map[string]tillit.TokenSpec{}
	for kind, spec := range minimum {
		spec.Refreshed = true
		all[kind] = spec
	}
	for _, m := range c.root.get("tokens").each() {
		all[m.key] = c.token(m.key, m.value)
	}
	return all
}

func (c *catalogBuilder) token(kind string, n *node) tillit.TokenSpec {
	unsaid := minimum[kind]
	if kind == "machine_token" {
		unsaid = minimum["access_token"]
	}
	spec := tillit.TokenSpec{
		Protocol:        unsaid.Protocol,
		Claims:          references[tillit.ClaimName](c, n.get("claims"), c.claims),
		Lifetime:        unsaid.Lifetime,
		Format:          tillit.TokenFormat(n.get("format").str()),
		Type:            n.get("typ").str(),
		TokenType:       n.get("token_type").str(),
		Requires:        unsaid.Requires,
		Refreshed:       n.get("refreshed").flag(true),
		MachineError:    n.get("machine_error").str(),
		DefaultAudience: n.get("default_audience").str(),
	}
	if lifetime := n.get("lifetime"); lifetime != nil {
		spec.Lifetime = c.seconds(lifetime)
	}
	if up := n.get("step_up"); up != nil {
		spec.StepUp.MaxAge = c.seconds(up.get("max_age"))
		if acr := up.get("acr"); acr != nil && c.refer(acr, c.acr) {
			spec.StepUp.ACR = acr.str()
		}
	}
	if requires := n.get("requires"); requires != nil && c.refer(requires, c.scopes) {
		spec.Requires = tillit.ScopeName(requires.str())
	}
	if protocol := n.get("protocol"); protocol != nil {
		spec.Protocol = nil
		for _, item := range protocol.elements() {
			c.protocolMember(item, &spec)
		}
	}
	return spec
}

// protocolMember reads one member the server makes itself, or a constant.
func (c *catalogBuilder) protocolMember(n *node, spec *tillit.TokenSpec) {
	if n.kind == object {
		for _, m := range n.each() {
			if !c.protocolName(m.key, m.value) {
				continue
			}
			if spec.Constants == nil {
				spec.Constants = map[string]any{}
			}
			spec.Constants[m.key] = m.value.value
		}
		return
	}
	if c.protocolName(n.str(), n) {
		spec.Protocol = append(spec.Protocol, n.str())
	}
}

func (c *catalogBuilder) protocolName(name string, at *node) bool {
	if tillit.Reserved[name] {
		return true
	}
	known := make([]string, 0, len(tillit.Reserved))
	for member := range tillit.Reserved {
		known = append(known, member)
	}
	right := near(name, known)
	if c.claims.has[name] {
		right = "claims: [" + name + "]"
	}
	c.faults.at(at, right, "%q is not a protocol claim", name)
	return false
}

// digests reads which members are the digest of which field.
func (c *catalogBuilder) digests(n *node) map[string]string {
	var all map[string]string
	var known []string
	for _, f := range n.get("fields").each() {
		known = append(known, f.key)
	}
	for _, m := range n.get("digests").each() {
		field := m.value.str()
		if !slices.Contains(known, field) || slices.Contains(known, m.key) {
			c.faults.at(m.value, near(field, known), "a digest is of a field, under a name that no field has")
			continue
		}
		if all == nil {
			all = map[string]string{}
		}
		all[m.key] = field
	}
	return all
}

// narrows reads of which members a token request may want fewer elements: arrays,
// by which nothing is found and of which no digest is told.
func (c *catalogBuilder) narrows(d *tillit.DetailType, n *node) []string {
	for _, m := range n.get("narrows").elements() {
		name := m.str()
		kind := n.get("schema").get("properties").get(name).get("type").str()
		i := slices.IndexFunc(d.Fields, func(f tillit.DetailField) bool { return f.Name == name })
		digested := false
		for _, field := range d.Digests {
			digested = digested || field == name
		}
		switch {
		case i < 0:
			c.faults.at(m, "", "the type has no member %q", name)
		case kind != "array" && d.Fields[i].Type != "array":
			c.faults.at(m, "a member of type array", "%s is no array: there is nothing to leave out of it", name)
		case d.Fields[i].Key || digested:
			c.faults.at(m, "", "%s is what the detail is found or told by: it stays whole", name)
		}
	}
	return n.get("narrows").strs()
}

func (c *catalogBuilder) details() []tillit.DetailType {
	var all []tillit.DetailType
	for _, m := range c.root.get("authorization_details").each() {
		n := m.value
		d := tillit.DetailType{
			Type:    m.key,
			Title:   c.title(n, c.realmBuilder),
			Pushed:  n.get("pushed").flag(false),
			Alone:   n.get("alone").flag(false),
			Needs:   tillit.NeedKind(n.get("needs").str()),
			Source:  n.get("source").str(),
			Adds:    n.get("adds").strs(),
			Server:  c.serverOf(n.get("server")),
			Digests: c.digests(n),
			Claims:  references[tillit.ClaimName](c, n.get("claims"), c.claims),
		}
		if n.get("consent") != nil {
			d.Consent = c.text(n, "consent", c.realmBuilder)
		}
		if n.get("schema") != nil {
			c.detailSchema(&d, n)
		}
		for _, f := range n.get("fields").each() {
			d.Fields = append(d.Fields, tillit.DetailField{
				Name:     f.key,
				Type:     f.value.get("type").strOr("string"),
				Required: f.value.get("required").flag(false),
				Key:      f.value.get("key").flag(false),
				Pattern:  c.pattern(f.value.get("pattern")),
			})
		}
		d.Narrows = c.narrows(&d, n)
		c.detailPaths(&d, n)
		c.detailPage(&d, n)
		all = append(all, d)
	}
	return all
}
