package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

type clientShowCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
	ID    string `arg:"" name:"client" help:"Client to show."`
}

// A shown client, and what it may ask for.
type shownClient struct {
	*tillit.Client
	Revision int64         `json:"revision"`
	Secrets  []shownSecret `json:"secrets,omitempty"`
	Yields   []yield       `json:"yields"`
}

// A shownSecret says that there is a secret, never which.
type shownSecret struct {
	Method  string `json:"method"`
	Expires int64  `json:"expires,omitempty"`
}

// Run shows a client and decides about every scope of its realm as if the client
// asked for it, with nothing beside it but openid.
func (s *clientShowCommand) Run(c *console) error {
	p, err := s.look(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	client, catalog, err := p.client(c, s.Realm, s.ID)
	if err != nil {
		return err
	}
	access, err := p.access(c, catalog, client)
	if err != nil {
		return err
	}
	shown := shownClient{Client: client, Revision: client.Revision, Yields: yields(catalog, client, access)}
	for _, secret := range client.Secrets {
		shown.Secrets = append(shown.Secrets, shownSecret{secret.Method, secret.Expires})
	}
	return c.print(shown, shown.write)
}

// access gives the scopes that the client's organization was let in to.
func (p *premises) access(c *console, catalog *tillit.Catalog, client *tillit.Client) ([]tillit.ScopeName, error) {
	var granted []tillit.ScopeName
	for i := range catalog.Scopes {
		if catalog.Scopes[i].Eligible == tillit.EligibleGranted {
			granted = append(granted, catalog.Scopes[i].Name)
		}
	}
	organization := client.Organization
	if client.Supplier != "" {
		organization = client.Supplier
	}
	if len(granted) == 0 {
		return nil, nil
	}
	return p.store.Access(c.ctx, catalog.Registry, organization, granted)
}

func (s *shownClient) write(w io.Writer) {
	rows := [][]string{{"client", string(s.ID)}, {"name", s.Name.In("en")}, {"type", s.Type + ", " + s.Application}}
	if s.Organization != "" {
		rows = append(rows, []string{"organization", s.Organization})
	}
	rows = append(rows, []string{"authentication", s.AuthMethod}, []string{"grants", strings.Join(s.GrantTypes, " ")},
		[]string{"redirects", strings.Join(s.RedirectURIs, " ")}, []string{"revision", fmt.Sprint(s.Revision)})
	table(w, rows)
	s.writeYields(w, "\nmay ask for\n", true)
	s.writeYields(w, "\nmay not ask for\n", false)
}

func (s *shownClient) writeYields(w io.Writer, title string, may bool) {
	wide := 0
	for _, y := range s.Yields {
		wide = max(wide, len(y.Scope))
	}
	for _, y := range s.Yields {
		if y.May != may {
			continue
		}
		io.WriteString(w, title)
		title = ""
		fmt.Fprintf(w, "  %-*s  %s\n", wide, y.Scope, y.words())
		for _, sink := range sinks(y.Claims) {
			fmt.Fprintf(w, "  %-*s  > %s: %s\n", wide, "", sink, joined(y.Claims[sink]))
		}
	}
}

func sinks(claims map[tillit.Sink][]tillit.ClaimName) []tillit.Sink {
	var list []tillit.Sink
	for sink := range claims {
		list = append(list, sink)
	}
	slices.Sort(list)
	return list
}

// words are the first line about a scope.
func (y *yield) words() string {
	words := []string{"at " + y.Endpoint}
	if !y.May {
		words = append(words, strings.TrimSpace(string(y.Reason)+" "+y.By))
	}
	if len(y.With) > 0 {
		words = append(words, "with "+strings.Join(y.With, " "))
	}
	if y.Consent != "" && y.Consent != tillit.ConsentNever {
		words = append(words, "consent "+string(y.Consent))
	}
	if len(y.Audience) > 0 {
		words = append(words, "audience "+strings.Join(y.Audience, " "))
	}
	if y.Role != "" {
		words = append(words, "role "+y.Role)
	}
	for _, c := range y.Not {
		words = append(words, fmt.Sprintf("not %s (%s)", c.Claim, c.Reason))
	}
	return strings.Join(words, "; ")
}
