package tillit_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
)

// A scene is the four arguments of Decide, built up line by line. Every line is
// a word and what it is about:
//
//	realm bankid 3             the catalog, in a dialect
//	client merchant            a type; with what its type allows, and no scope
//	has openid phone           scopes on it; "has everything", "lacks phone"
//	may name mail              its claims; "may nothing"
//	places name id_token       a placement
//	ways BID, level 4          how people may sign in to it
//	requires, defaults         scopes
//	lives access 60 grant 100  lifetimes in seconds
//	cannot refresh_token       a grant type less
//	organization, supplier     numbers
//	at authorization | token   where it asks
//	asks openid phone          what it asks for
//	answers code id_token      the response type
//	claims {…}, details [… ]   parameters; "pushed"
//	resource, prompt, acr_values, max_age, person, consumer, parameter name value
//	signed in BID [fresh|earlier N|hinted] [as acr] [by subject]
//	agreed, remembered, declined, withdrew items
//	reworded items             since agreed to
//	act sign done | declined
//	access, delegated          scopes
//	switched on|off names      scopes and claims of the catalog
//	narrowed to openid         the scope parameter of a refresh
type scene struct {
	catalog *tillit.Catalog
	client  tillit.Client
	ask     tillit.Ask
	facts   tillit.Facts
}

func newScene() *scene {
	return &scene{facts: tillit.Facts{Now: 1000}, ask: tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code"}}
}

func (s *scene) decide() tillit.Decision {
	s.client.Prepare()
	return tillit.Decide(s.catalog, &s.client, &s.ask, &s.facts)
}

// goOn makes the next question one about the grant of the former.
func (s *scene) goOn(d *tillit.Decision) {
	shape := d.Shape
	s.facts.Prior, s.facts.NoInteraction, s.facts.Narrow = &shape, true, nil
	s.facts.Now += 60
}

func (s *scene) read(line string) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	word, rest, _ := strings.Cut(line, " ")
	args := strings.Fields(rest)
	for _, lines := range []map[string]func(*scene, []string, string) error{clientLines, askLines, factLines} {
		if read := lines[word]; read != nil {
			return read(s, args, rest)
		}
	}
	return errors.New("no such line")
}

type lineReader = func(s *scene, args []string, rest string) error

var clientLines = map[string]lineReader{
	"realm": func(s *scene, args []string, _ string) error {
		dialect := ""
		if len(args) > 1 {
			dialect = args[1]
		}
		if s.catalog = find(args[0], dialect); s.catalog == nil {
			return errors.New("no such realm")
		}
		return nil
	},
	"client": func(s *scene, args []string, _ string) error {
		t := s.catalog.ClientType(args[0])
		if t == nil {
			return errors.New("no such type of client")
		}
		s.client = tillit.Client{ID: "demo", Active: true, Type: t.Name, GrantTypes: slices.Clone(t.GrantTypes),
			ResponseTypes: t.ResponseTypes, AuthMethod: "client_secret_basic"}
		return nil
	},
	"has": func(s *scene, args []string, _ string) error {
		if args[0] == "everything" {
			args = args[:0]
			for i := range s.catalog.Scopes {
				if !s.catalog.Scopes[i].Standing { // what restricts for good is put on by name
					args = append(args, string(s.catalog.Scopes[i].Name))
				}
			}
		}
		for _, name := range args {
			s.client.Scopes = append(s.client.Scopes, tillit.Provision{Scope: tillit.ScopeName(name)})
		}
		return nil
	},
	"lacks": func(s *scene, args []string, _ string) error {
		s.client.Scopes = slices.DeleteFunc(s.client.Scopes, func(p tillit.Provision) bool { return slices.Contains(args, string(p.Scope)) })
		return nil
	},
	"may": func(s *scene, args []string, rest string) error {
		if s.client.Claims = []tillit.ClaimName{}; rest != "nothing" {
			s.client.Claims = names[tillit.ClaimName](args)
		}
		return nil
	},
	"places": func(s *scene, args []string, _ string) error {
		if s.client.Placements == nil {
			s.client.Placements = map[tillit.ClaimName][]tillit.Sink{}
		}
		s.client.Placements[tillit.ClaimName(args[0])] = names[tillit.Sink](args[1:])
		return nil
	},
	"ways": func(s *scene, args []string, _ string) error { s.client.Ways = args; return nil },
	"level": func(s *scene, args []string, _ string) (err error) {
		s.client.MinLevel, err = strconv.Atoi(args[0])
		return
	},
	"requires": func(s *scene, args []string, _ string) error {
		s.client.RequiredScopes = names[tillit.ScopeName](args)
		return nil
	},
	"defaults": func(s *scene, args []string, _ string) error {
		s.client.DefaultScopes = names[tillit.ScopeName](args)
		return nil
	},
	"subject": func(s *scene, args []string, _ string) error { s.client.SubjectType = args[0]; return nil },
	"cannot": func(s *scene, args []string, _ string) error {
		s.client.GrantTypes = slices.DeleteFunc(s.client.GrantTypes, func(g string) bool { return slices.Contains(args, g) })
		return nil
	},
	"details_types": func(s *scene, args []string, _ string) error {
		s.client.DetailTypes = append([]string{}, args...)
		return nil
	},
	"organization": func(s *scene, args []string, _ string) error { s.client.Organization = args[0]; return nil },
	"supplier":     func(s *scene, args []string, _ string) error { s.client.Supplier = args[0]; return nil },
	"lives": func(s *scene, args []string, _ string) error {
		for i := 0; i+1 < len(args); i += 2 {
			seconds, err := strconv.ParseInt(args[i+1], 10, 64)
			if err != nil {
				return err
			}
			switch args[i] {
			case "access":
				s.client.AccessTokenLifetime = seconds
			case "grant":
				s.client.GrantLifetime = seconds
			default:
				return errors.New("access or grant")
			}
		}
		return nil
	},
	"switched": func(s *scene, args []string, _ string) error {
		state := tillit.Active
		if args[0] == "off" {
			state = tillit.Disabled
		}
		d := s.catalog.Definition
		d.Scopes, d.Claims = slices.Clone(d.Scopes), slices.Clone(d.Claims)
		for i := range d.Scopes {
			if slices.Contains(args[1:], string(d.Scopes[i].Name)) {
				d.Scopes[i].State = state
			}
		}
		for i := range d.Claims {
			if slices.Contains(args[1:], "claim:"+string(d.Claims[i].Name)) {
				d.Claims[i].State = state
			}
		}
		compiled, faults := tillit.Compile(d)
		s.catalog = compiled
		return errors.Join(faults...)
	},
}

var askLines = map[string]lineReader{
	"at": func(s *scene, args []string, _ string) error {
		if args[0] == "token" {
			s.ask.Endpoint, s.ask.ResponseType, s.ask.GrantType = tillit.AtToken, "", "client_credentials"
		}
		return nil
	},
	"asks": func(s *scene, _ []string, rest string) (err error) {
		s.ask.Scopes, err = tillit.ParseScopes(rest, s.catalog.Settings.ScopeLetters)
		return err
	},
	"answers": func(s *scene, _ []string, rest string) error { s.ask.ResponseType = rest; return nil },
	"claims": func(s *scene, _ []string, rest string) (err error) {
		s.ask.Claims, err = tillit.ParseClaims(rest)
		return err
	},
	"details": func(s *scene, _ []string, rest string) (err error) {
		s.ask.Details, err = tillit.ParseDetails(rest)
		return err
	},
	"pushed":     func(s *scene, _ []string, _ string) error { s.ask.Pushed = true; return nil },
	"resource":   func(s *scene, args []string, _ string) error { s.ask.Resources = args; return nil },
	"prompt":     func(s *scene, args []string, _ string) error { s.ask.Prompt = args; return nil },
	"acr_values": func(s *scene, args []string, _ string) error { s.ask.ACRValues = args; return nil },
	"max_age": func(s *scene, args []string, _ string) error {
		seconds, err := strconv.ParseInt(args[0], 10, 64)
		s.ask.MaxAge = &seconds
		return err
	},
	"person":   func(s *scene, args []string, _ string) error { s.ask.Subject = tillit.Subject(args[0]); return nil },
	"consumer": func(s *scene, args []string, _ string) error { s.ask.Consumer = args[0]; return nil },
	"parameter": func(s *scene, args []string, _ string) error {
		if s.ask.Parameters == nil {
			s.ask.Parameters = map[string]string{}
		}
		s.ask.Parameters[args[0]] = strings.Join(args[1:], " ")
		return nil
	},
}

var factLines = map[string]lineReader{
	"signed":     func(s *scene, args []string, _ string) error { return s.signIn(args[1:]) },
	"agreed":     func(s *scene, args []string, _ string) error { return s.agree(args, true) },
	"remembered": func(s *scene, args []string, _ string) error { return s.agree(args, false) },
	"declined": func(s *scene, args []string, _ string) error {
		s.facts.Consent.Declined, s.facts.Consent.Asked = args, true
		return nil
	},
	"withdrew": func(s *scene, args []string, _ string) error {
		kept := []tillit.Agreement{}
		for _, a := range s.facts.Consent.Agreed {
			if !slices.Contains(args, a.Item) {
				kept = append(kept, a)
			}
		}
		s.facts.Consent.Agreed = kept
		return nil
	},
	"reworded": func(s *scene, args []string, _ string) error {
		for i := range s.facts.Consent.Agreed {
			if a := &s.facts.Consent.Agreed[i]; slices.Contains(args, a.Item) {
				a.Text = "digest of another text"
			}
		}
		return nil
	},
	"act": func(s *scene, args []string, _ string) error {
		s.facts.Acts = map[string]bool{args[0]: args[1] == "done"}
		return nil
	},
	"access": func(s *scene, args []string, _ string) error {
		s.facts.Access = names[tillit.ScopeName](args)
		return nil
	},
	"delegated": func(s *scene, args []string, _ string) error {
		s.facts.Acting.Delegated = names[tillit.ScopeName](args)
		return nil
	},
	"narrowed": func(s *scene, args []string, _ string) error {
		s.facts.Narrow = names[tillit.ScopeName](args[1:])
		return nil
	},
}

// signIn reads "BID earlier 100 as urn:bankid:bid by someone".
func (s *scene) signIn(args []string) error {
	code, rest := args[0], args[1:]
	for len(rest) > 0 && s.catalog.Way(code) == nil { // codes may have a space
		code, rest = code+" "+rest[0], rest[1:]
	}
	way := s.catalog.Way(code)
	if way == nil {
		return errors.New("no such way to sign in")
	}
	signIn := &tillit.SignIn{Way: way.Code, ACR: way.ACR[0], AuthTime: s.facts.Now, Fresh: true, Evidence: way.Evidence, Subject: "someone"}
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		switch {
		case word == "fresh":
		case word == "hinted":
			signIn.Hinted, signIn.Fresh, signIn.Evidence = true, false, nil
		case len(rest) == 0:
			return fmt.Errorf("%q says nothing", word)
		case word == "earlier":
			seconds, err := strconv.ParseInt(rest[0], 10, 64)
			if err != nil {
				return err
			}
			signIn.Fresh, signIn.AuthTime, rest = false, s.facts.Now-seconds, rest[1:]
		case word == "as":
			signIn.ACR, rest = rest[0], rest[1:]
		case word == "by":
			signIn.Subject, rest = tillit.Subject(rest[0]), rest[1:]
		default:
			return fmt.Errorf("%q is no part of a sign-in", word)
		}
	}
	acr := s.catalog.FindACR(signIn.ACR)
	if acr == nil {
		return errors.New("no such acr")
	}
	signIn.Level = acr.Level
	s.facts.SignIn = signIn
	return nil
}

// agree notes agreements to all that the items yield now, or to the claims
// that follow a colon: "phone: phone_number".
func (s *scene) agree(args []string, now bool) error {
	if len(args) > 0 && strings.HasSuffix(args[0], ":") {
		s.facts.Consent.Agreed = append(s.facts.Consent.Agreed, tillit.Agreement{
			Item: strings.TrimSuffix(args[0], ":"), Claims: names[tillit.ClaimName](args[1:]), Now: now})
		return nil
	}
	for _, item := range args {
		a := tillit.Agreement{Item: item, Now: now}
		switch scope, claim := s.catalog.Scope(tillit.ScopeName(item)), s.catalog.Claim(tillit.ClaimName(item)); {
		case scope != nil:
			a.Claims = scope.Claims
		case claim != nil:
			a.Claims = append([]tillit.ClaimName{claim.Name}, claim.Brings...)
		default:
			return errors.New("no such item")
		}
		s.facts.Consent.Agreed = append(s.facts.Consent.Agreed, a)
	}
	s.facts.Consent.Asked = s.facts.Consent.Asked || now
	return nil
}

func names[T ~string](words []string) []T {
	list := make([]T, len(words))
	for i, word := range words {
		list[i] = T(word)
	}
	return list
}
