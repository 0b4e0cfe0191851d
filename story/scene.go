package story

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
)

// A Scene is the four arguments of Decide, built up line by line. Every line is
// a word and what it is about:
//
//	realm library 2            the catalog, in a dialect
//	client merchant            a type; with what its type allows, and no scope
//	has openid phone           scopes on it; "has everything", "lacks phone"
//	may name mail              its claims; "may nothing"
//	places name id_token       a placement
//	ways card, level 4         how people may sign in to it
//	requires, defaults         scopes
//	lives access 60 grant 100  lifetimes in seconds
//	cannot refresh_token       a grant type less
//	organization, supplier     numbers
//	at authorization | token   where it asks
//	asks openid phone          what it asks for
//	answers code id_token      the response type
//	claims {…}, details [… ]   parameters; "pushed"
//	resource, prompt, acr_values, max_age, person, consumer, parameter name value
//	signed in card [fresh|earlier N|hinted] [as acr] [by subject]
//	agreed, remembered, declined, withdrew items
//	reworded items             since agreed to
//	act sign done | declined
//	access, delegated          scopes
//	switched on|off names      scopes and claims of the catalog
//	narrowed to openid         the scope parameter of a refresh
type Scene struct {
	Catalog *tillit.Catalog
	Client  tillit.Client
	Ask     tillit.Ask
	Facts   tillit.Facts

	find Find
}

// Find gives a dialect of a realm, "" for the realm's own; nil where there is none.
type Find func(realm, dialect string) *tillit.Catalog

// NewScene gives an empty scene, whose realms find knows.
func NewScene(find Find) *Scene {
	return &Scene{find: find, Facts: tillit.Facts{Now: 1000}, Ask: tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code"}}
}

// Decide gives the decision that the scene comes to.
func (s *Scene) Decide() tillit.Decision {
	s.Client.Prepare()
	return tillit.Decide(s.Catalog, &s.Client, &s.Ask, &s.Facts)
}

// GoOn makes the next question one about the grant of the former.
func (s *Scene) GoOn(d *tillit.Decision) {
	shape := d.Shape
	s.Facts.Prior, s.Facts.NoInteraction, s.Facts.Narrow = &shape, true, nil
	s.Facts.Now += 60
}

// Read takes one line. A word that no line begins with, or what makes no sense
// after it, is an error that says so.
func (s *Scene) Read(line string) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	word, rest, _ := strings.Cut(line, " ")
	args := strings.Fields(rest)
	for _, lines := range []map[string]lineReader{clientLines, askLines, factLines} {
		read := lines[word]
		switch least, said := fewest[word]; {
		case read == nil:
			continue
		case word != "realm" && s.Catalog == nil:
			return errors.New("no realm yet; right would be a line before it such as: realm NAME")
		case said && len(args) < least, !said && len(args) == 0:
			return errors.New("the line ends too early")
		}
		return read(s, args, rest)
	}
	return errors.New("no such line")
}

// fewest is how many words follow at least; one, where nothing is said.
var fewest = map[string]int{
	"asks": 0, "answers": 0, "pushed": 0, "claims": 0, "details": 0, "resource": 0, "prompt": 0, "acr_values": 0,
	"agreed": 0, "remembered": 0, "declined": 0, "withdrew": 0, "reworded": 0, "access": 0, "delegated": 0,
	"ways": 0, "requires": 0, "defaults": 0, "details_types": 0, "lives": 0, "lacks": 0, "cannot": 0,
	"act": 2, "signed": 2, "narrowed": 1,
}

type lineReader = func(s *Scene, args []string, rest string) error

var clientLines = map[string]lineReader{
	"realm": func(s *Scene, args []string, _ string) error {
		dialect := ""
		if len(args) > 1 {
			dialect = args[1]
		}
		if s.Catalog = s.find(args[0], dialect); s.Catalog == nil {
			return errors.New("no such realm")
		}
		return nil
	},
	"client": func(s *Scene, args []string, _ string) error {
		t := s.Catalog.ClientType(args[0])
		if t == nil {
			return errors.New("no such type of client")
		}
		s.Client = tillit.Client{ID: "demo", Active: true, Type: t.Name, GrantTypes: slices.Clone(t.GrantTypes),
			ResponseTypes: t.ResponseTypes, AuthMethod: "client_secret_basic"}
		return nil
	},
	"has": func(s *Scene, args []string, _ string) error {
		if args[0] == "everything" {
			args = args[:0]
			for i := range s.Catalog.Scopes {
				if !s.Catalog.Scopes[i].Standing { // what restricts for good is put on by name
					args = append(args, string(s.Catalog.Scopes[i].Name))
				}
			}
		}
		for _, name := range args {
			s.Client.Scopes = append(s.Client.Scopes, tillit.Provision{Scope: tillit.ScopeName(name)})
		}
		return nil
	},
	"lacks": func(s *Scene, args []string, _ string) error {
		s.Client.Scopes = slices.DeleteFunc(s.Client.Scopes, func(p tillit.Provision) bool { return slices.Contains(args, string(p.Scope)) })
		return nil
	},
	"may": func(s *Scene, args []string, rest string) error {
		if s.Client.Claims = []tillit.ClaimName{}; rest != "nothing" {
			s.Client.Claims = names[tillit.ClaimName](args)
		}
		return nil
	},
	"places": func(s *Scene, args []string, _ string) error {
		if s.Client.Placements == nil {
			s.Client.Placements = map[tillit.ClaimName][]tillit.Sink{}
		}
		s.Client.Placements[tillit.ClaimName(args[0])] = names[tillit.Sink](args[1:])
		return nil
	},
	"ways": func(s *Scene, args []string, _ string) error { s.Client.Ways = args; return nil },
	"level": func(s *Scene, args []string, _ string) (err error) {
		s.Client.MinLevel, err = strconv.Atoi(args[0])
		return
	},
	"requires": func(s *Scene, args []string, _ string) error {
		s.Client.RequiredScopes = names[tillit.ScopeName](args)
		return nil
	},
	"defaults": func(s *Scene, args []string, _ string) error {
		s.Client.DefaultScopes = names[tillit.ScopeName](args)
		return nil
	},
	"subject": func(s *Scene, args []string, _ string) error { s.Client.SubjectType = args[0]; return nil },
	"cannot": func(s *Scene, args []string, _ string) error {
		s.Client.GrantTypes = slices.DeleteFunc(s.Client.GrantTypes, func(g string) bool { return slices.Contains(args, g) })
		return nil
	},
	"details_types": func(s *Scene, args []string, _ string) error {
		s.Client.DetailTypes = append([]string{}, args...)
		return nil
	},
	"organization": func(s *Scene, args []string, _ string) error { s.Client.Organization = args[0]; return nil },
	"supplier":     func(s *Scene, args []string, _ string) error { s.Client.Supplier = args[0]; return nil },
	"lives": func(s *Scene, args []string, _ string) error {
		for i := 0; i+1 < len(args); i += 2 {
			seconds, err := strconv.ParseInt(args[i+1], 10, 64)
			if err != nil {
				return err
			}
			switch args[i] {
			case "access":
				s.Client.AccessTokenLifetime = seconds
			case "grant":
				s.Client.GrantLifetime = seconds
			default:
				return errors.New("access or grant")
			}
		}
		return nil
	},
	"switched": func(s *Scene, args []string, _ string) error {
		state := tillit.Active
		if args[0] == "off" {
			state = tillit.Disabled
		}
		d := s.Catalog.Definition
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
		s.Catalog = compiled
		return errors.Join(faults...)
	},
}

var askLines = map[string]lineReader{
	"at": func(s *Scene, args []string, _ string) error {
		if args[0] == "token" {
			s.Ask.Endpoint, s.Ask.ResponseType, s.Ask.GrantType = tillit.AtToken, "", "client_credentials"
		}
		return nil
	},
	"asks": func(s *Scene, _ []string, rest string) (err error) {
		s.Ask.Scopes, err = tillit.ParseScopes(rest, s.Catalog.Settings.ScopeLetters)
		return err
	},
	"answers": func(s *Scene, _ []string, rest string) error { s.Ask.ResponseType = rest; return nil },
	"claims": func(s *Scene, _ []string, rest string) (err error) {
		s.Ask.Claims, err = tillit.ParseClaims(rest)
		return err
	},
	"details": func(s *Scene, _ []string, rest string) (err error) {
		s.Ask.Details, err = tillit.ParseDetails(rest)
		return err
	},
	"pushed":     func(s *Scene, _ []string, _ string) error { s.Ask.Pushed = true; return nil },
	"resource":   func(s *Scene, args []string, _ string) error { s.Ask.Resources = args; return nil },
	"prompt":     func(s *Scene, args []string, _ string) error { s.Ask.Prompt = args; return nil },
	"acr_values": func(s *Scene, args []string, _ string) error { s.Ask.ACRValues = args; return nil },
	"max_age": func(s *Scene, args []string, _ string) error {
		seconds, err := strconv.ParseInt(args[0], 10, 64)
		s.Ask.MaxAge = &seconds
		return err
	},
	"person":   func(s *Scene, args []string, _ string) error { s.Ask.Subject = tillit.Subject(args[0]); return nil },
	"consumer": func(s *Scene, args []string, _ string) error { s.Ask.Consumer = args[0]; return nil },
	"parameter": func(s *Scene, args []string, _ string) error {
		if s.Ask.Parameters == nil {
			s.Ask.Parameters = map[string]string{}
		}
		s.Ask.Parameters[args[0]] = strings.Join(args[1:], " ")
		return nil
	},
}

var factLines = map[string]lineReader{
	"completed": func(s *Scene, _ []string, rest string) error {
		var adds map[string]json.RawMessage
		if err := json.Unmarshal([]byte(rest), &adds); err != nil {
			return err
		}
		for i := range s.Ask.Details {
			d := &s.Ask.Details[i]
			if t := s.Catalog.DetailType(d.Type); t != nil && (t.Completed() || t.Paged()) {
				s.Facts.Completed = append(s.Facts.Completed, tillit.Completed{Type: t.Type, Key: t.Key(d), Adds: adds})
			}
		}
		return nil
	},
	"signed":     func(s *Scene, args []string, _ string) error { return s.signIn(args[1:]) },
	"agreed":     func(s *Scene, args []string, _ string) error { return s.agree(args, true) },
	"remembered": func(s *Scene, args []string, _ string) error { return s.agree(args, false) },
	"declined": func(s *Scene, args []string, _ string) error {
		s.Facts.Consent.Declined, s.Facts.Consent.Asked = args, true
		return nil
	},
	"withdrew": func(s *Scene, args []string, _ string) error {
		kept := []tillit.Agreement{}
		for _, a := range s.Facts.Consent.Agreed {
			if !slices.Contains(args, a.Item) {
				kept = append(kept, a)
			}
		}
		s.Facts.Consent.Agreed = kept
		return nil
	},
	"reworded": func(s *Scene, args []string, _ string) error {
		for i := range s.Facts.Consent.Agreed {
			if a := &s.Facts.Consent.Agreed[i]; slices.Contains(args, a.Item) {
				a.Text = "digest of another text"
			}
		}
		return nil
	},
	"act": func(s *Scene, args []string, _ string) error {
		s.Facts.Acts = map[string]bool{args[0]: args[1] == "done"}
		return nil
	},
	"access": func(s *Scene, args []string, _ string) error {
		s.Facts.Access = names[tillit.ScopeName](args)
		return nil
	},
	"delegated": func(s *Scene, args []string, _ string) error {
		s.Facts.Acting.Delegated = names[tillit.ScopeName](args)
		return nil
	},
	"narrowed": func(s *Scene, args []string, _ string) error {
		s.Facts.Narrow = names[tillit.ScopeName](args[1:])
		return nil
	},
}

// signIn reads "card earlier 100 as high by someone".
func (s *Scene) signIn(args []string) error {
	code, rest := args[0], args[1:]
	for len(rest) > 0 && s.Catalog.Way(code) == nil { // codes may have a space
		code, rest = code+" "+rest[0], rest[1:]
	}
	way := s.Catalog.Way(code)
	if way == nil {
		return errors.New("no such way to sign in")
	}
	signIn := &tillit.SignIn{Way: way.Code, ACR: way.ACR[0], AuthTime: s.Facts.Now, Fresh: true, Evidence: way.Evidence, Subject: "someone"}
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
			signIn.Fresh, signIn.AuthTime, rest = false, s.Facts.Now-seconds, rest[1:]
		case word == "as":
			signIn.ACR, rest = rest[0], rest[1:]
		case word == "by":
			signIn.Subject, rest = tillit.Subject(rest[0]), rest[1:]
		default:
			return fmt.Errorf("%q is no part of a sign-in", word)
		}
	}
	acr := s.Catalog.FindACR(signIn.ACR)
	if acr == nil {
		return errors.New("no such acr")
	}
	signIn.Level = acr.Level
	s.Facts.SignIn = signIn
	return nil
}

// agree notes agreements to all that the items yield now, or to the claims
// that follow a colon: "phone: phone_number".
func (s *Scene) agree(args []string, now bool) error {
	if len(args) > 0 && strings.HasSuffix(args[0], ":") {
		s.Facts.Consent.Agreed = append(s.Facts.Consent.Agreed, tillit.Agreement{
			Item: strings.TrimSuffix(args[0], ":"), Claims: names[tillit.ClaimName](args[1:]), Now: now})
		return nil
	}
	for _, item := range args {
		a := tillit.Agreement{Item: item, Now: now}
		switch scope, claim := s.Catalog.Scope(tillit.ScopeName(item)), s.Catalog.Claim(tillit.ClaimName(item)); {
		case scope != nil:
			a.Claims = scope.Claims
		case claim != nil:
			a.Claims = append([]tillit.ClaimName{claim.Name}, claim.Brings...)
		default:
			return errors.New("no such item")
		}
		s.Facts.Consent.Agreed = append(s.Facts.Consent.Agreed, a)
	}
	s.Facts.Consent.Asked = s.Facts.Consent.Asked || now
	return nil
}

func names[T ~string](words []string) []T {
	list := make([]T, len(words))
	for i, word := range words {
		list[i] = T(word)
	}
	return list
}
