package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

type keyCommand struct {
	List   keyListCommand   `cmd:"" help:"List the signing keys of a realm."`
	Rotate keyRotateCommand `cmd:"" help:"Make a new signing key and retire the present one."`
	Rewrap keyRewrapCommand `cmd:"" help:"Seal everything anew that a former master key sealed."`
	Master keyMasterCommand `cmd:"" help:"Print a new master key, for master_key_file."`
}

type keyListCommand struct {
	place
	Realm string `help:"Realm." required:"" env:"TILLIT_REALM"`
}

// A keyRow is one signing key; nothing of the private part.
type keyRow struct {
	ID        string `json:"kid"`
	Algorithm string `json:"alg"`
	State     string `json:"state"`
	Created   int64  `json:"created"`
	Activates int64  `json:"activates"`
	Retires   int64  `json:"retires,omitempty"`
	Expires   int64  `json:"expires,omitempty"`
}

// Run lists the keys by algorithm, in the order in which they begin to sign.
func (l *keyListCommand) Run(c *console) error {
	p, err := l.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	if p.catalogs.Catalog(l.Realm, "") == nil {
		return p.noRealm(l.Realm)
	}
	keys, err := p.store.Keys(c.ctx, l.Realm)
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	rows := []keyRow{}
	for _, k := range keys {
		rows = append(rows, keyRow{k.ID, k.Algorithm, keyState(k, now), k.Created, k.Activates, k.Retires, k.Expires})
	}
	slices.SortStableFunc(rows, func(a, b keyRow) int { return strings.Compare(a.Algorithm, b.Algorithm) })
	return c.print(rows, func(w io.Writer) {
		cells := [][]string{{"KID", "ALGORITHM", "STATE", "SIGNS FROM", "UNTIL", "PUBLISHED UNTIL"}}
		for _, r := range rows {
			cells = append(cells, []string{r.ID, r.Algorithm, r.State, instant(r.Activates), instant(r.Retires), instant(r.Expires)})
		}
		table(w, cells)
	})
}

func keyState(k tillit.SigningKey, now int64) string {
	switch {
	case k.Expires != 0 && k.Expires <= now:
		return "expired"
	case k.Retires != 0 && k.Retires <= now:
		return "retired"
	case k.Activates > now:
		return "published"
	}
	return "signs"
}

type keyRotateCommand struct {
	place
	Realm     string        `help:"Realm." required:"" env:"TILLIT_REALM"`
	Alg       string        `help:"Algorithm (default: every one of the realm)." env:"TILLIT_ALG" placeholder:"ALG"`
	After     time.Duration `help:"When the new key begins to sign: later than anybody keeps the old key set." default:"1h" env:"TILLIT_AFTER"`
	Published time.Duration `help:"How long the old key stays published after that: longer than any token lives." default:"720h" env:"TILLIT_PUBLISHED"`
}

// leastAfter is how far ahead a new key has to be published: longer than clients
// keep a key set and other processes lag behind.
const leastAfter = 10 * time.Minute

// A rotation is what became of one algorithm.
type rotation struct {
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Activates int64  `json:"activates"`
}

// Run makes the new keys. A running provider takes them up by itself.
func (r *keyRotateCommand) Run(c *console) error {
	if r.After < leastAfter {
		return misused("key rotate: --after %s: who has the old key set would refuse the new tokens; right would be at least %s", r.After, leastAfter)
	}
	if r.Published <= 0 {
		return misused("key rotate: --published %s: right would be longer than any token lives", r.Published)
	}
	p, err := r.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	catalog := p.catalogs.Catalog(r.Realm, "")
	if catalog == nil {
		return p.noRealm(r.Realm)
	}
	algorithms := catalog.Settings.Algorithms
	if r.Alg != "" {
		if !slices.Contains(algorithms, r.Alg) {
			return fmt.Errorf("realm %s does not sign with %q; right would be one of %s", r.Realm, r.Alg, strings.Join(algorithms, ", "))
		}
		algorithms = []string{r.Alg}
	}
	settings, err := r.settings()
	if err != nil {
		return err
	}
	master, err := settings.master(c.ctx)
	if err != nil {
		return err
	}
	ring := token.NewRing(p.store, master, time.Now, rand.Reader)
	at := time.Now().Add(r.After)
	var done []rotation
	for _, algorithm := range algorithms {
		kid, err := ring.Rotate(c.ctx, r.Realm, algorithm, at, r.Published)
		if err != nil {
			return err
		}
		done = append(done, rotation{algorithm, kid, at.Unix()})
	}
	return c.print(done, func(w io.Writer) {
		for _, d := range done {
			fmt.Fprintf(w, "%s: key %s signs from %s\n", d.Algorithm, d.ID, instant(d.Activates))
		}
	})
}

type keyMasterCommand struct{}

// Run prints a new master key. It is kept nowhere.
func (keyMasterCommand) Run(c *console) error {
	text, err := token.GenerateMasterKey(rand.Reader)
	if err != nil {
		return err
	}
	return c.print(map[string]string{"master_key": text}, func(w io.Writer) { fmt.Fprintln(w, text) })
}
