package authlevel

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/personal"
	"github.com/tillit/tillit/services/selfservice"
)

const (
	object   = "Person"
	months   = 18   // how far back where nothing else is said
	mostRead = 1000 // sign-ins looked at
)

var elevenDigits = regexp.MustCompile(`^[0-9]{11}$`)

//go:embed openapi.json
var document []byte

// Store keeps what happened.
type Store interface {
	SignIns(ctx context.Context, realm, person string, limit int) ([]tillit.AuditRecord, error)
}

// Config says what the API works on.
type Config struct {
	Door  *personal.Door
	Store Store
	Realm string // where people sign in
	Scope string
	Level int
	// Catalog gives the present catalog of that realm.
	Catalog func() *tillit.Catalog
}

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &api{c}
	mux := http.NewServeMux()
	mux.Handle("POST /authlevel/rest/v1/sikkerhetsnivaa", c.Door.Admit(personal.Machine, a.level, c.Scope))
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return mux
}

type api struct{ Config }

func (a *api) level(r *http.Request, _ *personal.Caller) (any, error) {
	members, err := selfservice.Body(r, object)
	if err != nil {
		return nil, err
	}
	var faults []tillit.Objection
	var number, from string
	selfservice.Member(members, "personidentifikator", &number, &faults)
	selfservice.Member(members, "fraDato", &from, &faults)
	if len(faults) == 0 && !elevenDigits.MatchString(number) {
		faults = append(faults, tillit.Objection{Code: "invalid_value", Field: "personidentifikator", Message: "a number has eleven digits"})
	}
	since := a.Door.Desk.Now().AddDate(0, -months, 0)
	if from != "" {
		if since, err = time.Parse(time.DateOnly, from); err != nil {
			faults = append(faults, tillit.Objection{Code: "invalid_value", Field: "fraDato", Message: "right would be a day such as 2025-01-31"})
		}
	}
	if len(faults) > 0 {
		return nil, &selfservice.Refusal{Status: http.StatusBadRequest, Object: object, Faults: faults}
	}
	person, err := a.Door.People.ByNumber(r.Context(), number)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, selfservice.Refuse(http.StatusNotFound, object, "person_unknown", "personidentifikator", "nobody with that number signs in here")
	}
	if err != nil {
		return nil, err
	}
	reached, err := a.reached(r.Context(), person, since.Unix())
	return map[string]any{"personidentifikator": number, "harbruktnivaa4": reached && !person.Disabled}, err
}

// reached reports whether the person signed in at the level since then.
func (a *api) reached(ctx context.Context, person *tillit.Person, since int64) (bool, error) {
	records, err := a.Store.SignIns(ctx, a.Realm, person.ID, mostRead)
	if err != nil {
		return false, err
	}
	c := a.Catalog()
	for i := range records {
		var v tillit.View
		if records[i].Time < since {
			return false, nil
		}
		if json.Unmarshal(records[i].View, &v) != nil {
			continue
		}
		if acr := c.FindACR(v.ACR); acr != nil && acr.Level >= a.Level {
			return true, nil
		}
	}
	return false, nil
}
