package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tillit/tillit"
)

type clientAddCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
	File  string `arg:"" help:"The registration, a JSON object; - reads standard input."`
}

// A registration is a client as an operator writes it: the members of a stored
// client, with scopes as bare names where nothing has to be noted beside them,
// and the keys as the object that they are (RFC 7591 §2).
type registration struct {
	tillit.Client
	Scopes []provision     `json:"scopes"`
	JWKS   json.RawMessage `json:"jwks"`
}

// A provision is a scope's name, or an object with scope and notes.
type provision tillit.Provision

func (p *provision) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte(`"`)) {
		return json.Unmarshal(text, &p.Scope)
	}
	return strictJSON(text, (*tillit.Provision)(p))
}

// An added client, with its secret, which is shown this once.
type added struct {
	ID       tillit.ClientID `json:"client_id"`
	Secret   string          `json:"client_secret,omitempty"`
	Warnings []finding       `json:"warnings,omitempty"`
}

// Run registers a client, if nothing about it is wrong.
func (a *clientAddCommand) Run(c *console) error {
	client, err := a.read()
	if err != nil {
		return err
	}
	p, err := a.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	catalog := p.catalogs.Catalog(a.Realm, client.Dialect)
	if p.catalogs.Catalog(a.Realm, "") == nil {
		return p.noRealm(a.Realm)
	}
	if catalog == nil {
		return fmt.Errorf("%s: dialect: the realm %s has no dialect %q", a.File, a.Realm, client.Dialect)
	}
	wrong, warnings := lint(catalog, client)
	if len(wrong) > 0 {
		return a.refuse(c, wrong)
	}
	result := added{ID: client.ID, Warnings: warnings}
	if strings.HasPrefix(client.AuthMethod, "client_secret_") {
		if result.Secret, err = a.place.giveSecret(c.ctx, catalog.Registry, client); err != nil {
			return err
		}
	}
	err = p.store.CreateClient(c.ctx, catalog.Registry, client, nil)
	if errors.Is(err, tillit.ErrConflict) {
		return fmt.Errorf("%s: client_id: %q is or was in use in registry %s; right would be another", a.File, client.ID, catalog.Registry)
	}
	if err != nil {
		return err
	}
	return c.print(result, result.write)
}

func (a *clientAddCommand) read() (*tillit.Client, error) {
	text, err := readText(a.File)
	if err != nil {
		return nil, fmt.Errorf("registration: %w", err)
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("registration %s: more than %d bytes", a.File, maxConfig)
	}
	r := registration{Client: tillit.Client{Active: true, Application: "web"}}
	if err := strictJSON(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", a.File, lineOf(text, err))
	}
	for _, p := range r.Scopes {
		r.Client.Scopes = append(r.Client.Scopes, tillit.Provision(p))
	}
	if len(r.JWKS) > 0 {
		r.Client.JWKS = string(r.JWKS)
	}
	return &r.Client, nil
}

// readText reads a file, or standard input for -, at most one byte more than
// [maxConfig], so that whoever asks can tell that it is too much.
func readText(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, maxConfig+1))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxConfig+1))
}

// lineOf adds the line to an error of JSON that knows where it is.
func lineOf(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var offset int64
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return err
	}
	line := 1 + bytes.Count(text[:min(int(offset), len(text))], []byte("\n"))
	return fmt.Errorf("line %d: %w", line, err)
}

// refuse tells everything that is wrong.
func (a *clientAddCommand) refuse(c *console, wrong []finding) error {
	if c.json {
		if err := c.print(map[string]any{"faults": wrong}, nil); err != nil {
			return err
		}
		return &quietError{1}
	}
	for _, f := range wrong {
		fmt.Fprintf(c.log, "tillit: %s: %s\n", a.File, f)
	}
	return &quietError{1}
}

func (a *added) write(w io.Writer) {
	for _, f := range a.Warnings {
		fmt.Fprintln(w, "warning:", f)
	}
	fmt.Fprintln(w, "added", a.ID)
	if a.Secret != "" {
		fmt.Fprintln(w, "client_secret", a.Secret)
		fmt.Fprintln(w, "The secret is not kept and cannot be shown again.")
	}
}
