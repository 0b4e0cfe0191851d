package tillit

import (
	"fmt"
	"strings"
)

// String writes the decision as a trace: the verdicts, then what goes where.
// It is at once the format of stories, the output of explain and the
// documentation's language; it holds names only.
func (d *Decision) String() string {
	var b strings.Builder
	width := 0
	for _, v := range d.Scopes {
		width = max(width, len(v.Scope))
	}
	for i := range d.Claims {
		if d.Claims[i].told() {
			width = max(width, len(d.Claims[i].Claim))
		}
	}
	line := func(name string, words ...string) {
		fmt.Fprintf(&b, "%-*s  %s\n", width, name, strings.TrimRight(strings.Join(words, "  "), " "))
	}
	for _, v := range d.Scopes {
		line(string(v.Scope), string(v.Reason), v.By)
	}
	for _, v := range d.Claims {
		if v.told() {
			line(string(v.Claim), string(v.Reason), string(v.Sink), v.By)
		}
	}
	for _, v := range d.Resources {
		line(v.Resource, string(v.Reason))
	}
	for _, v := range d.Details {
		line(v.Type, string(v.Reason), v.Field)
	}
	for _, n := range d.Needs {
		line("? "+string(n.Kind), n.words()...)
	}
	if r := d.Refused; r != nil {
		line("! "+r.Error, string(r.Reason), r.What, r.Also)
		return b.String()
	}
	if len(d.Needs) == 0 {
		d.Shape.write(&b)
	}
	return b.String()
}

// told reports whether the claim has a line of its own: what was given stands in
// its sink, and what falls with its scope needs no more words.
func (v *ClaimVerdict) told() bool {
	return v.Reason != Given && (v.Reason != ScopeNotGiven || v.Via == "claims")
}

func (n *Need) words() []string {
	var words []string
	if n.SignIn != nil {
		words = append(words, strings.Join(n.SignIn.Ways, " "))
		if n.SignIn.Level > 0 {
			words = append(words, fmt.Sprintf("level %d", n.SignIn.Level))
		}
		if n.SignIn.Fresh {
			words = append(words, "fresh")
		}
		words = append(words, n.SignIn.Evidence...)
	}
	for _, item := range n.Items {
		word := item.Name
		if item.Required {
			word += "!"
		}
		words = append(words, word)
	}
	if n.Scope != "" {
		words = append(words, string(n.Scope))
	}
	return words
}

func (s *Shape) write(b *strings.Builder) {
	row := func(name string, words []string) {
		if len(words) > 0 {
			fmt.Fprintf(b, "> %-13s %s\n", name, strings.Join(words, " "))
		}
	}
	for _, sc := range s.Claims {
		list := make([]string, len(sc.Claims))
		for i, c := range sc.Claims {
			list[i] = string(c)
		}
		row(string(sc.Sink), list)
	}
	row("audience", s.Audience)
	roles := make([]string, len(s.Roles))
	for i, r := range s.Roles {
		roles[i] = r.String()
	}
	if len(roles) > 0 {
		fmt.Fprintf(b, "> %-13s %s\n", "roles", strings.Join(roles, ", "))
	}
	types := make([]string, len(s.Details))
	for i := range s.Details {
		types[i] = s.Details[i].Type
	}
	row("details", types)
	var words []string
	for _, flag := range [...]struct {
		on   bool
		word string
	}{{s.IDToken, "id_token"}, {s.Refresh, "refresh"}, {s.UserInfo, "userinfo"}, {s.Offline, "offline"}, {s.Pairwise, "pairwise"}, {s.Machine, "machine"}, {s.Format == Opaque, "opaque"}} {
		if flag.on {
			words = append(words, flag.word)
		}
	}
	row("issues", words)
	fmt.Fprintf(b, "> %-13s access %ds", "lifetime", s.Access)
	if s.IDToken {
		fmt.Fprintf(b, ", id %ds", s.ID)
	}
	if s.Refresh {
		fmt.Fprintf(b, ", refresh %ds", s.Inactive)
	}
	if s.Whole > 0 {
		fmt.Fprintf(b, ", grant %ds", s.Whole)
	}
	b.WriteByte('\n')
}
