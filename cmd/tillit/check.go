package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

type checkCommand struct {
	Path   string `arg:"" optional:"" help:"A directory of realms, one realm's file, or a configuration file of serve (default: the shipped realms)."`
	Schema bool   `help:"Print the JSON Schema of realms, and do nothing else." env:"TILLIT_SCHEMA"`
}

// A checked is what check found.
type checked struct {
	Right    bool                  `json:"right"`
	Realms   []catalog.RealmReport `json:"realms,omitempty"`
	Faults   catalog.Faults        `json:"faults,omitempty"`
	Warnings catalog.Faults        `json:"warnings,omitempty"`
}

// Run tells what the realms hold, or everything that is wrong with them.
func (k *checkCommand) Run(c *console) error {
	if k.Schema {
		_, err := c.out.Write(catalog.Schema())
		return err
	}
	report, prefix, err := k.check(c)
	result := checked{Right: err == nil, Realms: report.Realms, Warnings: under(prefix, report.Warnings)}
	if err != nil && !errors.As(err, &result.Faults) {
		return err
	}
	result.Faults = under(prefix, result.Faults)
	if printErr := c.print(result, result.write); printErr != nil {
		return printErr
	}
	if !result.Right {
		return &quietError{1}
	}
	return nil
}

// check gives what was found, and the directory that file names are below.
func (k *checkCommand) check(c *console) (report catalog.Report, prefix string, err error) {
	if k.Path == "" {
		report, err = catalog.Check(realms.Files())
		return report, "", err
	}
	info, err := os.Stat(k.Path)
	if err != nil {
		return report, "", fmt.Errorf("check: %w", err)
	}
	if info.IsDir() {
		report, err = catalog.Check(os.DirFS(k.Path))
		return report, k.Path, err
	}
	if info.Size() > maxConfig {
		return report, "", fmt.Errorf("check %s: %d bytes; right would be at most %d", k.Path, info.Size(), maxConfig)
	}
	text, err := os.ReadFile(k.Path)
	if err != nil {
		return report, "", fmt.Errorf("check: %w", err)
	}
	if isRealm.Match(text) {
		report, err = catalog.Check(fstest.MapFS{filepath.Base(k.Path): {Data: text}})
		return report, filepath.Dir(k.Path), err
	}
	return checkConfig(k.Path, text)
}

var isRealm = regexp.MustCompile(`(?m)^realm:`)

// checkConfig checks a configuration file and everything it names but the store.
func checkConfig(path string, text []byte) (catalog.Report, string, error) {
	settings, err := parseConfig(path, text)
	if err != nil {
		return catalog.Report{}, "", err
	}
	files := os.DirFS(settings.Realms)
	report, err := catalog.Check(files)
	if err != nil {
		return report, settings.Realms, err
	}
	set, err := catalog.Load(files)
	if err == nil {
		err = settings.check(set)
	}
	if err != nil {
		return catalog.Report{}, "", err
	}
	report.Warnings = under(settings.Realms, report.Warnings)
	return report, "", nil
}

// under gives faults with the path of their files from here.
func under(prefix string, faults catalog.Faults) catalog.Faults {
	if prefix == "" {
		return faults
	}
	for i := range faults {
		faults[i].File = filepath.Join(prefix, faults[i].File)
	}
	return faults
}

func (r *checked) write(w io.Writer) {
	for _, f := range r.Faults {
		fmt.Fprintln(w, f)
	}
	for _, f := range r.Warnings {
		fmt.Fprintln(w, "warning:", f)
	}
	if len(r.Faults) > 0 {
		fmt.Fprintf(w, "%d wrong\n", len(r.Faults))
		return
	}
	rows := [][]string{{"REALM", "SCOPES", "CLAIMS", "DIALECTS", "ENVIRONMENT", "VERSION"}}
	for _, realm := range r.Realms {
		dialects := strings.Join(realm.Dialects, " ")
		if dialects == "" {
			dialects = "-"
		}
		rows = append(rows, []string{realm.Name, strconv.Itoa(realm.Scopes), strconv.Itoa(realm.Claims), dialects, realm.Environment, realm.Version[:12]})
	}
	table(w, rows)
}
