package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/nationalid"
	"github.com/tillit/tillit/login"
)

// Bounds of what is stored of a person, in bytes.
const (
	maxUsername     = 256
	maxUserPassword = 512
	maxSubject      = 255 // OIDC Core §2
)

// An entry is a person as an operator writes one.
type entry struct {
	Username     string          `json:"username"`
	Password     string          `json:"password"`      // at most one of these two; without
	PasswordHash string          `json:"password_hash"` // both nobody can sign in by password
	Subject      string          `json:"subject"`       // empty: a new one
	Disabled     bool            `json:"disabled"`
	Attributes   json.RawMessage `json:"attributes"` // what expressions read below person
}

// check tells everything that is wrong with the entry by itself. It never
// repeats a value: these are people's.
func (e *entry) check(environment tillit.Environment) []finding {
	var wrong []finding
	add := func(field, message, right string) { wrong = append(wrong, finding{field, message, right}) }
	switch {
	case e.Username == "":
		add("username", "it is missing", "a name of 1 to 256 bytes")
	case len(e.Username) > maxUsername || strings.TrimSpace(e.Username) != e.Username || !printable(e.Username):
		add("username", "it is too long, has spaces around it or characters that nobody can type", "a name of 1 to 256 bytes")
	}
	switch {
	case e.Password != "" && e.PasswordHash != "":
		add("password_hash", "it stands beside password", "one of the two")
	case len(e.Password) > maxUserPassword || !utf8.ValidString(e.Password):
		add("password", "it is too long or no UTF-8", "at most 512 bytes")
	case e.PasswordHash != "" && login.CheckHash(e.PasswordHash) != nil:
		add("password_hash", "it is no hash that can be checked here", "$argon2id$v=19$m=…,t=…,p=…$salt$key")
	}
	if len(e.Subject) > maxSubject || !visibleASCII(e.Subject) {
		add("subject", "it is too long or has other characters than visible ASCII", "at most 255 of them, or none for a new subject")
	}
	return append(wrong, e.checkAttributes(environment)...)
}

// checkAttributes also keeps invented people out of production and real ones out
// of tests.
func (e *entry) checkAttributes(environment tillit.Environment) []finding {
	attributes, err := e.attributes()
	if err != nil {
		return []finding{{"attributes", "it is no JSON object", `{"name": "…"}`}}
	}
	number, there := attributes["nnin"]
	if !there {
		return nil
	}
	text, _ := number.(string)
	kind, err := nationalid.Parse(text)
	switch {
	case err != nil:
		return []finding{{"attributes.nnin", err.Error(), "11 digits in quotes, with the right check digits"}}
	case environment == tillit.Test && kind != nationalid.Synthetic:
		return []finding{{"attributes.nnin", "it may be a real person's, and the realm is for tests", "a synthetic number, month + 80"}}
	case environment != tillit.Test && kind == nationalid.Synthetic:
		return []finding{{"attributes.nnin", "it is synthetic, and the realm is for production", "a number of the population register"}}
	}
	return nil
}

func (e *entry) attributes() (map[string]any, error) {
	if len(e.Attributes) == 0 {
		return map[string]any{}, nil
	}
	var attributes map[string]any
	err := json.Unmarshal(e.Attributes, &attributes)
	if err == nil && attributes == nil {
		err = errors.New("null")
	}
	return attributes, err
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func visibleASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// person makes the row of a new person.
func (e *entry) person(ctx context.Context, realm string, hasher *login.Hasher, at time.Time) (*tillit.Person, error) {
	p := &tillit.Person{
		Realm: realm, ID: uuid.NewString(), Username: e.Username, Password: e.PasswordHash,
		Subject: tillit.Subject(e.Subject), Disabled: e.Disabled, Updated: at.Unix(), Attributes: json.RawMessage("{}"),
	}
	if p.Subject == "" {
		p.Subject = tillit.Subject(uuid.NewString())
	}
	if len(e.Attributes) > 0 {
		var compact bytes.Buffer
		if err := json.Compact(&compact, e.Attributes); err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		p.Attributes = compact.Bytes()
	}
	if e.Password == "" {
		return p, nil
	}
	hash, err := hasher.Hash(ctx, e.Password)
	p.Password = hash
	return p, err
}
