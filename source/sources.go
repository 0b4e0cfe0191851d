package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tillit/tillit"
)

// An Asker asks a source about one person, by the value that the source knows
// the person by. Nobody found is an empty object.
type Asker interface {
	Ask(ctx context.Context, use tillit.SourceUse, by string) (map[string]any, error)
	Close() error
}

// A Place is a source of a realm, as a configuration connects it.
type Place struct{ Realm, Source string }

// Sources gives the roots that expressions read about a person: those of the
// directory, and those that are asked elsewhere. Only roots that granted claims
// name are asked for.
type Sources struct {
	directory *Directory
	now       func() time.Time
	askers    map[Place]Asker

	mu      sync.Mutex
	remotes map[Place]*remote
}

// New makes Sources. What is not among the askers fails as a source that is down.
func New(askers map[Place]Asker, now func() time.Time) *Sources {
	return &Sources{directory: NewDirectory(), now: now, askers: askers, remotes: map[Place]*remote{}}
}

// Values gives the named roots. A root that is no source of the realm is left to
// others; a source that fails is left out, or told as it was last known, or an
// error, as the realm says.
func (s *Sources) Values(ctx context.Context, catalog *tillit.Catalog, person *tillit.Person, roots []string) (map[string]any, error) {
	var kept, elsewhere []string
	for _, root := range roots {
		if use, mine := declared(catalog, root); mine && use.From != fromDirectory {
			elsewhere = append(elsewhere, root)
		} else {
			kept = append(kept, root)
		}
	}
	values, err := s.directory.Values(ctx, catalog, person, kept)
	if err != nil || person == nil {
		return values, err
	}
	for _, root := range elsewhere {
		use, _ := declared(catalog, root)
		by, known, err := knownBy(person, use.By)
		if err != nil {
			return nil, err
		}
		if !known { // of somebody whom the source cannot know it has nothing to say
			values[root] = map[string]any{}
			continue
		}
		value, err := s.remote(Place{catalog.Realm, root}).value(ctx, use, by)
		switch {
		case err == nil:
			values[root] = value
		case use.OnError == onErrorDeny:
			return nil, fmt.Errorf("source %s of realm %s: %w", root, catalog.Realm, err)
		}
	}
	return values, nil
}

// Close closes every connection.
func (s *Sources) Close() error {
	var all []error
	for _, asker := range s.askers {
		all = append(all, asker.Close())
	}
	return errors.Join(all...)
}

func (s *Sources) remote(at Place) *remote {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.remotes[at]
	if r == nil {
		r = &remote{asker: s.askers[at], now: s.now, known: map[string]reading{}}
		s.remotes[at] = r
	}
	return r
}

// knownBy gives what a source knows the person by: subject, username, or an
// attribute of the directory that is a text or a whole number.
func knownBy(person *tillit.Person, name string) (by string, known bool, err error) {
	switch name {
	case "", "subject":
		return string(person.Subject), person.Subject != "", nil
	case "username":
		return person.Username, person.Username != "", nil
	}
	attributes, err := open(person)
	if err != nil {
		return "", false, err
	}
	var text string
	var number json.Number
	switch {
	case attributes[name] == nil:
		return "", false, nil
	case json.Unmarshal(attributes[name], &text) == nil:
		return text, text != "", nil
	case json.Unmarshal(attributes[name], &number) == nil:
		return number.String(), true, nil
	}
	return "", false, nil
}
