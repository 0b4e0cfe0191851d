package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/aml"
)

type amlCommand struct {
	Import amlImportCommand `cmd:"" help:"Store a list of names that people and organizations are compared with."`
	List   amlListCommand   `cmd:"" help:"Show which lists a realm compares with."`
}

type amlImportCommand struct {
	whose
	Directory string `arg:"" help:"Directory with the four CSV files as OFAC publishes them: SDN.CSV, ALT.CSV, ADD.CSV, SDN_COMMENTS.CSV."`
	List      string `help:"Name of the list." default:"OFAC" env:"TILLIT_LIST"`
	Version   string `help:"Version of the list, as its publisher has it (default: the day SDN.CSV was changed)." env:"TILLIT_LIST_VERSION"`
}

// mostFile bounds one file of a list, in bytes.
const mostFile = 256 << 20

// Run stores the list in steps. A list that is not whole is never compared with,
// and the same command goes on where it was stopped.
func (i *amlImportCommand) Run(c *console) error {
	p, _, err := i.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	files := map[string][]byte{}
	for _, name := range aml.Files {
		path := filepath.Join(i.Directory, name)
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() > mostFile {
			return fmt.Errorf("%s: %d bytes; right would be at most %d", path, info.Size(), mostFile)
		}
		if files[name], err = os.ReadFile(path); err != nil {
			return err
		}
		if i.Version == "" { // of the first file, which says who is listed
			i.Version = info.ModTime().UTC().Format(time.DateOnly)
		}
	}
	l := &tillit.ScreeningList{Realm: i.Realm, Name: i.List, Version: i.Version}
	err = aml.Import(c.ctx, p.store, l, files, time.Now().Unix(), func(stored, all int64) {
		fmt.Fprintf(c.log, "%d of %d\n", stored, all)
	})
	if errors.Is(err, tillit.ErrStale) {
		err = fmt.Errorf("another import of the same list is under way: %w", err)
	}
	if err != nil {
		return err
	}
	return c.print(listRow{l.Name, l.Version, l.Digest, l.Entries, l.Entries, "current"}, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s: %d entries, digest %s\n", l.Name, l.Version, l.Entries, l.Digest)
	})
}

// A listRow is one version of a list.
type listRow struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Entries int64  `json:"entries"`
	Stored  int64  `json:"stored"`
	State   string `json:"state"`
}

type amlListCommand struct{ whose }

// Run lists the versions, those on their way too.
func (l *amlListCommand) Run(c *console) error {
	p, _, err := l.open(c)
	if err != nil {
		return err
	}
	defer p.close()
	lists, err := p.store.Lists(c.ctx, l.Realm)
	if err != nil {
		return err
	}
	rows := []listRow{}
	for _, one := range lists {
		state := "importing"
		if one.Current {
			state = "current"
		}
		rows = append(rows, listRow{one.Name, one.Version, one.Digest, one.Entries, one.Stored, state})
	}
	return c.print(rows, func(w io.Writer) {
		cells := [][]string{{"LIST", "VERSION", "STATE", "ENTRIES", "STORED", "DIGEST"}}
		for _, r := range rows {
			cells = append(cells, []string{r.Name, r.Version, r.State, fmt.Sprint(r.Entries), fmt.Sprint(r.Stored), r.Digest})
		}
		table(w, cells)
	})
}
