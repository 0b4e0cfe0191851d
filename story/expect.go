package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// expectations are the lines below -- expect --, each with what must follow:
//
//	given openid mail              these scopes are given
//	not phone consent_declined     a scope is not given, and why; the reason can be left out
//	in userinfo mail               these claims go there
//	never in id_token number       these do not
//	needs sign_in                  the next page, or "needs nothing"
//	refused invalid_scope          the request as a whole
var expectations = map[string]func(t *Told, args []string) string{
	"given":   (*Told).expectGiven,
	"not":     (*Told).expectNot,
	"in":      func(t *Told, args []string) string { return t.expectIn(args, true) },
	"never":   func(t *Told, args []string) string { return t.expectIn(args[1:], false) },
	"needs":   (*Told).expectNeed,
	"refused": (*Told).expectRefused,
}

// expect gives what is wrong with the decision for one line, "" for nothing.
func (t *Told) expect(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	met := expectations[words[0]]
	switch {
	case met == nil:
		return "no such expectation; right would be given, not, in, never in, needs or refused"
	case len(words) == 1, words[0] == "never" && (len(words) < 3 || words[1] != "in"):
		return "the line ends too early"
	}
	return met(t, words[1:])
}

func (t *Told) expectGiven(scopes []string) string {
	for _, name := range scopes {
		if reason := t.Decision.Scope(tillit.ScopeName(name)); reason != tillit.Given {
			return fmt.Sprintf("%s is not given: %s", name, orUnasked(reason))
		}
	}
	if r := t.Decision.Refused; r != nil {
		return "the request is refused: " + string(r.Reason)
	}
	return ""
}

func (t *Told) expectNot(args []string) string {
	reason := t.Decision.Scope(tillit.ScopeName(args[0]))
	switch {
	case reason == tillit.Given:
		return args[0] + " is given"
	case len(args) > 1 && string(reason) != args[1]:
		return fmt.Sprintf("the reason is %s", orUnasked(reason))
	}
	return ""
}

func orUnasked(reason tillit.Reason) string {
	if reason == "" {
		return "nobody asked for it"
	}
	return string(reason)
}

func (t *Told) expectIn(args []string, wanted bool) string {
	there := t.Decision.Shape.For(tillit.Sink(args[0]))
	for _, name := range args[1:] {
		if slices.Contains(there, tillit.ClaimName(name)) != wanted {
			return fmt.Sprintf("%s has %v", args[0], there)
		}
	}
	return ""
}

func (t *Told) expectNeed(args []string) string {
	next := "nothing"
	if len(t.Decision.Needs) > 0 {
		next = string(t.Decision.Needs[0].Kind)
	}
	if next != args[0] {
		return "it needs " + next
	}
	return ""
}

func (t *Told) expectRefused(args []string) string {
	switch r := t.Decision.Refused; {
	case r == nil:
		return "it is not refused"
	case r.Error != args[0]:
		return "it is refused with " + r.Error
	}
	return ""
}
