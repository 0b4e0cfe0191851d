package tillittest

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"testing/fstest"

	"github.com/goccy/go-yaml"

	"github.com/tillit/tillit/internal/recent"
)

// narrowed leaves of the files what a realm needs, and those that share its
// registry: compiling the others would be most of the time that a start takes.
// Where the realm is not found, everything is left, for the catalog to say why.
func narrowed(declared, people fs.FS, realm string) (fs.FS, fs.FS, error) {
	all, err := folders(declared)
	if err != nil {
		return nil, nil, err
	}
	registry := ""
	for _, f := range all {
		if f.Realm == realm {
			registry = f.registry()
		}
	}
	if registry == "" {
		return declared, people, nil
	}
	kept, who := fstest.MapFS{}, fstest.MapFS{}
	for _, f := range all {
		if f.registry() != registry {
			continue
		}
		for name, text := range f.files {
			kept[name] = &fstest.MapFile{Data: text}
		}
		text, err := fs.ReadFile(people, f.Realm+".yaml")
		if errors.Is(err, fs.ErrNotExist) { // a realm that nobody is in yet
			text, err = []byte("realm: "+f.Realm+"\n"), nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("demo data: %w", err)
		}
		who[f.Realm+".yaml"] = &fstest.MapFile{Data: text}
	}
	return kept, who, nil
}

// A folder is what a realm is declared by: one file, or the files of a folder.
type folder struct {
	heading
	files map[string][]byte
}

// A heading is whose a file is, as far as it says it.
type heading struct {
	Realm    string `yaml:"realm"`
	Registry string `yaml:"registry"`
}

// headings were read lately: files that say the same say it of the same realm.
var headings = recent.New[[sha256.Size]byte, heading](64)

func headingOf(text []byte) heading {
	found, _ := headings.Of(sha256.Sum256(text), func([sha256.Size]byte) (found heading, err error) {
		yaml.Unmarshal(text, &found) //nolint:errcheck // what is malformed is for the catalog to say, with line and column
		return found, nil
	})
	return found
}

func (f *folder) registry() string {
	if f.Registry != "" {
		return f.Registry
	}
	return f.Realm
}

// folders reads no more of the files than whose they are.
func folders(declared fs.FS) ([]*folder, error) {
	single, err := fs.Glob(declared, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("realms: %w", err)
	}
	var lists [][]string
	for _, name := range single {
		lists = append(lists, []string{name})
	}
	several, err := fs.Glob(declared, "*/realm.yaml")
	if err != nil {
		return nil, fmt.Errorf("realms: %w", err)
	}
	for _, name := range several {
		list, err := fs.Glob(declared, path.Join(path.Dir(name), "*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("realms: %w", err)
		}
		lists = append(lists, list)
	}
	var all []*folder
	for _, list := range lists {
		f := &folder{files: map[string][]byte{}}
		for _, name := range list {
			text, err := fs.ReadFile(declared, name)
			if err != nil {
				return nil, fmt.Errorf("realms: %w", err)
			}
			f.files[name] = text
			said := headingOf(text)
			f.Realm, f.Registry = cmp.Or(said.Realm, f.Realm), cmp.Or(said.Registry, f.Registry)
		}
		all = append(all, f)
	}
	return all, nil
}
