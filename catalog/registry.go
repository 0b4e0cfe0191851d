package catalog

import (
	"net/url"
	"regexp"
	"slices"

	"github.com/tillit/tillit"
)

// clientTypes gives the types whose clients work in this realm, those that its
// own file declares, or the others of the registry.
func (c *catalogBuilder) clientTypes(own bool) []tillit.ClientType {
	var all []tillit.ClientType
	section := c.section("client_types")
	for _, d := range section {
		if d.own != own {
			continue
		}
		n := c.like(d.value, section, nil)
		if n == nil {
			continue
		}
		t := tillit.ClientType{
			Name:          d.key,
			Title:         c.title(d.value, d.realm),
			GrantTypes:    n.get("grant_types").strs(),
			ResponseTypes: n.get("response_types").strs(),
			StartsWith:    references[tillit.ScopeName](c, n.get("starts_with"), c.scopes),
			MaxKeys:       int(n.get("keys").get("max").integer()),
			MaxKeyAge:     c.seconds(n.get("keys").get("max_age")),
			KeyTypes:      n.get("keys").get("types").strs(),
			Unregistered:  n.get("unregistered").flag(false),
			State:         tillit.State(d.value.get("state").strOr(string(tillit.Active))),
		}
		if n.get("response_types") == nil {
			t.ResponseTypes = []string{"code"}
		}
		c.mayAdd(n.get("may_add"), &t)
		for _, m := range n.get("auth").each() {
			if t.Auth == nil {
				t.Auth = map[string][]string{}
			}
			t.Auth[m.key] = m.value.strs()
		}
		if n.get("grant_types") == nil {
			c.faults.at(d.value, "grant_types: [authorization_code, refresh_token]", "a client of this type could be given nothing: it has no grant types")
		}
		all = append(all, t)
	}
	return all
}

// like gives a client type with the fields of the type it starts from. Its
// state is its own.
func (c *catalogBuilder) like(n *node, section []declared, met []string) *node {
	like := n.get("like")
	if like == nil || !c.refer(like, c.types) {
		return n
	}
	if slices.Contains(met, like.str()) {
		c.faults.at(like, "a type that does not lead back here", "the client type is like itself")
		return nil
	}
	for _, d := range section {
		if d.key == like.str() {
			if base := c.like(d.value, section, append(met, like.str())); base != nil {
				return n.under(base)
			}
			return nil
		}
	}
	return n
}

func (c *catalogBuilder) mayAdd(n *node, t *tillit.ClientType) {
	switch {
	case n == nil || n.str() == "any":
		t.MayAddAny = true
	case n.str() == "none":
	case n.kind == list:
		t.MayAdd = references[tillit.ScopeName](c, n, c.scopes)
	case n.kind == text:
		c.faults.at(n, "any, none or a list of scopes", "%q says nothing about scopes", n.str())
	}
}

func (c *catalogBuilder) resourceServers() []tillit.Server {
	var all []tillit.Server
	for _, d := range c.section("servers") {
		n := d.value
		s := tillit.Server{
			Name:        d.key,
			Title:       c.title(n, d.realm),
			Designators: n.get("designators").strs(),
			Audience:    n.get("audience").str(),
			Caller:      n.get("caller").strOr("any"),
			Also:        references[tillit.ScopeName](c, n.get("also"), c.scopes),
			Learns:      c.claimsOf(n.get("learns"), d),
			Service:     c.service(n.get("service"), d),
		}
		if issuer := n.get("issuer"); issuer != nil {
			s.Issuer = c.peer(issuer)
		}
		if owner := n.get("owner"); owner != nil && c.refer(owner, c.organizations) {
			s.Owner = c.organization(owner.str()).get("orgno").str()
		}
		if u, err := url.Parse(s.Audience); s.Audience != "" && (err != nil || u.Scheme == "" || u.Fragment != "") {
			c.faults.at(n.get("audience"), "an absolute URI without fragment (RFC 8707 §2)", "%q is not an absolute URI", s.Audience)
		}
		all = append(all, s)
	}
	return all
}

// service reads what answers for a server: a name, or a name with what the
// service calls by its own words.
func (c *catalogBuilder) service(n *node, d declared) *tillit.Service {
	if n == nil {
		return nil
	}
	if n.kind != object {
		return &tillit.Service{Name: n.str()}
	}
	s := &tillit.Service{Name: n.get("is").str()}
	if s.Name == "" {
		c.faults.at(n, "is: the service's name", "a service without a name")
	}
	for _, m := range n.get("scopes").each() {
		if c.refer(m.value, c.scopes) {
			s.Scopes = put(s.Scopes, m.key, tillit.ScopeName(m.value.str()))
		}
	}
	for _, m := range n.get("claims").each() {
		if !d.own || c.refer(m.value, c.claims) {
			s.Claims = put(s.Claims, m.key, tillit.ClaimName(m.value.str()))
		}
	}
	for _, m := range n.get("settings").each() {
		s.Settings = put(s.Settings, m.key, m.value.str())
	}
	return s
}

// put sets one member of a map that may not be there yet.
func put[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// peer gives the name of a realm that shares the registry.
func (c *catalogBuilder) peer(n *node) string {
	var names []string
	for _, peer := range c.peers {
		if names = append(names, peer.source.name); peer.source.name == n.str() {
			return n.str()
		}
	}
	if n.kind == text {
		c.faults.at(n, near(n.str(), names), "no realm %q shares the registry", n.str())
	}
	return ""
}

func (c *catalogBuilder) organization(key string) *node {
	for _, d := range c.section("organizations") {
		if d.key == key {
			return d.value
		}
	}
	return nil
}

func (c *catalogBuilder) allOrganizations() []tillit.Organization {
	var all []tillit.Organization
	held := map[string]string{}
	for _, d := range c.section("organizations") {
		n := d.value
		o := tillit.Organization{
			Number:   n.get("orgno").str(),
			Key:      d.key,
			Title:    c.title(n, d.realm),
			Operator: n.get("operator").flag(false),
			Prefixes: n.get("prefixes").strs(),
		}
		if number := n.get("orgno"); number == nil || number.kind == text && !tillit.ValidOrganization(o.Number) {
			at := number
			if at == nil {
				at = n
			}
			c.faults.at(at, `nine digits in quotes whose last is the check digit, e.g. "310100005"`, "%q is not an organization number", o.Number)
		}
		for _, prefix := range n.get("prefixes").elements() {
			if other := held[prefix.str()]; other != "" {
				c.faults.at(prefix, "one holder", "the prefix %q belongs to %s", prefix.str(), other)
			}
			held[prefix.str()] = d.key
		}
		all = append(all, o)
	}
	return all
}

func (c *catalogBuilder) access() map[tillit.ScopeName][]string {
	all := map[tillit.ScopeName][]string{}
	for _, d := range c.section("access") {
		if !c.scopes.has[d.key] {
			c.faults.at(d.value, near(d.key, c.scopes.list), "no scope %q", d.key)
			continue
		}
		for _, key := range references[string](c, d.value, c.organizations) {
			all[tillit.ScopeName(d.key)] = append(all[tillit.ScopeName(d.key)], c.organization(key).get("orgno").str())
		}
	}
	return all
}

func (c *catalogBuilder) delegationSources() []tillit.DelegationSource {
	var all []tillit.DelegationSource
	for _, d := range c.section("delegation_sources") {
		all = append(all, tillit.DelegationSource{Issuer: d.key, Title: c.title(d.value, d.realm), From: d.value.get("from").str()})
	}
	return all
}

// naming is read from the file of the registry's owner.
func (c *catalogBuilder) naming() tillit.Naming {
	n := c.root.get("naming")
	own := n != nil
	if n == nil {
		for _, peer := range c.peers {
			if peer.source.name == c.registry() {
				n = peer.source.root.get("naming")
			}
		}
	}
	for _, field := range []string{"prefix", "subscope", "text"} {
		c.pattern(n.get(field))
	}
	return tillit.Naming{
		Name:          n.get("name").str(),
		Prefix:        n.get("prefix").str(),
		Subscope:      n.get("subscope").str(),
		Text:          n.get("text").str(),
		WriteSuffixes: n.get("write_suffixes").strs(),
		Avoid:         n.get("avoid").strs(),
		Withholds:     c.claimsOf(n.get("withholds"), declared{own: own}),
	}
}

func (c *catalogBuilder) assertion() *tillit.AssertionSettings {
	n := c.root.get("assertion")
	if n == nil {
		return nil
	}
	a := &tillit.AssertionSettings{MaxAge: c.seconds(n.get("max_age")), Leeway: c.seconds(n.get("leeway")), Algorithms: n.get("algs").strs(), Certificate: n.get("certificate").str()}
	for _, m := range n.get("claims").each() {
		a.Claims = append(a.Claims, tillit.AssertionClaim{
			Name:     m.key,
			To:       m.value.get("to").str(),
			Required: m.value.get("required").flag(false),
			Format:   m.value.get("format").str(),
		})
	}
	return a
}

// pattern reads a regular expression, nil where none stands, and reports what is
// none.
func (c *catalogBuilder) pattern(n *node) *regexp.Regexp {
	if n == nil || n.kind != text {
		return nil
	}
	compiled, err := regexp.Compile(n.str())
	if err != nil {
		c.faults.at(n, "a regular expression (RE2)", "%v", err)
	}
	return compiled
}
