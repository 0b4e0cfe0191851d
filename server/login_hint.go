package server

import (
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// maxHint is how long a login_hint is read, in bytes.
const maxHint = 256

// A loginHint is what a login_hint says. It is advice: nothing in it is refused,
// and whether somebody of that name exists is not looked up.
type loginHint struct {
	way   string // a way's code
	named string // who the way is to be asked for, without the person typing it
	typed string // what a person would type first
}

// readLoginHint reads
//
//	login-hint = [ way ] [ ":" argument *( ":" argument ) ]
//
// where ways say which arguments they take. A code alone chooses the way. With
// what the way takes as its one argument the person is named. Without a code,
// what a way takes is filled in. Everything else is passed over. Where no way
// takes arguments, the hint is what people type (OIDC Core §3.1.2.1). Before all
// that come the values by which a way is chosen as a whole.
func readLoginHint(c *tillit.Catalog, hint string) loginHint {
	if hint == "" || len(hint) > maxHint {
		return loginHint{}
	}
	if i := slices.IndexFunc(c.Ways, func(w tillit.Way) bool { return slices.Contains(w.HintedBy, hint) }); i >= 0 {
		return loginHint{way: c.Ways[i].Code}
	}
	code, arguments, found := strings.Cut(hint, ":")
	way := c.Way(code)
	switch {
	case way != nil && way.Takes(arguments) && len(way.Hint) == 1:
		return loginHint{way: code, named: arguments}
	case way != nil:
		return loginHint{way: code}
	case !slices.ContainsFunc(c.Ways, func(w tillit.Way) bool { return len(w.Hint) > 0 }):
		if found {
			return loginHint{}
		}
		return loginHint{typed: hint}
	case code == "" && slices.ContainsFunc(c.Ways, func(w tillit.Way) bool { return w.Takes(arguments) }):
		return loginHint{typed: arguments}
	}
	return loginHint{}
}

// typedInto gives what is filled in on the form of a way.
func (a *authorization) typedInto(way *tillit.Way) string {
	if a.request.HintTyped && len(way.Hint) > 0 && !way.Takes(a.request.Username) {
		return ""
	}
	return a.request.Username
}

// namedFor gives whom the hint names for a way, "" for nobody.
func (a *authorization) namedFor(way *tillit.Way) string {
	if way.Code != a.request.Hinted {
		return ""
	}
	return a.request.Named
}

// masked leaves as much of a name as the person needs to know whether it is
// theirs.
func masked(name string) string {
	letters := []rune(name)
	seen := len(letters) / 2
	return string(letters[:seen]) + strings.Repeat("•", len(letters)-seen)
}

// tells reports whether a hint holds a value that the realm calls private: what
// follows a code that takes such values, or what has their form anywhere.
func tells(c *tillit.Catalog, hint string) bool {
	code, arguments, _ := strings.Cut(hint, ":")
	parts := strings.Split(hint, ":")
	for i := range c.Ways {
		way := &c.Ways[i]
		private := slices.ContainsFunc(way.Hint, func(name tillit.ClaimName) bool {
			claim := c.Claim(name)
			return claim != nil && slices.Contains(c.Request.Private, claim.Sensitivity)
		})
		if !private {
			continue
		}
		if arguments != "" && (code == "" || code == way.Code) || way.HintForm != nil && slices.ContainsFunc(parts, way.HintForm.MatchString) {
			return true
		}
	}
	return false
}
