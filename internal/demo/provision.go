package demo

import (
	"fmt"
	"slices"

	"github.com/tillit/tillit"
)

// scopes works out the scopes of a client. The words are
//
//	basic               what every client of its type gets
//	standard            basic and the realm's scopes of OIDC Core §5.4
//	all_authorization   every scope it may have at the authorization endpoint
//	all_token           every scope it may have at the token endpoint
//	all                 both
//
// Scopes that withhold merely by being on a client are never among "all".
func scopes(catalog *tillit.Catalog, client Client) ([]tillit.ScopeName, error) {
	switch asked := client.Scopes.(type) {
	case string:
		return scopesByWord(catalog, client.Type, asked)
	case []any:
		return scopesByName(catalog, asked)
	default:
		return nil, fmt.Errorf("scopes: %v; right would be a word or a list of scopes", client.Scopes)
	}
}

func scopesByName(catalog *tillit.Catalog, asked []any) ([]tillit.ScopeName, error) {
	names := make([]tillit.ScopeName, 0, len(asked))
	for _, item := range asked {
		name, ok := item.(string)
		scope := catalog.Scope(tillit.ScopeName(name))
		if !ok || scope == nil {
			return nil, fmt.Errorf("scopes: %v is no scope of realm %s", item, catalog.Realm)
		}
		names = append(names, scope.Name)
	}
	return names, nil
}

func scopesByWord(catalog *tillit.Catalog, clientType, word string) ([]tillit.ScopeName, error) {
	var wanted func(*tillit.Scope) bool
	switch word {
	case "basic":
		wanted = func(s *tillit.Scope) bool { return everyones(catalog, clientType, s) }
	case "standard":
		wanted = func(s *tillit.Scope) bool { return everyones(catalog, clientType, s) || standard(s.Name) }
	case "all_authorization":
		wanted = func(s *tillit.Scope) bool { return s.At&tillit.AtAuthorization != 0 }
	case "all_token":
		wanted = func(s *tillit.Scope) bool { return s.At&tillit.AtToken != 0 }
	case "all":
		wanted = func(*tillit.Scope) bool { return true }
	default:
		return nil, fmt.Errorf("scopes: %q; right would be basic, standard, all_authorization, all_token, all or a list", word)
	}
	var names []tillit.ScopeName
	for i := range catalog.Scopes {
		if s := &catalog.Scopes[i]; wanted(s) && mayHave(clientType, s) {
			names = append(names, s.Name)
		}
	}
	return names, nil
}

// mayHave reports whether a client of the type can be given the scope at all.
func mayHave(clientType string, s *tillit.Scope) bool {
	if s.Standing || s.State == tillit.Inactive || s.State == tillit.Disabled {
		return false
	}
	return len(s.Types) == 0 || slices.Contains(s.Types, clientType)
}

// everyones reports whether every client of the type gets the scope.
func everyones(catalog *tillit.Catalog, clientType string, s *tillit.Scope) bool {
	if s.Eligible == tillit.EligibleAny {
		return true
	}
	t := catalog.ClientType(clientType)
	return t != nil && slices.Contains(t.StartsWith, s.Name)
}

func standard(name tillit.ScopeName) bool {
	switch name {
	case tillit.OpenID, "profile", "email", "phone", "address":
		return true
	}
	return false
}

// provisions adds to each scope the notes that it wants.
func provisions(catalog *tillit.Catalog, names []tillit.ScopeName, notes map[string]string) ([]tillit.Provision, error) {
	list := make([]tillit.Provision, 0, len(names))
	for _, name := range names {
		p := tillit.Provision{Scope: name}
		for _, key := range catalog.Scope(name).ProvisionWith {
			if notes[key] == "" {
				return nil, fmt.Errorf("scope %s: the note %q is missing under notes", name, key)
			}
			if p.Notes == nil {
				p.Notes = map[string]string{}
			}
			p.Notes[key] = notes[key]
		}
		list = append(list, p)
	}
	return list, nil
}

// claims lists every claim the scopes (and those that need no provision) yield,
// but the ones left out; nil when nothing is left out.
func claims(catalog *tillit.Catalog, names []tillit.ScopeName, but []tillit.ClaimName) []tillit.ClaimName {
	if len(but) == 0 {
		return nil
	}
	list := []tillit.ClaimName{}
	for i := range catalog.Claims {
		claim := &catalog.Claims[i]
		if slices.Contains(but, claim.Name) {
			continue
		}
		for _, s := range claim.YieldedBy() {
			if s.Eligible == tillit.EligibleAny || slices.Contains(names, s.Name) {
				list = append(list, claim.Name)
				break
			}
		}
	}
	return list
}
