package source

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tillit/tillit"
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

// A Directory gives the roots that are kept with the person: "person" itself and
// every source of the realm that says `from: directory`. The zero value is ready
// to use.
type Directory struct{}

// Values gives the named roots. A root that is neither "person" nor a source of
// the realm is left to others. A source that fails is left out, or an error
// where the realm says on_error: deny; a person that cannot be read is an error
// always. The values are fresh: the caller may keep and change them.
func (Directory) Values(_ context.Context, catalog *tillit.Catalog, person *tillit.Person, roots []string) (map[string]any, error) {
	values := make(map[string]any, len(roots))
	if person == nil {
		return values, nil
	}
	var read record // read once, when the first root needs it
	for _, root := range roots {
		use, mine := declared(catalog, root)
		if !mine {
			continue
		}
		if read == nil {
			var err error
			if read, err = open(person); err != nil {
				return nil, err
			}
		}
		value, err := read.root(root, use.From)
		switch {
		case err == nil:
			values[root] = value
		case root == personRoot || use.OnError == onErrorDeny:
			return nil, fmt.Errorf("source %s of person %s of realm %s: %w", root, person.ID, person.Realm, err)
		}
	}
	return values, nil
}

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
			return nil, fmt.Errorf("attributes of person %s of realm %s: no JSON object", person.ID, person.Realm)
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
func (r record) root(name, from string) (map[string]any, error) {
	if from != fromDirectory {
		return nil, fmt.Errorf("from %q is not connected; right would be %s", from, fromDirectory)
	}
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
