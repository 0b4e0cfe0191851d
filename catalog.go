package tillit

import (
	"fmt"
	"slices"
	"strings"
)

// A Catalog is one dialect of one realm, compiled: immutable, safe for any
// number of readers, swapped whole.
type Catalog struct {
	Definition // as given; read only

	scopes      map[ScopeName]*Scope // by name and alias
	claims      map[ClaimName]*Claim
	wire        map[string][]*Claim // by name on the wire; some names are shared
	servers     map[string]*Server
	ways        map[string]*Way
	acr         map[string]*ACR // by value and alias
	types       map[string]*ClientType
	details     map[string]*DetailType
	standing    []*Scope
	opening     map[string][]*Scope // by name of the server
	variants    map[string]*Scope   // request parameter → the scope whose variant it is
	frames      []frame             // of claims that are there whatever the scopes
	machine     []frame
	extra       []Sink
	off         map[Reason]bool // rules switched off, by tests alone
	registered  *shelves        // scopes that organizations registered; nil: none
	naming      naming
	idToken     TokenSpec
	accessToken TokenSpec
	userInfo    TokenSpec
	lifetimes   lifetimes
}

// lifetimes are those that tokens have when nothing else is said, in seconds.
type lifetimes struct{ access, machine, id, refresh, grant int64 }

type frame struct {
	sink   Sink
	claims []*Claim
}

// standardScopes are the scopes whose claims OIDC Core §5.4 fixes.
var standardScopes = map[ScopeName]bool{OpenID: true, "profile": true, "email": true, "phone": true, "address": true}

// Compile checks the references of a definition and builds the tables Decide
// reads. It reports every fault it finds; a catalog with one is never made.
func Compile(d Definition) (*Catalog, []error) {
	c := &Catalog{
		Definition: d,
		scopes:     make(map[ScopeName]*Scope, len(d.Scopes)),
		claims:     make(map[ClaimName]*Claim, len(d.Claims)),
		wire:       make(map[string][]*Claim, len(d.Claims)),
		servers:    make(map[string]*Server, len(d.Servers)),
		ways:       make(map[string]*Way, len(d.Ways)),
		acr:        make(map[string]*ACR, len(d.ACR)),
		types:      make(map[string]*ClientType, len(d.ClientTypes)),
		details:    make(map[string]*DetailType, len(d.Details)),
		variants:   map[string]*Scope{},
		opening:    map[string][]*Scope{},
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	// The slices are copied: a compiled catalog shares nothing that anyone may change.
	c.Definition.Scopes = slices.Clone(d.Scopes)
	c.Definition.Claims = slices.Clone(d.Claims)
	c.Definition.Servers = slices.Clone(d.Servers)
	c.Definition.Ways = slices.Clone(d.Ways)
	c.Definition.ACR = slices.Clone(d.ACR)
	c.Definition.ClientTypes = slices.Clone(d.ClientTypes)
	c.Definition.Details = slices.Clone(d.Details)

	for i := range c.Definition.ACR {
		a := &c.Definition.ACR[i]
		c.acr[a.Value] = a
		for _, alias := range a.Aliases {
			if _, taken := c.acr[alias]; !taken {
				c.acr[alias] = a
			}
		}
	}
	for i := range c.Definition.Ways {
		w := &c.Definition.Ways[i]
		c.ways[w.Code] = w
		if len(w.ACR) == 0 {
			fault("sign_in.%s.acr: a way yields at least one acr", w.Code)
		}
		for _, value := range w.ACR {
			if c.acr[value] == nil {
				fault("sign_in.%s.acr: no acr %q; right would be one of %s", w.Code, value, names(c.acr))
			}
		}
	}
	for i := range c.Definition.ClientTypes {
		t := &c.Definition.ClientTypes[i]
		c.types[t.Name] = t
	}
	for i := range c.Definition.Servers {
		s := &c.Definition.Servers[i]
		if len(s.Designators) == 0 {
			s.Designators = []string{s.Name}
		}
		c.servers[s.Name] = s
	}
	for i := range c.Definition.Details {
		t := &c.Definition.Details[i]
		c.details[t.Type] = t
	}
	for i := range c.Definition.Claims {
		cl := &c.Definition.Claims[i]
		cl.scopes, cl.text = nil, TextDigest(cl.Title, cl.Description)
		if Reserved[cl.Wire()] {
			fault("claims.%s: %q is a protocol claim (CL-17), which no mapping may produce", cl.Name, cl.Wire())
		}
		if c.claims[cl.Name] != nil {
			fault("claims.%s: declared twice", cl.Name)
		}
		c.claims[cl.Name] = cl
	}
	for i := range c.Definition.Claims {
		cl := &c.Definition.Claims[i]
		c.wire[cl.Wire()] = append(c.wire[cl.Wire()], cl)
		for _, name := range cl.Brings {
			if c.claims[name] == nil {
				fault("claims.%s.brings: no claim %q", cl.Name, name)
			}
		}
		for _, name := range cl.Types {
			c.knowsType(fault, "claims."+string(cl.Name), name)
		}
	}
	c.compileScopes(fault)
	c.compileTokens(fault)
	c.compileNaming(fault)
	c.findAlone()
	for i := range c.Definition.Scopes {
		s := &c.Definition.Scopes[i]
		s.askRules, s.clientRules = concerned(askRules, s), concerned(clientRules, s)
		s.bulk, s.anySignIn = c.bulkSink(s), s.SignIn.any() && s.Needs == "" && len(s.Variants) == 0
	}
	for i := range c.Definition.Servers {
		s := &c.Definition.Servers[i]
		for _, name := range s.Also {
			if c.scopes[name] == nil {
				fault("servers.%s.also: no scope %q", s.Name, name)
			}
		}
		for _, name := range s.Learns {
			if c.claims[name] == nil {
				fault("servers.%s.learns: no claim %q", s.Name, name)
			}
		}
	}
	for i := range c.Definition.Details {
		t := &c.Definition.Details[i]
		for _, name := range t.Claims {
			if c.claims[name] == nil {
				fault("authorization_details.%s.claims: no claim %q", t.Type, name)
			}
		}
		if t.Server != "" && c.Server(t.Server) == nil {
			fault("authorization_details.%s.server: no server %q", t.Type, t.Server)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

func (c *Catalog) compileScopes(fault func(string, ...any)) {
	for i := range c.Definition.Scopes {
		s := &c.Definition.Scopes[i]
		if c.scopes[s.Name] != nil {
			fault("scopes.%s: declared twice", s.Name)
		}
		c.scopes[s.Name] = s
		s.standard, s.order, s.text = standardScopes[s.Name], i, TextDigest(s.Title, s.Description)
		s.yields, s.server = nil, nil
		s.Variants = slices.Clone(s.Variants)
		for k := range s.Variants {
			s.Variants[k].yields, s.Variants[k].server = nil, nil
		}
		if s.Standing {
			c.standing = append(c.standing, s)
		}
	}
	for i := range c.Definition.Scopes {
		s := &c.Definition.Scopes[i]
		at := "scopes." + string(s.Name)
		for _, alias := range s.Aliases {
			if c.scopes[alias] != nil {
				fault("%s.aliases: %q is already a scope", at, alias)
				continue
			}
			c.scopes[alias] = s
		}
		for _, name := range s.Claims {
			cl := c.claims[name]
			if cl == nil {
				fault("%s.claims: no claim %q", at, name)
				continue
			}
			cl.scopes, s.yields = append(cl.scopes, s), append(s.yields, cl)
		}
		for k := range s.Variants {
			v := &s.Variants[k]
			if other := c.variants[v.Parameter]; other != nil {
				fault("%s.variants.%s: the scope %q has the parameter already", at, v.Parameter, other.Name)
			}
			c.variants[v.Parameter] = s
			for _, name := range v.Claims {
				if cl := c.claims[name]; cl == nil {
					fault("%s.variants.%s.claims: no claim %q", at, v.Parameter, name)
				} else {
					cl.scopes, v.yields = append(cl.scopes, s), append(v.yields, cl)
				}
			}
			if v.Server != "" && c.servers[v.Server] == nil {
				fault("%s.variants.%s.server: no server %q", at, v.Parameter, v.Server)
			}
			c.knowsWays(fault, at+".variants."+v.Parameter, v.SignIn.By)
		}
		for _, name := range s.Withholds {
			if c.claims[name] == nil {
				fault("%s.withholds: no claim %q", at, name)
			}
		}
		for _, name := range s.RequiresOneOf {
			if c.scopes[name] == nil {
				fault("%s.requires_one_of: no scope %q", at, name)
			}
		}
		for _, name := range s.Excludes {
			other := c.scopes[name]
			if other == nil {
				fault("%s.excludes: no scope %q", at, name)
			} else if !contains(other.Excludes, s.Name) {
				other.Excludes = append(slices.Clone(other.Excludes), s.Name)
			}
		}
		for _, name := range s.Types {
			c.knowsType(fault, at, name)
		}
		c.knowsWays(fault, at, s.SignIn.By)
		c.opens(fault, at, s)
	}
}

// opens notes which servers a scope opens, by itself or with a parameter, and
// under which designator and role it appears there.
func (c *Catalog) opens(fault func(string, ...any), at string, s *Scope) {
	if server := c.servers[s.Server]; server != nil {
		s.server = server
		s.designator, s.role = server.designate(s.Name)
		c.opening[s.Server] = append(c.opening[s.Server], s)
		if server.Caller == "machine" && s.At&AtAuthorization != 0 && s.At&AtToken == 0 {
			fault("%s.server: %q takes tokens of machines only, but the scope is asked for at the authorization endpoint", at, s.Server)
		}
	} else if s.Server != "" {
		fault("%s.server: no server %q; right would be one of %s", at, s.Server, names(c.servers))
	}
	for i := range s.Variants {
		name := s.Variants[i].Server
		s.Variants[i].server = c.servers[name]
		if c.servers[name] != nil && !contains(c.opening[name], s) {
			c.opening[name] = append(c.opening[name], s)
		}
	}
}

// designate gives the designator and role of a scope at the server: what stands
// before the first "/" when that is a designator, else the first designator and
// the whole name.
func (s *Server) designate(scope ScopeName) (designator, role string) {
	if before, after, found := strings.Cut(string(scope), "/"); found && contains(s.Designators, before) {
		return before, after
	}
	return s.Designators[0], string(scope)
}

// bulkSink gives the one sink that all claims of a scope go to, "" where a claim
// has several, may go elsewhere or has conditions of its own.
func (c *Catalog) bulkSink(s *Scope) Sink {
	var sink Sink
	for _, name := range s.Claims {
		claim := c.claims[name]
		plain := claim.alone && claim.State.Works() && len(claim.Types) == 0 && len(claim.MayAlso) == 0 && len(claim.Sinks) == 1
		if !plain || sink != "" && sink != claim.Sinks[0] {
			return ""
		}
		sink = claim.Sinks[0]
	}
	if len(s.Variants) > 0 {
		return ""
	}
	return sink
}

// findAlone marks the claims that are yielded in one place only.
func (c *Catalog) findAlone() {
	for i := range c.Definition.Claims {
		claim := &c.Definition.Claims[i]
		claim.alone = len(claim.scopes) == 1
		for j := range c.Definition.Details {
			claim.alone = claim.alone && !contains(c.Definition.Details[j].Claims, claim.Name)
		}
		for _, frames := range [...][]frame{c.frames, c.machine} {
			for j := range frames {
				claim.alone = claim.alone && !contains(frames[j].claims, claim)
			}
		}
	}
}

func (c *Catalog) compileTokens(fault func(string, ...any)) {
	for kind, spec := range c.Tokens {
		for _, name := range spec.Claims {
			cl := c.claims[name]
			if cl == nil {
				fault("tokens.%s.claims: no claim %q", kind, name)
				continue
			}
			sink := Sink(kind)
			switch kind {
			case "machine_token":
				c.machine = addFrame(c.machine, SinkAccessToken, cl)
				continue
			case "access_token":
				if _, own := c.Tokens["machine_token"]; !own {
					c.machine = addFrame(c.machine, SinkAccessToken, cl)
				}
			}
			c.frames = addFrame(c.frames, sink, cl)
		}
		for _, member := range spec.Protocol {
			if !Reserved[member] && member != "active" {
				fault("tokens.%s.protocol: %q is not a protocol claim; a claim of the catalog goes under claims", kind, member)
			}
		}
	}
	c.idToken, c.accessToken, c.userInfo = c.Tokens["id_token"], c.Tokens["access_token"], c.Tokens["userinfo"]
	c.lifetimes = lifetimes{
		access: c.accessToken.Lifetime, machine: c.Token("machine_token").Lifetime, id: c.idToken.Lifetime,
		refresh: c.Tokens["refresh_token"].Lifetime, grant: c.Tokens["grant"].Lifetime,
	}
	slices.SortFunc(c.frames, func(a, b frame) int { return strings.Compare(string(a.sink), string(b.sink)) })
	seen := map[Sink]bool{}
	for i := range c.Definition.Claims {
		for _, sink := range c.Definition.Claims[i].Sinks {
			if !sink.Standard() && !seen[sink] {
				seen[sink] = true
				c.extra = append(c.extra, sink)
			}
		}
	}
}

func addFrame(frames []frame, sink Sink, claim *Claim) []frame {
	for i := range frames {
		if frames[i].sink == sink {
			frames[i].claims = append(frames[i].claims, claim)
			return frames
		}
	}
	return append(frames, frame{sink, []*Claim{claim}})
}

func (c *Catalog) knowsType(fault func(string, ...any), at, name string) {
	if c.typeOfRegistry(name) == nil {
		fault("%s.types: no client type %q; right would be one of %s", at, name, names(c.types))
	}
}

func (c *Catalog) knowsWays(fault func(string, ...any), at string, codes []string) {
	for _, code := range codes {
		if c.ways[code] == nil {
			fault("%s.sign_in.by: no way to sign in %q; right would be one of %s", at, code, names(c.ways))
		}
	}
}

// names lists the keys of a table for a message, in order.
func names[K ~string, V any](table map[K]V) string {
	keys := make([]string, 0, len(table))
	for k := range table {
		keys = append(keys, string(k))
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}

// Scope gives the scope of that name or alias, or nil.
func (c *Catalog) Scope(name ScopeName) *Scope {
	if s := c.scopes[name]; s != nil || c.registered == nil {
		return s
	}
	return c.registered[shelfOf(name)][name]
}

// Claim gives the claim of that catalog name, or nil.
func (c *Catalog) Claim(name ClaimName) *Claim { return c.claims[name] }

// ClaimOnWire gives the claim that bears the name in the sink, else one that
// bears it anywhere, else nil.
func (c *Catalog) ClaimOnWire(name string, sink Sink) *Claim {
	list := c.wire[name]
	for _, claim := range list {
		if contains(claim.Sinks, sink) || contains(claim.MayAlso, sink) {
			return claim
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
}

// Server gives the resource server of that name, or nil.
func (c *Catalog) Server(name string) *Server { return c.servers[name] }

// Way gives the way to sign in of that code, or nil.
func (c *Catalog) Way(code string) *Way { return c.ways[code] }

// FindACR gives the acr of that value or alias, or nil.
func (c *Catalog) FindACR(value string) *ACR { return c.acr[value] }

// ClientType gives the client type of that name, or nil.
func (c *Catalog) ClientType(name string) *ClientType { return c.types[name] }

// DetailType gives the registered type of authorization details, or nil.
func (c *Catalog) DetailType(name string) *DetailType { return c.details[name] }

// Token gives the frame of a kind of token; a machine token falls back to the
// access token's.
func (c *Catalog) Token(kind string) TokenSpec {
	spec, ok := c.Tokens[kind]
	if !ok && kind == "machine_token" {
		return c.Tokens["access_token"]
	}
	return spec
}

// ExtraTokens lists the sinks that are members of the token response of the
// realm's own.
func (c *Catalog) ExtraTokens() []Sink { return c.extra }

// ServerByAudience gives the server whose audience or designator the value is, or nil.
func (c *Catalog) ServerByAudience(value string) *Server {
	for i := range c.Definition.Servers {
		s := &c.Definition.Servers[i]
		if s.Audience == value || s.Audience == "" && contains(s.Designators, value) {
			return s
		}
	}
	return nil
}

// WithoutRule gives a copy of the catalog in which one rule never objects. It
// exists so that tests can show that a rule is what makes a fact true.
func (c *Catalog) WithoutRule(reason Reason) *Catalog {
	broken := *c
	broken.off = map[Reason]bool{reason: true}
	for off := range c.off {
		broken.off[off] = true
	}
	return &broken
}

// Parameters lists the request parameters that the realm gives a meaning by
// variants of scopes.
func (c *Catalog) Parameters() []string {
	list := make([]string, 0, len(c.variants))
	for name := range c.variants {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
