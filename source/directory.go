package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/recent"
)

// Names with a meaning of their own.
const (
	personRoot    = "person"     // the root of a person's attributes
	fromDirectory = "directory"  // SourceUse.From of this source
	signIn        = "sign_in"    // attribute that login reads, and no expression
	updatedAt     = "updated_at" // unix seconds
)

// What happens when a source fails ([tillit.SourceUse].OnError).
const (
	onErrorDeny = "deny"
	// Everything else leaves the source out: the directory has no older reading
	// to fall back on, so stale is omit here.
)

// mostObjects is how many decoded attributes are remembered.
const mostObjects = 2048

// A Directory gives the roots that are kept with the person: "person" itself and
// every source of the realm that says `from: directory`.
type Directory struct {
	objects *recent.Values[origin, map[string]any]
}

// An origin is all that a root's object comes from.
type origin struct {
	root, attributes string
	updated          int64
}

// NewDirectory makes a Directory.
func NewDirectory() *Directory {
	return &Directory{recent.New[origin, map[string]any](mostObjects)}
}

// Values gives the named roots. A root that is neither "person" nor a source of
// the realm is left to others. A source that fails is left out, or an error
// where the realm says on_error: deny; a person that cannot be read is an error
// always. The values are shared with others: the caller reads them and changes
// nothing.
func (d *Directory) Values(_ context.Context, catalog *tillit.Catalog, person *tillit.Person, roots []string) (map[string]any, error) {
	values := make(map[string]any, len(roots))
	if person == nil {
		return values, nil
	}
	for _, root := range roots {
		use, mine := declared(catalog, root)
		if !mine {
			continue
		}
		value, err := d.object(person, root, use.From)
		switch {
		case err == nil:
			values[root] = value
		case errors.Is(err, errNoObject):
			return nil, err
		case root == personRoot || use.OnError == onErrorDeny:
			return nil, fmt.Errorf("source %s of person %s of realm %s: %w", root, person.ID, person.Realm, err)
		}
	}
	return values, nil
}

// object gives the object of a root, decoded once for the same attributes.
func (d *Directory) object(person *tillit.Person, root, from string) (map[string]any, error) {
	if from != fromDirectory {
		return nil, fmt.Errorf("from %q is not connected; right would be %s", from, fromDirectory)
	}
	return d.objects.Of(origin{root, string(person.Attributes), person.Updated}, func(origin) (map[string]any, error) {
		read, err := open(person)
		if err != nil {
			return nil, err
		}
		return read.root(root)
	})
}

var errNoObject = errors.New("no JSON object")

// declared finds how the realm uses a root.
func declared(catalog *tillit.Catalog, root string) (tillit.SourceUse, bool) {
	if root == personRoot {
		return tillit.SourceUse{Name: root, From: fromDirectory}, true
	}
	for _, s := range catalog.Sources {
		if s.Name == root {
			return s, true
		}
	}
	return tillit.SourceUse{}, false
}

// A record is a person's attributes, decoded as far as they are asked for.
type record map[string]json.RawMessage

func open(person *tillit.Person) (record, error) {
	r := record{}
	if len(person.Attributes) > 0 {
		if err := json.Unmarshal(person.Attributes, &r); err != nil || r == nil {
			// The decoder's error is left out: it quotes from the person's data.
			return nil, fmt.Errorf("attributes of person %s of realm %s: %w", person.ID, person.Realm, errNoObject)
		}
	}
	delete(r, signIn)
	if _, said := r[updatedAt]; !said && person.Updated != 0 {
		r[updatedAt] = json.RawMessage(fmt.Sprint(person.Updated))
	}
	return r, nil
}

// root gives the object of a source: the attribute of its name, else all of
// them.
func (r record) root(name string) (map[string]any, error) {
	if text, own := r[name]; own && name != personRoot {
		return object(text)
	}
	all := make(map[string]any, len(r))
	for member, text := range r {
		value, err := decode(text)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", member, err)
		}
		all[member] = value
	}
	return all, nil
}
