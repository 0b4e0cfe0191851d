package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tillit/tillit"
)

type personChangeCommand struct {
	whose
	Username   string `arg:"" help:"User name."`
	Attributes string `help:"Attributes to set, a JSON object; null takes one away, and what is not named stays." placeholder:"JSON" env:"TILLIT_ATTRIBUTES"`
	File       string `help:"The same from a file; - reads standard input." placeholder:"FILE" env:"TILLIT_FILE"`
}

// Run changes attributes. What is told of the person follows from the next request
// on; what was issued before stays until it expires.
func (p *personChangeCommand) Run(c *console) error {
	changes, err := p.changes()
	if err != nil {
		return err
	}
	opened, catalog, err := p.open(c)
	if err != nil {
		return err
	}
	defer opened.close()
	person, err := p.find(c, opened, p.Username)
	if err != nil {
		return err
	}
	attributes := map[string]json.RawMessage{}
	if len(person.Attributes) > 0 && json.Unmarshal(person.Attributes, &attributes) != nil {
		return fmt.Errorf("realm %s: the attributes of %q are no JSON object", p.Realm, p.Username)
	}
	var names []string
	for name, value := range changes {
		names = append(names, name)
		if string(value) == "null" {
			delete(attributes, name)
		} else {
			attributes[name] = value
		}
	}
	slices.Sort(names)
	text, err := json.Marshal(attributes)
	if err != nil {
		return err
	}
	e := &entry{Username: person.Username, Attributes: text}
	if wrong := e.checkAttributes(catalog.Environment); len(wrong) > 0 {
		return refusePerson(c, wrong)
	}
	pseudonym, err := opened.store.Pseudonym(c.ctx, p.Realm, person.ID)
	if err != nil {
		return err
	}
	view, err := json.Marshal(map[string]any{"attributes": len(names)}) // their names might tell of the person
	if err != nil {
		return err
	}
	record := &tillit.AuditRecord{Realm: p.Realm, Time: time.Now().Unix(), Event: "person_changed", Subject: pseudonym, View: view}
	err = opened.store.ChangeAttributes(c.ctx, person, text, record)
	if errors.Is(err, tillit.ErrStale) {
		return fmt.Errorf("realm %s: what is known of %q was changed by somebody else at the same time; right would be to try again", p.Realm, p.Username)
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"username": person.Username, "changed": names}, func(w io.Writer) { fmt.Fprintln(w, "changed", person.Username) })
}

// changes reads what is to be set.
func (p *personChangeCommand) changes() (map[string]json.RawMessage, error) {
	text := []byte(p.Attributes)
	if p.File != "" {
		var err error
		if text, err = readText(p.File); err != nil {
			return nil, fmt.Errorf("person: %w", err)
		}
	}
	var changes map[string]json.RawMessage
	switch {
	case (p.File == "") == (p.Attributes == ""):
		return nil, misused("person change: what? right would be --attributes or --file")
	case len(text) > maxConfig:
		return nil, fmt.Errorf("person %s: more than %d bytes", p.File, maxConfig)
	case json.Unmarshal(text, &changes) != nil || len(changes) == 0:
		return nil, misused("the attributes are no JSON object with members")
	}
	return changes, nil
}
