package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/login"
)

type personCommand struct {
	Add     personAddCommand     `cmd:"" help:"Add a person."`
	Import  personImportCommand  `cmd:"" help:"Add the people of a file, CSV or JSON lines; a second run goes on where the first ended."`
	Show    personShowCommand    `cmd:"" help:"Show a person, without secrets."`
	Change  personChangeCommand  `cmd:"" help:"Change what is known of a person."`
	Disable personDisableCommand `cmd:"" help:"Keep a person from signing in, and from what was granted before."`
	Reset   personResetCommand   `cmd:"" help:"Give a person a new password, which is shown once."`
}

// whose says in which realm of which provider people are.
type whose struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
}

// open gives the store and the realm's catalog.
func (w *whose) open(c *console) (*premises, *tillit.Catalog, error) {
	p, err := w.rooms(c.ctx)
	if err != nil {
		return nil, nil, err
	}
	catalog := p.catalogs.Catalog(w.Realm, "")
	switch {
	case catalog == nil:
		err = p.noRealm(w.Realm)
	case len(catalog.Ways) == 0:
		err = fmt.Errorf("realm %s: nobody signs in there, so it has no people", w.Realm)
	}
	if err != nil {
		return nil, nil, errors.Join(err, p.close())
	}
	return p, catalog, nil
}

// find gives a person by user name.
func (w *whose) find(c *console, p *premises, username string) (*tillit.Person, error) {
	person, err := p.store.PersonByUsername(c.ctx, w.Realm, username)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, fmt.Errorf("realm %s: nobody has the user name %q", w.Realm, username)
	}
	return person, err
}

// note writes into the record of the realm what was done to a person.
func (w *whose) note(c *console, p *premises, person *tillit.Person, event string, at time.Time) error {
	pseudonym, err := p.store.Pseudonym(c.ctx, w.Realm, person.ID)
	if err != nil {
		return err
	}
	return p.store.Record(c.ctx, &tillit.AuditRecord{Realm: w.Realm, Time: at.Unix(), Event: event, Subject: pseudonym})
}

type personAddCommand struct {
	whose
	Username   string `arg:"" optional:"" help:"User name." placeholder:"NAME"`
	File       string `help:"The person as a JSON object: username, password or password_hash, subject, disabled, attributes; - reads standard input." placeholder:"FILE" env:"TILLIT_FILE"`
	Attributes string `help:"What is known of the person, a JSON object." placeholder:"JSON" env:"TILLIT_ATTRIBUTES"`
	Subject    string `help:"Subject identifier (default: a new one)." env:"TILLIT_SUBJECT"`
	NoPassword bool   `name:"no-password" help:"Give no password: the person signs in otherwise." env:"TILLIT_NO_PASSWORD"`
}

// A personAdded is what is told of a new person, with the password that was made,
// which is shown this once.
type personAdded struct {
	Username string         `json:"username"`
	Subject  tillit.Subject `json:"subject"`
	Password string         `json:"password,omitempty"`
}

// Run adds a person. A password is never an argument, which others could read:
// it stands in the file, or one is made.
func (a *personAddCommand) Run(c *console) error {
	e, err := a.entry()
	if err != nil {
		return err
	}
	p, catalog, err := a.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	if wrong := e.check(catalog.Environment); len(wrong) > 0 {
		return refusePerson(c, wrong)
	}
	told := personAdded{Username: e.Username}
	if e.Password == "" && e.PasswordHash == "" && !a.NoPassword {
		e.Password = newPassword()
		told.Password = e.Password
	}
	hasher, err := login.NewHasher(0, 0, rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	person, err := e.person(c.ctx, a.Realm, hasher, now)
	if err != nil {
		return err
	}
	err = p.store.PutPerson(c.ctx, person)
	if errors.Is(err, tillit.ErrConflict) {
		return fmt.Errorf("realm %s: the user name or the subject is another's or was; right would be another", a.Realm)
	}
	if err == nil {
		err = a.note(c, p, person, "person_added", now)
	}
	if err != nil {
		return err
	}
	told.Subject = person.Subject
	return c.print(told, func(w io.Writer) {
		fmt.Fprintln(w, "added", told.Username)
		fmt.Fprintln(w, "subject", told.Subject)
		writePassword(w, told.Password)
	})
}

// entry reads the file, and the arguments over it.
func (a *personAddCommand) entry() (*entry, error) {
	e := &entry{}
	if a.File != "" {
		text, err := readText(a.File)
		if err != nil {
			return nil, fmt.Errorf("person: %w", err)
		}
		if len(text) > maxConfig {
			return nil, fmt.Errorf("person %s: more than %d bytes", a.File, maxConfig)
		}
		if wrong := decodeEntry(text, e); wrong != nil {
			return nil, fmt.Errorf("%s: %s", a.File, wrong)
		}
	}
	if a.Username != "" {
		e.Username = a.Username
	}
	if a.Attributes != "" {
		e.Attributes = json.RawMessage(a.Attributes)
	}
	if a.Subject != "" {
		e.Subject = a.Subject
	}
	if e.Username == "" {
		return nil, misused("person add: who? right would be tillit person add NAME, or --file")
	}
	return e, nil
}

// refusePerson tells everything that is wrong.
func refusePerson(c *console, wrong []finding) error {
	if c.json {
		if err := c.print(map[string]any{"faults": wrong}, nil); err != nil {
			return err
		}
		return &quietError{1}
	}
	for _, f := range wrong {
		fmt.Fprintf(c.log, "tillit: %s\n", f)
	}
	return &quietError{1}
}

// newPassword makes a password of 80 bits that can be read aloud.
func newPassword() string {
	text := rand.Text()
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}

func writePassword(w io.Writer, password string) {
	if password == "" {
		return
	}
	fmt.Fprintln(w, "password", password)
	fmt.Fprintln(w, "The password is not kept and cannot be shown again.")
}

type personShowCommand struct {
	whose
	Username string `arg:"" help:"User name."`
}

// A shownPerson is a person without what would let anybody sign in as that one.
type shownPerson struct {
	Username   string         `json:"username"`
	Subject    tillit.Subject `json:"subject"`
	Disabled   bool           `json:"disabled"`
	Password   bool           `json:"password"` // whether there is one
	Updated    int64          `json:"updated"`
	Attributes map[string]any `json:"attributes"`
}

// Run shows a person. What the ways to sign in know is left out.
func (s *personShowCommand) Run(c *console) error {
	p, _, err := s.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	person, err := s.find(c, p, s.Username)
	if err != nil {
		return err
	}
	shown := shownPerson{person.Username, person.Subject, person.Disabled, person.Password != "", person.Updated, map[string]any{}}
	decoder := json.NewDecoder(bytes.NewReader(person.Attributes))
	decoder.UseNumber() // shown as they are stored
	if len(person.Attributes) > 0 && decoder.Decode(&shown.Attributes) != nil {
		return fmt.Errorf("realm %s: the attributes of %q are no JSON object", s.Realm, s.Username)
	}
	delete(shown.Attributes, "sign_in")
	return c.print(shown, shown.write)
}

func (s *shownPerson) write(w io.Writer) {
	state, password := "", "none"
	if s.Disabled {
		state = " (disabled)"
	}
	if s.Password {
		password = "set"
	}
	table(w, [][]string{{"user name", s.Username + state}, {"subject", string(s.Subject)}, {"password", password}, {"updated", instant(s.Updated)}})
	text, err := json.MarshalIndent(s.Attributes, "", "  ")
	if err == nil {
		fmt.Fprintf(w, "attributes %s\n", text)
	}
}

type personDisableCommand struct {
	whose
	Username string `arg:"" help:"User name."`
	Undo     bool   `help:"Let the person sign in again." env:"TILLIT_UNDO"`
}

// Run disables a person: no sign-in, no refresh. Access tokens end as they expire.
func (d *personDisableCommand) Run(c *console) error {
	p, _, err := d.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	person, err := d.find(c, p, d.Username)
	if err != nil {
		return err
	}
	now, event := time.Now(), "person_disabled"
	if d.Undo {
		event = "person_enabled"
	}
	person.Disabled = !d.Undo
	if err := p.store.PutPerson(c.ctx, person); err != nil {
		return err
	}
	if err := d.note(c, p, person, event, now); err != nil {
		return err
	}
	return c.print(map[string]any{"username": person.Username, "disabled": person.Disabled}, func(w io.Writer) {
		if d.Undo {
			fmt.Fprintln(w, "enabled", person.Username)
			return
		}
		fmt.Fprintln(w, "disabled", person.Username)
	})
}

type personResetCommand struct {
	whose
	Username string `arg:"" help:"User name."`
}

// Run gives a person a new password.
func (r *personResetCommand) Run(c *console) error {
	p, _, err := r.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	person, err := r.find(c, p, r.Username)
	if err != nil {
		return err
	}
	hasher, err := login.NewHasher(0, 0, rand.Reader)
	if err != nil {
		return err
	}
	password := newPassword()
	if person.Password, err = hasher.Hash(c.ctx, password); err != nil {
		return err
	}
	if err := p.store.PutPerson(c.ctx, person); err != nil {
		return err
	}
	if err := r.note(c, p, person, "person_reset", time.Now()); err != nil {
		return err
	}
	return c.print(map[string]string{"username": person.Username, "password": password}, func(w io.Writer) {
		fmt.Fprintln(w, "reset", person.Username)
		writePassword(w, password)
	})
}
