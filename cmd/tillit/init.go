package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type initCommand struct {
	Directory string `arg:"" help:"Directory to make; it must not be there, or be empty."`
	Realm     string `help:"Name of the realm (default: that of the directory)." env:"TILLIT_REALM"`
}

//go:embed starter
var starter embed.FS

var realmName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// Run writes a realm that works as it stands, with stories and demo people.
func (i *initCommand) Run(c *console) error {
	name := i.Realm
	if name == "" {
		absolute, err := filepath.Abs(i.Directory)
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		name = filepath.Base(absolute)
	}
	if !realmName.MatchString(name) {
		return misused("init: %q is no name of a realm; right would be --realm with up to 32 of a-z, 0-9 and -", name)
	}
	if entries, err := os.ReadDir(i.Directory); err == nil && len(entries) > 0 {
		return fmt.Errorf("init: %s is not empty; right would be a directory that is not there yet", i.Directory)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("init: %w", err)
	}
	made, err := i.write(name)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	return c.print(map[string]any{"realm": name, "files": made}, func(w io.Writer) {
		for _, file := range made {
			fmt.Fprintln(w, file)
		}
		fmt.Fprintf(w, "next: tillit check %[1]s, tillit test %[1]s, tillit dev --realms %[1]s\n", i.Directory)
	})
}

// write copies the starter's files, in which NAME and TITLE stand for the realm.
func (i *initCommand) write(name string) ([]string, error) {
	names := strings.NewReplacer("NAME", name, "TITLE", strings.ToUpper(name[:1])+name[1:])
	places := map[string]string{"realm.yaml": filepath.Join(name, "realm.yaml"), "demo.yaml": filepath.Join("demo", name+".yaml")}
	var made []string
	err := fs.WalkDir(starter, "starter", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := starter.ReadFile(path)
		if err != nil {
			return err
		}
		place := strings.TrimPrefix(path, "starter/")
		if other := places[place]; other != "" {
			place = other
		}
		file := filepath.Join(i.Directory, filepath.FromSlash(place))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		made = append(made, file)
		return os.WriteFile(file, []byte(names.Replace(string(text))), 0o644)
	})
	slices.Sort(made)
	return made, err
}
