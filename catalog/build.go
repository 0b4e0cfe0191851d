package catalog

import (
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// shared are the sections that realms of one registry have in common.
var shared = []string{"client_types", "servers", "scopes", "organizations", "access", "delegation_sources"}

// A realmBuilder makes one realm: each of its dialects, with what its registry
// adds.
type realmBuilder struct {
	source   *source
	faults   *faults
	warnings *faults
	peers    []*realmBuilder // realms of the same registry, this one among them, in order of names
	cache    map[string]tillit.Expression
	compiler *compiler
	check    func(root *node) // asks the schema
}

func newRealmBuilder(s *source, faults, warnings *faults) *realmBuilder {
	b := &realmBuilder{source: s, faults: faults, warnings: warnings, cache: map[string]tillit.Expression{}}
	b.check = b.checkNow
	return b
}

func (b *realmBuilder) checkNow(root *node) {
	if err := checkSchema(root, b.faults); err != nil {
		b.faults.add(Fault{File: root.file, Line: 1, Column: 1, Message: err.Error()})
	}
}

func (b *realmBuilder) registry() string { return b.source.root.get("registry").strOr(b.source.name) }

// join finds the realms that share this one's registry. A registry that is not
// there is a fault.
func (b *realmBuilder) join(all map[string]*realmBuilder) bool {
	owner := all[b.registry()]
	if owner == nil || owner.registry() != owner.source.name {
		var owners []string
		for name, other := range all {
			if other.registry() == name {
				owners = append(owners, name)
			}
		}
		b.faults.at(b.source.root.get("registry"), near(b.registry(), owners), "no realm %q that has a registry of its own", b.registry())
		return false
	}
	for _, other := range all {
		if other.registry() == b.registry() {
			b.peers = append(b.peers, other)
		}
	}
	slices.SortFunc(b.peers, func(a, b *realmBuilder) int { return strings.Compare(a.source.name, b.source.name) })
	b.declaredOnce()
	return true
}

// declaredOnce reports names of the registry that two realms declare.
func (b *realmBuilder) declaredOnce() {
	for _, section := range shared {
		first := map[string]*node{}
		for _, peer := range b.peers {
			for _, m := range peer.source.root.get(section).each() {
				if other := first[m.key]; other != nil {
					b.faults.at(m.value, "only one of them", "it stands in %s:%d too, and the two realms share a registry", other.file, other.keyLine)
					continue
				}
				first[m.key] = m.value
			}
		}
	}
}

// build compiles every dialect of the realm.
func (b *realmBuilder) build() *realm {
	sources := make([]*source, len(b.peers))
	for i, peer := range b.peers {
		sources[i] = peer.source
	}
	r := &realm{
		own:      b.source.root.get("dialect").str(),
		version:  version(sources),
		files:    b.source.files,
		catalogs: map[string]*tillit.Catalog{},
	}
	dialects := b.source.root.get("dialects")
	if dialects != nil && r.own == "" {
		b.faults.at(dialects, `dialect: "…" at the top, the name of what the body of the file speaks`, "the realm's own dialect has no name")
	}
	if dialects.get(r.own) != nil && r.own != "" {
		b.faults.at(dialects.get(r.own), "another name, or these lines in the body of the file", "the realm's own dialect is the file itself")
	}
	r.catalogs[r.own] = b.compile(b.source.root, r.own, r.version)
	for _, m := range dialects.each() {
		if root := b.dialect(m.value, nil); root != nil && m.key != r.own {
			r.catalogs[m.key] = b.compile(root, m.key, r.version)
		}
	}
	return r
}

// dialect gives the tree of a dialect: the file, or what it is like, with its
// patch.
func (b *realmBuilder) dialect(patch *node, met []*node) *node {
	if slices.Contains(met, patch) {
		b.faults.at(patch.get("like"), "a dialect that does not lead back here", "the dialect is like itself")
		return nil
	}
	base := b.source.root
	if like := patch.get("like"); like != nil {
		dialects := base.get("dialects")
		other := dialects.get(like.str())
		switch {
		case other != nil:
			if base = b.dialect(other, append(met, patch)); base == nil {
				return nil
			}
		case like.str() != base.get("dialect").str():
			b.faults.at(like, near(like.str(), append(dialects.keys(), base.get("dialect").str())), "no dialect %q", like.str())
			return nil
		}
	}
	for _, fixed := range []string{"realm", "registry", "dialect", "dialects", "environment"} {
		if n := patch.get(fixed); n != nil {
			b.faults.at(n, "this line in the body of the file", "a dialect cannot change it")
			return nil
		}
	}
	without := *patch
	without.members, without.index = append([]member(nil), patch.members...), nil
	without.remove("like")
	return base.patch(&without)
}

// compile makes a catalog of one dialect's tree.
func (b *realmBuilder) compile(root *node, dialect, version string) *tillit.Catalog {
	b.check(root)
	c := newCatalogBuilder(b, root)
	d := c.definition()
	d.Dialect, d.Version = dialect, version
	if len(b.faults.list) > 0 {
		return nil
	}
	compiled, errs := tillit.Compile(d)
	for _, err := range errs {
		b.faults.add(Fault{File: root.file, Line: 1, Column: 1, Message: err.Error()})
	}
	return compiled
}

// names are what a section declares, in the order of the files.
type names struct {
	what string // in a message: scope, claim, …
	list []string
	has  map[string]bool
}

func newNames(what string) *names { return &names{what: what, has: map[string]bool{}} }

func (t *names) add(name string) {
	if !t.has[name] {
		t.has[name] = true
		t.list = append(t.list, name)
	}
}

// A catalogBuilder turns the tree of one dialect into a definition.
type catalogBuilder struct {
	*realmBuilder
	root *node

	scopes, claims, ways, acr, servers, types *names
	organizations, delegations, sources       *names
}

func newCatalogBuilder(b *realmBuilder, root *node) *catalogBuilder {
	c := &catalogBuilder{
		realmBuilder: b, root: root,
		scopes: newNames("scope"), claims: newNames("claim"), ways: newNames("way to sign in"), acr: newNames("acr"),
		servers: newNames("server"), types: newNames("client type"), organizations: newNames("organization"),
		delegations: newNames("delegation source"), sources: newNames("source"),
	}
	for _, own := range []struct {
		section string
		names   *names
	}{{"claims", c.claims}, {"sign_in", c.ways}, {"acr", c.acr}, {"sources", c.sources}} {
		for _, m := range root.get(own.section).each() {
			if !family(m.key) {
				own.names.add(m.key)
			}
		}
	}
	for _, common := range []struct {
		section string
		names   *names
	}{{"client_types", c.types}, {"servers", c.servers}, {"scopes", c.scopes}, {"organizations", c.organizations}, {"delegation_sources", c.delegations}} {
		for _, m := range c.section(common.section) {
			if !family(m.key) {
				common.names.add(m.key)
			}
		}
	}
	return c
}

func family(key string) bool { return strings.Contains(key, "*") }

// A declared is a member of a shared section and whether this realm's own file
// has it.
type declared struct {
	member
	realm *realmBuilder
	own   bool
}

// section gives the members of a shared section: this realm's own first, then
// those of the realms it shares its registry with.
func (c *catalogBuilder) section(name string) []declared {
	var all []declared
	for _, m := range c.root.get(name).each() {
		all = append(all, declared{m, c.realmBuilder, true})
	}
	for _, peer := range c.peers {
		if peer == c.realmBuilder {
			continue
		}
		for _, m := range peer.source.root.get(name).each() {
			all = append(all, declared{m, peer, false})
		}
	}
	return all
}

// resolved gives the members of a section with the fields of the families that
// match them: the longest pattern wins, field by field, an own field over all.
func (c *catalogBuilder) resolved(section []declared) []declared {
	var families, plain []declared
	for _, d := range section {
		if family(d.key) {
			families = append(families, d)
		} else {
			plain = append(plain, d)
		}
	}
	slices.SortStableFunc(families, func(a, b declared) int { return len(b.key) - len(a.key) })
	for i := range plain {
		var met []declared
		for _, f := range families {
			if matches(f.key, plain[i].key) {
				c.equallyLong(plain[i], f, met)
				met = append(met, f)
				plain[i].value = plain[i].value.under(f.value)
			}
		}
	}
	return plain
}

// equallyLong reports a field that two families of the same length both give:
// neither wins.
func (c *catalogBuilder) equallyLong(d, f declared, met []declared) {
	for _, other := range met {
		if len(other.key) != len(f.key) {
			continue
		}
		for _, m := range f.value.each() {
			if given := d.value.get(m.key); given != nil && given == other.value.get(m.key) {
				c.faults.at(m.value, m.key+" at "+d.key+" itself, or a longer pattern", "%s matches %s as well as %s does, and both say it", f.key, d.key, other.key)
			}
		}
	}
}

// refer reports a name that is not declared.
func (c *catalogBuilder) refer(n *node, t *names) bool {
	name := n.str()
	if t.has[name] {
		return true
	}
	if n.kind == text {
		c.faults.at(n, near(name, t.list), "no %s %q", t.what, name)
	}
	return false
}

// references gives the names of a list and reports those that are not declared.
func references[T ~string](c *catalogBuilder, n *node, t *names) []T {
	var all []T
	for _, item := range n.elements() {
		if c.refer(item, t) {
			all = append(all, T(item.str()))
		}
	}
	return all
}

// words gives the texts of a list as a type of the domain.
func words[T ~string](n *node) []T {
	var all []T
	for _, s := range n.strs() {
		all = append(all, T(s))
	}
	return all
}
