package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/login"
	"github.com/tillit/tillit/store"
)

// progressEvery is after how many people the import says how far it is: seconds,
// where passwords have to be hashed.
const progressEvery = 100

type personImportCommand struct {
	whose
	File   string `arg:"" help:"File with people: CSV with a first line of names, or one JSON object a line."`
	Format string `help:"Format: csv or jsonl (default: by the name of the file)." env:"TILLIT_FORMAT"`
	DryRun bool   `name:"dry-run" help:"Only say what is wrong with the file." env:"TILLIT_DRY_RUN"`
}

// An imported says what became of a file.
type imported struct {
	Added  int            `json:"added"`
	There  int            `json:"there"` // were there before
	Faults []lineFault    `json:"faults,omitempty"`
	people map[string]int // folded user name → line
	owners map[string]int // subject → line
}

// A lineFault is what is wrong with one line.
type lineFault struct {
	Line int `json:"line"`
	finding
}

// Run reads the file twice: a file with anything wrong in it changes nothing,
// and everything that is wrong is told. Each person is stored at once, and who is
// there already is left alone, so that an import that was stopped goes on.
func (i *personImportCommand) Run(c *console) error {
	p, catalog, err := i.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	done := &imported{people: map[string]int{}, owners: map[string]int{}}
	total := 0
	err = readPeople(i.File, i.Format, func(r row) error {
		total++
		return i.check(c, p, catalog, done, r)
	})
	if err != nil {
		return err
	}
	if len(done.Faults) > 0 {
		return i.refuse(c, done)
	}
	if !i.DryRun {
		if err := i.store(c, p, done, total); err != nil {
			return err
		}
	}
	return c.print(done, func(w io.Writer) {
		if i.DryRun {
			fmt.Fprintf(w, "nothing is wrong: %d to add, %d there already\n", total-done.There, done.There)
			return
		}
		fmt.Fprintf(w, "added %d, there already %d\n", done.Added, done.There)
	})
}

// check tells what is wrong with a row, by itself, beside the others and beside
// the people who are there.
func (i *personImportCommand) check(c *console, p *premises, catalog *tillit.Catalog, done *imported, r row) error {
	fault := func(field, message, right string) {
		done.Faults = append(done.Faults, lineFault{r.line, finding{field, message, right}})
	}
	if len(r.wrong) == 0 {
		r.wrong = r.entry.check(catalog.Environment)
	}
	for _, f := range r.wrong {
		fault(f.Path, f.Message, f.Right)
	}
	if len(r.wrong) > 0 {
		return nil
	}
	folded := store.Fold(r.entry.Username)
	if line := done.people[folded]; line > 0 {
		fault("username", fmt.Sprintf("line %d has it too", line), "each name once, whatever its capitals")
	}
	done.people[folded] = r.line
	there, err := p.store.PersonByUsername(c.ctx, i.Realm, r.entry.Username)
	switch {
	case err == nil && r.entry.Subject != "" && r.entry.Subject != string(there.Subject):
		fault("subject", "the person is there with another", "the one that the person has, or none")
	case err == nil:
		done.There++
	case !errors.Is(err, tillit.ErrNotFound):
		return err
	}
	return i.checkSubject(c, p, done, r, there)
}

func (i *personImportCommand) checkSubject(c *console, p *premises, done *imported, r row, there *tillit.Person) error {
	subject := r.entry.Subject
	if subject == "" {
		return nil
	}
	wrong := func(message string) {
		done.Faults = append(done.Faults, lineFault{r.line, finding{"subject", message, "a subject that nobody has or had"}})
	}
	if line := done.owners[subject]; line > 0 {
		wrong(fmt.Sprintf("line %d has it too", line))
	}
	done.owners[subject] = r.line
	if there != nil {
		return nil
	}
	_, err := p.store.PersonBySubject(c.ctx, i.Realm, tillit.Subject(subject))
	if err == nil {
		wrong("another person has it")
	}
	if errors.Is(err, tillit.ErrNotFound) {
		return nil
	}
	return err
}

// store adds who is not there yet, one by one.
func (i *personImportCommand) store(c *console, p *premises, done *imported, total int) error {
	hasher, err := login.NewHasher(0, 0, rand.Reader)
	if err != nil {
		return err
	}
	seen := 0
	done.There = 0
	return readPeople(i.File, i.Format, func(r row) error {
		if seen++; seen%progressEvery == 0 {
			fmt.Fprintf(c.log, "%d of %d\n", seen, total)
		}
		_, err := p.store.PersonByUsername(c.ctx, i.Realm, r.entry.Username)
		if err == nil {
			done.There++
			return nil
		}
		if !errors.Is(err, tillit.ErrNotFound) {
			return i.stopped(r, done, err)
		}
		if err := i.add(c, p, hasher, r); err != nil {
			return i.stopped(r, done, err)
		}
		done.Added++
		return nil
	})
}

func (i *personImportCommand) add(c *console, p *premises, hasher *login.Hasher, r row) error {
	now := time.Now()
	person, err := r.entry.person(c.ctx, i.Realm, hasher, now)
	if err != nil {
		return err
	}
	if err := p.store.PutPerson(c.ctx, person); err != nil {
		return err
	}
	return i.note(c, p, person, "person_added", now)
}

// stopped says how far the import came, and that it can go on.
func (i *personImportCommand) stopped(r row, done *imported, err error) error {
	if errors.Is(err, tillit.ErrConflict) {
		err = errors.New("the subject was another's, who is gone; right would be one that nobody had")
	}
	return fmt.Errorf("%s:%d: %w; %d added before, and the same command goes on from here", i.File, r.line, err, done.Added)
}

// refuse tells every faulty line; nothing was stored.
func (i *personImportCommand) refuse(c *console, done *imported) error {
	if c.json {
		if err := c.print(map[string]any{"faults": done.Faults}, nil); err != nil {
			return err
		}
		return &quietError{1}
	}
	for _, f := range done.Faults {
		fmt.Fprintf(c.log, "tillit: %s:%d: %s\n", i.File, f.Line, f.finding)
	}
	fmt.Fprintf(c.log, "tillit: %d wrong, nobody was added\n", len(done.Faults))
	return &quietError{1}
}
