package wiring

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/tillit/tillit"
)

// A directory finds the people of a realm by the number they are known by, an
// attribute of theirs. It remembers ids alone: every person is read anew, so that
// what was changed or erased by any process counts at once.
type directory struct {
	store     people
	realm     string
	attribute string

	mu   sync.Mutex
	ids  map[string]string // by number
	read time.Time
}

type people interface {
	Person(ctx context.Context, realm, id string) (*tillit.Person, error)
	People(ctx context.Context, realm string) ([]tillit.Person, error)
}

// readAgain is how long a directory stays as it is where somebody is not in it: a
// caller who asks for nobody cannot have it read without end.
const readAgain = time.Second

// ByNumber finds a person.
func (d *directory) ByNumber(ctx context.Context, number string) (*tillit.Person, error) {
	id, err := d.id(ctx, number)
	if err != nil {
		return nil, err
	}
	person, err := d.store.Person(ctx, d.realm, id)
	if err == nil && d.number(person) != number {
		return nil, tillit.ErrNotFound
	}
	return person, err
}

func (d *directory) id(ctx context.Context, number string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, known := d.ids[number]; known {
		return id, nil
	}
	if d.ids != nil && time.Since(d.read) < readAgain {
		return "", tillit.ErrNotFound
	}
	all, err := d.store.People(ctx, d.realm)
	if err != nil {
		return "", err
	}
	d.ids, d.read = make(map[string]string, len(all)), time.Now()
	for i := range all {
		if known := d.number(&all[i]); known != "" {
			d.ids[known] = all[i].ID
		}
	}
	if id, known := d.ids[number]; known {
		return id, nil
	}
	return "", tillit.ErrNotFound
}

func (d *directory) number(p *tillit.Person) string {
	var attributes map[string]json.RawMessage
	var number string
	if json.Unmarshal(p.Attributes, &attributes) != nil || json.Unmarshal(attributes[d.attribute], &number) != nil {
		return ""
	}
	return number
}
