package reference

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// A Reference is what a realm offers, scope by scope.
type Reference struct {
	Realm  string  `json:"realm"`
	Title  string  `json:"title"`
	Scopes []Scope `json:"scopes"`
	Always []Claim `json:"always,omitempty"` // in tokens whatever the scopes
}

// A Scope is one row: what it yields, and on what terms.
type Scope struct {
	Name    tillit.ScopeName `json:"scope"`
	Title   string           `json:"title,omitempty"`
	State   string           `json:"state,omitempty"` // "" where it works
	At      string           `json:"for"`
	Claims  []Claim          `json:"claims,omitempty"`
	Opens   string           `json:"opens,omitempty"` // the resource server
	Consent string           `json:"consent"`
	Who     string           `json:"who"`             // may have it
	Terms   []string         `json:"terms,omitempty"` // what else has to be
}

// A Claim is a claim with where it is delivered.
type Claim struct {
	Name  string   `json:"claim"` // on the wire
	Title string   `json:"title,omitempty"`
	Type  string   `json:"type"`
	Sinks []string `json:"in"`
	May   []string `json:"may_be_in,omitempty"` // where it goes when it is asked for or placed there
}

// Of reads a catalog, in one of its languages.
func Of(c *tillit.Catalog, language string) *Reference {
	r := &Reference{Realm: c.Realm, Title: c.Title.In(language)}
	for i := range c.Scopes {
		r.Scopes = append(r.Scopes, scopeOf(c, &c.Scopes[i], language))
	}
	var kinds []string
	for kind := range c.Tokens {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		for _, name := range c.Tokens[kind].Claims {
			if claim := c.Claim(name); claim != nil {
				r.Always = append(r.Always, Claim{claim.Wire(), claim.Title.In(language), string(claim.Type), []string{kind}, nil})
			}
		}
	}
	return r
}

func scopeOf(c *tillit.Catalog, s *tillit.Scope, language string) Scope {
	row := Scope{Name: s.Name, Title: s.Title.In(language), At: where(s.At), Consent: consent(s), Who: who(c, s, language)}
	if s.State != tillit.Active && s.State != "" {
		row.State = string(s.State)
	}
	claims := slices.Clone(s.Claims)
	for i := range s.Variants {
		claims = append(claims, s.Variants[i].Claims...)
	}
	for _, name := range claims {
		if claim := c.Claim(name); claim != nil {
			row.Claims = append(row.Claims, Claim{claim.Wire(), claim.Title.In(language), string(claim.Type), words(claim.Sinks), words(claim.MayAlso)})
		}
	}
	if server := c.Server(s.Server); server != nil {
		row.Opens = server.Title.In(language)
		if row.Opens == "" {
			row.Opens = server.Name
		}
	}
	row.Terms = terms(c, s)
	return row
}

func where(at tillit.Endpoints) string {
	switch at {
	case tillit.AtAuthorization:
		return "people sign in"
	case tillit.AtToken:
		return "machines"
	case tillit.AtAuthorization | tillit.AtToken:
		return "people or machines"
	}
	return ""
}

func consent(s *tillit.Scope) string {
	if s.At&tillit.AtAuthorization == 0 {
		return "nobody is asked"
	}
	switch s.Consent {
	case tillit.ConsentOnce:
		return "once, and remembered"
	case tillit.ConsentAlways:
		return "each time"
	case tillit.ConsentPrompted:
		return "each time, and only if the client says prompt=consent"
	}
	return "nobody is asked"
}

func who(c *tillit.Catalog, s *tillit.Scope, language string) string {
	text := ""
	switch s.Eligible {
	case tillit.EligibleAny:
		text = "every client"
	case tillit.EligibleSelfService:
		text = "clients that put it on themselves"
	case tillit.EligibleGranted:
		text = "clients of organizations that the owner let in"
	default:
		text = "clients that the operator gave it"
	}
	if len(s.Types) > 0 {
		text += " (" + strings.Join(s.Types, ", ") + ")"
	}
	return text + "; owner " + owner(c, s.Owner, language)
}

func owner(c *tillit.Catalog, number, language string) string {
	for i := range c.Organizations {
		if o := &c.Organizations[i]; o.Number == number && number != "" || number == "" && o.Operator {
			return o.Title.In(language)
		}
	}
	if number == "" {
		return "the operator"
	}
	return number
}

// terms are what else has to be, in a sentence each.
func terms(c *tillit.Catalog, s *tillit.Scope) []string {
	var list []string
	note := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if len(s.RequiresOneOf) > 0 {
		note("together with %s", joined(s.RequiresOneOf, " or "))
	}
	if len(s.Excludes) > 0 {
		note("never with %s", joined(s.Excludes, ", "))
	}
	if len(s.SignIn.By) > 0 {
		note("signed in by %s", strings.Join(s.SignIn.By, " or "))
	}
	if s.SignIn.Level > 0 {
		note("signed in at level %d or better", s.SignIn.Level)
	}
	if s.SignIn.Fresh {
		note("signed in for it alone")
	}
	if len(s.SignIn.Evidence) > 0 {
		note("the sign-in brings %s", strings.Join(s.SignIn.Evidence, " and "))
	}
	if s.Needs != "" {
		note("has a page of its own: %s", s.Needs)
	}
	if len(s.Withholds) > 0 {
		note("takes away %s", joined(s.Withholds, ", "))
	}
	if len(s.ProvisionWith) > 0 {
		note("needs a note of %s", strings.Join(s.ProvisionWith, ", "))
	}
	if s.Delegation != "" {
		note("can be delegated")
	}
	return list
}

func joined[T ~string](list []T, by string) string { return strings.Join(words(list), by) }

func words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = string(item)
	}
	return texts
}

// Markdown writes the reference, with the picture beside it.
func (r *Reference) Markdown(picture string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: what can be asked for\n\n", r.Title)
	fmt.Fprintf(&b, "Generated by `tillit catalog reference --realm %s` from the catalog by which is decided.\n\n", r.Realm)
	if picture != "" {
		fmt.Fprintf(&b, "![Owners, resource servers, scopes and claims of %s](%s)\n\n", r.Title, picture)
	}
	b.WriteString("| scope | for | claims, and where they are delivered | consent | who may have it |\n|---|---|---|---|---|\n")
	for i := range r.Scopes {
		s := &r.Scopes[i]
		name := "`" + string(s.Name) + "`"
		if s.State != "" {
			name += " (" + s.State + ")"
		}
		if s.Title != "" {
			name += "<br>" + s.Title
		}
		var yields []string
		for _, d := range s.Delivered() {
			yields = append(yields, "`"+strings.Join(d.Claims, "`, `")+"` → "+d.To)
		}
		if s.Opens != "" {
			yields = append(yields, "opens *"+s.Opens+"*")
		}
		if len(s.Terms) > 0 {
			yields = append(yields, strings.Join(s.Terms, "; "))
		}
		cells := []string{name, s.At, strings.Join(yields, "<br>"), s.Consent, s.Who}
		for j := range cells {
			cells[j] = strings.ReplaceAll(strings.ReplaceAll(cells[j], "|", "\\|"), "\n", " ")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	if len(r.Always) > 0 {
		b.WriteString("\nWhatever the scopes, these stand in tokens: ")
		for i := range r.Always {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "`%s` → %s", r.Always[i].Name, r.Always[i].to())
		}
		b.WriteString(".\n")
	}
	return b.String()
}

// A Delivery is claims that go to the same places.
type Delivery struct {
	Claims []string
	To     string
}

// Delivered gives the claims of a scope by where they go.
func (s *Scope) Delivered() []Delivery {
	var list []Delivery
	for i := range s.Claims {
		to := s.Claims[i].to()
		j := slices.IndexFunc(list, func(d Delivery) bool { return d.To == to })
		if j < 0 {
			j = len(list)
			list = append(list, Delivery{To: to})
		}
		if !slices.Contains(list[j].Claims, s.Claims[i].Name) {
			list[j].Claims = append(list[j].Claims, s.Claims[i].Name)
		}
	}
	return list
}

// to says where a claim goes, and where else it may.
func (c *Claim) to() string {
	text := strings.Join(c.Sinks, ", ")
	var further []string
	for _, sink := range c.May {
		if !slices.Contains(c.Sinks, sink) {
			further = append(further, sink)
		}
	}
	if len(further) > 0 {
		text += " (on request " + strings.Join(further, ", ") + ")"
	}
	return text
}
