package krr

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/personal"
	"github.com/tillit/tillit/services/selfservice"
)

// mostNumbers is how many people one request may ask for.
const mostNumbers = 1000

const object = "Person"

var (
	elevenDigits = regexp.MustCompile(`^[0-9]{11}$`)
	languages    = []string{"nb", "nn", "en", "se"}
)

//go:embed openapi.json
var document []byte

// Store keeps people.
type Store interface {
	Pseudonym(ctx context.Context, realm, person string) (string, error)
	ChangeAttributes(ctx context.Context, p *tillit.Person, attributes json.RawMessage, record *tillit.AuditRecord) error
}

// Scopes are the names of the scopes: a person's for their own entry, a machine's
// for everybody's.
type Scopes struct{ Contact, Mailbox, Language, AllContact, AllMailbox string }

// Config says what the API works on.
type Config struct {
	Door      *personal.Door
	Store     Store
	Scopes    Scopes
	Attribute string // of a person: the entry
	// Sign signs an answer as the realm does, as a compact JWS.
	Sign func(ctx context.Context, claims []byte) (string, error)
}

// An API answers below one base address.
type API struct{ Config }

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &API{c}
	mux := http.NewServeMux()
	mux.Handle("GET /rest/v1/person", c.Door.Admit(personal.Person, a.own, c.Scopes.Contact, c.Scopes.Mailbox))
	mux.Handle("PATCH /rest/v1/person", c.Door.Admit(personal.Person, a.change, c.Scopes.Language))
	many := c.Door.Admit(personal.Machine, a.many, c.Scopes.AllContact, c.Scopes.AllMailbox)
	mux.Handle("POST /rest/v1/personer", many)
	mux.Handle("POST /rest/v2/personer", many)
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return mux
}

// own tells a person's entry to whoever they signed in to.
func (a *API) own(r *http.Request, caller *personal.Caller) (any, error) {
	e, err := entryOf(caller.Person, a.Attribute)
	if err != nil {
		return nil, err
	}
	told := view{caller.Has(a.Scopes.Contact), caller.Has(a.Scopes.Mailbox)}.tell(caller.Number, e, a.Door.Desk.Now())
	if !accepts(r, "application/jose") {
		return told, nil
	}
	text, err := json.Marshal(told)
	if err != nil {
		return nil, err
	}
	signed, err := a.Sign(r.Context(), text)
	return selfservice.Signed{Type: "application/jose", Text: signed}, err
}

// accepts reports whether the caller named a media type.
func accepts(r *http.Request, wanted string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if name, _, err := mime.ParseMediaType(part); err == nil && name == wanted {
			return true
		}
	}
	return false
}

// change takes another language.
func (a *API) change(r *http.Request, caller *personal.Caller) (any, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	var faults []tillit.Objection
	language := ""
	selfservice.Member(members, "spraak", &language, &faults)
	for name := range members {
		if name != "spraak" {
			faults = append(faults, tillit.Objection{Code: "unknown_field", Field: name, Message: "only spraak can be changed here"})
		}
	}
	if len(faults) == 0 && !slices.Contains(languages, language) {
		faults = append(faults, tillit.Objection{Code: "invalid_value", Field: "spraak", Message: "right would be one of " + strings.Join(languages, ", ")})
	}
	if len(faults) > 0 {
		return nil, &selfservice.Refusal{Status: http.StatusBadRequest, Object: object, Faults: faults}
	}
	e, err := entryOf(caller.Person, a.Attribute)
	if err != nil {
		return nil, err
	}
	if e == nil || e.Removed {
		return nil, selfservice.Refuse(http.StatusNotFound, object, "not_registered", "", "the person is not in the register")
	}
	ctx, now := r.Context(), a.Door.Desk.Now()
	attributes, err := withLanguage(caller.Person, a.Attribute, language, now.Unix())
	if err != nil {
		return nil, err
	}
	record := &tillit.AuditRecord{Realm: caller.Person.Realm, Time: now.Unix(), Event: "language_changed", Client: caller.Client}
	if record.Subject, err = a.Store.Pseudonym(ctx, caller.Person.Realm, caller.Person.ID); err != nil {
		return nil, err
	}
	if err := a.Store.ChangeAttributes(ctx, caller.Person, attributes, record); err != nil {
		return nil, err
	}
	e.Language, e.LanguageAt = language, now.Unix()
	told := view{caller.Has(a.Scopes.Contact), caller.Has(a.Scopes.Mailbox)}.tell(caller.Number, e, now)
	told.Language, told.LanguageAt = language, instant(e.LanguageAt)
	return told, nil
}

// many tells the entries of the people asked for, in their order. Who is not known
// has no entry, which is no error.
func (a *API) many(r *http.Request, caller *personal.Caller) (any, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	const field = "personidentifikatorer"
	var faults []tillit.Objection
	var numbers []string
	selfservice.Member(members, field, &numbers, &faults)
	if len(faults) == 0 && (len(numbers) == 0 || len(numbers) > mostNumbers) {
		faults = append(faults, tillit.Objection{Code: "invalid_value", Field: field, Message: "right would be 1 to 1000 numbers"})
	}
	if slices.ContainsFunc(numbers, func(number string) bool { return !elevenDigits.MatchString(number) }) {
		faults = append(faults, tillit.Objection{Code: "invalid_value", Field: field, Message: "a number has eleven digits"})
	}
	if len(faults) > 0 {
		return nil, &selfservice.Refusal{Status: http.StatusBadRequest, Object: object, Faults: faults}
	}
	v, now := view{caller.Has(a.Scopes.AllContact), caller.Has(a.Scopes.AllMailbox)}, a.Door.Desk.Now()
	people := make([]person, len(numbers))
	for i, number := range numbers {
		found, err := a.Door.People.ByNumber(r.Context(), number)
		if err != nil && !errors.Is(err, tillit.ErrNotFound) {
			return nil, err
		}
		var e *entry
		if err == nil && !found.Disabled {
			if e, err = entryOf(found, a.Attribute); err != nil {
				return nil, err
			}
		}
		people[i] = v.tell(number, e, now)
	}
	return map[string]any{"personer": people}, nil
}
