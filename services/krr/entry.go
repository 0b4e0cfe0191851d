package krr

import (
	"encoding/json"
	"time"

	"github.com/tillit/tillit"
)

// An entry is what a person's attribute says.
type entry struct {
	Email      string   `json:"email"`
	Mobile     string   `json:"mobile"`
	Reserved   bool     `json:"reserved"`
	Language   string   `json:"language"`
	UpdatedAt  int64    `json:"updated_at"`  // unix seconds
	VerifiedAt int64    `json:"verified_at"` // unix seconds; 0: never since
	ReservedAt int64    `json:"reserved_at"` // unix seconds; 0: as updated_at
	LanguageAt int64    `json:"language_at"` // unix seconds; 0: as updated_at
	Removed    bool     `json:"removed"`
	Mailbox    *mailbox `json:"mailbox"`
}

type mailbox struct {
	Address     string `json:"address"`
	Provider    string `json:"provider"`    // organization number
	Certificate string `json:"certificate"` // PEM, "" for none
}

// entryOf reads a person's entry, nil where they have none.
func entryOf(p *tillit.Person, attribute string) (*entry, error) {
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(p.Attributes, &attributes); err != nil || attributes[attribute] == nil {
		return nil, err
	}
	e := new(entry)
	return e, json.Unmarshal(attributes[attribute], e)
}

// withLanguage gives a person's attributes with another language in the entry.
// What else stands there stays as it is.
func withLanguage(p *tillit.Person, attribute, language string, at int64) (json.RawMessage, error) {
	var attributes, members map[string]json.RawMessage
	if err := json.Unmarshal(p.Attributes, &attributes); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(attributes[attribute], &members); err != nil {
		return nil, err
	}
	for name, value := range map[string]any{"language": language, "language_at": at} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		members[name] = text
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	attributes[attribute] = text
	return json.Marshal(attributes)
}

// A person is an entry as it is told.
type person struct {
	Number       string   `json:"personidentifikator"`
	Reservation  string   `json:"reservasjon"`
	ReservedAt   string   `json:"reservasjonstidspunkt,omitempty"`
	ReservedFrom string   `json:"reservasjon_oppdatert,omitempty"`
	Status       string   `json:"status"`
	Notice       string   `json:"varslingsstatus,omitempty"`
	Contact      *contact `json:"kontaktinformasjon,omitempty"`
	Language     string   `json:"spraak,omitempty"`
	LanguageAt   string   `json:"spraak_oppdatert,omitempty"`
	Mailbox      *post    `json:"digital_post,omitempty"`
	Certificate  string   `json:"sertifikat,omitempty"`
}

type contact struct {
	Email          string `json:"epostadresse,omitempty"`
	EmailUpdated   string `json:"epostadresse_oppdatert,omitempty"`
	EmailVerified  string `json:"epostadresse_sist_verifisert,omitempty"`
	Mobile         string `json:"mobiltelefonnummer,omitempty"`
	MobileUpdated  string `json:"mobiltelefonnummer_oppdatert,omitempty"`
	MobileVerified string `json:"mobiltelefonnummer_sist_verifisert,omitempty"`
}

type post struct {
	Address  string `json:"postkasseadresse"`
	Provider string `json:"postkasseleverandoeradresse"`
}

// A view is which parts of an entry somebody sees.
type view struct{ contact, mailbox bool }

// tell writes an entry; nil is somebody who has none, which is no error.
func (v view) tell(number string, e *entry, now time.Time) person {
	p := person{Number: number, Reservation: "NEI", Status: "IKKE_REGISTRERT"}
	if e != nil {
		p.Status = "AKTIV"
		if e.Removed {
			p.Status = "SLETTET"
		}
		p.ReservedFrom = instant(first(e.ReservedAt, e.UpdatedAt))
		if e.Reserved {
			p.Reservation, p.ReservedAt = "JA", p.ReservedFrom
		}
	}
	if v.contact {
		p.Notice = "KAN_IKKE_VARSLES"
		if e != nil && e.reachable(now) {
			p.Notice = "KAN_VARSLES"
		}
	}
	if e == nil || e.Removed {
		return p
	}
	if v.contact {
		p.Language, p.LanguageAt = e.Language, instant(first(e.LanguageAt, e.UpdatedAt))
		p.Contact = e.contact()
	}
	if v.mailbox && e.Mailbox != nil {
		p.Mailbox, p.Certificate = &post{e.Mailbox.Address, e.Mailbox.Provider}, e.Mailbox.Certificate
	}
	return p
}

func (e *entry) contact() *contact {
	if e.Email == "" && e.Mobile == "" {
		return nil
	}
	c := new(contact)
	updated, verified := instant(e.UpdatedAt), instant(first(e.VerifiedAt, e.UpdatedAt))
	if e.Email != "" {
		c.Email, c.EmailUpdated, c.EmailVerified = e.Email, updated, verified
	}
	if e.Mobile != "" {
		c.Mobile, c.MobileUpdated, c.MobileVerified = e.Mobile, updated, verified
	}
	return c
}

// goodFor is how many months after it was changed or confirmed an address is still
// good for a notice.
const goodFor = 18

func (e *entry) reachable(now time.Time) bool {
	confirmed := time.Unix(max(e.UpdatedAt, e.VerifiedAt), 0)
	return !e.Reserved && !e.Removed && (e.Email != "" || e.Mobile != "") && confirmed.AddDate(0, goodFor, 0).After(now)
}

func first(values ...int64) int64 {
	for _, value := range values {
		if value != 0 {
			return value
		}
	}
	return 0
}

func instant(at int64) string {
	if at == 0 {
		return ""
	}
	return time.Unix(at, 0).UTC().Format(time.RFC3339)
}
