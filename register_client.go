package tillit

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Of what is put on clients; no token is ever refused for it.
const (
	NotForType   Reason = "not_for_type"  // clients of the type never hold it
	OperatorOnly Reason = "operator_only" // the operator puts it on clients
)

// registrationRules judge whether a scope may stand on a client at all. They are
// asked when it is put there; what can change since is asked again at every token.
var registrationRules = []rule{
	{UnknownScope, refuses, "", unknownScope, nil},
	{ScopeInactive, refuses, "", scopeInactive, nil},
	{NotForType, refuses, "", notForType, nil},
	{WrongClientType, refuses, "", wrongClientType, nil},
	{OperatorOnly, refuses, "", operatorOnly, nil},
	{AccessNotGranted, refuses, "", accessNeverGranted, nil},
}

// MayHold judges whether the scopes may be put on the client: one verdict with
// one reason each. access holds those that the organization behind it was let
// in to.
func (c *Catalog) MayHold(client *Client, names []ScopeName, by Registrar, access []ScopeName) []ScopeVerdict {
	q := &question{}
	q.cat, q.client, q.ask, q.facts = c, client, &Ask{Endpoint: AtToken}, &Facts{Access: access}
	q.registrar = by
	verdicts := make([]ScopeVerdict, len(names))
	for i, name := range names {
		candidate := candidate{name: name, scope: c.Scope(name)}
		which := ruleSet(1)
		if candidate.scope != nil {
			which = 1<<len(registrationRules) - 1
		}
		q.judge(registrationRules, which, 0, &candidate)
		verdicts[i] = ScopeVerdict{Scope: name, Reason: Given, By: candidate.by}
		if candidate.reason != "" {
			verdicts[i].Reason = candidate.reason
		}
	}
	return verdicts
}

// notForType objects to what a type of client never holds, whoever owns it.
func notForType(q *question, c *candidate) (string, bool) {
	t := q.cat.types[q.client.Type]
	if t == nil || t.MayAddAny || contains(t.StartsWith, c.scope.Name) || contains(t.MayAdd, c.scope.Name) {
		return "", false
	}
	return t.Name, true
}

// operatorOnly keeps what nobody serves himself with to the operator.
func operatorOnly(q *question, c *candidate) (string, bool) {
	return "", c.scope.Eligible == EligibleProvisioned && !q.registrar.Operator
}

// accessNeverGranted is accessNotGranted but for what can be delegated: there
// the access is the consumer's, and shows at the token.
func accessNeverGranted(q *question, c *candidate) (string, bool) {
	if c.scope.Delegation != "" && q.client.actsForOthers(q.cat.types[q.client.Type]) {
		return "", false
	}
	return accessNotGranted(q, c)
}

// actsForOthers reports whether clients of the type can ask in the name of
// another organization: by an assertion of their own.
func (c *Client) actsForOthers(t *ClientType) bool {
	return t != nil && contains(t.GrantTypes, "urn:ietf:params:oauth:grant-type:jwt-bearer")
}

// CheckClient says everything that is wrong with a client that somebody wants to
// register; before is what it was, nil for a new one. Scopes that it had before
// are not judged again.
func (c *Catalog) CheckClient(client, before *Client, by Registrar, access []ScopeName) []Objection {
	o := &objections{}
	t := c.types[client.Type]
	if t == nil || !t.State.Works() || t.Unregistered {
		o.say(Malformed, "invalid_value", "integration_type", "no clients of this type can be registered")
		return o.list
	}
	if before != nil && before.Type != client.Type {
		o.say(Malformed, "immutable_field", "integration_type", "the type of a client never changes")
		return o.list
	}
	if strings.TrimSpace(client.Name.In(c.Languages...)) == "" {
		o.say(Malformed, "required", "client_name", "client_name is missing")
	}
	checkCombination(o, t, client)
	c.checkAddresses(o, client)
	for field, seconds := range map[string]int64{
		"access_token_lifetime": client.AccessTokenLifetime, "refresh_token_lifetime": client.RefreshLifetime,
		"authorization_lifetime": client.GrantLifetime,
	} {
		if seconds < 0 {
			o.say(Malformed, "invalid_value", field, "right would be seconds, 1 or more")
		}
	}
	c.checkScopesOf(o, client, before, by, access)
	slices.SortStableFunc(o.list, func(a, b Objection) int { return strings.Compare(a.Field, b.Field) })
	return o.list
}

// checkCombination holds a client to the combinations that its type permits.
func checkCombination(o *objections, t *ClientType, client *Client) {
	methods, known := t.Auth[client.Application]
	switch {
	case !known:
		o.say(Malformed, "invalid_combination", "application_type", "clients of type %s are none of %s", t.Name, client.Application)
	case !slices.Contains(methods, client.AuthMethod):
		o.say(Malformed, "invalid_combination", "token_endpoint_auth_method", "right would be one of %s", strings.Join(methods, ", "))
	}
	if len(client.GrantTypes) == 0 {
		o.say(Malformed, "required", "grant_types", "right would be some of %s", strings.Join(t.GrantTypes, ", "))
	}
	for _, grant := range client.GrantTypes {
		if !slices.Contains(t.GrantTypes, grant) {
			o.say(Malformed, "invalid_combination", "grant_types", "right would be some of %s", strings.Join(t.GrantTypes, ", "))
			break
		}
	}
}

func (c *Catalog) checkScopesOf(o *objections, client, before *Client, by Registrar, access []ScopeName) {
	var added []ScopeName
	for _, p := range client.Scopes {
		if before == nil || !before.Has(p.Scope) {
			added = append(added, p.Scope)
		}
	}
	for _, v := range c.MayHold(client, added, by, access) {
		switch v.Reason {
		case UnknownScope:
			o.say(Malformed, "scope_unknown", "scopes", "there is no scope %q", string(v.Scope))
		case ScopeInactive:
			o.say(Malformed, "scope_inactive", "scopes", "the scope %s is switched off", v.Scope)
		case NotForType:
			o.say(Malformed, "scope_not_allowed_for_client_type", "scopes", "clients of type %s never have the scope %s", client.Type, v.Scope)
		case WrongClientType:
			o.say(Malformed, "scope_integration_type_conflict", "scopes", "the scope %s is not for clients of type %s", v.Scope, client.Type)
		case OperatorOnly:
			o.say(Forbidden, "scope_operator_only", "scopes", "the scope %s is put on clients by the operator", v.Scope)
		case AccessNotGranted:
			o.say(Forbidden, "scope_access_missing", "scopes", "the owner of the scope %s has not let organization %s in", v.Scope, v.By)
		}
	}
}

// checkAddresses checks every address of a client.
func (c *Catalog) checkAddresses(o *objections, client *Client) {
	if client.MayUse("authorization_code") && len(client.RedirectURIs) == 0 {
		o.say(Malformed, "required", "redirect_uris", "right would be at least one")
	}
	for field, list := range map[string][]string{
		"redirect_uris": client.RedirectURIs, "post_logout_redirect_uris": client.PostLogoutRedirectURIs,
		"frontchannel_logout_uri": one(client.FrontChannelLogoutURI), "backchannel_logout_uri": one(client.BackChannelLogoutURI),
	} {
		for _, address := range list {
			if right := c.addressFault(address, client.Application); right != "" {
				o.say(Malformed, "invalid_uri", field, "right would be %s", right)
				break
			}
		}
	}
	if client.Application != "native" && client.FrontChannelLogoutURI != "" && !client.redirectsTo(client.FrontChannelLogoutURI, origin) {
		o.say(Malformed, "invalid_uri", "frontchannel_logout_uri", "right would be scheme, host and port of a redirect URI")
	}
	if client.BackChannelLogoutURI != "" && !client.redirectsTo(client.BackChannelLogoutURI, (*url.URL).Hostname) {
		o.say(Malformed, "invalid_uri", "backchannel_logout_uri", "right would be the host of a redirect URI")
	}
	for field, address := range map[string]string{"client_uri": client.ClientURI, "logo_uri": client.LogoURI} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			o.say(Malformed, "invalid_uri", field, "right would be an https address")
		}
	}
}

func one(address string) []string {
	if address == "" {
		return nil
	}
	return []string{address}
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// redirectsTo reports whether a redirect URI has the same part as the address.
func (c *Client) redirectsTo(address string, part func(*url.URL) string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(uri string) bool {
		other, err := url.Parse(uri)
		return err == nil && part(other) == part(u)
	})
}

// addressFault says what would be right for an address that a browser is sent
// to, or "" for a good one.
func (c *Catalog) addressFault(address, application string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme == "" || len(address) > 2000:
		return "an absolute URI"
	case strings.Contains(address, "#"):
		return "a URI without fragment"
	case !LeadsAway(u.Scheme):
		return "a scheme that leads to the client; this one makes a browser run or show what it says itself"
	}
	web := u.Scheme == "https" || u.Scheme == "http"
	switch {
	case web && u.Hostname() == "":
		return "a URI with a host"
	case application == "native":
		return ""
	case !web:
		return "an http or https address; other schemes are for native applications"
	case loopback(u.Hostname()) && u.Scheme == "https" && u.Hostname() == "localhost":
		return "http for localhost"
	case c.Environment == Production && loopback(u.Hostname()):
		return "another host than this machine; that is for native applications"
	case c.Environment == Production && u.Scheme == "http":
		return "an https address"
	}
	return ""
}

// LeadsAway reports whether addresses of a scheme lead a browser somewhere. Those of
// the others are programs, texts or files themselves, and would run or be shown as
// if they were the provider's: no client of any kind is reached there.
func LeadsAway(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "javascript", "vbscript", "data", "blob", "file", "filesystem", "about", "view-source":
		return false
	}
	return true
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
