package aml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a body says.
const (
	mostBody      = 1 << 20 // bytes
	mostAtOnce    = 1000    // people or organizations in one request
	mostTitle     = 100     // characters of a monitor's name, and of a reference
	mostNamePart  = 100     // characters of a first or a last name
	mostNameOfOne = 200     // characters of an organization's name
)

// The two kinds that are watched.
const (
	kindPerson       = "person"
	kindOrganization = "organization"
)

// A plan is what a client wants a monitor to be.
type plan struct {
	Name     string `json:"name"`
	Webhook  string `json:"webhook"`
	Template string `json:"template"`
}

// A party is who is watched, as the client wrote it.
type party struct {
	FirstName          string `json:"firstName,omitempty"`
	LastName           string `json:"lastName,omitempty"`
	DateOfBirth        string `json:"dateOfBirth,omitempty"`
	OrganizationNumber string `json:"organizationNumber,omitempty"`
	Name               string `json:"name,omitempty"`      // of an organization
	Reference          string `json:"reference,omitempty"` // the client's own
}

// subject is who the party is to the screening.
func (p *party) subject() Subject {
	if p.OrganizationNumber != "" {
		return Subject{Name: p.Name, Kind: kindOrganization}
	}
	return Subject{Name: p.FirstName + " " + p.LastName, Birth: p.DateOfBirth, Kind: kindPerson}
}

// A reading of a body finds everything that is wrong with it. It says what would
// be right and never repeats what was sent: that may be anybody's name.
type reading struct {
	now    time.Time
	faults []string
}

func (r *reading) fault(path, right string) {
	r.faults = append(r.faults, path+": right would be "+right)
}

// readBody reads a bounded body of JSON; a status that is not 0 refuses it.
func readBody(w http.ResponseWriter, r *http.Request) (body json.RawMessage, status int, right string) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return nil, http.StatusUnsupportedMediaType, "Content-Type: right would be application/json"
	}
	all, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		return nil, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body: right would be at most %d bytes", mostBody)
	}
	if !utf8.Valid(all) || !json.Valid(all) {
		return nil, http.StatusBadRequest, "the body: right would be JSON in UTF-8"
	}
	return all, 0, ""
}

// members reads an object, with its strings, of which none may be unknown or stand
// twice; nil where it is none.
func (r *reading) members(path string, text json.RawMessage, known ...string) map[string]string {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		r.fault(path, "an object with the members "+strings.Join(known, ", "))
		return nil
	}
	all := map[string]string{}
	seen := map[string]bool{}
	for decoder.More() {
		name, _ := decoder.Token()
		var value any
		if err := decoder.Decode(&value); err != nil {
			r.fault(path, "JSON")
			return nil
		}
		key, _ := name.(string)
		text, isText := value.(string)
		isText = isText && text != told
		switch {
		case !slices.Contains(known, key):
			r.fault(path, "no members but "+strings.Join(known, ", "))
		case seen[key]:
			r.fault(at(path, key), "once")
		case !isText:
			r.fault(at(path, key), "a string")
			all[key] = told // and not missing too
		default:
			all[key] = strings.TrimSpace(text)
		}
		seen[key] = true
	}
	return all
}

// told stands for a value of which a fault was told already.
const told = "\x00"

func at(path, member string) string {
	if path == whole {
		return member
	}
	return path + "." + member
}

// whole is how all of a body is called.
const whole = "the body"

// array reads the elements of an array, within bounds.
func (r *reading) array(text json.RawMessage, of string) []json.RawMessage {
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || len(all) == 0 || len(all) > mostAtOnce {
		r.fault(whole, fmt.Sprintf("an array of 1 to %d %s", mostAtOnce, of))
		return nil
	}
	return all
}

// words checks a text of so many characters at most that has a letter in it.
func (r *reading) words(path, value string, most int, required bool) string {
	switch {
	case value == told:
	case value == "" && !required:
	case value == "" || utf8.RuneCountInString(value) > most || strings.ContainsFunc(value, unprintable) || !strings.ContainsFunc(value, unicode.IsLetter):
		r.fault(path, fmt.Sprintf("1 to %d printable characters, letters among them", most))
	}
	return value
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }

// reference checks the client's own name for somebody.
func (r *reading) reference(path, value string) string {
	if value != told && (utf8.RuneCountInString(value) > mostTitle || strings.ContainsFunc(value, unprintable)) {
		r.fault(path, fmt.Sprintf("at most %d printable characters", mostTitle))
	}
	return value
}

// birthday checks a date on which somebody who may be alive was born.
func (r *reading) birthday(path, value string) string {
	born, err := time.Parse(time.DateOnly, value)
	if value != told && (err != nil || born.After(r.now) || born.Year() < r.now.Year()-130) {
		r.fault(path, "a date of birth, YYYY-MM-DD")
	}
	return value
}

var nineDigits = regexp.MustCompile(`^[0-9]{9}$`)

// number checks an organization number: nine digits, the last of which is the
// check digit by modulus 11.
func (r *reading) number(path, value string) string {
	if value == told {
		return value
	}
	sum := 0
	if nineDigits.MatchString(value) {
		for i, weight := range [...]int{3, 2, 7, 6, 5, 4, 3, 2, 1} {
			sum += weight * int(value[i]-'0')
		}
	} else {
		sum = 1
	}
	if sum%11 != 0 {
		r.fault(path, "an organization number: nine digits, the last of them the check digit")
	}
	return value
}

// plan reads what a monitor is to be. admits says whether a webhook's address may
// be called.
func (r *reading) plan(text json.RawMessage, templates []string, admits func(address string) error) plan {
	m := r.members(whole, text, "name", "webhook", "template")
	if m == nil {
		return plan{}
	}
	p := plan{Name: r.words("name", m["name"], mostTitle, true), Webhook: m["webhook"], Template: m["template"]}
	if p.Webhook != told && admits(p.Webhook) != nil {
		r.fault("webhook", "an https address on a public host")
	}
	if p.Template != told && !slices.Contains(templates, p.Template) {
		r.fault("template", "one of "+strings.Join(templates, ", "))
	}
	return p
}

// people reads who is to be watched.
func (r *reading) people(text json.RawMessage) []party {
	all := r.array(text, "people")
	list := make([]party, len(all))
	for i := range all {
		path := fmt.Sprintf("[%d]", i)
		m := r.members(path, all[i], "firstName", "lastName", "dateOfBirth", "reference")
		if m == nil {
			continue
		}
		list[i] = party{
			FirstName:   r.words(at(path, "firstName"), m["firstName"], mostNamePart, true),
			LastName:    r.words(at(path, "lastName"), m["lastName"], mostNamePart, true),
			DateOfBirth: r.birthday(at(path, "dateOfBirth"), m["dateOfBirth"]),
			Reference:   r.reference(at(path, "reference"), m["reference"]),
		}
	}
	return list
}

// organizations reads which are to be watched. named gives the name that a number
// has in the register, "" where it has none: then the client says it.
func (r *reading) organizations(text json.RawMessage, named func(number string) (string, error)) ([]party, error) {
	all := r.array(text, "organizations")
	list := make([]party, len(all))
	for i := range all {
		path := fmt.Sprintf("[%d]", i)
		m := r.members(path, all[i], "organizationNumber", "name", "reference")
		if m == nil {
			continue
		}
		before := len(r.faults)
		p := party{OrganizationNumber: r.number(at(path, "organizationNumber"), m["organizationNumber"]), Reference: r.reference(at(path, "reference"), m["reference"])}
		registered := ""
		if len(r.faults) == before && p.OrganizationNumber != told {
			var err error
			if registered, err = named(p.OrganizationNumber); err != nil {
				return nil, err
			}
		}
		if p.Name = r.words(at(path, "name"), m["name"], mostNameOfOne, registered == ""); registered != "" {
			p.Name = registered
		}
		list[i] = p
	}
	return list, nil
}

// ids reads which of those who are watched are meant.
func (r *reading) ids(text json.RawMessage) []string {
	all := r.array(text, "ids")
	list := make([]string, 0, len(all))
	for i := range all {
		var id string
		if json.Unmarshal(all[i], &id) != nil || id == "" || len(id) > mostTitle || slices.Contains(list, id) {
			r.fault(fmt.Sprintf("[%d]", i), "the id of somebody who is watched, once")
			continue
		}
		list = append(list, id)
	}
	return list
}
