package catalog

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/tillit/tillit"
)

// definition says in the words of the domain what the tree says.
func (c *catalogBuilder) definition() tillit.Definition {
	r := c.root
	c.languages(r)
	return tillit.Definition{
		Realm:              c.source.name,
		Registry:           c.registry(),
		Environment:        environment(r.get("environment")),
		Title:              c.text(r, "title", c.realmBuilder),
		Languages:          r.get("languages").strs(),
		OptionalLanguages:  r.get("optional_languages").strs(),
		Settings:           c.settings(r.get("settings")),
		Request:            c.request(r.get("request")),
		ACR:                c.acrs(),
		Ways:               c.signIn(),
		ClientTypes:        c.clientTypes(true),
		OtherTypes:         c.clientTypes(false),
		Servers:            c.resourceServers(),
		Sources:            c.sourceUses(),
		Scopes:             c.allScopes(),
		Families:           c.families(),
		Claims:             c.allClaims(),
		Tokens:             c.tokens(),
		Details:            c.details(),
		Organizations:      c.allOrganizations(),
		Access:             c.access(),
		Delegations:        c.delegationSources(),
		Naming:             c.naming(),
		Assertion:          c.assertion(),
		Errors:             c.errorTexts(),
		Discovery:          c.discovery(),
		DeclaredInRegistry: c.registry() == c.source.name,
	}
}

func (c *catalogBuilder) languages(r *node) {
	if len(r.get("languages").strs()) == 0 {
		c.faults.at(r, "languages: [nb, nn, en], the default first", "the realm has no languages")
	}
	for _, field := range []string{"languages", "optional_languages"} {
		for _, n := range r.get(field).elements() {
			if _, err := language.Parse(n.str()); err != nil && n.kind == text {
				c.faults.at(n, "a BCP 47 tag, e.g. nb", "%q is not a language tag", n.str())
			}
		}
	}
}

// text reads a title or description and reports what is missing in a language
// the realm requires. declaredBy is the realm whose languages count.
func (c *catalogBuilder) text(of *node, field string, declaredBy *realmBuilder) tillit.Text {
	n := of.get(field)
	if n == nil {
		return nil
	}
	root := declaredBy.source.root
	required, optional := root.get("languages").strs(), root.get("optional_languages").strs()
	all := tillit.Text{}
	for _, m := range n.each() {
		if !slices.Contains(required, m.key) && !slices.Contains(optional, m.key) {
			c.faults.at(m.value, near(m.key, append(slices.Clone(required), optional...)), "%q is not a language of the realm", m.key)
			continue
		}
		if s := strings.TrimSpace(m.value.str()); s != "" {
			all[m.key] = s
		}
	}
	for _, tag := range required {
		if all[tag] == "" && n.kind == object {
			c.faults.at(n, "a text in every language of the realm: "+strings.Join(required, ", "), "the text in %q is missing", tag)
		}
	}
	return all
}

// title is a text that must be there.
func (c *catalogBuilder) title(of *node, declaredBy *realmBuilder) tillit.Text {
	if of.get("title") == nil && of.kind == object {
		c.faults.at(of, "title: a text in "+strings.Join(declaredBy.source.root.get("languages").strs(), ", "), "it has no title")
	}
	return c.text(of, "title", declaredBy)
}

// leastRotation keeps keys from piling up: each stays published for a month.
const leastRotation = 24 * 3600

func (c *catalogBuilder) rotation(n *node) int64 {
	seconds := c.seconds(n)
	if seconds > 0 && seconds < leastRotation {
		c.faults.at(n, "at least 24h", "keys that sign for %s only would pile up", n.str())
	}
	return seconds
}

// seconds reads a duration as Go writes it, in whole seconds.
func (c *catalogBuilder) seconds(n *node) int64 {
	if n == nil || n.kind != text {
		return 0
	}
	d, err := time.ParseDuration(n.str())
	switch {
	case err != nil:
		c.faults.at(n, "e.g. 300s, 30m or 12h", "%q is not a duration", n.str())
	case d <= 0 || d%time.Second != 0:
		c.faults.at(n, "a whole number of seconds, at least 1s", "%s cannot be told in seconds", n.str())
	default:
		return int64(d / time.Second)
	}
	return 0
}

func (c *catalogBuilder) settings(n *node) tillit.Settings {
	s := tillit.Settings{
		UnknownScope:    tillit.Policy(n.get("unknown_scope").strOr(string(tillit.Refuse))),
		UnassignedScope: tillit.Policy(n.get("unassigned_scope").strOr(string(tillit.Refuse))),
		WithoutOpenID:   n.get("without_openid").strOr("refuse"),
		WithoutScope:    n.get("without_scope").strOr("refuse"),
		Audience:        n.get("audience").strOr("servers"),
		Resource:        n.get("resource").strOr("registered"),
		Subject:         n.get("subject").strs(),
		IDTokenHint:     n.get("id_token_hint").strOr("identifies"),
		ScopeLifetime:   n.get("scope_lifetime").strOr("cap"),
		Introspection:   n.get("introspection").strOr("listed"),
		SID:             n.get("sid").strOr("always"),
		RotateKeys:      c.rotation(n.get("signing").get("rotate")),
		Algorithms:      n.get("signing").get("algs").strs(),
		Chain:           n.get("signing").get("chain").flag(false),
		ErrorTrace:      n.get("error_trace").str(),
		ScopeLetters:    n.get("scope_letters").str(),
	}
	if len(s.Subject) == 0 {
		s.Subject = []string{"public"}
	}
	if len(s.Algorithms) == 0 {
		s.Algorithms = []string{"ES256"}
	}
	if sso := n.get("single_sign_on"); sso != nil && sso.kind == object {
		s.SingleSignOn = &tillit.SingleSignOn{Idle: c.seconds(sso.get("idle")), Max: c.seconds(sso.get("max"))}
		if sso.get("idle") == nil || sso.get("max") == nil {
			c.faults.at(sso, "{idle: 30m, max: 12h}", "a session without an end")
		}
	} else if sso != nil && sso.str() != "none" {
		c.faults.at(sso, "none, or {idle: 30m, max: 12h}", "%q is not a session", sso.str())
	}
	return s
}

func (c *catalogBuilder) request(n *node) tillit.RequestSettings {
	r := tillit.RequestSettings{
		Features:   n.get("features").strs(),
		Require:    []string{"pkce"},
		Private:    words[tillit.Sensitivity](n.get("private")),
		Dialect:    n.get("dialect").str(),
		IDPHint:    n.get("idp_hint").str(),
		AMRHint:    n.get("amr_hint").str(),
		OnBehalfOf: n.get("on_behalf_of").str(),

		AssertionAudience: n.get("assertion_audience").strOr("issuer"),
		PushedLifetime:    90,
		PushedPrefix:      n.get("pushed").get("prefix").strOr("urn:ietf:params:oauth:request_uri:"),
	}
	if lifetime := n.get("pushed").get("lifetime"); lifetime != nil {
		r.PushedLifetime = c.seconds(lifetime)
		if r.PushedLifetime >= 600 {
			c.faults.at(lifetime, "less than 600s", "a pushed request that waits %s", lifetime.str())
		}
	}
	if require := n.get("require"); require != nil {
		r.Require = require.strs()
	}
	if slices.Contains(r.Features, "dpop_nonce") && !slices.Contains(r.Features, "dpop") {
		c.faults.at(n.get("features"), "dpop beside it", "dpop_nonce stands without dpop")
	}
	return r
}

func (c *catalogBuilder) acrs() []tillit.ACR {
	var all []tillit.ACR
	taken := map[string]*node{}
	for _, m := range c.root.get("acr").each() {
		n := m.value
		a := tillit.ACR{
			Value:     m.key,
			Framework: n.get("framework").str(),
			Level:     int(n.get("level").integer()),
			Told:      n.get("told").str(),
			Aliases:   n.get("aliases").strs(),
		}
		for _, alias := range n.get("aliases").elements() {
			if taken[alias.str()] != nil || c.acr.has[alias.str()] {
				c.faults.at(alias, "another name", "%q is taken", alias.str())
			}
			taken[alias.str()] = alias
		}
		all = append(all, a)
	}
	return all
}

func (c *catalogBuilder) signIn() []tillit.Way {
	var all []tillit.Way
	for _, m := range c.root.get("sign_in").each() {
		n := m.value
		w := tillit.Way{
			Code:     m.key,
			Title:    c.title(n, c.realmBuilder),
			Method:   n.get("method").str(),
			ACR:      references[string](c, n.get("acr"), c.acr),
			AMR:      n.get("amr").strs(),
			AMRWord:  n.get("amr") != nil && n.get("amr").kind == text,
			Hint:     references[tillit.ClaimName](c, n.get("hint"), c.claims),
			HintForm: c.pattern(n.get("hint_form")),
			HintedBy: n.get("hinted_by").strs(),
			Fields:   n.get("fields").strs(),
			Evidence: n.get("evidence").strs(),
			TestOnly: n.get("test_only").flag(false),
		}
		if w.AMR == nil {
			w.AMR = []string{m.key}
		}
		if n.get("acr") == nil {
			c.faults.at(n, near("", c.acr.list), "a way to sign in says what it proves: it has no acr")
		}
		if w.Method == "" {
			c.faults.at(n, "method: test-eid, password, email-code or passkey", "it has no method")
		}
		for _, f := range n.get("factors").each() {
			if w.Factors == nil {
				w.Factors = map[string]string{}
			}
			w.Factors[f.key] = f.value.str()
		}
		all = append(all, w)
	}
	return all
}

func (c *catalogBuilder) sourceUses() []tillit.SourceUse {
	var all []tillit.SourceUse
	for _, m := range c.root.get("sources").each() {
		if slices.Contains(valueRoots, m.key) || m.key == tillit.EditInput {
			c.faults.at(m.value, "another name", "%q is a root of every expression", m.key)
		}
		use := tillit.SourceUse{
			Name:     m.key,
			From:     m.value.get("from").strOr("directory"),
			By:       m.value.get("by").str(),
			Query:    m.value.get("query").str(),
			Deadline: c.seconds(m.value.get("deadline")),
			CacheAge: c.seconds(m.value.get("cache")),
			OnError:  m.value.get("on_error").strOr("omit"),
			Edits:    c.edits(m),
		}
		switch {
		case use.From == "sql" && !strings.Contains(use.Query, "$1"):
			c.faults.at(m.value, "query: select … where … = $1", "a source of sql has no query about one person")
		case use.From != "sql" && use.Query != "":
			c.faults.at(m.value.get("query"), "from: sql", "only a source of sql has a query")
		case use.From == "directory" && (use.By != "" || use.Deadline != 0 || use.CacheAge != 0):
			c.faults.at(m.value, "from: sql or from: http", "the directory is not asked elsewhere")
		}
		all = append(all, use)
	}
	return all
}

func (c *catalogBuilder) errorTexts() map[tillit.Reason]tillit.ErrorText {
	all := map[tillit.Reason]tillit.ErrorText{}
	for _, m := range c.root.get("errors").each() {
		all[tillit.Reason(m.key)] = tillit.ErrorText{
			Code:        m.value.get("code").str(),
			Error:       m.value.get("error").str(),
			Status:      int(m.value.get("status").integer()),
			Description: m.value.get("description").str(),
		}
	}
	return all
}

func (c *catalogBuilder) discovery() map[string]tillit.Expression {
	all := map[string]tillit.Expression{}
	for _, m := range c.root.get("discovery").each() {
		if e := c.expression(m.value, discoveryRoots); e != nil {
			all[m.key] = e
		}
	}
	return all
}
