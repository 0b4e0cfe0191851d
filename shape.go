package tillit

import (
	"bytes"
	"slices"
	"strings"
)

// shape says what will be issued: audience, roles, lifetimes, format. What still
// waits for a page is not in it; its bounds on lifetimes and format are.
func (q *question) shape() {
	s := &q.d.Shape
	s.Scopes = make([]ScopeName, 0, len(q.candidates))
	for i := range q.candidates {
		if c := &q.candidates[i]; c.given() {
			s.Scopes = append(s.Scopes, c.name)
			s.Offline = s.Offline || c.scope.OutlivesSession
		}
	}
	s.Machine = q.machine()
	s.IDToken, s.UserInfo = q.idToken, q.userInfo
	s.Refresh = !s.Machine && q.ask.Answers("code") && q.client.MayUse("refresh_token")
	s.Pairwise = q.pairwise()
	for i := range q.d.Details {
		if q.d.Details[i].Reason == Given {
			s.Details = append(s.Details, q.whole(&q.ask.Details[i]))
		}
	}
	q.shapeRoles()
	q.shapeAudience()
	q.shapeLifetimes()
	q.keepShapeToPrior()
}

// pairwise: the client chooses among the realm's subject types; the first is the
// default (Core §8).
func (q *question) pairwise() bool {
	allowed := q.cat.Settings.Subject
	if q.client.SubjectType != "" && contains(allowed, q.client.SubjectType) {
		return q.client.SubjectType == "pairwise"
	}
	return len(allowed) > 0 && allowed[0] == "pairwise"
}

// shapeRoles gives every scope that opens a server its role there, in one list
// for each designator.
func (q *question) shapeRoles() {
	var roles []string // what the lists are cut from
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.given() {
			continue
		}
		designator, _ := c.designation()
		if designator == "" || q.hasOpened(designator) {
			continue
		}
		if roles == nil {
			roles = make([]string, 0, len(q.candidates)-i)
		}
		from := len(roles)
		roles = q.rolesAt(designator, i, roles)
		q.opened = append(q.opened, Roles{designator, roles[from:len(roles):len(roles)]})
	}
	q.d.Shape.Roles = append([]Roles(nil), q.opened...)
}

func (q *question) hasOpened(designator string) bool {
	for i := range q.opened {
		if q.opened[i].Designator == designator {
			return true
		}
	}
	return false
}

// rolesAt adds the roles at a designator that the candidates from the i-th on
// have. A server's also-scopes become roles once another scope has opened it.
func (q *question) rolesAt(designator string, i int, list []string) []string {
	before := len(list)
	add := func(role string) {
		if !contains(list[before:], role) {
			list = append(list, role)
		}
	}
	for ; i < len(q.candidates); i++ {
		c := &q.candidates[i]
		if !c.given() {
			continue
		}
		there, role := c.designation()
		if there != designator {
			continue
		}
		for _, also := range c.server().Also {
			if q.gives(also) {
				add(string(also))
			}
		}
		add(role)
	}
	return list
}

// shapeAudience: what was named by resource, else every server that was opened,
// else the realm's default. A scope may force one (RFC 8707 §2, RFC 9068 §3).
func (q *question) shapeAudience() {
	s := &q.d.Shape
	for i := range q.d.Resources {
		if v := &q.d.Resources[i]; v.Reason == Given && !contains(s.Audience, v.Resource) {
			s.Audience = append(s.Audience, v.Resource)
		}
	}
	if len(s.Audience) == 0 && len(q.d.Resources) == 0 && q.cat.Settings.Audience != "asked" {
		q.openedAudience()
	}
	forced := ""
	for i := range q.candidates {
		c := &q.candidates[i]
		switch {
		case !c.alive() || c.scope.Audience == "" || c.scope.Audience == forced:
		case forced == "":
			forced = c.scope.Audience
			s.Audience = []string{forced}
		case q.facts.Prior == nil:
			q.refuse(AudienceConflict, string(c.name), forced, "invalid_target")
		}
	}
}

// openedAudience names every server that a given scope opens.
func (q *question) openedAudience() {
	s := &q.d.Shape
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.given() || c.server() == nil {
			continue
		}
		audience := c.server().Audience
		if audience == "" {
			audience, _ = c.designation()
		}
		if s.Audience == nil {
			s.Audience = make([]string, 0, len(s.Roles))
		}
		if !contains(s.Audience, audience) {
			s.Audience = append(s.Audience, audience)
		}
	}
}

// shapeLifetimes: the client's, bounded or replaced by the scopes'; the lowest
// positive value wins.
func (q *question) shapeLifetimes() {
	s := &q.d.Shape
	access := q.client.AccessTokenLifetime
	switch {
	case access > 0:
	case s.Machine:
		access = q.cat.lifetimes.machine
	default:
		access = q.cat.lifetimes.access
	}
	s.Format = JWT
	least, whole := int64(0), q.client.GrantLifetime
	if whole == 0 {
		whole = q.cat.lifetimes.grant
	}
	for i := range q.candidates {
		c := &q.candidates[i]
		if !c.alive() {
			continue
		}
		least = lowest(least, c.scope.AccessTokenMax)
		whole = lowest(whole, c.scope.GrantMax)
		if c.scope.Format == Opaque {
			s.Format = Opaque
		}
	}
	switch {
	case least == 0:
	case q.cat.Settings.ScopeLifetime == "override":
		access = least
	default:
		access = lowest(access, least)
	}
	s.Access, s.Whole = access, whole
	if s.ID = q.client.IDTokenLifetime; s.ID == 0 {
		s.ID = q.cat.lifetimes.id
	}
	if s.Inactive = q.client.RefreshLifetime; s.Inactive == 0 {
		s.Inactive = q.cat.lifetimes.refresh
	}
}

// lowest gives the lower of two values, of which 0 means no bound.
func lowest(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// keepShapeToPrior intersects with the stored grant: what is decided again never
// gives more.
func (q *question) keepShapeToPrior() {
	prior := q.facts.Prior
	if prior == nil {
		return
	}
	s := &q.d.Shape
	s.Audience = slices.DeleteFunc(s.Audience, func(a string) bool { return !contains(prior.Audience, a) })
	for i := range s.Roles {
		r := &s.Roles[i]
		var allowed []string
		for _, p := range prior.Roles {
			if p.Designator == r.Designator {
				allowed = p.Roles
			}
		}
		r.Roles = slices.DeleteFunc(r.Roles, func(role string) bool { return !contains(allowed, role) })
	}
	s.Roles = slices.DeleteFunc(s.Roles, func(r Roles) bool { return len(r.Roles) == 0 })
	s.IDToken = s.IDToken && prior.IDToken
	s.UserInfo = s.UserInfo && prior.UserInfo
	s.Refresh = s.Refresh && prior.Refresh
	s.Offline = s.Offline && prior.Offline
	s.Pairwise = prior.Pairwise
	s.Details = q.keepDetails()
	s.Access = lowest(s.Access, prior.Access)
	s.ID = lowest(s.ID, prior.ID)
	s.Inactive = lowest(s.Inactive, prior.Inactive)
	s.Whole = lowest(s.Whole, prior.Whole)
	if prior.Format == Opaque {
		s.Format = Opaque
	}
}

// became reports whether a stored detail is this one, perhaps with more members.
func (d *Detail) became(stored *Detail) bool {
	for name, value := range d.Fields {
		if !bytes.Equal(stored.Fields[name], value) {
			return false
		}
	}
	return d.Type == stored.Type
}

// judgeResources checks the resource parameter (RFC 8707 §2).
func (q *question) judgeResources() {
	if q.cat.Settings.Resource == "ignored" {
		return
	}
	for _, value := range q.ask.Resources {
		reason := Given
		if q.cat.Settings.Resource == "registered" {
			reason = q.judgeResource(value)
		}
		q.d.Resources = append(q.d.Resources, ResourceVerdict{value, reason})
		if reason != Given && q.facts.Prior == nil {
			q.refuse(reason, value, "", "invalid_target")
		}
	}
}

func (q *question) judgeResource(value string) Reason {
	server := q.cat.ServerByAudience(value)
	switch {
	case server == nil && !q.cat.off[UnknownResource]:
		return UnknownResource
	case server != nil && !q.mayReach(server) && !q.cat.off[ResourceNotPermitted]:
		return ResourceNotPermitted
	case server != nil:
		q.resources = append(q.resources, server)
	}
	return Given
}

// mayReach reports whether the client may ask for any scope of the server.
func (q *question) mayReach(server *Server) bool {
	for _, s := range q.cat.opening[server.Name] {
		if q.open(s) || q.unregistered && contains(s.Types, q.client.Type) || q.has(s) {
			return true
		}
	}
	return false
}

// Withholds lists the claims that an ask of the client can never release, for
// explanations. It is what the restrictions of a decision come to.
func (c *Catalog) Withholds(client *Client, asked []ScopeName) []ClaimName {
	var list []ClaimName
	add := func(s *Scope) {
		for _, name := range s.Withholds {
			if !contains(list, name) {
				list = append(list, name)
			}
		}
	}
	for _, name := range asked {
		if s := c.Scope(name); s != nil {
			add(s)
		}
	}
	for _, s := range c.standing {
		if client.Has(s.Name) {
			add(s)
		}
	}
	return list
}

// Learns gives what a resource server may see of a grant at introspection: its
// own scopes, and the claims it learns though the client does not (RFC 7662 §2.2).
func (c *Catalog) Learns(server *Server, shape *Shape) (scopes []ScopeName, claims []ClaimName) {
	opened := false
	for _, name := range shape.Scopes {
		s := c.Scope(name)
		if s == nil {
			continue
		}
		own := s.Server == server.Name
		for _, v := range s.Variants {
			own = own || v.Server == server.Name
		}
		if own || server.Owner != "" && s.Owner == server.Owner {
			scopes, opened = append(scopes, name), true
		} else if contains(server.Also, name) {
			scopes = append(scopes, name)
		}
	}
	if !opened { // what becomes a role beside others is none alone
		scopes = nil
	}
	return scopes, server.Learns
}

// Trusts reports whether a token of the shape concerns the server at all.
func (c *Catalog) Trusts(server *Server, shape *Shape) bool {
	if contains(shape.Audience, server.Audience) && server.Audience != "" {
		return true
	}
	for _, r := range shape.Roles {
		if contains(server.Designators, r.Designator) {
			return true
		}
	}
	scopes, _ := c.Learns(server, shape)
	return len(scopes) > 0
}

// String writes a roles list as in traces: "designator: a b".
func (r Roles) String() string { return r.Designator + ": " + strings.Join(r.Roles, " ") }
