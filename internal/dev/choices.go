package dev

import (
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// scopeChoices lists the scopes that can be asked for where the client asks:
// those it has, and those that each say why not.
func scopeChoices(catalog *tillit.Catalog, client demo.FixtureClient, machine bool) (own, others []scopeChoice) {
	endpoint := tillit.AtAuthorization
	if machine {
		endpoint = tillit.AtToken
	}
	for i := range catalog.Scopes {
		s := &catalog.Scopes[i]
		if s.At&endpoint == 0 {
			continue
		}
		c := scopeChoice{
			Name: string(s.Name), Title: s.Title.In("en"), Rule: rule(s), Claims: names(s.Claims),
			Beta: s.State == tillit.Beta, Off: s.State == tillit.Disabled || s.State == tillit.Inactive,
		}
		if slices.Contains(client.Scopes, s.Name) || s.Eligible == tillit.EligibleAny {
			c.Checked = s.Name == tillit.OpenID || s.Name == "profile"
			own = append(own, c)
		} else {
			others = append(others, c)
		}
	}
	return own, others
}

// rule says in one sentence who may have a scope and whether the person is asked.
func rule(s *tillit.Scope) string {
	who := map[tillit.Eligibility]string{
		tillit.EligibleAny:         "Every client has it.",
		tillit.EligibleSelfService: "A client may add it to itself.",
		tillit.EligibleGranted:     "For clients of organizations that its owner lets in.",
	}[s.Eligible]
	if who == "" {
		who = "An operator puts it on a client."
	}
	if len(s.Types) > 0 {
		who += " Only for " + strings.Join(s.Types, ", ") + "."
	}
	asked := map[tillit.ConsentMode]string{
		tillit.ConsentOnce:     " The person is asked once.",
		tillit.ConsentAlways:   " The person is asked every time.",
		tillit.ConsentPrompted: " The person is asked when the request says prompt=consent; else it is left out.",
	}[s.Consent]
	return who + asked
}

func names(claims []tillit.ClaimName) string {
	list := make([]string, len(claims))
	for i, name := range claims {
		list[i] = string(name)
	}
	return strings.Join(list, ", ")
}

// claimChoices lists the claims that can be asked for singly.
func claimChoices(catalog *tillit.Catalog) []claimChoice {
	var list []claimChoice
	seen := map[string]bool{}
	for i := range catalog.Claims {
		c := &catalog.Claims[i]
		releasable := slices.Contains(c.Sinks, tillit.SinkUserInfo) || slices.Contains(c.Sinks, tillit.SinkIDToken)
		if len(c.YieldedBy()) > 0 && releasable && !seen[c.Wire()] && c.State != tillit.Disabled {
			seen[c.Wire()] = true
			list = append(list, claimChoice{Name: c.Wire(), Title: c.Title.In("en")})
		}
	}
	return list
}

func acrChoices(catalog *tillit.Catalog) []choice {
	list := []choice{{Title: "Any"}}
	for _, a := range catalog.ACR {
		list = append(list, choice{Value: a.Value, Title: a.Value})
	}
	return list
}

func localeChoices(catalog *tillit.Catalog) []choice {
	list := []choice{{Title: "As the browser says"}}
	for _, l := range catalog.Languages {
		list = append(list, choice{Value: l, Title: l})
	}
	return list
}
